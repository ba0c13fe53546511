"""Kinds of run for the tests: what each slice does is said by the test."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from protoadmin.runs import registry
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import run_count, run_start

KIND = "job_of_a_test"
ROOT = Path(__file__).resolve().parents[2]


class Job:
    """A job of so many slices; `at` maps the number of a slice to what happens in it instead."""

    def __init__(self, slices: int = 3) -> None:
        self.slices = slices
        self.at: dict[int, Callable[[Run], Slice | None]] = {}
        self.done: list[int] = []
        self.ended: list[str] = []
        self.stopped: list[int] = []

    def work(self, run: Run) -> Slice:
        """Do one slice."""
        number = run.cursor.get("next", 0)
        self.done.append(number)
        run_count(run_id=run.pk, done=1)
        run.cursor = {"next": number + 1}
        if number in self.at and (verdict := self.at[number](run)) is not None:
            return verdict
        return Slice.MORE if number + 1 < self.slices else Slice.FINISHED

    def after(self, run: Run) -> None:
        """Remember how it ended."""
        self.ended.append(run.state)

    def stop(self, run: Run) -> None:
        """Remember that it was stopped."""
        self.stopped.append(run.pk)


def use(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    """Make the job known as KIND."""
    kind = RunKind(KIND, "A job", job.work, after=job.after, stop=job.stop)
    monkeypatch.setitem(registry._kinds, KIND, kind)


def started(slices: int = 3) -> Run:
    """Start it."""
    return run_start(kind=KIND, by=None, title="A job", total=slices)


def in_a_process(code: str) -> int:
    """Run Python in a process of its own on the test's database; return its exit code."""
    env = {**os.environ, "DATABASE_URL": _database_url(), "VAR_DIR": str(settings.VAR_DIR)}
    return subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, timeout=60, check=False).returncode


def _database_url() -> str:
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
