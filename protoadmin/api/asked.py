"""What a request asks for, held against what can be: each misfit is a Problem that says what would fit."""

import re
from datetime import UTC, datetime

from protoadmin.api.cursors import place_of
from protoadmin.api.problems import Problem
from protoadmin.api.sources import START, Place

LONGEST_ID = 1000
# A plus sign that was not escaped arrives as a space.
_LOST_PLUS = re.compile(r"(T.*) (\d\d:?\d\d)$")


def moment_since(text: str | None) -> datetime | None:
    """Return the time of `updatedSince`; one without a zone is UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(400, "updatedSince is a time such as 2024-01-15T10:30:00Z.") from error


def place_after(cursor: str | None, resource: str) -> Place:
    """Return where a page begins."""
    if cursor is None:
        return START
    place = place_of(cursor, resource)
    if place is None:
        raise Problem(400, f"after is not known here: take it from the Link header of a page of {resource}.")
    return place


def company_asked(text: str | None) -> str | None:
    """Return the id of the company that is asked about; an empty one asks about none."""
    if text and ("\x00" in text or len(text) > LONGEST_ID):
        raise Problem(400, f"companyId is the id of a company: at most {LONGEST_ID} characters, and no NUL.")
    return text or None
