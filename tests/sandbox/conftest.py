"""A sandbox on a real socket, clients for it, and a receiver of its webhooks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protoadmin.sandbox import Options, SandboxServer
from tests.sandbox.gateway import Gateway
from tests.sandbox.receiver import Receiver
from tests.sandbox.remote import Remote

QUICK = Options(reply_delay=(0, 0), retry_pauses=(0.05,) * 5)


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One server for all tests of this folder; its bot answers at once."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with SandboxServer(port=0, state_dir=directory, options=QUICK) as server:
        yield server


@pytest.fixture
def remote(running_sandbox: SandboxServer) -> Iterator[Remote]:
    """The server with nothing but the demo data in it."""
    with Remote(running_sandbox.url) as client:
        client.control("/reset")
        yield client


@pytest.fixture
def ann(remote: Remote) -> dict[str, Any]:
    """A person."""
    found: dict[str, Any] = remote.save().json()
    return found


@pytest.fixture
def gateway(remote: Remote) -> Gateway:
    """The Messaging API of the first demo channel."""
    return Gateway(remote)


@pytest.fixture
def receiver(gateway: Gateway) -> Iterator[Receiver]:
    """A receiver that the first demo channel delivers to."""
    with Receiver() as made:
        url = f"{made.url}/webhooks/{gateway.id}/"
        gateway.remote.control(f"/channels/{gateway.id}", webhook_url=url, profile_url=f"{url}profile/")
        yield made
        gateway.remote.control("/reset")
