"""What a run leaves: its kind's `after`, which must not be lost with a worker, and files that nobody needs for ever.

`after` runs at once when the end is committed. Until it has returned, the row says when somebody else is to do it.
"""

import datetime
import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.utils import timezone

from protoadmin.runs.models import OPEN_STATES, Run, RunFile
from protoadmin.runs.registry import run_kind

logger = logging.getLogger(__name__)

AFTER_PATIENCE = datetime.timedelta(minutes=2)
AFTER_TRIED_FOR = datetime.timedelta(days=1)


def after_plan(run: Run) -> None:
    """Have `after` run once the present transaction is committed; the caller saves `after_due_at`."""
    kind = run_kind(run.kind)
    if kind and kind.after:
        run.after_due_at = timezone.now() + AFTER_PATIENCE
        transaction.on_commit(partial(_after, run), robust=True)


def _after(run: Run) -> None:
    kind = run_kind(run.kind)
    if kind and kind.after:
        kind.after(run)
    Run.objects.filter(pk=run.pk).update(after_due_at=None)


def after_due() -> int:
    """Do what a worker that died, or an error, left undone; return for how many runs it was done."""
    now = timezone.now()
    done = 0
    for run in Run.objects.filter(after_due_at__lte=now).order_by("after_due_at")[:20]:
        is_too_late = run.finished_at is None or run.finished_at < now - AFTER_TRIED_FOR
        # Whoever moves the time has taken it: the other workers look at the same row.
        later = None if is_too_late else now + AFTER_PATIENCE
        if not Run.objects.filter(pk=run.pk, after_due_at=run.after_due_at).update(after_due_at=later) or is_too_late:
            continue
        try:
            _after(run)
            done += 1
        except Exception:
            # The next runs' turn; this one's comes again.
            logger.exception("what follows run %s (%s) failed", run.pk, run.kind)
    return done


def remove_old_files(*, older_than: datetime.timedelta, batch: int = 100) -> int:
    """Remove one batch of files of runs that ended longer ago than `older_than`; return how many went."""
    old = RunFile.objects.filter(created_at__lt=timezone.now() - older_than).exclude(run__state__in=OPEN_STATES)
    files = list(old.order_by("created_at")[:batch])
    for file in files:
        # The content first: a worker that dies in between leaves a row, and the next look finds it.
        _remove_content(file)
        file.delete()
    return len(files)


def _remove_content(file: RunFile) -> None:
    if file.content:
        file.content.storage.delete(str(file.content.name))


def remove_contents_with_rows() -> None:
    """Have the content go whenever a row goes, by itself or with its run, once that is committed."""
    post_delete.connect(_row_is_gone, sender=RunFile, dispatch_uid="protoadmin.runs.files")


def _row_is_gone(instance: RunFile, **kwargs: Any) -> None:
    transaction.on_commit(partial(_remove_content, instance), robust=True)
