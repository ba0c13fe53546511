"""Fixtures: a furnished house, a desk for each test, and no fault left for the next one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.desk import Desk, NewDesk, desks_in
from tests.browser.house import House, copied, furnish
from tests.browser.remote import Remote
from tests.support.product import Product


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a house with demo data, two people and hashed static files; made once."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="session")
def house(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house in which these tests work, one for all: starting it takes longer than most of them."""
    with Product(copied(furnished, tmp_path_factory.mktemp("house")), options=("--demo",)) as product:
        yield House(product).open()


@pytest.fixture
def remote(house: House) -> Iterator[Remote]:
    """The sandbox, without faults before and after."""
    yield house.remote
    house.remote.clear_faults()


@pytest.fixture
def new_desk(house: House, browser: Browser, remote: Remote) -> Iterator[NewDesk]:
    """Return a function that seats somebody at a browser."""
    with desks_in(house, browser) as seat:
        yield seat


@pytest.fixture
def sam(new_desk: NewDesk) -> Desk:
    """Sam of Support."""
    return new_desk("sam")


@pytest.fixture
def ada(new_desk: NewDesk) -> Desk:
    """Ada, an administrator."""
    return new_desk("ada")
