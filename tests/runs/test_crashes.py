"""A run goes on after a crash where it was, and one that crashes its workers comes to an end."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connections
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from protoadmin.runs import registry, working
from protoadmin.runs.models import Run, RunError, RunState
from protoadmin.runs.registry import RunFailed, Slice
from protoadmin.runs.services import run_note_errors
from protoadmin.runs.working import work_due
from tests.runs.jobs import KIND, Job, in_a_process, started

DYING = f"""
import os, django
django.setup()
from protoadmin.runs.registry import RunKind, Slice, register
from protoadmin.runs.services import run_count, run_note_errors
from protoadmin.runs.working import work_due

def work(run):
    run_count(run_id=run.pk, done=1)
    run_note_errors(run_id=run.pk, errors=[("row", "noted by the one that died")])
    if run.cursor.get("next", 0) == 1:
        os._exit(9)
    run.cursor = {{"next": run.cursor.get("next", 0) + 1}}
    return Slice.MORE

register(RunKind("{KIND}", "A job", work))
work_due()
"""


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def fail(error: Exception) -> Callable[[Run], Slice | None]:
    def in_slice(run: Run) -> Slice | None:
        run_note_errors(run_id=run.pk, errors=[("row", "of the slice that failed")])
        raise error

    return in_slice


@pytest.mark.django_db
def test_an_exception_ends_it_and_undoes_its_slice(
    job: Job, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job.at[1] = fail(KeyError("a bug"))
    run, other = started(), started()
    with django_capture_on_commit_callbacks(execute=True):
        work_due()
    run = fresh(run)
    assert (run.state, run.done, run.cursor) == (RunState.FAILED, 1, {"next": 1})
    assert "unexpected error" in run.error
    assert run.finished_at
    assert not RunError.objects.filter(run=run).exists()
    assert fresh(other).state == RunState.FAILED
    assert job.ended == [RunState.FAILED, RunState.FAILED]


@pytest.mark.django_db
def test_a_job_can_say_why_it_cannot_go_on(job: Job) -> None:
    job.at[0] = fail(RunFailed("The file is empty."))
    run = started()
    work_due()
    assert (fresh(run).state, fresh(run).error, fresh(run).done) == (RunState.FAILED, "The file is empty.", 0)


@pytest.mark.django_db
def test_a_kind_that_this_version_does_not_know_fails(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started()
    monkeypatch.delitem(registry._kinds, KIND)
    work_due()
    assert (fresh(run).state, KIND in fresh(run).error) == (RunState.FAILED, True)


@pytest.mark.django_db
def test_a_database_that_is_away_only_interrupts(job: Job, lease_over: Callable[[Run], None]) -> None:
    job.at[1] = fail(OperationalError("database is locked"))
    run = started()
    work_due()
    assert (fresh(run).state, fresh(run).cursor, fresh(run).done) == (RunState.RUNNING, {"next": 1}, 1)
    assert work_due() == 0  # not before the lease is over
    del job.at[1]
    lease_over(run)
    work_due()
    assert (fresh(run).state, fresh(run).done) == (RunState.DONE, 3)
    assert job.done == [0, 1, 1, 2]


@pytest.mark.django_db
def test_three_deaths_at_the_same_place_end_it(
    job: Job, lease_over: Callable[[Run], None], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = started()
    states = []
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(4):
            working._claim()
            states.append(fresh(run).state)
            if fresh(run).state == RunState.RUNNING:
                lease_over(run)
    assert states == [RunState.RUNNING] * 3 + [RunState.FAILED]
    assert "died three times" in fresh(run).error
    assert job.ended == [RunState.FAILED]
    assert job.done == []


@pytest.mark.django_db
def test_a_slice_that_was_done_forgives_the_deaths_before_it(job: Job, lease_over: Callable[[Run], None]) -> None:
    run = started(8)
    job.slices = 8
    for _ in range(6):
        working._claim()
        lease_over(run)
        claimed = working._claim()
        assert claimed is not None
        working._work(claimed, end=0.0)
        assert fresh(run).attempts == 0
    assert fresh(run).cursor == {"next": 6}


@pytest.mark.django_db
def test_a_running_one_is_taken_over_when_its_lease_is_over(job: Job, lease_over: Callable[[Run], None]) -> None:
    run = started()
    assert working._claim() is not None
    assert working._claim() is None
    lease_over(run)
    work_due()
    assert (fresh(run).state, job.done) == (RunState.DONE, [0, 1, 2])


@pytest.mark.django_db
def test_one_that_ended_meanwhile_is_left_alone(job: Job) -> None:
    run = started()
    claimed = working._claim()
    assert claimed is not None
    Run.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    assert working._work(claimed, end=0.0) == 1
    assert (job.done, fresh(run).state) == ([], RunState.STOPPED)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_gone_in_the_middle_of_a_slice(job: Job, lease_over: Callable[[Run], None]) -> None:
    """Its slice never was: neither its counts nor its notes are kept, and another worker does it."""
    run = started()
    assert in_a_process(DYING) == 9
    assert (fresh(run).state, fresh(run).done, fresh(run).cursor) == (RunState.RUNNING, 1, {"next": 1})
    assert RunError.objects.filter(run=run).count() == 1
    lease_over(run)
    work_due()
    assert (fresh(run).state, fresh(run).done, job.done) == (RunState.DONE, 3, [1, 2])


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_no_slice_twice(job: Job, lease_over: Callable[[Run], None]) -> None:
    job.slices = 30
    run = started(30)
    job.at = {number: lambda run: None for number in range(30)}

    def work() -> None:
        work_due()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    # As if the first were held for dead while it works: from now on two are at it.
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    for thread in threads:
        thread.join(30)
    work_due()
    assert (fresh(run).state, fresh(run).done, fresh(run).cursor) == (RunState.DONE, 30, {"next": 30})
