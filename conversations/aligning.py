"""Align the messages that Proto lists for a chat with those that are stored (DESIGN, section 5).

The list has neither ids nor times (seed 004, "List messages of a chat"), so two messages are one when author type,
type and data agree. The list's order is the truth; what only we have keeps its place behind its neighbour.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.content import author_of, content_key, content_of, stored, text_of
from conversations.models import Chat, Message, Origin, ReadMark
from conversations.models.chats import STEP
from conversations.summing import sum_up
from customers.models import SyncState

BATCH = 500
# Dismissed, failed or unconfirmed: it may be there, and it may not.
DOUBTFUL = (SyncState.LOCAL, SyncState.FAILED, SyncState.UNCONFIRMED)


@dataclass
class Listed:
    """One message of the remote's list."""

    author_type: str
    author_id: str
    author_name: str
    type: str
    data: Any
    said_at: datetime | None
    ours: Message | None = None

    @property
    def key(self) -> str:
        """What it has in common with our copy of it."""
        return content_key(self.author_type, self.type, stored(self.data))

    @property
    def loose_key(self) -> str:
        """The same when the remote has added to the data since."""
        return f"{self.author_type}\n{self.type}\n{text_of(self.type, self.data)}"


def listed(items: list[dict[str, Any]]) -> list[Listed]:
    """Return the remote's list as we compare it."""
    return [_listed(item) for item in items]


def _listed(item: dict[str, Any]) -> Listed:
    message = item.get("message")
    kind, data = content_of(message if isinstance(message, dict) else item)
    return Listed(*author_of(item), kind, data, _time(item))


def _time(item: dict[str, Any]) -> datetime | None:
    """Return when it was said, should a newer revision tell."""
    for key in ("createdAt", "created_at", "timestamp"):
        if isinstance(item.get(key), str):
            try:
                found = parse_datetime(item[key])
            except ValueError:
                continue
            if found is not None and found.tzinfo is not None:
                return found
    return None


def match(theirs: list[Listed], ours: list[Message]) -> None:
    """Note on each listed message which of ours it is: first in order, then what is left wherever it stands."""
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    keys = [numbers[_key(message)] for message in ours]
    matcher = SequenceMatcher(None, [numbers[each.key] for each in theirs], keys, autojunk=False)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            theirs[block.a + offset].ours = ours[block.b + offset]
    _match_the_rest(theirs, ours, "key", _key)
    _match_the_rest(theirs, ours, "loose_key", _loose_key)


def _match_the_rest(theirs: list[Listed], ours: list[Message], name: str, key_of: Callable[[Message], str]) -> None:
    taken = {each.ours.pk for each in theirs if each.ours is not None}
    left: dict[str, deque[Message]] = defaultdict(deque)
    for message in ours:
        if message.pk not in taken:
            left[key_of(message)].append(message)
    for each in theirs:
        if each.ours is None and (waiting := left.get(getattr(each, name))):
            each.ours = waiting.popleft()


def _key(message: Message) -> str:
    return content_key(message.author_type, message.type, message.data)


def _loose_key(message: Message) -> str:
    return f"{message.author_type}\n{message.type}\n{message.text}"


@transaction.atomic
def align(chat: Chat, items: list[dict[str, Any]]) -> int:
    """Take over the remote's list of a chat's messages; return how many were new. Nothing is ever removed."""
    chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(pk=chat.pk)
    chat.version += 1
    rows = list(Message.objects.filter(chat=chat).select_related("call").order_by("sequence", "pk"))
    # What has not left us cannot be in the list.
    waiting = [row for row in rows if row.sync_state == SyncState.QUEUED and row.call and not row.call.attempts]
    # A probable repeat stays folded: a listed message that nothing else accounts for is shown as one that was pulled,
    # so that the delivery which may still bring it finds it.
    folded = [row for row in rows if row.repeat_of_id is not None]
    # Of what was dismissed, or may not have arrived, the list tells: but what surely arrived comes first.
    doubtful = [row for row in rows if row.sync_state in DOUBTFUL and row not in waiting]
    aside = {row.pk for row in (*waiting, *folded, *doubtful)}
    plain = [row for row in rows if row.pk not in aside]
    theirs = listed(items)
    match(theirs, plain)
    _match_the_rest(theirs, doubtful, "key", _key)
    arrived = [each.ours.pk for each in theirs if each.ours is not None and each.ours.sync_state == SyncState.LOCAL]
    Message.objects.filter(pk__in=arrived).update(sync_state=SyncState.DONE, version=chat.version)
    new = _place(chat, theirs, [row for row in rows if row not in waiting], waiting)
    sum_up(chat)
    chat.pulled_at = timezone.now()
    chat.save()
    return new


def _place(chat: Chat, theirs: list[Listed], ours: list[Message], waiting: list[Message]) -> int:
    """Write the messages in the list's order, ours that it lacks behind their neighbours; return how many are new."""
    matched = {each.ours.pk for each in theirs if each.ours is not None}
    followers: dict[int | None, list[Message]] = defaultdict(list)
    neighbour: int | None = None
    for message in ours:
        if message.pk in matched:
            neighbour = message.pk
        else:
            followers[neighbour].append(message)
    is_first_pull = chat.pulled_at is None
    ordered: list[Message] = list(followers[None])
    new = []
    for each in theirs:
        if each.ours is None:
            message = _new(chat, each)
            new.append(message)
        else:
            message = each.ours
            message.author_id = message.author_id or each.author_id
            message.author_name = message.author_name or each.author_name
        ordered.append(message)
        ordered += followers[message.pk] if message.pk else []
    ordered += waiting
    _give_times(chat, ordered, is_first_pull=is_first_pull)
    _give_sequences(chat, ordered)
    Message.objects.bulk_create(new, batch_size=BATCH)
    return len(new)


def _new(chat: Chat, each: Listed) -> Message:
    # Its time, if the remote tells none, follows from where it stands.
    time: Any = each.said_at
    return Message(
        chat=chat,
        author_type=each.author_type,
        author_id=each.author_id,
        author_name=each.author_name,
        type=each.type,
        text=text_of(each.type, each.data),
        data=stored(each.data),
        origin=Origin.PULLED,
        received_at=time,
        version=chat.version,
    )


def _give_times(chat: Chat, ordered: list[Message], *, is_first_pull: bool) -> None:
    """Give new messages a time: the remote tells none. At the end of a chat that was pulled before it is now."""
    known = [index for index, message in enumerate(ordered) if message.pk]
    end = known[-1] if known else -1
    before = chat.created_at
    for index, message in enumerate(ordered):
        if message.received_at is None:
            at_end = index > end and not is_first_pull
            message.received_at = timezone.now() if at_end else before
        before = max(before, message.received_at)


def _give_sequences(chat: Chat, ordered: list[Message]) -> None:
    """Give every message a sequence in this order; those that are in order already keep theirs where there is room."""
    kept = _rising(ordered)
    wanted: list[int] = []
    index, low = 0, 0
    while index < len(ordered):
        if index in kept:
            low = ordered[index].sequence or 0
            wanted.append(low)
            index += 1
            continue
        stop = next((i for i in range(index, len(ordered)) if i in kept), len(ordered))
        count = stop - index
        high = (ordered[stop].sequence or 0) if stop < len(ordered) else low + STEP * (count + 1)
        gap = (high - low) // (count + 1)
        if gap < 1:
            wanted = [STEP * (number + 1) for number in range(len(ordered))]
            break
        wanted += [low + gap * (number + 1) for number in range(count)]
        index = stop
        low = wanted[-1]
    _write(chat, ordered, wanted)


def _rising(ordered: list[Message]) -> set[int]:
    """Return the indexes of a longest run of stored messages whose sequences rise."""
    tails: list[int] = []
    back: dict[int, int | None] = {}
    for index, message in enumerate(ordered):
        if message.pk is None or message.sequence is None:
            continue
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            if (ordered[tails[middle]].sequence or 0) < message.sequence:
                low = middle + 1
            else:
                high = middle
        back[index] = tails[low - 1] if low else None
        tails[low:] = [index] if low == len(tails) else [index, *tails[low + 1 :]]
    found: set[int] = set()
    step = tails[-1] if tails else None
    while step is not None:
        found.add(step)
        step = back[step]
    return found


def _write(chat: Chat, ordered: list[Message], wanted: list[int]) -> None:
    stale = {
        row[0]: row[1:]
        for row in Message.objects.filter(chat=chat).values_list("pk", "sequence", "author_id", "author_name")
    }
    rows: list[list[Any]] = []
    for message, sequence in zip(ordered, wanted, strict=True):
        message.sequence = sequence
        now = (sequence, message.author_id, message.author_name)
        if message.pk and stale[message.pk] != now:
            rows.append([*now, chat.version, message.pk])
    if rows:
        _move_marks(chat, {pk: row[0] for pk, row in stale.items()}, {m.pk: m.sequence for m in ordered if m.pk})
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {Message._meta.db_table} SET sequence = %s, author_id = %s, author_name = %s, "  # noqa: S608
                "version = %s WHERE id = %s",
                rows,
            )


def _move_marks(chat: Chat, before: dict[int, int | None], after: dict[int, int | None]) -> None:
    """Let everybody have read up to the message up to which they had."""
    places = sorted((sequence or 0, pk) for pk, sequence in before.items())
    for mark in ReadMark.objects.filter(chat=chat):
        read = [pk for sequence, pk in places if sequence <= mark.sequence]
        wanted = (after.get(read[-1]) if read else None) or 0
        if wanted != mark.sequence:
            ReadMark.objects.filter(pk=mark.pk).update(sequence=wanted)
