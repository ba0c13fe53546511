"""Copy every row of the SQLite file into an empty PostgreSQL: all of it in one transaction, or nothing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from protoadmin.moving.files import Brought, bring_files
from protoadmin.moving.fitting import require_fitting
from protoadmin.moving.problems import MovingError
from protoadmin.moving.source import quiet_source, require_same_tables
from protoadmin.moving.tables import Adapters, Checksum, Table, tables
from protoadmin.moving.target import bare, clear, require_empty, set_sequences
from protoadmin.serving.preparing import prepare_database

BATCH = 2000
TELL_EVERY = 5.0

Say = Callable[[str], None]


@dataclass
class Copied:
    """What was copied."""

    tables: int = 0
    rows: int = 0
    seconds: float = 0.0
    mended: Counter[str] = field(default_factory=Counter)
    left_empty: list[str] = field(default_factory=list)
    files: Brought = field(default_factory=Brought)


def copy_everything(path: Path, files: Path, *, say: Say) -> Copied:
    """Fill this installation's PostgreSQL with the rows of the SQLite file and the files of the folder."""
    if connection.vendor != "postgresql":
        raise MovingError(
            "DATABASE_URL has to name the PostgreSQL database that is to be filled, as it will be for `serve` "
            "afterwards: DATABASE_URL=postgres://user@host/name python manage.py copy_database"
        )
    started = time.monotonic()
    copied = Copied()
    with quiet_source(path) as source:
        say("Making the tables …")
        prepare_database()
        require_same_tables(source, connection)
        chosen = tables(source, connection)
        with transaction.atomic():
            require_empty(connection, chosen)
            say("Looking for what PostgreSQL would refuse …")
            require_fitting(source, connection, chosen)
            _Copy(source, connection, copied, say).all_of(chosen)
            ContentType.objects.clear_cache()
            copied.files = bring_files(files)
    _analyze()
    copied.seconds = time.monotonic() - started
    return copied


class _Copy:
    def __init__(self, source: BaseDatabaseWrapper, target: BaseDatabaseWrapper, copied: Copied, say: Say) -> None:
        self.source, self.target, self.copied, self.say = source, target, copied, say

    def all_of(self, chosen: list[Table]) -> None:
        """Copy these tables, make their indexes and keys again, and compare what stands there with what was read."""
        clear(self.target, chosen)
        read = {}
        with bare(self.target, chosen):
            for table in chosen:
                read[table] = self._rows(table)
            self.say("Making the indexes, checking the foreign keys …")
        set_sequences(self.source, self.target, chosen)
        for table in chosen:
            self._compare(table, read[table])
        self.copied.tables = len(chosen)
        self.copied.left_empty = [name for table in chosen for name in table.left_empty]
        self.copied.rows = sum(checksum.rows for checksum in read.values())

    def _rows(self, table: Table) -> Checksum:
        checksum = Checksum(table)
        adapters = Adapters(table, self.source, self.copied.mended)
        name = self.target.ops.quote_name(table.name)
        statement = f"COPY {name} ({table.columns(self.target)}) FROM STDIN (FREEZE)"
        try:
            with self.target.cursor() as cursor, self.target.wrap_database_errors, cursor.copy(statement) as copy:
                for raw in self._told(table, "copied", self._read(self.source.cursor(), table)):
                    row = adapters.row(raw)
                    checksum.add(row)
                    copy.write_row(row)
        except DatabaseError as error:
            raise MovingError(f"PostgreSQL refuses a row of {table.label}: {str(error).strip()}") from None
        return checksum

    def _compare(self, table: Table, read: Checksum) -> None:
        written = Checksum(table)
        # A cursor of the server's: rows come as they are asked for, however many there are.
        for row in self._told(table, "compared", self._read(self.target.chunked_cursor(), table), read.rows):
            written.add(row)
        if (written.rows, written.value) != (read.rows, read.value):
            raise MovingError(
                f"{table.label} is not the same in both databases ({read.rows:,} rows were read, {written.rows:,} "
                "stand in the copy). Nothing was copied. This is an error of the program: please report it."
            )

    def _read(self, cursor: Any, table: Table) -> Iterator[Any]:
        database = cursor.db
        with cursor:
            cursor.execute(table.select(database))
            while rows := cursor.fetchmany(BATCH):
                yield from rows

    def _told(self, table: Table, done: str, rows: Iterator[Any], total: int | None = None) -> Iterator[Any]:
        """Pass the rows on, and say every few seconds how far it is."""
        told_at = time.monotonic()
        for number, row in enumerate(rows, start=1):
            yield row
            if number % BATCH == 0 and time.monotonic() - told_at >= TELL_EVERY:
                told_at = time.monotonic()
                total = total if total is not None else self._count(table)
                self.say(f"{table.label}: {number:,} of {total:,} rows {done} …")

    def _count(self, table: Table) -> int:
        with self.source.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {self.source.ops.quote_name(table.name)}")  # noqa: S608 - our names
            return int(cursor.fetchone()[0])


def _analyze() -> None:
    """Let PostgreSQL look at what it has now, as it does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
