"""Find Protocol customers by how a username or a display name begins, by phone however written, or by an id.

Each of them is one range of one index; a thousand matches of each are found at the most.
"""

from typing import Any

from django.db.models import Q, QuerySet

from customers.models import ProtocolCustomer
from customers.models.protocol import phone_key, text_key
from customers.phones import digits_of, to_e164

MOST_FOUND = 1_000
LEAST_DIGITS = 3
IDS = ("protocol_id", "external_id", "conversation_id")


def search_protocol(customers: QuerySet[ProtocolCustomer], query: str) -> QuerySet[ProtocolCustomer]:
    """Narrow `customers` to those whom the query names."""
    query = query.strip()[:200].replace("\x00", "")
    if not query:
        return customers
    found: set[int] = set()
    for condition in _conditions(query):
        found.update(customers.filter(condition).order_by().values_list("pk", flat=True)[:MOST_FOUND])
    return customers.filter(pk__in=found)


def _conditions(query: str) -> list[Q]:
    key = text_key(query)
    conditions = [_begins("username_key", key), _begins("display_key", key), *(Q(**{name: query}) for name in IDS)]
    digits = digits_of(query)
    if len(digits) >= LEAST_DIGITS and not any(character.isalpha() for character in query):
        # As typed, in full when it can be read, and without the zeros of a national (0660…) or foreign (0043…) call.
        numbers = {phone_key(digits), phone_key(to_e164(query)), phone_key(digits.lstrip("0"))}
        conditions += [_begins("phone_key", number) for number in sorted(numbers) if len(number) >= LEAST_DIGITS]
    return conditions


def _begins(name: str, key: bytes) -> Q:
    bounds: dict[str, Any] = {f"{name}__gte": key, f"{name}__lt": key + b"\xff"}
    return Q(**bounds)
