"""The tables and indexes of search, made by a migration.

SQLite forgets triggers when Django makes a table anew for another change of it: after every migration what is missing
is made again.
"""

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction

from conversations.search.backends import blocks

Execute = Callable[[str], Any]
TABLES = ("conversations_message", "conversations_ticket")
# Changes wait in GIN's list until it has so many KiB; a question reads all of it.
PENDING_KIB = 1024
# How many segments of one size FTS5 lets stand before it makes one of them.
SEGMENTS = 8


def make(execute: Execute, vendor: str, table: str) -> None:
    """Make what is missing of the index of a table whose search columns are there."""
    if vendor == "postgresql":
        execute(
            f"CREATE INDEX IF NOT EXISTS {table}_search ON {table} USING gin (search_tokens, {blocks('id')}) "
            f"WITH (gin_pending_list_limit = {PENDING_KIB})"
        )
        return
    index = f"{table}_index"
    execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5(body, content='', columnsize=0, detail=none, "
        "tokenize='trigram case_sensitive 1')"
    )
    execute(f"INSERT INTO {index}({index}, rank) VALUES ('automerge', {SEGMENTS})")  # noqa: S608
    # The names are ours; a trigger takes no parameters.
    add = (
        f"INSERT INTO {index}(rowid, body) SELECT new.id, new.search_text || new.search_tokens "
        "WHERE new.search_text || new.search_tokens IS NOT NULL;"
    )
    remove = (
        f"INSERT INTO {index}({index}, rowid, body) SELECT 'delete', old.id, old.search_text || old.search_tokens "
        "WHERE old.search_text || old.search_tokens IS NOT NULL;"
    )
    # What is to be changed is taken out first: the other way round it would take what both have with it.
    for name, event, work in (
        ("add", "INSERT", add),
        ("remove", "DELETE", remove),
        ("change", "UPDATE OF search_text, search_tokens", f"{remove} {add}"),
    ):
        execute(f"CREATE TRIGGER IF NOT EXISTS {index}_{name} AFTER {event} ON {table} BEGIN {work} END")


def drop(execute: Execute, vendor: str, table: str) -> None:
    """Take it away."""
    if vendor == "postgresql":
        execute(f"DROP INDEX IF EXISTS {table}_search")
        return
    for name in ("add", "remove", "change"):
        execute(f"DROP TRIGGER IF EXISTS {table}_index_{name}")
    execute(f"DROP TABLE IF EXISTS {table}_index")


def make_again(using: str, **kwargs: Any) -> None:
    """Receiver of post_migrate: make what a later migration has lost."""
    connection = connections[using]
    with connection.cursor() as cursor:
        columns = {
            table: {column.name for column in connection.introspection.get_table_description(cursor, table)}
            for table in set(TABLES) & set(connection.introspection.table_names(cursor))
        }
    for table in columns:
        if {"search_text", "search_tokens"} <= columns[table]:
            with transaction.atomic(using=using), connection.cursor() as cursor:
                make(cursor.execute, connection.vendor, table)
