"""Fixtures for the tests that talk to a sandbox; a conftest imports those that it needs.

pytest reads this file before Django is set up, so models are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from protoadmin.sandbox.server import SandboxServer
from tests.outbox.remote import Remote

if TYPE_CHECKING:
    from protoadmin.connections.models import Teamspace
    from tests.base.acme import Acme

__all__ = ["acme", "other_teamspace", "plain_environment", "sandbox"]

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own proxies and certificates out."""
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a sandbox that runs as long as the session."""
    with SandboxServer(port=0) as server:
        yield server.url


@pytest.fixture
def acme(db: None, sandbox: str) -> Iterator[Acme]:
    """A teamspace connected to the sandbox, which is healthy and whose journal begins here."""
    from protoadmin.connections.models import Teamspace  # noqa: PLC0415 - see above
    from tests.base.acme import Acme  # noqa: PLC0415

    remote = Remote(sandbox)
    remote.begin()
    given = remote.connection()
    teamspace = Teamspace.objects.create(
        **{name: given[name] for name in ("name", "subcompany_id", "takeover_secret", "base_url")}
    )
    yield Acme(remote, teamspace)
    remote.heal()


@pytest.fixture
def other_teamspace(db: None) -> Teamspace:
    """A teamspace of somebody else."""
    from protoadmin.connections.models import Teamspace  # noqa: PLC0415 - see above

    return Teamspace.objects.create(name="Others", subcompany_id="others", takeover_secret="of-others")
