"""A job and a clock; pytest reads this file before Django is set up, so models are imported where they are used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from protoadmin.runs.models import Run
    from tests.runs.jobs import Job


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job of three slices."""
    from tests.runs.jobs import Job, use  # noqa: PLC0415 - see above

    made = Job()
    use(monkeypatch, made)
    return made


@pytest.fixture
def lease_over() -> Callable[[Run], None]:
    """Return a function that lets the lease of a run have run out."""

    def let(run: Run) -> None:
        from protoadmin.runs.models import Run as Runs  # noqa: PLC0415 - see above
        from protoadmin.runs.working import LEASE  # noqa: PLC0415 - see above

        row = Runs.objects.get(pk=run.pk)
        assert row.heartbeat_at is not None
        Runs.objects.filter(pk=run.pk).update(heartbeat_at=row.heartbeat_at - LEASE - timedelta(seconds=1))

    return let
