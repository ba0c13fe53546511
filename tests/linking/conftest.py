"""A street: two teamspaces with a connection of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.linking.street import Street


@pytest.fixture
def street(db: None) -> Street:
    """Two teamspaces, nobody there yet."""
    from tests.linking.street import Street  # noqa: PLC0415 - models are loaded only after this file

    return Street()
