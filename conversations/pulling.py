"""The schedule on which the messages of open chats are read from Proto, and the run that does it."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations.chat_rows import queue_pull
from conversations.models import Chat
from protoadmin.connections.models import Channel
from protoadmin.outbox.services import call_queue, calls_dismiss_of_run
from protoadmin.runs.chunks import all_asked, next_ids
from protoadmin.runs.models import OPEN_STATES, Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import run_count, run_start

KIND = "pull_chats"
PER_SLICE = 100
# A chat in which nothing was said for so long is left to Pull messages.
QUIET_AFTER = timedelta(days=14)


def pull_open_chats() -> int:
    """Start a run for every channel whose time has come (sweeper); return how many."""
    now = timezone.now()
    channels = Channel.objects.filter(is_active=True, pull_every__gt=0).select_related("teamspace")
    due = [
        channel
        for channel in channels
        if channel.pulled_at is None or channel.pulled_at + timedelta(minutes=channel.pull_every) <= now
    ]
    return sum(_start(channel) for channel in due)


def open_chats(channel: Channel) -> QuerySet[Chat]:
    """Return the chats of a channel that are worth reading by themselves."""
    since = timezone.now() - QUIET_AFTER
    return Chat.objects.filter(channel=channel, active=True, last_message_at__gte=since).exclude(chat_id=None)


@transaction.atomic
def _start(channel: Channel) -> bool:
    """Start a channel's run, unless another worker has just done so or the last one is still at it."""
    seen = Q(pulled_at=None) if channel.pulled_at is None else Q(pulled_at=channel.pulled_at)
    if not Channel.objects.filter(seen, pk=channel.pk).update(pulled_at=timezone.now()):
        return False
    if _runs_of(channel).filter(state__in=OPEN_STATES).exists():
        return False
    ids = open_chats(channel).values_list("pk", flat=True).iterator(chunk_size=2000)
    first = next(ids, None)
    if first is None:
        return False
    run_start(
        kind=KIND,
        by=None,
        title=f"Pull open chats of {channel}",
        teamspace=channel.teamspace,
        ids=_with(first, ids),
        parameters={"channel": channel.pk},
    )
    return True


def _runs_of(channel: Channel) -> QuerySet[Run]:
    return Run.objects.filter(kind=KIND, teamspace=channel.teamspace, parameters__channel=channel.pk)


def _with(first: int, rest: Iterator[int]) -> Iterator[int]:
    yield first
    yield from rest


def _pull(run: Run) -> Slice:
    """Ask for the next chats: their messages, and whether they are still active."""
    ids = next_ids(run, size=PER_SLICE)
    if ids is None:
        return all_asked(run)
    chats = Chat.objects.filter(pk__in=ids).exclude(chat_id=None).select_related("channel")
    asked = 0
    for chat in chats:
        call_queue(
            operation="list_chats", connection=chat.channel, target=chat, payload={}, by=None, in_background=True
        )
        queue_pull(chat, by=None, run=run)
        asked += 1
    run_count(run_id=run.pk, done=len(ids) - asked)
    return Slice.MORE


def _dismiss_unsent(run: Run) -> None:
    calls_dismiss_of_run(run=run)


PULL = RunKind(KIND, "Pull chats", _pull, stop=_dismiss_unsent)
