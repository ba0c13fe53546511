"""The export of conversations: one row each, with what was said by whom and how long the customer waited."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conversations.choosing import choose
from conversations.exporting.heads import HEAD, chats_of, head
from conversations.exporting.messages import FETCHED
from conversations.models import EXPORT_CHATS, AuthorType, Chat, Message, Ticket
from customers.exporting.columns import field_columns, tags_of, values_of
from customers.exporting.engine import Export, Part, batched
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


@dataclass
class Told:
    """What the messages of a chat tell: how many there are by author, and when the first ones came. No repeats."""

    counts: dict[str, int] = field(default_factory=dict)
    asked: datetime | None = None
    answered: datetime | None = None
    agent_answered: datetime | None = None

    def add(self, author: str, at: datetime) -> None:
        """Take the next message, in the order of the transcript."""
        self.counts[author] = self.counts.get(author, 0) + 1
        if author == AuthorType.HUMAN:
            self.asked = self.asked or at
        elif self.asked and author in (AuthorType.BOT, AuthorType.AGENT):
            self.answered = self.answered or at
            if author == AuthorType.AGENT:
                self.agent_answered = self.agent_answered or at

    def seconds(self, answered: datetime | None) -> int | None:
        """Return how long after the customer's first message that was."""
        return max(0, round((answered - self.asked).total_seconds())) if answered and self.asked else None


def told_by(ids: list[int]) -> dict[int, Told]:
    """Return what the messages of these chats tell."""
    found = {pk: Told() for pk in ids}
    messages = Message.objects.filter(chat__in=ids, repeat_of=None).order_by("chat_id", "sequence", "pk")
    for pk, author, at in messages.values_list("chat_id", "author_type", "received_at").iterator(chunk_size=FETCHED):
        found[pk].add(author, at)
    return found


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
    chats = chats_of(part, *MORE)
    told = told_by(list(chats))
    people = list({row["human__customer"] for row in chats.values() if row["human__customer"]})
    tags, tickets, values = tags_of(people), _tickets_of(people), values_of(people)
    columns = part.columns[len(HEAD) + len(OWN) :]

    def lines() -> Iterator[list[Any]]:
        for pk, row in chats.items():
            person = row["human__customer"]
            yield [
                *head(part, row),
                *_own(part, row, told[pk]),
                part.format.many(tags.get(person, [])),
                part.format.many(tickets.get(person, [])),
                *field_cells(part.format, columns, values.get(person, {})),
            ]

    return batched(lines())


def _own(part: Part, row: dict[str, Any], told: Told) -> list[Any]:
    text, moment, count = part.format.text, part.format.moment, told.counts.get
    known = (AuthorType.HUMAN, AuthorType.BOT, AuthorType.AGENT)
    return [
        text(row["human__customer__email"] or row["human__email"] or ""),
        text(row["human__customer__phone_number"] or row["human__phone_number"] or ""),
        text(row["lang"]),
        "active" if row["active"] else "ended",
        moment(row["created_at"]),
        moment(row["last_message_at"]),
        sum(told.counts.values()),
        *(count(author, 0) for author in known),
        sum(number for author, number in told.counts.items() if author not in known),
        moment(told.asked),
        moment(told.answered),
        told.seconds(told.answered),
        moment(told.agent_answered),
        told.seconds(told.agent_answered),
    ]


def _tickets_of(people: list[int]) -> dict[int, list[str]]:
    """Return the ids that Proto gave these people's tickets."""
    found: dict[int, list[str]] = {}
    tickets = Ticket.objects.filter(customer__in=people).order_by("pk")
    for person, remote_id in tickets.values_list("customer", "remote_id"):
        if person is not None and remote_id:
            found.setdefault(person, []).append(remote_id)
    return found


CHATS = Export("chats_export", "Export conversations", "conversations", Chat, EXPORT_CHATS, choose, _columns, _rows)
