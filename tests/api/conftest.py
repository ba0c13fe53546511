"""Fixtures of the tests of the read API."""

from typing import Any

import pytest


@pytest.fixture
def house(db: None) -> Any:
    """Return a teamspace with a key that opens it (tests/api/house.py)."""
    from tests.api.house import new_house  # noqa: PLC0415 - models are loaded only after this file

    return new_house()
