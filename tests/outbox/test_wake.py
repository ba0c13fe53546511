"""Waking a worker: after the commit, and never at the price of who asks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker

from protoadmin.workers.wake import wake
from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
TASK = "protoadmin.outbox.tasks.send_due_calls"
ASKING = f"""
import time, django
django.setup()
from django.db import transaction
from protoadmin.workers.wake import wake
before = time.monotonic()
with transaction.atomic():
    wake("{TASK}")
wake("{TASK}")
print("answered after", round(time.monotonic() - before, 1))
"""


@pytest.fixture
def queue(transactional_db: None) -> Iterator[object]:
    """The queue of the suite's engine, empty."""
    broker = get_broker()
    broker.purge_queue()
    yield broker
    broker.purge_queue()


def size(queue: object) -> int:
    return int(queue.queue_size())  # type: ignore[attr-defined]


def test_a_wake_up_comes_after_the_commit(queue: object) -> None:
    with transaction.atomic():
        wake(TASK)
        assert size(queue) == 0
    assert size(queue) == 1


def test_none_comes_of_what_was_rolled_back(queue: object) -> None:
    with suppress(_ChangedMind), transaction.atomic():
        wake(TASK)
        raise _ChangedMind
    with transaction.atomic(), suppress(_ChangedMind), transaction.atomic():
        wake(TASK)
        raise _ChangedMind
    assert size(queue) == 0


class _ChangedMind(Exception):
    pass


def ask_with_queue(redis_url: str) -> str:
    env = {**os.environ, "REDIS_URL": redis_url, "VAR_DIR": str(settings.VAR_DIR)}
    done = subprocess.run(
        [sys.executable, "-c", ASKING], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "a sweeper will do its work" in done.stderr
    assert "answered after" in done.stdout
    return done.stdout


def test_a_broker_that_refuses_is_logged_and_nothing_more() -> None:
    ask_with_queue(f"redis://127.0.0.1:{free_port()}/0")
