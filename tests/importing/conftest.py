"""Fixtures of the tests of import and export."""

from typing import Any

import pytest

from tests.support.fixtures import own_files

__all__ = ["ada", "own_files", "vienna"]


@pytest.fixture
def ada(db: None) -> Any:
    """An administrator: imports, exports, makes tags."""
    from tests.importing import driving  # noqa: PLC0415 - this module is read before Django is set up

    may = ("customers.import_customers", "customers.export_customers", "customers.add_tag", "customers.view_customer")
    return driving.person("ada", *may, "runs.view_run")


@pytest.fixture
def vienna(ada: Any) -> Any:
    """Ada's teamspace."""
    from tests.importing import driving  # noqa: PLC0415

    return driving.teamspace("Vienna", ada)
