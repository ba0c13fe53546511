"""The export of messages: one row each, chat by chat in the order of the transcript."""

import zoneinfo
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import User
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from conversations.choosing import choose as choose_chats
from conversations.exporting.heads import HEAD, chats_of, head
from conversations.inbox.filters import Filters
from conversations.models import EXPORT_CHATS, Message
from conversations.search.results import next_messages
from customers.exporting.engine import Export, Found, Part, batched
from customers.exporting.formats import Format, Rows
from protoadmin.runs.models import Run

COLUMNS = (
    *HEAD, "number", "message", "time", "author", "author_name", "author_id", "type", "text", "origin", "state",
    "repeat_of",
)  # fmt: skip
VALUES = (
    "chat_id", "pk", "at", "author_type", "author_name", "author_id", "type", "text", "origin", "sync_state",
    "repeat_of_id",
)  # fmt: skip
FETCHED = 2_000
REMEMBERED = 20_000


def _choose(run: Run, person: User, place: Any) -> Found:
    found = choose_chats(run, person, place)
    found.units = found.messages
    return found


def _columns(teamspaces: set[int], format: Format) -> list[Any]:
    return list(COLUMNS)


def _rows(part: Part) -> Rows:
    heads = {pk: head(part, row) for pk, row in chats_of(part).items()}
    messages = Message.objects.filter(chat__in=heads).order_by("chat_id", "sequence", "pk")
    # As the database writes it: a million times are not worth a million objects.
    rows = messages.annotate(at=Cast("received_at", TextField())).values_list(*VALUES)
    # What was written since it was asked for stays out of it. Asked for that, SQLite would take another index than the
    # one with this order, and sort a whole chat in memory.
    upto = part.run.parameters["upto_message"]
    known = (row for row in rows.iterator(chunk_size=FETCHED) if row[1] <= upto)
    return batched(_lines(part, heads, known))


def _lines(part: Part, heads: dict[int, list[Any]], rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    text, stored = part.format.text, part.format.stored
    # Names, ids and types come again and again.
    known = lru_cache(REMEMBERED)(text)
    chat, number = None, 0
    for pk, message, at, author, name, author_id, kind, said, origin, state, repeat_of in rows:
        number = number + 1 if pk == chat else 1
        chat = pk
        yield [
            *heads[pk], number, message, stored(at), known(author), known(name), known(author_id), known(kind),
            text(said), origin, state, repeat_of,
        ]  # fmt: skip


def _choose_matches(run: Run, person: User, place: Any) -> Found:
    """Find the next messages that match the search: the newest first, as they are found."""
    wanted = run.parameters
    with timezone.override(zoneinfo.ZoneInfo(wanted.get("zone", "UTC"))):
        filters = Filters.parse(wanted.get("query", ""))
        matches, below = next_messages(person, filters, place or wanted["upto_message"] + 1)
    selected = set(wanted.get("ids", ()))
    ids = [message for message, chat in matches if not selected or chat in selected]
    return Found(ids, set(), len(ids), below)


def _match_columns(teamspaces: set[int], format: Format) -> list[Any]:
    return [column for column in COLUMNS if column != "number"]


def _match_rows(part: Part) -> Rows:
    messages = Message.objects.filter(pk__in=part.ids)
    chosen, messages_of_part = part.ids, dict(messages.values_list("pk", "chat__pk"))
    part.ids = list(set(messages_of_part.values()))
    heads = {pk: head(part, row) for pk, row in chats_of(part).items()}
    rows = messages.filter(chat__in=heads).order_by("-pk")
    place = COLUMNS.index("number")
    lines = [
        [*line[:place], *line[place + 1 :]]
        for line in _lines(part, heads, rows.annotate(at=Cast("received_at", TextField())).values_list(*VALUES))
    ]
    part.missing = len(chosen) - len(lines)
    return batched(iter(lines))


MATCHES = Export(
    "matches_export",
    "Export messages that match",
    "matching messages",
    Message,
    EXPORT_CHATS,
    _choose_matches,
    _match_columns,
    _match_rows,
)
MESSAGES = Export("messages_export", "Export messages", "messages", Message, EXPORT_CHATS, _choose, _columns, _rows)
