"""Find people by any word of their name, mail, phone number or ids, through an index and never by a scan.

Each person has folded terms (customers/terms.py); a query's words are looked up as prefixes of terms and must all be
found. `Customer.save` keeps the terms; who writes many people at once calls `index_people`.
"""

import unicodedata

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.having import having
from customers.models import Customer, SearchTerm, index_people
from customers.phones import digits_of, to_e164
from customers.terms import PHONE_TAIL, TERM_LENGTH, fold, mails_in, split_words, terms_of

__all__ = ["index_people", "search_people", "terms_of"]

MAX_WORDS = 8
LEAST_DIGITS = 3


def search_people(people: QuerySet[Customer], query: str) -> QuerySet[Customer]:
    """Narrow `people` to those who match every word of the query."""
    query = query.strip()[:200]
    if not query:
        return people
    words = query_words(query)
    if not words:
        # Nothing but signs: nobody matches, rather than everybody.
        return people.none()
    if is_phone_like(query):
        return having(people, _numbers(query, words))
    return having(people, *(SearchTerm.objects.filter(begins_with(word)) for word in words))


def _numbers(query: str, words: list[str]) -> QuerySet[SearchTerm]:
    """Return the terms that are this phone number, or of people with each of its words (ids have digits too)."""
    longest, *others = sorted(words, key=len, reverse=True)
    every = begins_with(longest)
    for word in others:
        every &= Q(Exists(SearchTerm.objects.filter(begins_with(word), customer=OuterRef("customer"))))
    return SearchTerm.objects.filter(_phone_match(query) | every)


def query_words(query: str) -> list[str]:
    """Return the words of a query, at most eight; each has to be found."""
    words: list[str] = []
    for part in fold(query).split():
        # A mail address is looked up whole, as far as it is written.
        words += mails_in(part) or split_words(part)
    return words[:MAX_WORDS]


def is_phone_like(query: str) -> bool:
    """Tell whether the query has digits, whatever stands between them, and no letter."""
    has_letters = any(character.isalpha() or unicodedata.category(character) == "Mn" for character in query)
    return not has_letters and "@" not in query and len(digits_of(query)) >= LEAST_DIGITS


def _phone_match(query: str) -> Q:
    digits = digits_of(query)
    match = begins_with(fold(query))
    # As typed; in full, when it can be read; and without the zeros of a national (0660…) or foreign (0043…) call.
    national = digits.lstrip("0")
    variants = {digits, digits_of(to_e164(query)), national if len(national) >= PHONE_TAIL else ""} - {""}
    for variant in sorted(variants):
        match |= begins_with(variant[:20])
    return match


def begins_with(prefix: str) -> Q:
    """Return the condition of a term that starts so: a range of the index in either database."""
    start = prefix[:TERM_LENGTH].encode("utf-8", "replace")
    return Q(term__gte=start, term__lt=start + b"\xff")
