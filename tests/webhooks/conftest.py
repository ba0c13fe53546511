"""A channel that is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from protoadmin.connections.models import Channel


@pytest.fixture(autouse=True)
def empty_memory() -> None:
    """Forget the channels of the test before."""
    from webhooks.channels import channels  # noqa: PLC0415 - Django is set up only now

    channels.forget()


@pytest.fixture
def channel(db: None) -> Channel:
    """A channel with a secret and the one before."""
    from protoadmin.connections.models import Channel, Teamspace  # noqa: PLC0415 - see above
    from tests.webhooks.posting import SECRET  # noqa: PLC0415 - see above

    teamspace = Teamspace.objects.create(name="Acme", subcompany_id="01ACME")
    return Channel.objects.create(
        name="Web", channel_id="channel-1", teamspace=teamspace, secret=SECRET, previous_secret="the-one-before"
    )
