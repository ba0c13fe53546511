"""What the two benchmarks of pulls measure inside: time in all, time in the database, memory."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from protoadmin.runs.models import ACTIVE_STATES, Run, RunState
from protoadmin.runs.working import work_due
from tests.bench.memory import MemoryWatch


def pulled(start: Callable[[], Run]) -> dict[str, float]:
    """Start a run and work until it ends; return seconds in all and in the database, most MiB of memory, and rows."""
    spent = 0.0

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent += time.perf_counter() - began

    began = time.perf_counter()
    with connection.execute_wrapper(note), MemoryWatch() as memory:
        run = start()
        while run.state in ACTIVE_STATES:
            work_due(3600)
            run.refresh_from_db()
    assert run.state == RunState.DONE, run.error
    return {"seconds": time.perf_counter() - began, "database": spent, "mib": memory.most, "done": run.done}
