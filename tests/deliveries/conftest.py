"""Two teamspaces, each with a channel, and who looks at their deliveries; see house.py for the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.base.fixtures import plain_environment

if TYPE_CHECKING:
    from tests.deliveries.house import House

__all__ = ["plain_environment"]


@pytest.fixture(autouse=True)
def empty_memory() -> None:
    """Forget the channels of the test before."""
    from webhooks.channels import channels  # noqa: PLC0415 - Django is set up only now

    channels.forget()


@pytest.fixture
def house(db: None) -> House:
    """The house, with nothing delivered yet."""
    from tests.deliveries.house import House  # noqa: PLC0415 - see above

    return House()
