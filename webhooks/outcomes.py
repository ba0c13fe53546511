"""What became of a delivery: its chats and messages, and which others are the same bytes."""

from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from conversations.models import Chat, Message
from webhooks.bodies import Unreadable, events_of, parse
from webhooks.models import Delivery, DeliveryKind, DeliveryState

MESSAGES_SHOWN = 50
CHATS_SHOWN = 50
REPEATS_SHOWN = 10
NOTHING_MADE = (DeliveryState.RECEIVED, DeliveryState.REJECTED)


@dataclass
class Became:
    """The chats that a delivery speaks of, each with the number of its messages there, and the first messages."""

    chats: list[tuple[Chat, int]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    count: int = 0


def became(delivery: Delivery) -> Became:
    """Return what a worker made of this delivery; the most that is shown is bounded."""
    if delivery.kind == DeliveryKind.PROFILE or delivery.state in NOTHING_MADE:
        return Became()
    made = Message.objects.filter(delivery=delivery)
    counts = dict(made.order_by().values_list("chat").annotate(Count("pk")))
    wanted = Q(pk__in=list(counts)[:CHATS_SHOWN]) | Q(channel=delivery.channel_id, chat_id__in=_named(delivery))
    chats = Chat.objects.filter(wanted).select_related("human").defer("chat_token", "data", "remote_data")
    first = made.select_related("chat__human", "repeat_of").defer("data", "reply_token")
    return Became(
        chats=[(chat, counts.get(chat.pk, 0)) for chat in chats.order_by("pk")[:CHATS_SHOWN]],
        messages=list(first.order_by("event_index", "position")[:MESSAGES_SHOWN]),
        count=sum(counts.values()),
    )


def _named(delivery: Delivery) -> list[str]:
    """Return the ids of the first chats that the body names: one may be there without any message."""
    try:
        events, _ = events_of(parse(bytes(delivery.body)))
    except (Unreadable, RecursionError):
        return []
    return list(dict.fromkeys(event.chat_id for event in events))[:CHATS_SHOWN]


def original_of(delivery: Delivery) -> Delivery | None:
    """Return the newest earlier delivery with the same bytes, if this one is a probable repeat."""
    if delivery.state != DeliveryState.REPEAT:
        return None
    return _same_bytes(delivery).filter(pk__lt=delivery.pk).order_by("-pk").first()


def repeats_of(delivery: Delivery) -> list[Delivery]:
    """Return the first probable repeats of this delivery."""
    if not delivery.body_sha256:
        return []
    later = _same_bytes(delivery).filter(pk__gt=delivery.pk, state=DeliveryState.REPEAT)
    return list(later.order_by("pk")[:REPEATS_SHOWN])


def _same_bytes(delivery: Delivery) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(body_sha256=delivery.body_sha256, channel=delivery.channel_id)
    return rows.only("pk", "received_at", "state").exclude(state=DeliveryState.REJECTED)
