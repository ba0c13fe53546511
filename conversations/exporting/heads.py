"""What the rows of a conversation begin with: which chat it is, and whom it is with."""

from typing import Any

from conversations.models import Chat
from customers.exporting.engine import Part
from protoadmin.connections.scoping import only_visible

HEAD = ("conversation", "chat_id", "channel", "teamspace", "person", "person_id", "human_id")
VALUES = (
    "pk", "chat_id", "channel__name", "teamspace__name", "human__name", "human__human_id", "human__customer__name",
    "human__customer__email", "human__customer__phone_number", "human__customer__provided_unique_id",
    "human__customer", "teamspace", "human__email", "human__phone_number",
)  # fmt: skip


def chats_of(part: Part, *more: str) -> dict[int, dict[str, Any]]:
    """Return the part's chats that its person may see, by id; it notes those that are missing."""
    rows = only_visible(Chat.objects.filter(pk__in=part.ids), part.person).order_by().values(*VALUES, *more)
    found = {row["pk"]: row for row in rows.iterator()}
    part.missing = len(part.ids) - len(found)
    part.teamspaces = {row["teamspace"] for row in found.values()}
    return {pk: found[pk] for pk in part.ids if pk in found}


def head(part: Part, row: dict[str, Any]) -> list[Any]:
    """Return the first cells."""
    text = part.format.text
    return [
        row["pk"],
        text(row["chat_id"] or ""),
        text(row["channel__name"]),
        text(row["teamspace__name"]),
        text(name_of(row)),
        text(row["human__customer__provided_unique_id"] or ""),
        text(row["human__human_id"] or ""),
    ]


def name_of(row: dict[str, Any]) -> str:
    """Return what the person is called, as the inbox calls them."""
    names = ("human__customer__name", "human__name", "human__customer__email", "human__customer__phone_number")
    return next((row[name] for name in names if row[name]), "")
