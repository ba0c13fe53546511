"""Fixtures of the search's tests."""

from typing import Any

import pytest


@pytest.fixture
def scene(db: None) -> Any:
    """Two teamspaces, three people (tests/inbox/scene.py)."""
    from tests.inbox.scene import Scene  # noqa: PLC0415 - models are loaded only after this file

    return Scene()
