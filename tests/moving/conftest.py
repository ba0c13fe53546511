"""An SQLite installation that has something of everything, and an empty PostgreSQL beside it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.moving.house import House
from tests.support.product import Product, migrated_database_beside
from tests.support.servers import Postgres


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a product on SQLite, filled once; to be copied."""
    product = Product(tmp_path_factory.mktemp("filled"), env={"SQLITE_SYNCHRONOUS": "NORMAL"})
    product.var_dir.mkdir(parents=True)
    product.manage("migrate", "--verbosity", "0")
    product.python("from tests.moving.filling import fill; fill()")
    product.manage("make_demo_data", "--messages", "300")
    # One file with everything in it: it can be copied as it is.
    with closing(sqlite3.connect(product.var_dir / "proto-admin.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield product.var_dir
    product.close()


@pytest.fixture
def house(filled: Path, new_product: Callable[..., Product], postgres_server: Postgres) -> House:
    """A copy of it (not started), with the address of a PostgreSQL that has its tables and nothing in them."""
    product = new_product(database_url="")
    shutil.copytree(filled, product.var_dir)
    return House(product, migrated_database_beside(postgres_server.url()))
