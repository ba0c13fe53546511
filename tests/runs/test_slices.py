"""A run is done slice by slice: each moves the cursor in the transaction of its effects."""

from collections.abc import Callable

import pytest
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from protoadmin.connections.models import Teamspace
from protoadmin.runs import working
from protoadmin.runs.models import Run, RunChunk, RunError, RunState
from protoadmin.runs.registry import Slice
from protoadmin.runs.services import ERRORS_KEPT, run_continue, run_note_errors, run_start
from protoadmin.runs.working import work_due
from tests.runs.jobs import KIND, Job, started

pytestmark = pytest.mark.django_db


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_from_queued_to_done(job: Job, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    run = started()
    assert run.state == RunState.QUEUED
    with django_capture_on_commit_callbacks(execute=True):
        assert work_due() == 3
    run = fresh(run)
    assert (run.state, run.done, run.cursor, run.percent) == (RunState.DONE, 3, {"next": 3}, 100)
    assert run.started_at
    assert run.finished_at
    assert run.finished_at >= run.started_at
    assert job.done == [0, 1, 2]
    assert job.ended == [RunState.DONE]
    assert work_due() == 0


def test_time_is_up_between_two_slices(job: Job) -> None:
    run = started()
    assert work_due(seconds=0.0) == 0
    claimed = working._claim()
    assert claimed is not None
    assert working._work(claimed, end=0.0) == 1
    assert (fresh(run).state, fresh(run).cursor) == (RunState.RUNNING, {"next": 1})
    assert work_due() == 2  # at once: nobody is at it any more
    assert job.done == [0, 1, 2]


def test_the_oldest_run_first(job: Job) -> None:
    first, second = started(), started()
    work_due()
    assert fresh(first).finished_at < fresh(second).finished_at  # type: ignore[operator]
    assert {fresh(first).state, fresh(second).state} == {RunState.DONE}


def test_one_that_waits_for_a_person_goes_on_when_told(job: Job) -> None:
    job.at[0] = lambda run: Slice.WAITING
    run = started()
    work_due()
    assert (fresh(run).state, fresh(run).cursor) == (RunState.WAITING, {"next": 1})
    assert work_due() == 0
    assert run_continue(run=run)
    assert not run_continue(run=run)
    work_due()
    assert fresh(run).state == RunState.DONE
    assert job.done == [0, 1, 2]


def test_one_that_asked_for_everything_is_looked_at_again_soon(job: Job, lease_over: Callable[[Run], None]) -> None:
    job.at[0] = lambda run: Slice.ASKED
    run = started()
    assert work_due() == 1
    assert fresh(run).state == RunState.RUNNING
    assert work_due() == 0  # it naps for a second
    lease_over(run)
    assert work_due() == 2
    assert fresh(run).state == RunState.DONE


def test_rows_are_kept_in_chunks_in_their_order(job: Job, settings: object) -> None:
    run = run_start(kind=KIND, by=None, title="Many", ids=iter(range(1201)))
    assert run.total == 1201
    chunks = list(RunChunk.objects.filter(run=run).order_by("position").values_list("ids", flat=True))
    assert [len(chunk) for chunk in chunks] == [500, 500, 201]
    assert [pk for chunk in chunks for pk in chunk] == list(range(1201))


def test_only_known_kinds_start() -> None:
    with pytest.raises(ValueError, match="no run kind"):
        run_start(kind="nonsense", by=None, title="")


def test_errors_are_kept_up_to_a_number(job: Job) -> None:
    run = started()
    RunError.objects.bulk_create(RunError(run=run, row=str(number), message="") for number in range(ERRORS_KEPT - 1))
    run_note_errors(run_id=run.pk, errors=[("a\x00", "first"), ("b", "second")])
    assert RunError.objects.filter(run=run).count() == ERRORS_KEPT
    assert RunError.objects.order_by("-pk")[0].row == "a\ufffd"


def test_a_run_goes_with_its_teamspace(job: Job) -> None:
    place = Teamspace.objects.create(name="T", subcompany_id="T")
    run_start(kind=KIND, by=None, title="T", teamspace=place)
    place.delete()
    assert not Run.objects.exists()
