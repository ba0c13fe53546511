"""Many contacts: the memory of who pulls stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from customers.models import Contact
from protoadmin.runs.models import RunState
from tests.bench.memory import MemoryWatch, own_mib
from tests.helpdesk.desk import Desk
from tests.sandbox.process import SandboxProcess

MANY = 50_000
# More than half of what comes on top is SQLite's page cache (32 MB).
MOST_MIB = 60


@pytest.mark.slow
def test_fifty_thousand_contacts(settings: Any, tmp_path: Path, transactional_db: None) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    with SandboxProcess(tmp_path / "sandbox") as process:
        desk = Desk(process.url)
        desk.connect()
        desk.pull()  # what is loaded once is loaded
        desk.make_contacts(MANY)
        before = own_mib()
        with MemoryWatch() as memory:
            run = desk.pull()
        grown = memory.most - before
        assert (run.state, run.failed) == (RunState.DONE, 0)
        assert Contact.objects.count() > MANY
        assert run.started_at is not None
        assert run.finished_at is not None
        first = (run.finished_at - run.started_at).total_seconds()
        again = desk.pull()
        assert again.parameters["counts"]["contacts"]["unchanged"] == Contact.objects.count()
        assert again.started_at is not None
        assert again.finished_at is not None
        second = (again.finished_at - again.started_at).total_seconds()
        print(f"\n{MANY:,} contacts: {first:.1f} s, unchanged {second:.1f} s, memory grew by {grown:.0f} MiB")
        assert grown < MOST_MIB
        desk.session.close()
