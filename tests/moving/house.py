"""An installation on SQLite that moves to PostgreSQL."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support.product import Product

DUMP = "from tests.moving.dumping import show; show()"


@dataclass
class House:
    """The product, with its own SQLite file until it has moved."""

    product: Product
    url: str

    @property
    def file(self) -> Path:
        """The SQLite database."""
        return self.product.var_dir / "proto-admin.sqlite3"

    @contextmanager
    def on_postgres(self) -> Iterator[None]:
        """Have the product's commands use the new database while the block runs."""
        self.product.env["DATABASE_URL"] = self.url
        try:
            yield
        finally:
            del self.product.env["DATABASE_URL"]

    def copy(self, *options: str) -> str:
        """Run the command as an administrator would; return what it says, AssertionError with its words otherwise."""
        with self.on_postgres():
            return self.product.manage("copy_database", *options)

    def dump(self, *, moved: bool = False) -> dict[str, dict[str, Any]]:
        """Return everything in the old database, or in the new one."""
        if not moved:
            found: dict[str, dict[str, Any]] = json.loads(self.product.python(DUMP))
            return found
        with self.on_postgres():
            return dict(json.loads(self.product.python(DUMP)))

    def sqlite(self, statement: str) -> None:
        """Change something in the old database, behind the product's back."""
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(statement)

    def count(self, table: str) -> int:
        """Return the number of rows in a table of the new database."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(sql.SQL("SELECT COUNT(*) FROM {}").format(sql.Identifier(table))).fetchone()
            assert row is not None
            return int(row[0])

    def postgres(self, statement: str) -> None:
        """Change something in the new database."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())
