"""What a Protocol customer's JSON says, as columns (seed 002). Nothing that is missing or odd breaks it."""

import math
import re
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from customers.models import ProtocolCustomer
from customers.models.protocol import keys_of
from customers.phones import to_e164
from protoadmin.storable import storable_text, to_storable

# The documented texts, each with the most characters that fit.
TEXTS = {
    "username": 300,
    "phone_number": 60,
    "avatar_url": 1000,
    "display_name": 300,
    "conversation_id": 200,
    "external_id": 200,
    "status": 50,
}
TIMES = ("last_active_at", "last_transaction_at", "terminated_at", "created_at", "updated_at")
DERIVED = ("phone_e164", "username_key", "display_key", "phone_key")
# What an answer may change of a row; links to people and the states of calls are ours.
COLUMNS = (*TEXTS, *TIMES, *DERIVED, "is_flagged", "meta", "remote_data", "gone_at")
LONGEST_ID = 200
# Seconds reach this in the year 5138; what is larger counts milliseconds.
LEAST_MILLISECONDS = 100_000_000_000
_NUMBER = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,9})?")
_TRUE = frozenset({"true", "1", "yes"})


def fill(
    customer: ProtocolCustomer, item: dict[str, Any], data: Any = None, *, keep_display_name: bool = False
) -> None:
    """Set what a customer's JSON says on a row, and save nothing; `data` is the JSON in its storable form.

    The document's table and its examples name different fields: what is not named here stays as it is.
    """
    for name, longest in TEXTS.items():
        if name in item and not (keep_display_name and name == "display_name"):
            setattr(customer, name, text_of(item[name], longest))
    for name in TIMES:
        if name in item:
            setattr(customer, name, moment_of(item[name]))
    if "is_flagged" in item:
        customer.is_flagged = flag_of(item["is_flagged"])
    if "meta" in item:
        customer.meta = to_storable(item["meta"]) if isinstance(item["meta"], dict | list) else {}
    customer.phone_e164 = to_e164(customer.phone_number)
    keys = keys_of(customer.username, customer.display_name, customer.phone_number, customer.phone_e164)
    for name, key in keys.items():
        setattr(customer, name, key)
    customer.remote_data = to_storable(item) if data is None else data
    customer.gone_at = None


def id_problem(protocol_id: str) -> str:
    """Return why a customer with this id cannot be kept; "" when it can."""
    if len(protocol_id) > LONGEST_ID:
        return f"Its id has more than {LONGEST_ID} characters."
    if storable_text(protocol_id) != protocol_id:
        return "Its id has characters that no database keeps."
    return ""


def text_of(value: Any, longest: int) -> str:
    """Return a text or a whole number as text; "" for anything else."""
    if isinstance(value, str):
        return storable_text(value)[:longest]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**longest:
        return str(value)
    return ""


def flag_of(value: Any) -> bool:
    """Return whether a value means yes: true, 1, "true"."""
    return value.strip().lower() in _TRUE if isinstance(value, str) else value is True or value == 1


def moment_of(value: Any) -> datetime | None:
    """Return a time given as Unix seconds or milliseconds (a number, or one in a string) or as ISO 8601, else None.

    A time without a zone is UTC.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            return _moment_of_number(float(text)) if _NUMBER.fullmatch(text) else _moment_of_text(text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _moment_of_number(value)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _moment_of_number(number: float) -> datetime | None:
    if not math.isfinite(number):
        return None
    return datetime.fromtimestamp(number / 1000 if abs(number) >= LEAST_MILLISECONDS else number, UTC)


def _moment_of_text(text: str) -> datetime | None:
    found: datetime | date | None = parse_datetime(text) or parse_date(text)
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
