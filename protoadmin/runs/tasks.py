"""What workers run."""

import datetime

from django.conf import settings

from protoadmin.runs.leftovers import after_due, remove_old_files
from protoadmin.runs.working import work_due


def work_due_runs() -> int:
    """Work on due runs for a while (a wake-up; the sweeper calls the same function)."""
    return work_due()


def tidy_up_after_runs() -> None:
    """Do what was left undone when a run ended, and remove one batch of files that were kept long enough (sweeper)."""
    after_due()
    remove_old_files(older_than=datetime.timedelta(days=settings.RUN_FILE_RETENTION_DAYS))
