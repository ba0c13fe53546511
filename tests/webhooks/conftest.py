"""A channel that is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from protoadmin.connections.models import Channel


@pytest.fixture(autouse=True)
def empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the channels, and what was refused, of the test before."""
    from webhooks import receiving  # noqa: PLC0415 - Django is set up only now
    from webhooks.channels import channels  # noqa: PLC0415 - see above
    from webhooks.refusing import Refuser  # noqa: PLC0415 - see above

    channels.forget()
    monkeypatch.setattr(receiving, "refuser", Refuser())


@pytest.fixture
def channel(db: None) -> Channel:
    """A channel with a secret and the one before."""
    from protoadmin.connections.models import Channel, Teamspace  # noqa: PLC0415 - see above
    from tests.webhooks.posting import SECRET  # noqa: PLC0415 - see above

    teamspace = Teamspace.objects.create(name="Acme", subcompany_id="01ACME")
    return Channel.objects.create(
        name="Web", channel_id="channel-1", teamspace=teamspace, secret=SECRET, previous_secret="the-one-before"
    )
