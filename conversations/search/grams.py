"""The tokens by which the index knows a text: each three characters that follow each other, and what more it takes.

Most scripts need three characters to say anything. Those from Devanagari on (Thai, Lao, Khmer, kana, ideographs,
Hangul, emoji) say it in one or two, so one and two characters are tokens there as well. Facets are tokens about the
message: where, by whom, when. Tokens only narrow down: what they find is compared with the text.
"""

import datetime
from itertools import pairwise
from zlib import crc32

LEAST = 3
# So many tokens of a word are asked for; the rest is left to the comparison.
ASKED = 12
FACETS = ("teamspace", "channel", "author", "year", "month", "day")
Facet = tuple[str, int]
ONE_DAY = datetime.timedelta(days=1)


def says_much(character: str) -> bool:
    """Tell whether a script says something in one or two characters."""
    return character >= "\u0900" and not ("\u1e00" <= character <= "\u206f" or "\u3000" <= character <= "\u3004")


def trigrams(text: str) -> list[str]:
    """Return the distinct stretches of three characters."""
    return list(dict.fromkeys(map("".join, zip(text, text[1:], text[2:], strict=False))))


def short_grams(text: str) -> list[str]:
    """Return the distinct single characters and pairs of a text that are tokens."""
    if text.isascii():
        return []
    singles = [character for character in text if says_much(character)]
    pairs = [one + two for one, two in pairwise(text) if says_much(one)]
    return list(dict.fromkeys([*singles, *pairs]))


def grams_of_word(word: str) -> list[str]:
    """Return tokens that every text with this in it has; none for what the index does not know."""
    if len(word) >= LEAST:
        found = trigrams(word)
        # Evenly over the whole word.
        return found if len(found) <= ASKED else [found[place * len(found) // ASKED] for place in range(ASKED)]
    return [word] if word and says_much(word[0]) else []


def facets_of(teamspace: int, channel: int, author: str, at: datetime.datetime) -> list[Facet]:
    """Return a message's facets."""
    day = at.astimezone(datetime.UTC).date()
    return [
        ("teamspace", teamspace),
        ("channel", channel),
        author_facet(author),
        ("year", day.year),
        ("month", day.year * 12 + day.month),
        ("day", day.toordinal()),
    ]


def author_facet(author: str) -> Facet:
    """Return the facet of an author's type."""
    return "author", crc32(author.encode())


def facets_between(first: datetime.date, last: datetime.date) -> list[Facet]:
    """Return facets of which every message of these days (UTC), and no other, has one.

    Whole years and months as such, the days of the months at both ends one by one.
    """
    found: list[Facet] = []
    day = first
    while day <= last:
        next_year, next_month = day.replace(year=day.year + 1, month=1, day=1), _next_month(day)
        if (day.month, day.day) == (1, 1) and next_year - ONE_DAY <= last:
            found.append(("year", day.year))
            day = next_year
        elif day.day == 1 and next_month - ONE_DAY <= last:
            found.append(("month", day.year * 12 + day.month))
            day = next_month
        else:
            found.append(("day", day.toordinal()))
            day += ONE_DAY
    return found


def _next_month(day: datetime.date) -> datetime.date:
    return (day.replace(day=1) + 32 * ONE_DAY).replace(day=1)
