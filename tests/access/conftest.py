"""Fixtures of the tests of who may what."""

from typing import Any

import pytest


@pytest.fixture
def world(db: None) -> Any:
    """Return two teamspaces and somebody in every role (tests/access/world.py)."""
    from tests.access.world import new_world  # noqa: PLC0415 - models are loaded only after this file

    return new_world()
