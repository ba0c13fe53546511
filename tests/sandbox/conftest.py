"""A sandbox on a real socket, and a client for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from protoadmin.sandbox import SandboxServer
from tests.sandbox.remote import Remote


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One server for all tests of this folder."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(port=0, state_dir=directory) as server:
        yield server


@pytest.fixture
def remote(running_sandbox: SandboxServer) -> Iterator[Remote]:
    """The server with nothing but the demo data in it."""
    with Remote(running_sandbox.url) as client:
        client.control("/reset")
        yield client
