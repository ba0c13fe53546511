"""Conversations for the benchmarks of exports: ten messages each, the same every time, written in bulk."""

import datetime
from collections.abc import Iterator
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models, transaction

from conversations.models import Chat, Message
from conversations.models.chats import STEP
from customers.models import Human
from protoadmin.connections.models import Channel, Teamspace
from tests.bench.people import _copy, _unchecked

PER_CHAT = 10
SAID = (
    "Hello, I have not received my order yet. Can you tell me where it is?",
    "=SUM(A1) is what the shop's page shows me",
    "Thank you! It is on its way and arrives tomorrow.",
    "注文した商品がまだ届きません。",
    "لم يصلني الطلب حتى الآن",
    "Ich möchte meine Adresse ändern, bitte.",
)
AUTHORS = (("human", "Maria Santos"), ("bot", "Proto Bot"), ("human", "Maria Santos"), ("agent", "Jo Park"))


def fill_talks(number: int) -> None:
    """Make so many messages, and `boss`, who sees all of them."""
    User.objects.create_superuser("boss", password=None)
    teamspace = Teamspace.objects.create(name="Team A", subcompany_id="a")
    channel = Channel.objects.create(name="Website", channel_id="w", teamspace=teamspace, access_token="t", secret="s")
    chats = number // PER_CHAT
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _unchecked()
        _rows(Human, _humans(chats, channel))
        _rows(Chat, _chats(chats, channel))
        _rows(Message, _messages(chats))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in (Human, Chat, Message):
                table = model._meta.db_table
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {number + 1})")
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows(model: type[models.Model], values: Iterator[dict[str, Any]]) -> None:
    """Write rows of a model; columns that are not given have their defaults."""
    fields = list(model._meta.concrete_fields)
    rest = {field.attname: field.get_db_prep_save(field.get_default(), connection) for field in fields}
    rows = (tuple({**rest, **row}[field.attname] for field in fields) for row in values)
    _copy(model._meta.db_table, tuple(str(field.column) for field in fields), rows)


def _time(seconds: int) -> str:
    start = datetime.datetime(2026, 1, 1)
    return (start + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.") + f"{seconds % 999_983:06}"


def _humans(chats: int, channel: Channel) -> Iterator[dict[str, Any]]:
    for pk in range(1, chats + 1):
        yield {"id": pk, "channel_id": channel.pk, "human_id": f"human-{pk}", "name": f"Maria Santos {pk}"}


def _chats(chats: int, channel: Channel) -> Iterator[dict[str, Any]]:
    for pk in range(1, chats + 1):
        at = _time(pk * 60)
        yield {
            "id": pk,
            "channel_id": channel.pk,
            "teamspace_id": channel.teamspace_id,
            "chat_id": f"chat-{pk}",
            "human_id": pk,
            "created_at": at,
            "last_message_at": at,
            "message_count": PER_CHAT,
            "last_sequence": PER_CHAT * STEP,
            "last_author_type": "human",
        }


def _messages(chats: int) -> Iterator[dict[str, Any]]:
    rng = Random(20261121)
    for chat in range(1, chats + 1):
        for number in range(PER_CHAT):
            author, name = AUTHORS[number % 4]
            yield {
                "id": (chat - 1) * PER_CHAT + number + 1,
                "chat_id": chat,
                "sequence": (number + 1) * STEP,
                "author_type": author,
                "author_id": f"author-{author}",
                "author_name": name,
                "text": rng.choice(SAID),
                "received_at": _time(chat * 60 + number * 17),
            }
