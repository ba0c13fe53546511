"""Notice a worker cluster that lives and does nothing.

When an idle worker process is killed, django-q2's cluster deadlocks: its processes are all there, run nothing
and do not end when asked to. The proof of life is therefore the heartbeat row, written by a task that a worker
of this very cluster ran. A row is this cluster's when it carries this host's name and the pid of a live process
below the started `manage.py qcluster` (its sentinel, named by `workers.heartbeat.cluster_name`).

What cannot be known is not held against the cluster: while the database or the queue does not answer, no beat
can be written or asked for, and the time until then does not count.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connections
from django_q.brokers import get_broker

from protoadmin.serving.processes import descendants_of
from protoadmin.workers.heartbeat import cluster_name
from protoadmin.workers.models import Heartbeat

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
STALE_AFTER = 30.0
LONGEST_PATIENCE = 120.0
SLOW_LOOK = 5.0


def newest_beat(pid: int) -> Any:
    """Return the newest heartbeat of the cluster started as process `pid`; None when there is none yet."""
    names = [cluster_name(below) for below in descendants_of(pid)]
    return Heartbeat.objects.filter(cluster__in=names).order_by("-beat_at").values_list("beat_at", flat=True).first()


def queue_answers() -> bool:
    """Tell whether the queue itself can be reached."""
    return bool(get_broker().ping())


class Watchdog:
    """Judge one cluster at a time from its heartbeats. Time is measured by this machine's steady clock alone."""

    def __init__(
        self,
        *,
        beat_of: Callable[[int], Any] = newest_beat,
        queue_answers: Callable[[], bool] = queue_answers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beat_of, self._queue_answers, self._clock = beat_of, queue_answers, clock
        self._pid = 0
        self._quiet_since = 0.0
        self._last_beat: Any = None
        self._has_beaten = True
        self._patience = STALE_AFTER
        self._trouble = ""

    def watch(self, pid: int) -> None:
        """Start to judge the cluster started as process `pid`.

        A machine may be too slow to start a cluster in time: one that is replaced before its first beat
        leaves its successor half as much time again.
        """
        self._patience = STALE_AFTER if self._has_beaten else min(self._patience * 1.5, LONGEST_PATIENCE)
        self._last_beat, self._has_beaten = None, False
        self._quiet_since = self._clock()
        self._pid = pid

    def look(self) -> str:
        """Look once; return why the cluster has to be replaced, or ""."""
        before = self._clock()
        try:
            beat = self._beat_of(self._pid)
        except Exception as error:  # noqa: BLE001 - whatever the database driver raises
            self._cannot_judge("the database does not answer", error)
            return ""
        now = self._clock()
        if now - before > SLOW_LOOK:
            self._quiet_since = now
        if beat is not None and beat != self._last_beat:
            self._last_beat, self._quiet_since, self._has_beaten = beat, now, True
            self._patience, self._trouble = STALE_AFTER, ""
        quiet = now - self._quiet_since
        if quiet <= self._patience or not self._queue_can_be_reached():
            return ""
        return (
            f"has done no work for {quiet:.0f} s"
            if self._has_beaten
            else f"has done no work since its start {quiet:.0f} s ago"
        )

    def _queue_can_be_reached(self) -> bool:
        try:
            if self._queue_answers():
                self._trouble = ""
                return True
            self._cannot_judge("the queue does not answer", None)
        except Exception as error:  # noqa: BLE001 - whatever the broker raises
            self._cannot_judge("the queue does not answer", error)
        return False

    def _cannot_judge(self, trouble: str, error: Exception | None) -> None:
        """Begin the count anew, and say so once for each trouble."""
        self._quiet_since = self._clock()
        if self._trouble != trouble:
            logger.warning("watchdog: %s, so the worker cannot be judged: %s", trouble, error)
        self._trouble = trouble


class Watcher(threading.Thread):
    """Let the watchdog look every other second, in a thread: a database that hangs must not hold up the supervisor."""

    def __init__(self, watchdog: Watchdog) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._watchdog = watchdog
        self._wanted = 0
        self._verdict = (0, "")

    def watch(self, pid: int) -> None:
        """From now on judge the cluster started as process `pid`."""
        self._wanted = pid

    def verdict(self, pid: int) -> str:
        """Return why this cluster has to be replaced, or ""."""
        judged, reason = self._verdict
        return reason if judged == pid else ""

    def run(self) -> None:
        """Look, for ever."""
        watched = 0
        while True:
            if self._wanted and self._wanted != watched:
                watched = self._wanted
                self._watchdog.watch(watched)
            if watched:
                self._verdict = (watched, self._watchdog.look())
                # Kept open, it would stand in the way of whoever wants to drop or to move the database.
                connections.close_all()
            time.sleep(LOOK_EVERY)
