"""Is everything at work? Each check reads a handful of indexed rows; none counts a table."""

import datetime
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from protoadmin.outbox.claiming import not_held_back
from protoadmin.outbox.models import Call, CallState
from protoadmin.workers.heartbeat import STALE_AFTER
from protoadmin.workers.models import Heartbeat
from webhooks.models import Delivery, DeliveryState

logger = logging.getLogger(__name__)

# A call is overdue when nothing but a worker is missing; so many of those that are due the longest are looked at.
LOOKED_AT = 200
REDIS_PATIENCE = 2.0


@dataclass(frozen=True)
class Check:
    """What came of one check; `seconds` is an age where the check is about one."""

    name: str
    is_well: bool
    words: str
    seconds: float | None = None


def database() -> Check:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return Check("database", True, "It answers.")


def queue() -> Check:
    """Whether the queue that wakes the workers answers."""
    if not settings.REDIS_URL:
        return Check("queue", True, "The database is the queue.")
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE
    ) as client:
        client.ping()
    return Check("queue", True, "Redis answers.")


def workers() -> Check:
    """Whether any worker cluster has done work lately."""
    newest = Heartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    if newest is None:
        return Check("workers", False, "No worker has ever run.")
    age = _age(newest)
    if age > STALE_AFTER.total_seconds():
        return Check("workers", False, "No worker is at work.", age)
    return Check("workers", True, "At work.", age)


def calls() -> Check:
    """How long the oldest call that could go out has been due: not one that is paused, or waits for another."""
    return _of_age("calls", oldest_call(), settings.READY_CALL_SECONDS, "A call has been due")


def deliveries() -> Check:
    """How long the oldest webhook delivery has waited to be processed."""
    return _of_age("deliveries", oldest_delivery(), settings.READY_DELIVERY_SECONDS, "A delivery has waited")


def _of_age(name: str, age: float | None, limit: int, words: str) -> Check:
    if age is not None and age > limit:
        return Check(name, False, f"{words} for longer than {limit} s.", age)
    return Check(name, True, "Nothing is overdue.", age)


def oldest_call() -> float | None:
    """Return for how many seconds the oldest sendable call has been due; None when there is none."""
    now = timezone.now()
    due = Call.objects.filter(state=CallState.QUEUED, next_attempt_at__lte=now).exclude(gate__paused_until__gt=now)
    longest = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:LOOKED_AT])
    free = not_held_back(Call.objects.filter(pk__in=longest)).order_by("next_attempt_at")
    since = free.values_list("next_attempt_at", flat=True).first()
    return _age(since) if since is not None else None


def oldest_delivery() -> float | None:
    """Return how many seconds ago the oldest delivery came that is not processed yet; None when there is none."""
    waiting = Delivery.objects.filter(state=DeliveryState.RECEIVED).order_by("id")
    since = waiting.values_list("received_at", flat=True).first()
    return _age(since) if since is not None else None


CHECKS: dict[str, Callable[[], Check]] = {
    check.__name__: check for check in (database, queue, workers, calls, deliveries)
}


def look(names: Iterable[str]) -> list[Check]:
    """Run these checks; one that raises is not well, and the log says why: the answer must not tell strangers."""
    found = []
    for name in names:
        try:
            found.append(CHECKS[name]())
        except Exception:
            # Whatever it is, the product does not work as it should, and the other checks are of interest.
            logger.exception("health check %s failed", name)
            found.append(Check(name, False, "It does not answer; the log says why."))
    return found


def _age(since: datetime.datetime) -> float:
    return round(max(0.0, (timezone.now() - since).total_seconds()), 1)
