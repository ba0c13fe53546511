"""Count what has changed: chats whose version has grown since they were counted, whose silence ends, or that are gone.

Everything is read before the transaction, so that it is short: what a chat added before is subtracted, and what it
adds now is added. The chat's version, under the row's lock, says whether what was read still holds; who has changed
it meanwhile has made it due again. So a worker may be killed at any moment, and two may count at once.
"""

import datetime
import logging
import time
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from conversations.figures.looking import look_at
from conversations.figures.reading import to_count
from conversations.figures.taking import take_away, take_over
from conversations.models import Chat, ChatFigures, Counting
from protoadmin.workers.identity import is_surely_dead, this_worker

logger = logging.getLogger(__name__)

BATCH = 200
# After a batch SQLite's one lock is left to others for so many times what the batch took.
BREATH, LONGEST_BREATH = 1.0, 0.3
LEASE = datetime.timedelta(seconds=60)
# When everything that was read has changed meanwhile.
PAUSE = 0.05


def count_changes(seconds: float = 20.0, *, longest_breath: float = LONGEST_BREATH) -> int:
    """Count what is due, for at most about `seconds`; return how many chats that were (sweeper).

    After a batch it rests for at most `longest_breath` seconds.
    """
    end, done = time.monotonic() + seconds, 0
    if not _is_due() or not _hold():
        return 0
    try:
        while time.monotonic() < end:
            began = time.monotonic()
            number = count_batch()
            done += number
            if not number:
                Counting.objects.filter(pk=1).update(even_at=timezone.now())
                break
            if connection.vendor == "sqlite":
                time.sleep(min((time.monotonic() - began) * BREATH, longest_breath))
    finally:
        Counting.objects.filter(holder=this_worker()).update(holder="", leased_until=None)
    return done


def _is_due() -> bool:
    return (
        to_count().exists()
        or _to_end(timezone.now()).exists()
        or ChatFigures.objects.filter(chat__isnull=True).exists()
    )


@transaction.atomic
def _hold() -> bool:
    """Take the counting; False when another worker, which may be alive, has it. Two would only do the same twice."""
    Counting.objects.get_or_create(pk=1)
    row = Counting.objects.select_for_update().get(pk=1)
    is_held = row.holder not in {"", this_worker()} and row.leased_until and row.leased_until > timezone.now()
    if is_held and not is_surely_dead(row.holder):
        return False
    row.holder, row.leased_until = this_worker(), timezone.now() + LEASE
    row.save(update_fields=["holder", "leased_until"])
    return True


def _to_end(now: datetime.datetime) -> QuerySet[ChatFigures]:
    return ChatFigures.objects.filter(ends_at__lte=now, chat__isnull=False).order_by("ends_at")


def count_batch(now: datetime.datetime | None = None) -> int:
    """Count one batch of what is due by `now`; return how many chats were dealt with."""
    now = now or timezone.now()
    if forgotten := _forget_gone():
        return forgotten
    ids: list[Any] = list(to_count().values_list("pk", flat=True)[:BATCH])
    ids += _to_end(now).values_list("chat", flat=True)[: BATCH - len(ids)]
    return count_chats(ids, now) if ids else 0


def count_chats(ids: list[int], now: datetime.datetime) -> int:
    """Count these chats as they are; return how many were looked at: those that changed meanwhile are due again."""
    counts = look_at(ids, now)
    with transaction.atomic():
        holding = _locked([count.chat.pk for count in counts])
        held = [count for count in counts if holding.get(count.chat.pk) == _state(count.chat, count.before)]
        take_over(held)
    if not held:
        time.sleep(PAUSE)
    return len(counts)


def _state(chat: Chat, figures: ChatFigures | None) -> tuple[Any, ...]:
    ended = (figures.pk, figures.ends_at) if figures else (None, None)
    return chat.version, chat.figured_version, chat.active, chat.lang, *ended


def _locked(ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """Lock the chats that nobody else holds, so that this waits for nobody; return their states by id."""
    rows = Chat.objects.filter(pk__in=ids).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    found = list(rows.values_list("pk", "version", "figured_version", "active", "lang"))
    # Asked for under the lock: a join would show what it was when the lock was asked for.
    figures = ChatFigures.objects.filter(chat__in=[row[0] for row in found]).values_list("chat", "pk", "ends_at")
    ends: dict[Any, tuple[Any, Any]] = {chat: (pk, ends_at) for chat, pk, ends_at in figures}
    return {pk: (*state, *ends.get(pk, (None, None))) for pk, *state in found}


@transaction.atomic
def _forget_gone() -> int:
    """Take what chats that are gone have added out of the sums; return how many they were."""
    rows = ChatFigures.objects.filter(chat__isnull=True).order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    gone = list(rows[:BATCH])
    take_away(gone)
    return len(gone)
