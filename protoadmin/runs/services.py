"""Start, stop and count runs."""

import datetime
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from protoadmin.connections.models import Teamspace
from protoadmin.runs.leftovers import after_plan
from protoadmin.runs.models import ACTIVE_STATES, OPEN_STATES, Run, RunChunk, RunError, RunFile, RunState
from protoadmin.runs.registry import run_kind
from protoadmin.storable import storable_text
from protoadmin.workers.wake import wake

CHUNK = 500
ERRORS_KEPT = 10_000
WORK_TASK = "protoadmin.runs.tasks.work_due_runs"
# A run over more rows than a page counts asks before it begins.
ASKED_OVER = 10_000
HOLD = datetime.timedelta(seconds=60)


@transaction.atomic
def run_start(
    *,
    kind: str,
    by: User | None,
    title: str,
    teamspace: Teamspace | None = None,
    ids: Iterable[int] | None = None,
    parameters: dict[str, Any] | None = None,
    upload: "File[bytes] | None" = None,
    total: int | None = None,
    asks_over: int | None = None,
) -> Run:
    """Record a run and wake a worker. `ids` are the rows it works on; they are kept in chunks, so any number may come.

    `upload` is kept through the storage API as the run's file with the purpose `upload`. With more ids than
    `asks_over` the run waits for the person's word first.
    """
    if run_kind(kind) is None:
        raise ValueError(f"no run kind is named {kind}")
    run = Run.objects.create(
        kind=kind, title=title[:200], teamspace=teamspace, requested_by=by, parameters=parameters or {}, total=total
    )
    if ids is not None:
        run.total = _keep_ids(run, ids)
        if asks_over is not None and run.total > asks_over:
            run.state = RunState.WAITING
        run.save(update_fields=["total", "state"])
    if upload is not None:
        RunFile.objects.create(run=run, purpose="upload", name=(upload.name or "upload")[-200:], content=upload)
    wake(WORK_TASK)
    return run


def _keep_ids(run: Run, ids: Iterable[int]) -> int:
    total = 0
    for position, chunk in enumerate(_chunks(ids)):
        RunChunk.objects.create(run=run, position=position, ids=chunk)
        total += len(chunk)
    return total


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


@transaction.atomic
def run_stop(*, run: Run, by: User) -> bool:
    """Ask a run to stop; a waiting one ends at once. False when it had ended already."""
    run = Run.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk)
    if run.state not in OPEN_STATES:
        return False
    run.stop_requested = True
    run.save(update_fields=["stop_requested"])
    if run.state == RunState.WAITING:
        run_end(run, RunState.STOPPED)
    wake(WORK_TASK)
    return True


@transaction.atomic
def run_file_delete(*, run: Run, by: User) -> bool:
    """Delete the file that a run made, before its time; its content goes after the commit. False when it is gone."""
    file = run.files.filter(purpose="result").first()
    if file is None:
        return False
    file.delete()
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Run),
        object_id=str(run.pk),
        object_repr=str(run)[:200],
        action_flag=CHANGE,
        change_message=f"Deleted the file {file.name}.",
    )
    return True


@transaction.atomic
def run_continue(*, run: Run) -> bool:
    """Let a run that waited for a person go on. False when it was not waiting."""
    updated = Run.objects.filter(pk=run.pk, state=RunState.WAITING).update(
        state=RunState.QUEUED, heartbeat_at=None, attempts=0
    )
    wake(WORK_TASK)
    return bool(updated)


def run_hold(*, run: Run) -> bool:
    """Keep a run for its present worker a minute longer, while `read` takes its time; False when it is to stop."""
    held = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, stop_requested=False)
    return bool(held.update(heartbeat_at=timezone.now() + HOLD))


def run_count(*, run_id: int, done: int = 0, failed: int = 0) -> None:
    """Add to the counts of a run (either may be negative), inside the caller's transaction."""
    if done or failed:
        Run.objects.filter(pk=run_id).update(done=F("done") + done, failed=F("failed") + failed)


def run_add_chunk(*, run: Run, position: int, ids: list[int]) -> None:
    """Keep a further part of the rows that a run works on: for kinds that choose their rows slice by slice."""
    RunChunk.objects.create(run=run, position=position, ids=ids)


def run_note_errors(*, run_id: int, errors: Iterable[tuple[str, str]]) -> None:
    """Keep (row, message) pairs; past 10,000 rows of one run they are counted but not kept."""
    room = ERRORS_KEPT - RunError.objects.filter(run_id=run_id)[:ERRORS_KEPT].count()
    rows = [
        RunError(run_id=run_id, row=storable_text(row)[:200], message=storable_text(message)[:2000])
        for row, message in islice(errors, max(room, 0))
    ]
    RunError.objects.bulk_create(rows)


def run_end(run: Run, state: RunState, error: str = "") -> None:
    """Write the end of a run, inside the caller's transaction; its kind's `after` runs once that is committed."""
    run.state, run.error, run.finished_at = state, error, timezone.now()
    after_plan(run)
    run.save(update_fields=["state", "error", "finished_at", "after_due_at"])


def runs_active(user_runs: Any) -> bool:
    """Tell whether any run of this queryset is queued or running."""
    return bool(user_runs.filter(state__in=ACTIVE_STATES).exists())
