"""A Protocol project that is connected to the sandbox; pytest reads this file before Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.outbox.conftest import agent, plain_environment, remote, sandbox, teamspace
from tests.outbox.remote import Remote

if TYPE_CHECKING:
    from protoadmin.connections.models import ProtocolProject, Teamspace

__all__ = ["agent", "plain_environment", "remote", "sandbox", "teamspace"]


@pytest.fixture
def project(teamspace: Teamspace, remote: Remote) -> ProtocolProject:
    """Our side of the project of the sandbox' first teamspace; its customers are the demo's."""
    from protoadmin.connections.models import ProtocolProject  # noqa: PLC0415 - Django is set up only now

    remote.post("reset", {})
    remote.begin()
    (given,) = remote.connection()["protocol_projects"]
    return ProtocolProject.objects.create(teamspace=teamspace, **given)
