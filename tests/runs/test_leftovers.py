"""What follows a run's end is not lost with a worker, and files of runs do not stay for ever."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from protoadmin.connections.models import Teamspace
from protoadmin.runs.leftovers import AFTER_PATIENCE, AFTER_TRIED_FOR, after_due
from protoadmin.runs.models import OPEN_STATES, Run, RunFile, RunState
from protoadmin.runs.services import run_start
from protoadmin.runs.tasks import tidy_up_after_runs
from protoadmin.runs.working import work_due
from tests.runs.jobs import KIND, Job, in_a_process, started

DYING = f"""
import os, django
django.setup()
from protoadmin.runs.registry import RunKind, Slice, register
from protoadmin.runs.working import work_due

register(RunKind("{KIND}", "A job", lambda run: Slice.FINISHED, after=lambda run: os._exit(9)))
work_due()
"""


def let_time_pass() -> None:
    """As if it were some minutes later for what follows an end."""
    for run in Run.objects.exclude(after_due_at=None):
        assert run.after_due_at is not None
        Run.objects.filter(pk=run.pk).update(after_due_at=run.after_due_at - AFTER_PATIENCE)


# --- what follows the end ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_what_follows_the_end_is_stood_in_for(job: Job) -> None:
    run = started()
    assert in_a_process(DYING) == 9
    run.refresh_from_db()
    assert (run.state, job.ended) == (RunState.DONE, [])
    assert after_due() == 0  # the worker may still be at it
    let_time_pass()
    assert after_due() == 1
    assert job.ended == [RunState.DONE]
    let_time_pass()
    assert after_due() == 0


@pytest.mark.django_db
def test_what_went_well_is_not_done_again(
    job: Job, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = started()
    with django_capture_on_commit_callbacks(execute=True):
        work_due()
    run.refresh_from_db()
    assert (run.after_due_at, job.ended) == (None, [RunState.DONE])


@pytest.mark.django_db
def test_an_error_in_it_holds_up_no_other_and_is_tried_again_for_a_day(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = started(), started()
    tried: list[int] = []

    def after(run: Run) -> None:
        tried.append(run.pk)
        if run.pk == bad.pk:
            raise OSError("the disk is full")

    monkeypatch.setattr(job, "after", after)
    monkeypatch.setattr("protoadmin.runs.leftovers.run_kind", lambda name: type("Kind", (), {"after": after}))
    work_due()
    let_time_pass()
    assert after_due() == 1
    assert tried == [bad.pk, good.pk]
    assert after_due() == 0  # not at once
    let_time_pass()
    assert after_due() == 0
    assert tried == [bad.pk, good.pk, bad.pk]
    Run.objects.update(finished_at=timezone.now() - AFTER_TRIED_FOR)
    let_time_pass()
    assert after_due() == 0
    bad.refresh_from_db()
    assert (bad.after_due_at, len(tried)) == (None, 3)


@pytest.mark.django_db
def test_a_kind_without_it_leaves_nothing_to_do() -> None:
    run = started_kind("people_refresh")
    work_due()
    run.refresh_from_db()
    assert (run.state, run.after_due_at) == (RunState.DONE, None)


def started_kind(kind: str) -> Run:
    return run_start(kind=kind, by=None, title="Nobody", ids=[])


# --- files ------------------------------------------------------------------------------------------


def with_file(**details: object) -> tuple[Run, str]:
    """Make a run with a file; return it and the name of the content in the storage."""
    run = started()
    Run.objects.filter(pk=run.pk).update(state=RunState.DONE, **details)
    file = RunFile.objects.create(run=run, purpose="result", name="r.csv", content=ContentFile(b"a,b", "r.csv"))
    assert default_storage.exists(str(file.content.name))
    return run, str(file.content.name)


def grow_old(run: Run, days: float) -> None:
    RunFile.objects.filter(run=run).update(created_at=timezone.now() - timedelta(days=days))


@pytest.mark.django_db
@pytest.mark.parametrize("remove", [Run.delete, lambda run: Teamspace.objects.all().delete()])
def test_the_content_goes_with_the_run(
    job: Job,
    remove: Callable[[Run], object],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run, name = with_file(teamspace=Teamspace.objects.create(name="Home", subcompany_id="home"))
    kept = with_file()[1]
    with django_capture_on_commit_callbacks(execute=True):
        remove(run)
        assert default_storage.exists(name)  # the transaction may still be undone
    assert not default_storage.exists(name)
    assert default_storage.exists(kept)


@pytest.mark.django_db
def test_files_go_when_they_were_kept_long_enough(job: Job) -> None:
    (old, old_name), (new, new_name) = with_file(), with_file()
    grow_old(old, settings.RUN_FILE_RETENTION_DAYS + 0.1)
    grow_old(new, settings.RUN_FILE_RETENTION_DAYS - 0.1)
    tidy_up_after_runs()
    assert (old.files.count(), new.files.count()) == (0, 1)
    assert (default_storage.exists(old_name), default_storage.exists(new_name)) == (False, True)
    assert Run.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_run_that_has_not_ended_keeps_its_files(job: Job, state: RunState) -> None:
    run, name = with_file()
    Run.objects.filter(pk=run.pk).update(state=state)
    grow_old(run, 1000)
    tidy_up_after_runs()
    assert run.files.count() == 1
    assert default_storage.exists(name)


@pytest.mark.django_db
def test_a_content_that_is_gone_already_is_no_hindrance(job: Job) -> None:
    run, name = with_file()
    default_storage.delete(name)
    grow_old(run, 1000)
    tidy_up_after_runs()
    assert run.files.count() == 0
