"""The workers' own machinery: who is dead, what a sweeper survives, how often a heartbeat is asked for."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signals import post_execute_in_worker, pre_execute

from protoadmin.workers import sweepers
from protoadmin.workers.heartbeat import BEAT_EVERY, MAX_PAUSE, Pacemaker, beat, cluster_name, workers_alive
from protoadmin.workers.identity import is_surely_dead, this_worker
from protoadmin.workers.models import Heartbeat
from protoadmin.workers.sweepers import Sweeper

CHILD = "from protoadmin.workers.identity import this_worker; print(this_worker(), flush=True); input()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A process that says who it is and waits."""
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


# --- identity -------------------------------------------------------------------------------------


def test_a_killed_process_is_surely_dead_also_before_its_parent_looks(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    assert not is_surely_dead(name)
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_surely_dead(name)  # a zombie
    child.wait()
    assert is_surely_dead(name)


def test_a_pid_that_is_used_again_is_another_process() -> None:
    host, pid, start = this_worker().rsplit(":", 2)
    assert not is_surely_dead(f"{host}:{pid}:{start}")
    assert is_surely_dead(f"{host}:{pid}:{int(start) - 1}")


@pytest.mark.parametrize("name", ["", "nonsense", "host:1", ":::", "another-host:1:1", "a:b:c:d"])
def test_of_others_nothing_is_known(name: str) -> None:
    assert not is_surely_dead(name)
    host, pid, _ = this_worker().rsplit(":", 2)
    assert not is_surely_dead(f"{host}:{pid}:")
    assert not is_surely_dead(f"{host}:x:1")


# --- sweepers -------------------------------------------------------------------------------------


def test_a_sweeper_survives_what_it_meets(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    failures = [OperationalError("database is locked"), KeyError("a bug"), AssertionError()]

    def sweep() -> None:
        seen.append(1)
        if len(seen) <= len(failures):
            raise failures[len(seen) - 1]

    monkeypatch.setattr(sweepers, "_sweepers", [Sweeper("trying", sweep, every=0.02)])
    # The loop runs as long as its main thread lives: here that is one that we end.
    over = threading.Event()
    main = threading.Thread(target=over.wait)
    main.start()
    monkeypatch.setattr(threading, "main_thread", lambda: main)
    sweepers.start_sweepers()
    end = time.monotonic() + 10
    while len(seen) < 6 and time.monotonic() < end:
        time.sleep(0.01)
    over.set()
    (thread,) = [each for each in threading.enumerate() if each.name == "sweep-trying"]
    thread.join(5)
    assert not thread.is_alive()
    assert len(seen) >= 6


# --- heartbeat ------------------------------------------------------------------------------------


@pytest.fixture
def queue(transactional_db: None) -> Iterator[object]:
    broker = get_broker()
    broker.purge_queue()
    yield broker
    broker.purge_queue()


class Pace:
    """A pacemaker whose time we move."""

    def __init__(self, queue: object) -> None:
        self.queue = queue
        self.pacemaker = Pacemaker()

    def asked(self, seconds: float) -> int:
        """Let time pass as the pacemaker sees it, ask once, and return how many beats were queued."""
        self.pacemaker.next_at -= timedelta(seconds=seconds)
        before = self.queue.queue_size()  # type: ignore[attr-defined]
        self.pacemaker.ask_for_beat()
        return int(self.queue.queue_size() - before)  # type: ignore[attr-defined]


def test_beats_are_asked_for_ever_less_often_while_none_comes(queue: object) -> None:
    pace = Pace(queue)
    assert pace.asked(0) == 1
    waits = []
    for _ in range(8):
        wait = (pace.pacemaker.next_at - timezone.now()).total_seconds()
        waits.append(round(wait))
        assert pace.asked(wait - 1) == 0
        assert pace.asked(2) == 1
    assert waits == [5, 10, 20, 40, 80, 120, 120, 120]
    assert timedelta(seconds=waits[-1]) == MAX_PAUSE


def test_a_cluster_that_has_just_beaten_is_not_asked(queue: object) -> None:
    pace = Pace(queue)
    beat()
    assert pace.asked(60) == 0
    assert workers_alive()
    Heartbeat.objects.update(beat_at=timezone.now() - BEAT_EVERY)
    assert pace.asked(60) == 1


def test_a_process_that_works_beats_by_itself(queue: object) -> None:
    """Its cluster's other processes may all be at long tasks, so that a beat in the queue would wait for them."""
    pace = Pace(queue)
    pace.pacemaker.task_begins()
    for _ in range(2):
        silence()
        assert pace.asked(60) == 0
        assert workers_alive()
    silence()
    pace.pacemaker.task_ended()
    assert pace.asked(60) == 0
    assert workers_alive()
    # Since then it has done nothing: whether it still can is to be seen by a task.
    silence()
    assert pace.asked(60) == 1
    assert not workers_alive()


def test_a_task_between_two_looks_is_work_too(queue: object) -> None:
    pace = Pace(queue)
    pace.pacemaker.task_begins()
    pace.pacemaker.task_ended()
    assert pace.asked(60) == 0
    assert workers_alive()


def test_the_pacemaker_of_a_worker_process_hears_of_its_tasks(queue: object) -> None:
    (sweeper,) = [each for each in sweepers._sweepers if each.name == "heartbeat"]
    pre_execute.send(sender="django_q", func=None, task={})
    sweeper.sweep()
    assert workers_alive()
    silence()
    post_execute_in_worker.send(sender="django_q", task={})
    sweeper.sweep()
    assert workers_alive()
    silence()
    sweeper.sweep()
    assert not workers_alive()


def silence() -> None:
    """As if the last beat were long ago."""
    Heartbeat.objects.update(beat_at=timezone.now() - 5 * BEAT_EVERY)


def test_the_beat_of_another_cluster_does_not_count_as_ours(queue: object) -> None:
    now = timezone.now()
    Heartbeat.objects.create(cluster="another-host:1", host="another-host", pid=1, started_at=now, beat_at=now)
    assert Pace(queue).asked(0) == 1


def test_one_row_a_cluster_and_old_ones_go(db: None) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    Heartbeat.objects.create(cluster="gone:1", host="gone", pid=1, started_at=long_ago, beat_at=long_ago)
    assert not workers_alive()
    beat()
    beat()
    assert [row.cluster for row in Heartbeat.objects.all()] == [cluster_name(os.getppid())]
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=25))
    assert not workers_alive()
