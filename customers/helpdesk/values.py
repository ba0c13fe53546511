"""What the helpdesk sends, brought into our columns: nothing missing, null or odd lets a row be lost.

What does not fit its column is empty there and stays as it came in `remote_data`.
"""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from customers.mails import normal_mail
from customers.phones import to_e164
from protoadmin.storable import storable_text

Reader = Callable[[Any], Any]

_LARGEST_INTEGER = 2**31 - 1
_LARGEST_AMOUNT = Decimal(10) ** 18
_CENT = Decimal("0.01")
# Beyond this, a Unix time is in milliseconds: seconds reach the year 5138.
_MILLISECONDS_FROM = 100_000_000_000
_TRUE = {"true", "yes", "1"}


def text(value: Any) -> str:
    """Return text of any length; numbers and objects as they are written in JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return storable_text(value)
    return storable_text(json.dumps(value, ensure_ascii=False))


def line(longest: int) -> Reader:
    """Return a reader of text of at most `longest` characters."""
    return lambda value: text(value)[:longest]


def flag(value: Any) -> bool:
    """Return whether the value says yes."""
    if isinstance(value, str):
        return value.strip().lower() in _TRUE
    return bool(value) and isinstance(value, bool | int | float)


def amount(value: Any) -> Decimal | None:
    """Return an amount with two digits after the point; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
        return number.quantize(_CENT) if number.is_finite() and abs(number) < _LARGEST_AMOUNT else None
    except (InvalidOperation, ValueError):
        return None


def integer(value: Any) -> int | None:
    """Return a whole number of 32 bits, or None."""
    if isinstance(value, str) and len(value) < 12 and value.strip().removeprefix("-").isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(value) if abs(value) <= _LARGEST_INTEGER and value == int(value) else None


def moment(value: Any) -> datetime.datetime | None:
    """Return a time in UTC from ISO 8601 (without a zone: UTC) or Unix seconds or milliseconds; None for others."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        if isinstance(value, str):
            found = datetime.datetime.fromisoformat(value.strip())
            zoned = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
            return zoned.astimezone(datetime.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def tags(value: Any) -> list[str]:
    """Return a list of texts; one text alone is a list of one."""
    if isinstance(value, str):
        value = [value] if value.strip() else []
    return [text(item) for item in value if item is not None] if isinstance(value, list) else []


def email_normal(value: Any) -> str:
    """Return a mail address as it is compared with others: in lower case, without spaces around."""
    return normal_mail(text(value)) if isinstance(value, str) else ""


def phone_e164(value: Any) -> str:
    """Return a phone number in E.164; "" where it cannot be told."""
    return to_e164(text(value))[:20]
