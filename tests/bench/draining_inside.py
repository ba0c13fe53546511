"""Deliveries piled up and drained, and the bare loop beside it. Runs inside the product's database."""

import json
import time
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import transaction

from conversations.models import Chat, Message
from conversations.models.chats import STEP
from protoadmin.connections.models import Channel, Teamspace
from tests.bench import bare_messages, floor
from tests.bench.bare_messages import BareMessage
from tests.bench.receiver_load import CHATS, body_of, template
from webhooks.draining import drain
from webhooks.models import Delivery, DeliveryState

BATCH = 500
_known: dict[str, Any] = {"serial": 0, "form": template("bench")}


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", verbosity=0, interactive=False)


def open_channel(secret: str) -> None:
    """Make the channel that deliveries come for, and the floor's table."""
    space = Teamspace.objects.create(name="Bench", subcompany_id="01BENCH")
    Channel.objects.create(name="Bench", channel_id="bench", teamspace=space, secret=secret)
    floor.make_table()
    bare_messages.make_table()


def pile(number: int) -> None:
    """Store so many deliveries, as the receiver does, no two alike."""
    channel = Channel.objects.get(channel_id="bench")
    rows = []
    for _ in range(number):
        _known["serial"] += 1
        body = body_of(_known["form"], _known["serial"])
        rows.append(Delivery(channel=channel, body=body, body_sha256=uuid4().hex * 2, size=len(body)))
    Delivery.objects.bulk_create(rows, batch_size=500)


def left() -> int:
    """Return how many wait."""
    return Delivery.objects.filter(state=DeliveryState.RECEIVED).count()


def clear() -> None:
    """Have nothing wait."""
    Delivery.objects.filter(state=DeliveryState.RECEIVED).update(state=DeliveryState.PROCESSED)


def drain_for(seconds: float) -> dict[str, Any]:
    """Drain as a worker does, for so long."""
    began = time.perf_counter()
    done = drain(seconds)
    return {"done": done, "seconds": time.perf_counter() - began, "left": left()}


def drain_all() -> float:
    """Drain what waits; return the seconds."""
    began = time.perf_counter()
    drain(3600)
    return time.perf_counter() - began


def bare_loop() -> float:
    """Read what waits in batches and bulk_create its messages, and nothing else, search neither; return the seconds.

    Which chat has which row is known beforehand, and nobody else is reckoned with.
    """
    chats = dict(Chat.objects.values_list("chat_id", "pk"))
    assert len(chats) >= CHATS
    last = dict(Chat.objects.values_list("pk", "last_sequence"))
    began, newest = time.perf_counter(), 0
    waiting = Delivery.objects.filter(state=DeliveryState.RECEIVED).order_by("pk")
    while batch := list(waiting.filter(pk__gt=newest)[:BATCH]):
        newest = batch[-1].pk
        with transaction.atomic():
            BareMessage.objects.bulk_create(_messages(batch, chats, last))
    seconds = time.perf_counter() - began
    # Not a part of what is measured: the next round begins as if nothing had happened.
    BareMessage.objects.all().delete()
    return seconds


def _messages(batch: list[Delivery], chats: dict[Any, int], last: dict[int, int]) -> list[Any]:
    made = []
    for delivery in batch:
        for index, event in enumerate(json.loads(bytes(delivery.body))["events"]):
            chat = chats[event["chat"]["id"]]
            for position, message in enumerate(event["messages"]):
                author = message["author"]
                last[chat] += STEP
                made.append(
                    BareMessage(
                        chat_id=chat,
                        sequence=last[chat],
                        author_type=author["type"],
                        author_id=author["id"],
                        author_name=author["name"],
                        type=message["type"],
                        text=message["data"]["text"],
                        data=message["data"],
                        reply_token=event["replyToken"],
                        received_at=delivery.received_at,
                        delivery_id=delivery.pk,
                        event_index=index,
                        position=position,
                    )
                )
    return made


def messages() -> int:
    """Return how many messages there are."""
    return Message.objects.count()
