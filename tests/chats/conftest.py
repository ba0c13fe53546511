"""A person, a channel that is connected to the sandbox, and the sandbox itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.outbox.conftest import agent, new_person, person, plain_environment, remote, sandbox, teamspace
from tests.outbox.remote import TEAM, Remote

if TYPE_CHECKING:
    from protoadmin.connections.models import Channel, Teamspace

__all__ = ["agent", "new_person", "person", "plain_environment", "remote", "sandbox", "teamspace"]


@pytest.fixture
def channel(teamspace: Teamspace, remote: Remote) -> Channel:
    """Our side of the sandbox' first channel of the teamspace."""
    from protoadmin.connections.models import Channel  # noqa: PLC0415 - Django is set up only now
    from webhooks.channels import channels  # noqa: PLC0415 - see above

    channels.forget()
    (given, *_) = next(each for each in remote.read("connections.json") if each["name"] == TEAM)["channels"]
    names = ("name", "channel_id", "access_token", "secret", "base_url", "default_language")
    return Channel.objects.create(teamspace=teamspace, **{name: given[name] for name in names})
