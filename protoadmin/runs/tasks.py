"""What workers run."""

from protoadmin.runs.working import work_due


def work_due_runs() -> int:
    """Work on due runs for a while (a wake-up; the sweeper calls the same function)."""
    return work_due()
