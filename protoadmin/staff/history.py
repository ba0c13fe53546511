"""What Django's admin log keeps about a person, and what of it somebody else may read."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from protoadmin.staff.rules import visible_teamspace_ids
from protoadmin.staff.services import Change

PASSWORD_MESSAGE = [{"changed": {"fields": ["Password: set anew"]}}]


def log_message(changes: Sequence[Change], *, added: bool = False) -> list[dict[str, Any]]:
    """Return the message for the log: old and new values, and the ids of the teamspaces that it names."""
    message: list[dict[str, Any]] = [{"added": {}}] if added else []
    if changes:
        named = sorted({pk for change in changes for pk in change.teamspaces})
        message.append({"changed": {"fields": [str(change) for change in changes]}, "teamspaces": named})
    return message


def readable_by(entries: Sequence[LogEntry], by: User) -> list[LogEntry]:
    """Return the entries as `by` may read them: no names of teamspaces that they are not a member of."""
    if by.is_superuser:
        return list(entries)
    visible = visible_teamspace_ids(by)
    for entry in entries:
        entry.change_message = _without_foreign(entry.change_message, visible)
    return list(entries)


def _without_foreign(message: str, visible: set[int]) -> str:
    try:
        parts = json.loads(message)
    except ValueError:
        return message
    for part in parts:
        if set(part.get("teamspaces", [])) - visible:
            fields = part["changed"]["fields"]
            part["changed"]["fields"] = [
                "Teamspaces (one of them is not yours to see)" if field.startswith("Teamspaces:") else field
                for field in fields
            ]
    return json.dumps(parts)
