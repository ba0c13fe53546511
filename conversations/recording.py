"""Write what arrived: many events at once, each message once and in the order of the deliveries.

Everything happens in the caller's transaction. The chats' rows are locked first, in the order of their ids; whoever
else writes messages of a chat holds the same lock.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from conversations import placing
from conversations.arrivals import Event, Said
from conversations.meeting import chats_of
from conversations.models import Chat, Message, Origin
from conversations.models.chats import STEP, note, note_message
from conversations.writing import Fresh, insert, prepare

CHAT_COLUMNS = (
    "last_message_at",
    "last_text",
    "last_author_type",
    "last_author_name",
    "has_agent",
    "message_count",
    "last_sequence",
    "last_delivery_id",
    "version",
)
BATCH = 500
Place = tuple[int, int, int]


def record(events: list[Event]) -> list[int]:
    """Write the messages of these events, which come in the order of their deliveries; return the chats' row ids.

    What is there already (`delivery`, `event_index`, `position`) is left alone.
    """
    chats = chats_of(events)
    known = _already_written(events)
    prepare(events)
    fresh: list[Fresh] = []
    repeats: list[tuple[Event, Said, Chat]] = []
    adopted = placing.Adoptions(chats.values())
    for chat in chats.values():
        chat.version += 1
    for event in events:
        chat = chats[event.channel_pk, event.chat_id]
        new = [said for said in event.said if (event.delivery_id, event.index, said.position) not in known]
        if event.repeats is not None:
            repeats += [(event, said, chat) for said in new]
            continue
        left = [said for said in new if not adopted.adopt(chat, event, said)]
        if event.delivery_id < chat.last_delivery_id:
            # Its place is looked for among what is written.
            insert(fresh)
            fresh = []
        fresh += _messages(chat, event, left)
        chat.last_delivery_id = max(chat.last_delivery_id, event.delivery_id)
    insert(fresh)
    _write_repeats(repeats)
    write_chats(chats.values())
    return [chat.pk for chat in chats.values()]


def _already_written(events: list[Event]) -> set[Place]:
    """Return the places that are taken; a delivery that was never worked on has none."""
    again = {event.delivery_id for event in events if event.is_again}
    if not again:
        return set()
    taken = Message.objects.filter(delivery__in=again).order_by()
    places: set[Any] = set(taken.values_list("delivery_id", "event_index", "position"))
    return places


def _messages(chat: Chat, event: Event, said: list[Said]) -> list[Fresh]:
    """Return messages in their places, the chat's row brought up to date with them."""
    if not said:
        return []
    sequences: Iterable[int] | None = None
    if event.delivery_id < chat.last_delivery_id:
        sequences = placing.before_later_deliveries(chat, event.delivery_id, len(said))
    if sequences is None:
        sequences = range(chat.last_sequence + STEP, chat.last_sequence + STEP * (len(said) + 1), STEP)
    messages = []
    for each, sequence in zip(said, sequences, strict=True):
        note(chat, sequence, each.author_type, each.author_name, each.text, event.received_at)
        messages.append(Fresh(chat, event, each, sequence))
    return messages


def _message(chat: Chat, event: Event, said: Said, sequence: int) -> Message:
    return Message(
        chat=chat,
        sequence=sequence,
        author_type=said.author_type,
        author_id=said.author_id,
        author_name=said.author_name,
        type=said.type,
        text=said.text,
        data=said.stored,
        reply_token=event.reply_token,
        received_at=event.received_at,
        origin=Origin.WEBHOOK,
        delivery_id=event.delivery_id,
        event_index=event.index,
        position=said.position,
        version=chat.version,
    )


def _write_repeats(repeats: list[tuple[Event, Said, Chat]]) -> None:
    """Write what repeats another delivery byte for byte, beside its original; without one it is no repeat."""
    if not repeats:
        return
    roots: dict[Any, int] = {}
    wanted = {event.repeats for event, _, _ in repeats}
    for *place, pk, root in Message.objects.filter(delivery__in=wanted).values_list(
        "delivery_id", "event_index", "position", "pk", "repeat_of"
    ):
        roots[tuple(place)] = root or pk
    folded = []
    for event, said, chat in repeats:
        message = _message(chat, event, said, chat.last_sequence + STEP)
        message.repeat_of_id = root = roots.get((event.repeats, event.index, said.position))
        note_message(chat, message)
        if root is None:
            message.save_base(force_insert=True)
        else:
            folded.append(message)
        roots[event.delivery_id, event.index, said.position] = root or message.pk
        chat.last_delivery_id = max(chat.last_delivery_id, event.delivery_id)
    Message.objects.bulk_create(folded, batch_size=BATCH)


def write_chats(chats: Iterable[Chat]) -> None:
    """Write the rows of locked chats back: one prepared statement for all of them."""
    fields: list[Any] = [Chat._meta.get_field(name) for name in CHAT_COLUMNS]
    assigned = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)
    rows = [[_prepared(field, chat) for field in fields] + [chat.pk] for chat in chats]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {Chat._meta.db_table} SET {assigned} WHERE id = %s", rows)  # noqa: S608


def _prepared(field: Any, chat: Chat) -> Any:
    return field.get_db_prep_save(getattr(chat, field.attname), connection)
