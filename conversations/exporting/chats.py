"""The export of conversations: one row each, with what was said by whom and how long the customer waited."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from conversations.choosing import choose
from conversations.exporting.heads import HEAD, chats_of, head
from conversations.figures.looking import figures_by_chat
from conversations.models import EXPORT_CHATS, Chat, ChatFigures, Ticket
from customers.exporting.columns import field_columns, tags_of, values_of
from customers.exporting.engine import Export, Part
from customers.exporting.formats import Format, Rows
from customers.exporting.people import field_cells

OWN = (
    "email", "phone_number", "language", "state", "started", "last_message", "messages", "customer_messages",
    "bot_messages", "agent_messages", "other_messages", "first_customer_message", "first_answer",
    "first_answer_seconds", "first_agent_answer", "first_agent_answer_seconds", "tags", "tickets",
)  # fmt: skip
MORE = (
    "lang", "active", "created_at", "last_message_at", "human__customer__email", "human__customer__phone_number",
)  # fmt: skip
TOGETHER = 500


def _columns(teamspaces: set[int], format: Format) -> list[Any]:
    fields = field_columns(teamspaces)
    if format.nested:
        return [*HEAD, *OWN, ["custom_fields", fields]]
    return [*HEAD, *OWN, *_with_own_names(fields)]


def _with_own_names(fields: list[tuple[str, list[int]]]) -> Iterator[list[Any]]:
    taken = {*HEAD, *OWN}
    for name, pks in fields:
        yield [f"{name} (custom field)" if name in taken else name, pks]


def _rows(part: Part) -> Rows:
    chats = list(chats_of(part, *MORE).items())
    # A few at a time, so that the run is held for its worker while long chats are read.
    groups = (dict(chats[first : first + TOGETHER]) for first in range(0, len(chats), TOGETHER))
    return (list(_lines(part, group)) for group in groups)


def _lines(part: Part, chats: dict[int, dict[str, Any]]) -> Iterator[list[Any]]:
    figures = figures_by_chat(list(chats), timezone.now())
    people = list({row["human__customer"] for row in chats.values() if row["human__customer"]})
    tags, tickets, values = tags_of(people), _tickets_of(people), values_of(people)
    columns = part.columns[len(HEAD) + len(OWN) :]
    for pk, row in chats.items():
        person = row["human__customer"]
        yield [
            *head(part, row),
            # One that was removed a moment ago has none.
            *_own(part, row, figures.get(pk) or ChatFigures()),
            part.format.many(tags.get(person, [])),
            part.format.many(tickets.get(person, [])),
            *field_cells(part.format, columns, values.get(person, {})),
        ]


def _own(part: Part, row: dict[str, Any], figures: ChatFigures) -> list[Any]:
    text, moment = part.format.text, part.format.moment
    counts = (figures.human, figures.bot, figures.agent, figures.other)
    return [
        text(row["human__customer__email"] or row["human__email"] or ""),
        text(row["human__customer__phone_number"] or row["human__phone_number"] or ""),
        text(row["lang"]),
        "active" if row["active"] else "ended",
        moment(row["created_at"]),
        moment(row["last_message_at"]),
        sum(counts),
        *counts,
        moment(figures.asked_at),
        *_answer(part, figures.asked_at, figures.answer_ms),
        *_answer(part, figures.asked_at, figures.agent_ms),
    ]


def _answer(part: Part, asked_at: datetime | None, took: int | None) -> tuple[Any, int | None]:
    """Return when an answer came, and how many seconds after the customer's first message, as the reports count."""
    if asked_at is None or took is None:
        return part.format.moment(None), None
    return part.format.moment(asked_at + timedelta(milliseconds=took)), round(took / 1000)


def _tickets_of(people: list[int]) -> dict[int, list[str]]:
    """Return the ids that Proto gave these people's tickets."""
    found: dict[int, list[str]] = {}
    tickets = Ticket.objects.filter(customer__in=people).order_by("pk")
    for person, remote_id in tickets.values_list("customer", "remote_id"):
        if person is not None and remote_id:
            found.setdefault(person, []).append(remote_id)
    return found


CHATS = Export("chats_export", "Export conversations", "conversations", Chat, EXPORT_CHATS, choose, _columns, _rows)
