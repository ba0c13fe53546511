"""A sandbox for the session, and a teamspace of ours that is connected to it.

pytest reads this file before Django is set up, so models are imported where they are used.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from protoadmin.sandbox.server import SandboxServer
from tests.outbox.remote import Remote

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from customers.models import Customer
    from protoadmin.connections.models import Teamspace

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own proxies out."""
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a sandbox that runs as long as the session."""
    with SandboxServer(port=0) as server:
        yield server.url


@pytest.fixture
def remote(sandbox: str) -> Iterator[Remote]:
    """The sandbox without faults, its journal from here on."""
    remote = Remote(sandbox)
    remote.begin()
    yield remote
    remote.heal()


@pytest.fixture
def agent(db: None) -> User:
    """Who asks for things."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - see above

    return User.objects.create_user(f"agent-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def teamspace(db: None, remote: Remote) -> Teamspace:
    """Our side of the sandbox' first teamspace."""
    from protoadmin.connections.models import Teamspace  # noqa: PLC0415 - see above

    given = remote.connection()
    return Teamspace.objects.create(
        **{name: given[name] for name in ("name", "subcompany_id", "takeover_secret", "base_url")}
    )


@pytest.fixture
def new_person(teamspace: Teamspace) -> Callable[..., Customer]:
    """Return a function that makes people whom Proto does not know yet."""
    from customers.models import Customer  # noqa: PLC0415 - see above

    def make(**values: str) -> Customer:
        unique = f"t-{uuid.uuid4().hex[:12]}"
        return Customer.objects.create(teamspace=teamspace, **{"provided_unique_id": unique, "name": "Ann", **values})

    return make


@pytest.fixture
def person(new_person: Callable[..., Customer]) -> Customer:
    """One of them."""
    return new_person()
