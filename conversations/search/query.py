"""What a person asks for in the search box, taken apart. Never raises; what is not understood is said.

refund "not working" -urgent from:agent in:"Web chat" after:2026-10-01 before:2026-11-01
"""

import datetime
import re
from dataclasses import dataclass, field

import phonenumbers
from django.utils import timezone

from conversations.search.grams import trigrams
from conversations.search.text import digits_in, folded
from customers.phones import to_e164

MOST_TERMS = 12
AUTHORS = {"customer": "human", "human": "human", "bot": "bot", "agent": "agent"}
OPERATORS = ("from", "in", "before", "after")
LEAST_DIGITS = 6
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂〝〞", '"'))
_PART = re.compile(r'(-?)((?:from|in|before|after):(?=\S))?(?:"([^"]*)("|$)|([^\s"]+))', re.IGNORECASE)
_NUMBER_SIGNS = re.compile(r"[+\d().\-/]+")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


@dataclass(frozen=True)
class Term:
    """All of `needles` stand in the text; or, of a phone number, `number` does: nothing else, if `only_number`."""

    needles: tuple[str, ...]
    number: str = ""
    only_number: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """What is marked where it is found."""
        return (*self.needles, self.number) if self.number else self.needles


@dataclass(frozen=True)
class Query:
    """A question, understood: `since` is the first day, `until` the first one that is not meant any more."""

    terms: tuple[Term, ...] = ()
    excluded: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked for."""
        return not (self.terms or self.excluded or self.authors or self.channels or self.since or self.until)

    def __str__(self) -> str:
        parts = [_written(needle) for term in self.terms for needle in term.needles]
        parts += [f"-{_written(word)}" for word in self.excluded]
        parts += [f"from:{author}" for author in self.authors]
        parts += [f'in:"{channel}"' for channel in self.channels]
        parts += [f"after:{self.since}"] if self.since else []
        parts += [f"before:{self.until}"] if self.until else []
        return " ".join(parts)


def _written(needle: str) -> str:
    is_number = _NUMBER_SIGNS.fullmatch(needle) and not needle.startswith("-")
    return needle if is_number else f'"{needle}"'


@dataclass
class _Parser:
    """The parts as they are understood one after the other."""

    terms: list[Term] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    since: datetime.date | None = None
    until: datetime.date | None = None
    problems: list[str] = field(default_factory=list)

    def take(self, found: re.Match[str]) -> None:
        """Understand one part."""
        minus, operator, phrase, end, word = found.groups()
        text = word if phrase is None else phrase
        if phrase is not None and not end:
            self.problems.append(f"The quotation mark before “{text}” is not closed: all that follows is one phrase.")
        needle = folded(text)
        is_number = not (minus or operator) and phrase is None and _NUMBER_SIGNS.fullmatch(needle)
        if not is_number:
            self.end_number()
        if operator:
            self.operator(minus, operator[:-1].lower(), text.strip())
        elif not needle:
            self.problems.append(f"“{found[0]}” has nothing in it that could be looked for.")
        elif minus:
            self.excluded.append(needle)
        elif is_number and digits_in(needle):
            self.numbers.append(needle)
        else:
            self.terms.append(Term((needle,)))

    def operator(self, minus: str, name: str, value: str) -> None:
        """Understand `name:value`."""
        if minus:
            self.problems.append(f"“-{name}:” cannot be left out: a minus stands before words and phrases.")
        elif not value:
            self.problems.append(f"“{name}:” is followed by nothing.")
        elif name == "from":
            if author := AUTHORS.get(value.lower()):
                self.authors.append(author)
            else:
                self.problems.append(f"“from:{value}” is nobody: write from:customer, from:bot or from:agent.")
        elif name == "in":
            self.channels.append(" ".join(value.split()))
        elif (day := _day(value)) is None:
            self.problems.append(f"“{name}:{value}” is no date: write {name}:{timezone.localdate():%Y-%m-%d}.")
        elif name == "after":
            self.since = max(self.since or day, day)
        else:
            self.until = min(self.until or day, day)

    def end_number(self) -> None:
        """Take digits that stood one after the other as words, and as a phone number if they could be one."""
        if not self.numbers:
            return
        written = " ".join(self.numbers)
        number = _national(written) if len(self.numbers) > 1 or not written.isdecimal() or written[0] == "0" else ""
        if number and not set(trigrams(number)) & {gram for word in self.numbers for gram in trigrams(word)}:
            # Nothing by which an index finds both ways of writing: the number is meant.
            self.terms.append(Term(tuple(self.numbers), number, only_number=True))
        elif number:
            self.terms.append(Term(tuple(self.numbers), number))
        else:
            self.terms += [Term((word,)) for word in self.numbers]
        self.numbers = []


def parse(text: str) -> Query:
    """Return what is asked for."""
    parser = _Parser()
    for found in _PART.finditer(text.replace("\0", "").translate(_QUOTES)):
        parser.take(found)
    parser.end_number()
    if parser.since and parser.until and parser.since >= parser.until:
        parser.problems.append(f"No day is from {parser.since} on and before {parser.until}.")
    terms, excluded = tuple(dict.fromkeys(parser.terms)), tuple(dict.fromkeys(parser.excluded))
    if len(terms) > MOST_TERMS or len(excluded) > MOST_TERMS:
        parser.problems.append(f"Only the first {MOST_TERMS} words are looked for.")
    return Query(
        terms=terms[:MOST_TERMS],
        excluded=excluded[:MOST_TERMS],
        authors=tuple(dict.fromkeys(parser.authors)),
        channels=tuple(dict.fromkeys(parser.channels)),
        since=parser.since,
        until=parser.until,
        problems=tuple(dict.fromkeys(parser.problems)),
    )


def _national(written: str) -> str:
    """Return the digits that every way of writing a phone number ends with; "" for what is none."""
    digits = digits_in(written)
    if len(digits) < LEAST_DIGITS:
        return ""
    called = f"+{digits[2:]}" if digits.startswith("00") else written
    full = to_e164(called)
    national = str(phonenumbers.parse(full).national_number) if full else digits.lstrip("0")
    return national if len(national) >= LEAST_DIGITS else ""


def _day(text: str) -> datetime.date | None:
    """Return the day that a date, a month or a year begins with."""
    today = timezone.localdate()
    near = {"today": today, "yesterday": today - datetime.timedelta(days=1)}
    if text.lower() in near:
        return near[text.lower()]
    found = _DATE.fullmatch(folded(text))
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return datetime.date(year, month, day) if 1970 <= year <= 2200 else None
    except ValueError:
        return None
