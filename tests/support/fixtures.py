"""Fixtures that the tests of several apps share; their conftest imports them."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    """Files of each test are its own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def scene(db: None) -> Any:
    """Two teamspaces, three people (tests/inbox/scene.py)."""
    from tests.inbox.scene import Scene  # noqa: PLC0415 - models are loaded only after this file

    return Scene()
