"""The PostgreSQL that is filled: empty at first; without indexes and foreign keys while rows are written into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from protoadmin.moving.problems import MovingError
from protoadmin.moving.tables import MADE_BY_MIGRATE, Table

FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass = ANY(%s::regclass[]) ORDER BY 1, 2
"""
# Those that no constraint stands on: unique ones and primary keys stay, so that a doubled row is found at once.
INDEXES = """
    SELECT quote_ident(relname), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid::regclass = ANY(%s::regclass[]) AND NOT indisunique ORDER BY relname
"""


def require_empty(target: BaseDatabaseWrapper, tables: list[Table]) -> None:
    """Keep everybody else out, and refuse a database that has been used."""
    used = []
    with target.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {_names(target, tables)} IN ACCESS EXCLUSIVE MODE")
        for table in tables:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {target.ops.quote_name(table.name)})")  # noqa: S608
            if cursor.fetchone()[0] and table.label not in MADE_BY_MIGRATE:
                used.append(table.label)
    if used:
        raise MovingError(
            f"The PostgreSQL database has rows already ({', '.join(used[:5])}). Nothing was changed. "
            "Make a new database for the copy (createdb), or give the URL of an empty one."
        )


def clear(target: BaseDatabaseWrapper, tables: list[Table]) -> None:
    """Remove what `migrate` has written: the copy brings its own rows, ids and all."""
    with target.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_names(target, tables)}")


@contextmanager
def bare(target: BaseDatabaseWrapper, tables: list[Table]) -> Iterator[None]:
    """Take away foreign keys and indexes while the block runs; made again afterwards, the keys are checked at once."""
    quoted = [target.ops.quote_name(table.name) for table in tables]
    with target.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS, [quoted])
        keys: list[Any] = cursor.fetchall()
        cursor.execute(INDEXES, [quoted])
        indexes: list[Any] = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in keys:
            _add(target, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _add(target: BaseDatabaseWrapper, statement: str) -> None:
    try:
        with target.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        raise MovingError(
            f"A row refers to one that does not exist: {str(error).strip()}. Nothing was copied."
        ) from None


def set_sequences(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper, tables: list[Table]) -> None:
    """Let new ids begin after every one that the SQLite database has ever given, also to rows that are gone."""
    with source.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        given = dict(cursor.fetchall())
    for table in tables:
        key = table.model._meta.auto_field
        if key is not None:
            _set_sequence(target, table, str(key.column), int(given.get(table.name, 0)))


def _set_sequence(target: BaseDatabaseWrapper, table: Table, column: str, given: int) -> None:
    quote = target.ops.quote_name
    with target.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX({quote(column)}), 0) FROM {quote(table.name)}")  # noqa: S608 - our names
        highest = max(given, cursor.fetchone()[0])
        # Not called yet: the next id is the very number.
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)", [quote(table.name), column, highest + 1]
        )


def _names(target: BaseDatabaseWrapper, tables: list[Table]) -> str:
    return ", ".join(target.ops.quote_name(table.name) for table in tables)
