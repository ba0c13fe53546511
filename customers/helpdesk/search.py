"""Find companies, contacts and visitor conversations by words of their columns, through an index and never by a scan.

Each row has folded terms (customers/models/searched.py). A query's words are looked up as beginnings of terms and must
all be found; a phone is found by its first or its last digits, an id as a whole.
"""

from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from customers.having import having
from customers.models import Searched, terms_model
from customers.phones import digits_of, to_e164
from customers.search import begins_with, is_phone_like, query_words
from customers.terms import ADDRESS_STARTS, PHONE_TAIL, backwards, whole_id

Row = TypeVar("Row", bound=Searched)

# Where an id is found, so many of what else the query finds are shown beside it.
MOST_BESIDE = 1_000


def search_rows(rows: QuerySet[Row], query: str) -> QuerySet[Row]:
    """Narrow `rows` to those that have every word of the query, or its id."""
    query = query.strip()[:200]
    if not query:
        return rows
    terms: QuerySet[Any] = terms_model(rows.model).objects.order_by()
    found = _with_words(rows, terms, query)
    (whole,) = whole_id(query)
    named = list(terms.filter(term=whole.encode("utf-8", "replace")).values_list("row", flat=True)[:MOST_BESIDE])
    if not named:
        return found
    beside = found.order_by().values_list("pk", flat=True)[:MOST_BESIDE]
    return rows.filter(pk__in={*named, *beside})


def _with_words(rows: QuerySet[Row], terms: QuerySet[Any], query: str) -> QuerySet[Row]:
    every = query_words(query)
    words = [word for word in every if word not in ADDRESS_STARTS] or every
    if is_phone_like(query):
        number = _number(query)
        if len(words) == 1:
            number |= begins_with(words[0])
        if len(words) == 1 or terms.filter(number).exists():
            return having(rows, terms.filter(number), by="row")
    if not words:
        # Nothing but signs: nothing matches, rather than everything.
        return rows.none()
    return having(rows, *(terms.filter(begins_with(word)) for word in words), by="row")


def _number(query: str) -> Q:
    digits = digits_of(query)
    match = begins_with(digits)
    # As typed; in full, when it can be read; and without the zeros of a national (0660…) or foreign (0043…) call.
    national = digits.lstrip("0")
    variants = {digits, digits_of(to_e164(query)), national if len(national) >= PHONE_TAIL else ""} - {""}
    for variant in sorted(variants):
        match |= begins_with(backwards(variant))
        match |= begins_with(variant)
    return match
