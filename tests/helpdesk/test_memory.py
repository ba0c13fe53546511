"""Many contacts: the memory of who pulls stays flat."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from customers.models import Contact
from protoadmin.runs.models import RunState
from tests.helpdesk.desk import Desk
from tests.sandbox.process import SandboxProcess

MANY = 50_000
# Most of what comes on top is SQLite's: its page cache (32 MB) and the pages of the file that it maps.
MOST_MIB = 60


def high_water() -> float:
    """Return the most memory that this process has had since it was last reset, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


@pytest.mark.slow
def test_fifty_thousand_contacts(settings: Any, tmp_path: Path, transactional_db: None) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    with SandboxProcess(tmp_path / "sandbox") as process:
        desk = Desk(process.url)
        desk.connect()
        desk.pull()  # what is loaded once is loaded
        desk.make_contacts(MANY)
        Path("/proc/self/clear_refs").write_text("5")
        before = high_water()
        run = desk.pull()
        grown = high_water() - before
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
