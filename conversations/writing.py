"""Insert arriving messages by hand: their rows are prepared before the transaction, so that its locks are held briefly.

Made by the ORM they would take longer than everything else that the drain does.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from conversations.arrivals import Event, Said
from conversations.content import stored, text_of
from conversations.models import Chat, Message, Origin
from conversations.search.backends import backend
from conversations.search.grams import facets_of
from conversations.search.text import searchable

FIELDS: list[Any] = [field for field in Message._meta.concrete_fields if not field.primary_key]
PLACES = {field.attname: place for place, field in enumerate(FIELDS)}


@dataclass(slots=True)
class Fresh:
    """A message that is to be inserted, in its place."""

    chat: Chat
    event: Event
    said: Said
    sequence: int


def prepare(events: Iterable[Event]) -> None:
    """Make of what was said what the database takes; nothing is read or written. A second time it costs nothing."""
    data_field, token_field = FIELDS[PLACES["data"]], FIELDS[PLACES["reply_token"]]
    tokens: dict[str, Any] = {}
    searched = backend()
    for event in events:
        if event.reply_token not in tokens:
            tokens[event.reply_token] = token_field.get_db_prep_save(event.reply_token, connection)
        event.token_written = tokens[event.reply_token]
        for said in event.said:
            if not said.is_prepared:
                said.text = text_of(said.type, said.data)
                said.stored = stored(said.data)
                said.written = data_field.get_db_prep_save(said.stored, connection)
                said.search_text = searchable(said.text)
                said.search_grams = searched.grams(said.search_text)
                said.is_prepared = True


def insert(messages: list[Fresh]) -> None:
    """Insert these messages of webhooks at once; their events were prepared."""
    if not messages:
        return
    names = ", ".join(connection.ops.quote_name(field.column) for field in FIELDS)
    table = connection.ops.quote_name(Message._meta.db_table)
    rows = _rows(messages)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(FIELDS))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def _rows(messages: list[Fresh]) -> list[list[Any]]:
    """Return the values of each row, in the order of FIELDS: a message's defaults, and what differs."""
    blank = Message(origin=Origin.WEBHOOK)
    common = [field.get_db_prep_save(getattr(blank, field.attname), connection) for field in FIELDS]
    at, times = PLACES, {}
    tokens = _Tokens()
    received = FIELDS[at["received_at"]]
    rows = []
    for message in messages:
        event, said = message.event, message.said
        if event.received_at not in times:
            times[event.received_at] = received.get_db_prep_save(event.received_at, connection)
        row = common.copy()
        row[at["chat_id"]] = message.chat.pk
        row[at["sequence"]] = message.sequence
        row[at["author_type"]] = said.author_type
        row[at["author_id"]] = said.author_id
        row[at["author_name"]] = said.author_name
        row[at["type"]] = said.type
        row[at["text"]] = said.text
        row[at["data"]] = said.written
        row[at["reply_token"]] = event.token_written
        row[at["received_at"]] = times[event.received_at]
        # None: written without a delivery (demo data).
        row[at["delivery_id"]] = event.delivery_id or None
        row[at["event_index"]] = event.index
        row[at["position"]] = said.position
        row[at["version"]] = message.chat.version
        row[at["search_text"]] = said.search_text
        row[at["search_tokens"]] = tokens.of(message)
        rows.append(row)
    return rows


class _Tokens:
    """What search knows a message by; the facets of one chat, author and day are made once."""

    def __init__(self) -> None:
        self._backend = backend()
        self._facets: dict[Any, str] = {}

    def of(self, message: Fresh) -> str:
        """Return the tokens of this message."""
        chat, author, at = message.chat, message.said.author_type, message.event.received_at
        key = chat.channel_id, chat.teamspace_id, author, at.astimezone(datetime.UTC).date()
        if key not in self._facets:
            facets = facets_of(chat.teamspace_id, chat.channel_id, author, at)
            self._facets[key] = self._backend.facets(facets)
        return self._backend.with_facets(message.said.search_grams, self._facets[key])
