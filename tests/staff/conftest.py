"""Fixtures of the tests of staff."""

from typing import Any

import pytest


@pytest.fixture
def house(db: None) -> Any:
    """Return two teamspaces with people on either side (tests/staff/house.py)."""
    from tests.staff.house import new_house  # noqa: PLC0415 - models are loaded only after this file

    return new_house()
