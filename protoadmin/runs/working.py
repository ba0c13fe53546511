"""Do runs, slice by slice: claimed by a lease, resumed after a crash, stopped when asked to."""

import datetime
import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from protoadmin.runs.models import ACTIVE_STATES, Run, RunState
from protoadmin.runs.registry import ReadAgain, RunFailed, RunKind, Slice, run_kind
from protoadmin.runs.services import run_end

logger = logging.getLogger(__name__)

LEASE = datetime.timedelta(seconds=15)
MAX_DEATHS = 3
LOCK_PAUSE_LEAST, LOCK_PAUSE_MOST = 0.01, 0.11
# Beside the lease itself: a request takes 30 seconds at most, and a page may need two.
READ_LEASE = datetime.timedelta(seconds=60)
NAP = datetime.timedelta(seconds=1)


def work_due(seconds: float = 20.0) -> int:
    """Work on due runs for at most about `seconds`; return the number of slices done."""
    end = time.monotonic() + seconds
    slices = 0
    while time.monotonic() < end:
        run = _claim()
        if run is None:
            return slices
        slices += _work(run, end)
    return slices


def _due(now: datetime.datetime) -> Q:
    """Active runs that nobody works on: heartbeat_at is the end of the present lease, or of a nap."""
    return Q(state__in=ACTIVE_STATES) & (Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=now - LEASE))


def _claim() -> Run | None:
    now = timezone.now()
    if not Run.objects.filter(_due(now)).exists():
        return None
    with transaction.atomic():
        run = (
            Run.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(_due(now))
            .order_by("id")
            .first()
        )
        if run is None:
            return None
        # Counted before the work: a run that kills its worker comes to an end.
        run.attempts += 1
        if run.attempts > MAX_DEATHS:
            run_end(
                run,
                RunState.FAILED,
                "Its worker died three times at the same place. The log of the workers tells more.",
            )
            return None
        run.state, run.heartbeat_at = RunState.RUNNING, now
        run.started_at = run.started_at or now
        run.save(update_fields=["attempts", "state", "heartbeat_at", "started_at"])
        return run


def _work(run: Run, end: float) -> int:
    slices = 0
    while True:
        began = time.monotonic()
        verdict = _slice(run)
        slices += 1
        if verdict is not Slice.MORE:
            return slices
        if time.monotonic() >= end:
            _release(run)
            return slices
        if not _reads(run):
            _let_others_write(time.monotonic() - began)


def _reads(run: Run) -> bool:
    """Tell whether each slice begins with a read from outside: others write meanwhile."""
    kind = run_kind(run.kind)
    return kind is not None and kind.read is not None


def _release(run: Run) -> None:
    """Let the next wake-up or sweep go on at once instead of waiting for the lease to end."""
    Run.objects.filter(pk=run.pk, state=RunState.RUNNING, heartbeat_at=run.heartbeat_at).update(heartbeat_at=None)


def _let_others_write(seconds: float) -> None:
    """Pause after a slice that took so long, where the database has one writer at a time.

    SQLite gives its lock to whoever asks at the right moment, and those who wait ask every 0.1 s at the latest: without
    a pause the next slice takes it again at once, and a webhook, a click or the outbox waits for seconds.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(min(max(seconds / 2, LOCK_PAUSE_LEAST), LOCK_PAUSE_MOST))


def _slice(run: Run) -> Slice:
    """Do one slice and write what it says; FINISHED stands for every kind of end here."""
    kind = run_kind(run.kind)
    try:
        cursor = _read(run, kind)
        with transaction.atomic():
            run.refresh_from_db(from_queryset=Run.objects.select_for_update(of=("self",), no_key=True))
            if run.state != RunState.RUNNING or (cursor is not None and cursor != run.cursor):
                # It has ended, or the read took so long that another worker went on with it.
                return Slice.FINISHED
            if kind is None:
                raise RunFailed(f"This version of the product knows no job named {run.kind}.")
            verdict = _stopped(run, kind) or kind.work(run)
            _write(run, verdict)
            return verdict
    except RunFailed as error:
        _fail(run, str(error))
    except ReadAgain as error:
        _wait(run, error)
    except (OperationalError, InterfaceError):
        # The database is busy or away: the lease runs out and another try continues at the same cursor.
        logger.exception("run %s (%s) was interrupted", run.pk, run.kind)
    except Exception:
        logger.exception("run %s (%s) failed", run.pk, run.kind)
        _fail(run, "It stopped with an unexpected error; the log of the workers tells more.")
    return Slice.FINISHED


def _read(run: Run, kind: RunKind | None) -> Any:
    """Have the kind read what its next slice needs; return the cursor at which it did, None where it reads nothing."""
    if kind is None or kind.read is None:
        return None
    # The lease lasts as long as a slow remote may take.
    until = timezone.now() + READ_LEASE
    if not Run.objects.filter(pk=run.pk, state=RunState.RUNNING, stop_requested=False).update(heartbeat_at=until):
        run.page = None
        return None
    run.page = kind.read(run)
    return run.cursor


def _wait(run: Run, error: ReadAgain) -> None:
    """Let the run rest: whoever looks after the pause goes on with it."""
    then = timezone.now() - LEASE + datetime.timedelta(seconds=error.seconds)
    Run.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        heartbeat_at=then, attempts=0, error=f"Waiting: {error}"[:2000]
    )


def _stopped(run: Run, kind: RunKind) -> Slice | None:
    if not run.stop_requested:
        return None
    if kind.stop:
        kind.stop(run)
    return Slice.FINISHED


def _write(run: Run, verdict: Slice) -> None:
    """Save what the slice changed. Counts move by F() where several workers count, so they are not saved here."""
    now = timezone.now()
    run.attempts, run.error = 0, ""
    if verdict is Slice.FINISHED:
        run.save(update_fields=["cursor", "total", "parameters", "error"])
        run_end(run, RunState.STOPPED if run.stop_requested else RunState.DONE)
        return
    run.heartbeat_at = now
    if verdict is Slice.WAITING:
        run.state, run.heartbeat_at = RunState.WAITING, None
    elif verdict is Slice.ASKED:
        # The answers come in by themselves; look again soon whether all are there.
        run.heartbeat_at = now - LEASE + NAP
    run.save(update_fields=["cursor", "total", "parameters", "attempts", "heartbeat_at", "state", "error"])


def _fail(run: Run, message: str) -> None:
    with transaction.atomic():
        run_end(Run.objects.select_for_update(of=("self",), no_key=True).get(pk=run.pk), RunState.FAILED, message)
