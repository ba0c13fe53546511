"""What each worker process looks for by itself, every second, whether or not a wake-up came.

A sweeper is a function that does what is due and returns soon (well under the cluster's task timeout).
Each registered one runs in a thread of its own in every worker process, started when django-q2 spawns it.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """One kind of work to look for, and how often, in seconds."""

    name: str
    sweep: Callable[[], Any]
    every: float = 1.0


_sweepers: list[Sweeper] = []


def is_in_a_task() -> bool:
    """Tell whether a task of django-q2 is run here: it is ended after a minute, a sweeper may take its time."""
    return multiprocessing.parent_process() is not None and threading.current_thread() is threading.main_thread()


def register_sweeper(sweeper: Sweeper) -> None:
    """Have every worker process run it."""
    _sweepers.append(sweeper)


def start_sweepers(**kwargs: Any) -> None:
    """Start the threads of this worker process; receiver of django-q2's post_spawn."""
    sentinel = os.getppid()
    for sweeper in _sweepers:
        # Not a daemon: a recycled or stopped worker process waits until the thread has finished what it does.
        threading.Thread(target=_loop, args=(sweeper, sentinel), name=f"sweep-{sweeper.name}", daemon=False).start()


def _loop(sweeper: Sweeper, sentinel: int) -> None:
    main = threading.main_thread()
    while main.is_alive():
        if os.getppid() != sentinel:
            # The cluster's sentinel was killed: nobody would ever stop or replace this process.
            logger.error("worker %s lost its cluster and ends", os.getpid())
            os.kill(os.getpid(), signal.SIGTERM)
            return
        _sweep_once(sweeper)
        _pause(sweeper.every, main)
    connections.close_all()


def _sweep_once(sweeper: Sweeper) -> None:
    try:
        close_old_connections()
        sweeper.sweep()
    except Exception:
        # A locked database, one that restarts, a bug in one row: log it and look again in a second.
        logger.exception("sweeper %s failed; it goes on", sweeper.name)
        connections.close_all()


def _pause(seconds: float, main: threading.Thread) -> None:
    end = time.monotonic() + seconds
    while main.is_alive() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
