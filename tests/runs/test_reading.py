"""Runs that read from outside: the page comes before the slice's transaction, and belongs to its cursor."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from protoadmin.runs import registry
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import ReadAgain, RunFailed, RunKind, Slice
from protoadmin.runs.services import run_start
from protoadmin.runs.working import work_due

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = [["a", "b"], ["c"], []]


class Remote:
    """Three pages, and what goes wrong with them."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.seen: list[str] = []
        self.meanwhile: Any = lambda run: None

    def read(self, run: Run) -> list[str]:
        assert not connection.in_atomic_block
        if self.errors:
            raise self.errors.pop(0)
        self.meanwhile(run)
        return PAGES[run.cursor.get("page", 0)]

    def work(self, run: Run) -> Slice:
        if not run.page:
            return Slice.FINISHED
        self.seen += run.page
        run.cursor = {"page": run.cursor.get("page", 0) + 1}
        return Slice.MORE


@pytest.fixture
def remote() -> Iterator[Remote]:
    """A registered kind of run that reads from it."""
    remote = Remote()
    registry.register(RunKind("reads_pages", "Read pages", remote.work, read=remote.read))
    yield remote
    del registry._kinds["reads_pages"]


def start() -> Run:
    return run_start(kind="reads_pages", by=None, title="Read")


def test_pages_are_read_outside_the_transaction_and_worked_on_inside(remote: Remote) -> None:
    run = start()
    work_due()
    run.refresh_from_db()
    assert (run.state, remote.seen) == (RunState.DONE, ["a", "b", "c"])


def test_it_waits_and_goes_on_where_it_was(remote: Remote) -> None:
    remote.errors = [ReadAgain("The remote is busy.", seconds=30)]
    run = start()
    work_due()
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.RUNNING, "Waiting: The remote is busy.")
    work_due()
    assert remote.seen == []
    Run.objects.update(heartbeat_at=None)
    work_due()
    run.refresh_from_db()
    assert (run.state, run.error, remote.seen) == (RunState.DONE, "", ["a", "b", "c"])


def test_it_ends_with_the_words_of_what_failed(remote: Remote) -> None:
    remote.errors = [RunFailed("The page repeats itself.")]
    run = start()
    work_due()
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, "The page repeats itself.")


def test_a_page_that_took_too_long_is_not_used_twice(remote: Remote) -> None:
    """Another worker went on meanwhile: what belongs to the older cursor is thrown away."""

    def other_worker(run: Run) -> None:
        remote.meanwhile = lambda run: None
        Run.objects.filter(pk=run.pk).update(cursor={"page": 1})

    remote.meanwhile = other_worker
    start()
    work_due()
    assert remote.seen == []
    Run.objects.update(heartbeat_at=None)
    work_due()
    assert remote.seen == ["c"]


def test_a_stopped_run_reads_no_more(remote: Remote) -> None:
    run = start()
    Run.objects.update(stop_requested=True)
    remote.errors = [AssertionError("nothing is read")]
    work_due()
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
