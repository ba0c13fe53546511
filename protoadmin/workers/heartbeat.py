"""The heartbeat: asked for by the sweepers, written by a task, read by the pages and the watchdog."""

import datetime
import os
import socket
from typing import Any

from django.utils import timezone
from django_q.tasks import async_task

from protoadmin.workers.models import Heartbeat

BEAT_EVERY = datetime.timedelta(seconds=5)
STALE_AFTER = datetime.timedelta(seconds=20)
MAX_PAUSE = datetime.timedelta(minutes=2)
FORGET_AFTER = datetime.timedelta(days=1)


def cluster_name(pid: int) -> str:
    """Return the name of the cluster whose sentinel is process `pid` of this host."""
    return f"{socket.gethostname()}:{pid}"


class Pacemaker:
    """Ask for beats from one worker process; ever less often while none comes, so that a dead queue stays small.

    A process that is at work, or has ended a task since the last look, beats by itself: a cluster whose
    workers all have long tasks is busy, not dead (django-q2 ends a task that takes too long).
    """

    def __init__(self) -> None:
        self.pause = BEAT_EVERY
        self.next_at = timezone.now()
        self._is_busy = False
        self._tasks = self._tasks_seen = 0

    def task_begins(self, **kwargs: Any) -> None:
        """Note that this process works (receiver of pre_execute)."""
        self._is_busy = True

    def task_ended(self, **kwargs: Any) -> None:
        """Note that it has done a task (receiver of post_execute_in_worker)."""
        self._is_busy = False
        self._tasks += 1

    def ask_for_beat(self) -> None:
        """Queue a beat when this worker's cluster has not had one for a while (sweeper)."""
        now = timezone.now()
        has_worked, self._tasks_seen = self._is_busy or self._tasks != self._tasks_seen, self._tasks
        if Heartbeat.objects.filter(cluster=cluster_name(os.getppid()), beat_at__gt=now - BEAT_EVERY).exists():
            self.pause, self.next_at = BEAT_EVERY, now
        elif has_worked:
            beat()
        elif now >= self.next_at:
            async_task("protoadmin.workers.heartbeat.beat")
            self.next_at = now + self.pause
            self.pause = min(self.pause * 2, MAX_PAUSE)


def beat() -> None:
    """Write this cluster's heartbeat (in a worker process, whose parent is the sentinel; mostly as a task)."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(
        cluster=cluster_name(os.getppid()),
        defaults={"beat_at": now},
        create_defaults={"beat_at": now, "started_at": now, "host": socket.gethostname(), "pid": os.getppid()},
    )
    Heartbeat.objects.filter(beat_at__lt=now - FORGET_AFTER).delete()


def workers_alive() -> bool:
    """Tell whether any cluster has done work lately."""
    return Heartbeat.objects.filter(beat_at__gt=timezone.now() - STALE_AFTER).exists()
