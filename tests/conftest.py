"""Fixtures of the whole suite; the environment is set before Django reads it."""

import atexit
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support import environment

_folder = environment.prepare()
atexit.register(_folder.cleanup)

import pytest  # noqa: E402 - the environment comes first
from django.conf import settings  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from tests.support import left_out  # noqa: E402
from tests.support.browser import chromium, find_chromium  # noqa: E402
from tests.support.product import Product, engine_of, migrated_database_beside  # noqa: E402
from tests.support.servers import (  # noqa: E402
    Postgres,
    Redis,
    find_postgres,
    find_redis,
    postgres,
    redis_server,
)

MISSING = {
    "browser": ("Chromium is not installed", find_chromium),
    "postgres": ("PostgreSQL is not installed", find_postgres),
    "redis": ("Redis is not installed", find_redis),
}


def pytest_configure() -> None:
    """Load the settings, now that the environment is right; pytest-django sets Django up after this."""
    assert settings.DATABASES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, by name, what this machine has no program for."""
    for marker, (reason, find) in MISSING.items():
        if find() is None:
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what is skipped, and why, for the closing lines of `make test`."""
    left_out.remember(report)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Give SQLite's test database a file: in memory it would have neither WAL nor a second process."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(Path(os.environ["VAR_DIR"]) / "test.sqlite3")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL for this session; mark such tests `postgres`."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_own() -> Iterator[Redis]:
    """A Redis for this session; mark such tests `redis`."""
    with redis_server() as server:
        yield server


@pytest.fixture
def new_product(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Product]]:
    """Return a function that makes products (not yet started), on the engines that the suite runs with.

    SQLite by default; with DATABASE_URL of a PostgreSQL each gets a new database there, with REDIS_URL that queue.
    """
    made: list[Product] = []

    def make(**options: Any) -> Product:
        folder = tmp_path / f"product-{len(made)}"
        folder.mkdir()
        if "database_url" not in options and engine_of(os.environ["DATABASE_URL"]) == "postgres":
            options["database_url"] = migrated_database_beside(os.environ["DATABASE_URL"])
            options.setdefault("redis_url", os.environ.get("REDIS_URL", ""))
        made.append(Product(folder, **options))
        return made[-1]

    yield make
    for product in made:
        product.close()


@pytest.fixture
def product(new_product: Callable[..., Product]) -> Product:
    """The product with its sandbox, running; no demo data."""
    running = new_product()
    running.start()
    return running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module; mark such tests `browser`."""
    with chromium() as running:
        yield running
