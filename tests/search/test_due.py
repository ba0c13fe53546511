"""What waits to be indexed or counted is found by its own small index, whatever the statistics say."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from django.db import connection
from django.db.models import QuerySet

from conversations.figures.reading import to_count
from conversations.models import Message, Ticket
from conversations.search.rebuilding import to_index
from tests.inbox.scene import Scene

Waiting: TypeAlias = Callable[[], QuerySet[Any]]
WAITING: tuple[tuple[Waiting, str], ...] = (
    (to_count, "chat_due_to_count"),
    (partial(to_index, Message), "message_to_index"),
    (partial(to_index, Ticket), "ticket_to_index"),
)


def plan(rows: QuerySet[Any], index: str, copy: Path) -> str:
    """Return SQLite's plan with statistics from a time when a million rows waited; in a copy, which keeps them."""
    statement, values = rows.query.sql_with_params()
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as ours, closing(sqlite3.connect(copy)) as theirs:
        ours.backup(theirs)
        table = rows.model._meta.db_table
        theirs.execute("ANALYZE")
        theirs.execute("DELETE FROM sqlite_stat1 WHERE tbl = ?", [table])
        theirs.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, '1000000 1000000')", [table, index])
        theirs.execute("ANALYZE sqlite_schema")
        steps = theirs.execute(f"EXPLAIN QUERY PLAN {statement.replace('%s', '?')}", values)
        return "; ".join(str(step[3]) for step in steps)


@pytest.mark.django_db
@pytest.mark.parametrize(("waiting", "index"), WAITING)
def test_no_table_is_scanned_for_what_waits(waiting: Waiting, index: str, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's plans")
    # Some of them, and whether there are any, for which Django leaves out the order.
    for number, asked in enumerate((waiting().values("pk")[:200], waiting().order_by().values("pk")[:1])):
        found = plan(asked, index, tmp_path / f"{number}.sqlite3")
        assert f"USING INDEX {index}" in found
        assert "TEMP B-TREE" not in found


@pytest.mark.django_db
def test_all_that_waits_is_found(scene: Scene) -> None:
    chat = scene.chat("human: a", "bot: b")
    assert set(to_count()) == {chat}
    assert not to_index(Message).exists()
    Message.objects.update(search_tokens=None)
    assert set(to_index(Message)) == set(Message.objects.all())
