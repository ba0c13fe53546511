"""The place of a message in its chat, where it is not the end: late deliveries, and what a pull has brought before."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import F

from conversations.arrivals import Event, Said
from conversations.content import content_key, stored
from conversations.models import Chat, Message, Origin, ReadMark
from conversations.models.chats import STEP

# A delivery may be this much later than the pull that has already brought its message.
ADOPTED_WITHIN = datetime.timedelta(minutes=10)


def between(chat: Chat, low: int, high: int, count: int) -> list[int]:
    """Return `count` sequences of a locked chat between two that are there; makes room where there is none."""
    gap = (high - low) // (count + 1)
    if gap >= 1:
        return [low + gap * (number + 1) for number in range(count)]
    shift = STEP * (count + 1)
    Message.objects.filter(chat=chat.pk, sequence__gte=high).update(
        sequence=F("sequence") + shift, version=chat.version
    )
    # What somebody has read up to there they have read still.
    ReadMark.objects.filter(chat=chat.pk, sequence__gte=high).update(sequence=F("sequence") + shift)
    chat.last_sequence += shift
    return between(chat, low, high + shift, count)


def before_later_deliveries(chat: Chat, delivery_id: int, count: int) -> list[int] | None:
    """Return the sequences for messages of a delivery that is worked on after later ones; None at the end."""
    later = Message.objects.filter(chat=chat.pk, delivery__gt=delivery_id).order_by("sequence")
    high = later.values_list("sequence", flat=True).first()
    if high is None:
        return None
    return between(chat, sequence_before(chat, high), high, count)


def sequence_before(chat: Chat, sequence: int) -> int:
    """Return the last sequence below this one, 0 at the beginning."""
    lower = Message.objects.filter(chat=chat.pk, sequence__lt=sequence).order_by("-sequence")
    return lower.values_list("sequence", flat=True).first() or 0


class Adoptions:
    """Messages that a pull, or we ourselves, brought before the webhook did: the delivery finds them and adds none."""

    def __init__(self, chats: Iterable[Chat]) -> None:
        pulled = [chat.pk for chat in chats if chat.pulled_at is not None]
        self._waiting: dict[tuple[int, str], list[Message]] = {}
        if not pulled:
            return
        rows = Message.objects.filter(chat__in=pulled, delivery=None, repeat_of=None).exclude(origin=Origin.WEBHOOK)
        for message in rows.order_by("sequence"):
            key = content_key(message.author_type, message.type, message.data)
            self._waiting.setdefault((message.chat_id, key), []).append(message)

    def adopt(self, chat: Chat, event: Event, said: Said) -> bool:
        """Give a message that is already there its delivery; False when there is none."""
        if not self._waiting:
            return False
        waiting = self._waiting.get((chat.pk, content_key(said.author_type, said.type, stored(said.data))), [])
        for message in waiting:
            if event.received_at <= message.received_at + ADOPTED_WITHIN:
                waiting.remove(message)
                self._write(chat, message, event, said)
                return True
        return False

    def _write(self, chat: Chat, message: Message, event: Event, said: Said) -> None:
        changes: dict[str, Any] = {
            "delivery_id": event.delivery_id,
            "event_index": event.index,
            "position": said.position,
            "reply_token": event.reply_token,
            "author_id": message.author_id or said.author_id,
            "author_name": message.author_name or said.author_name,
            "version": chat.version,
        }
        Message.objects.filter(pk=message.pk).update(**changes)
