"""A sandbox on a real socket, and an account that is connected to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protoadmin.sandbox import SandboxServer


@pytest.fixture(scope="session")
def helpdesk_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One server for all tests of this folder."""
    directory: Path = tmp_path_factory.mktemp("helpdesk-sandbox")
    with SandboxServer(port=0, state_dir=directory) as server:
        yield server


@pytest.fixture
def remote_desk(helpdesk_sandbox: SandboxServer) -> Iterator[Any]:
    """The sandbox with its demo data, not connected to anything."""
    from tests.helpdesk.desk import Desk  # noqa: PLC0415 - models are loaded only after this file

    found = Desk(helpdesk_sandbox.url)
    found.control("/reset")
    yield found
    found.session.close()


@pytest.fixture
def desk(remote_desk: Any, settings: Any, tmp_path: Path, transactional_db: None) -> Any:
    """An account at the sandbox; files go to a folder of the test."""
    settings.MEDIA_ROOT = tmp_path / "media"
    remote_desk.connect()
    return remote_desk
