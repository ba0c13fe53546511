"""The folded words by which a person is found: plain text work, free of the database.

Scripts that write without spaces are indexed from every character on, so that any part of a name finds it.
"""

import re
import unicodedata
from typing import Protocol

from customers.phones import digits_of, to_e164

TERM_LENGTH = 60
SIGNS_AROUND = "@<>()[]{},;:\"'"
# The last digits of a number that find it at the least.
PHONE_TAIL = 4
# So much of a web address is indexed.
ADDRESS_LENGTH = 300
# What web addresses begin with, and nobody looks for.
ADDRESS_STARTS = frozenset({"http", "https", "www"})
# Before the last digit of a number that is written backwards, and before a whole id.
BACKWARDS, WHOLE = "#", "="
# So many characters have their kind remembered.
REMEMBERED = 20_000
# Thai, Lao, Burmese, Khmer, kana, CJK ideographs, Hangul: no spaces between words, or none within a name.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Arabic and Hebrew vowel points, and the Arabic stroke that only lengthens a word: most people write none of them.
_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_ASCII_WORDS = re.compile("[0-9A-Za-z]+")
# Letters that no Unicode rule takes apart, as people without them on their keyboard write them.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)


class _Marks(dict[int, int | None]):
    """What becomes of each character once accents are apart: nothing of a combining mark, itself of every other.

    Asking for a character's name takes long, so that each is asked for once.
    """

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        is_mark = unicodedata.combining(character) and unicodedata.name(character, "").startswith("COMBINING")
        kept = None if is_mark else code
        if len(self) < REMEMBERED:
            self[code] = kept
        return kept


_MARKS = _Marks()


class Findable(Protocol):
    """What of a person is searched."""

    provided_unique_id: str | None
    proto_id: str
    external_customer_id: str
    gateway_profile_id: str
    name: str
    email: str
    phone_number: str
    phone_e164: str


SEARCHED = frozenset(Findable.__annotations__)


def fold(text: str) -> str:
    """Return text for comparison: case folded, accents removed where the script has them."""
    if text.isascii():
        return text.lower()
    # Twice: taking a letter apart can leave a capital (the styled letters of mathematics), and folding an accent.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _POINTS.sub("", decomposed.translate(_MARKS)).translate(_PLAIN))


def split_words(folded: str) -> list[str]:
    """Return the words of a folded text; vowel signs and other marks belong to the word that they stand in."""
    if folded.isascii():
        return _ASCII_WORDS.findall(folded)
    spaced = "".join(
        character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
        for character in folded
    )
    return spaced.split()


def mails_in(folded: str) -> list[str]:
    """Return what stands in a folded text like a mail address, which is looked up whole."""
    return [part for part in (part.strip(SIGNS_AROUND) for part in folded.split()) if "@" in part]


def terms_of(person: Findable) -> set[str]:
    """Return the terms by which a person is found."""
    terms = words_in(person.name) | _phone_terms(person)
    if person.email:
        mail = fold(person.email)
        terms |= {mail.rpartition("@")[2][:TERM_LENGTH], *words_in(mail)}
    identifiers = (
        person.provided_unique_id,
        person.proto_id,
        person.external_customer_id,
        person.gateway_profile_id,
    )
    for identifier in filter(None, identifiers):
        terms |= {fold(identifier)[:TERM_LENGTH], *words_in(identifier)}
    return terms - {""}


def words_in(text: str) -> set[str]:
    """Return the words of a text, and the mail addresses in it whole."""
    folded = fold(text)
    words = split_words(folded)
    unspaced = {
        word[start : start + TERM_LENGTH] for word in words if _UNSPACED.search(word) for start in range(len(word))
    }
    return {word[:TERM_LENGTH] for word in (*words, *mails_in(folded))} | unspaced


def address_words(text: str) -> set[str]:
    """Return the words of a web address, without those that it begins with."""
    return words_in(text[:ADDRESS_LENGTH]) - ADDRESS_STARTS


def phone_ends(text: str) -> set[str]:
    """Return a number's digits from its first and from its last: two terms, where `terms_of` has one for each digit."""
    full = digits_of(to_e164(text)) or digits_of(text)
    return {digits_of(text)[:TERM_LENGTH], full[:TERM_LENGTH], backwards(full)} - {"", BACKWARDS}


def backwards(digits: str) -> str:
    """Return the term by which a number's last digits find it."""
    return BACKWARDS + digits[::-1][: TERM_LENGTH - 1]


def whole_id(text: str) -> set[str]:
    """Return the term of an id that is looked for as a whole."""
    return {(WHOLE + fold(text))[:TERM_LENGTH]} if text else set()


def _phone_terms(person: Findable) -> set[str]:
    digits = {digits_of(person.phone_number), digits_of(person.phone_e164)} - {""}
    terms = set()
    for number in digits:
        # From every digit on, so that a national or a partial number finds it; the last four at the least.
        terms |= {number[start:][:20] for start in range(max(1, len(number) - PHONE_TAIL + 1))}
    return terms
