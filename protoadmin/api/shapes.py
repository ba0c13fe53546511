"""The JSON of the three resources: names, order and types are the helpdesk's (seed 003), and stay so.

Texts are "" where nothing is known; references, numbers and times are null.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Field, Schema

# As the example in the document writes it: UTC, whole seconds, Z.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Company(Schema):
    """A company of a helpdesk account."""

    id: str
    name: str
    website: str
    industry: str
    dealValue: int | float | None
    stageId: str | None
    position: int | None
    logoUrl: str
    notes: str
    lastContact: Moment | None
    isCustomer: bool
    createdBy: str | None
    createdAt: Moment | None
    updatedAt: Moment | None


class Contact(Schema):
    """A contact of a helpdesk account."""

    id: str
    companyId: str | None
    name: str
    email: str
    phone: str
    title: str
    role: str
    notes: str
    isPrimary: bool
    userId: str | None
    createdAt: Moment | None
    updatedAt: Moment | None


class Conversation(Schema):
    """A chat of a messaging channel, or a conversation of a helpdesk account with a visitor."""

    id: str
    companyId: str | None
    visitorName: str
    visitorEmail: str
    visitorIp: str
    userAgent: str
    referrerUrl: str
    pageUrl: str
    status: str
    assignedToUserId: str | None
    isRead: bool
    trustUploads: bool
    tags: list[str]
    lastMessageAt: Moment | None
    createdAt: Moment | None
    updatedAt: Moment | None


class Error(Schema):
    """Why a request was not answered with data."""

    error: str


def moment(value: datetime | None) -> str | None:
    """Return a time as the document writes it."""
    if value is None:
        return None
    # The databases give UTC; anything else is brought there first.
    moment_in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment_in_utc.isoformat()[:19] + "Z"


def number(value: Decimal | None) -> int | float | None:
    """Return a sum of money as the document writes it: 50000, and not 50000.00."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def encode(row: dict[str, Any]) -> bytes:
    """Return a row as JSON; a lone surrogate, which UTF-8 has no bytes for, as its escape."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace")
