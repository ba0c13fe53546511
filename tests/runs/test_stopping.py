"""A person stops a run: while it is queued, at work, waiting, or over."""

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from protoadmin.runs import working
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import Slice
from protoadmin.runs.services import run_stop
from protoadmin.runs.working import work_due
from tests.runs.jobs import Job, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> User:
    return User.objects.create_user("agent")


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_a_queued_one_never_begins(
    job: Job, agent: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = started()
    with django_capture_on_commit_callbacks(execute=True):
        assert run_stop(run=run, by=agent)
        work_due()
    assert (fresh(run).state, job.done, job.stopped, job.ended) == (RunState.STOPPED, [], [run.pk], ["stopped"])


def test_a_running_one_ends_after_its_slice(job: Job, agent: User) -> None:
    run = started()

    def stop(_: Run) -> None:
        assert run_stop(run=run, by=agent)

    # The slice has its own copy of the row: what the person wrote meanwhile must not be lost.
    job.at[0] = stop
    work_due()
    assert fresh(run).stop_requested
    assert (fresh(run).state, job.done, job.stopped) == (RunState.STOPPED, [0], [run.pk])
    assert fresh(run).finished_at


def test_one_whose_worker_died_is_stopped_too(job: Job, agent: User) -> None:
    run = started()
    working._claim()
    assert run_stop(run=run, by=agent)
    Run.objects.update(heartbeat_at=None)
    work_due()
    assert (fresh(run).state, job.done) == (RunState.STOPPED, [])


def test_a_waiting_one_ends_at_once(
    job: Job, agent: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job.at[0] = lambda run: Slice.WAITING
    run = started()
    work_due()
    with django_capture_on_commit_callbacks(execute=True):
        assert run_stop(run=run, by=agent)
    assert (fresh(run).state, job.ended) == (RunState.STOPPED, ["stopped"])
    assert work_due() == 0


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED, RunState.STOPPED])
def test_one_that_is_over_cannot_be_stopped(state: RunState, job: Job, agent: User) -> None:
    run = started()
    Run.objects.filter(pk=run.pk).update(state=state)
    assert not run_stop(run=run, by=agent)
    assert not fresh(run).stop_requested
