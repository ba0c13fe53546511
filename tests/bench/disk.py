"""What it costs that a commit survives a power cut: small inserts, each committed, with FULL and with NORMAL."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, in_turns, median, milliseconds, seconds_of

ROUNDS = 60
INSERTS = 20


def measure(folder: Path) -> list[Figure]:
    """Return the one figure."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = in_turns({how: _inserts(folder / f"{how}.sqlite3", how) for how in ("FULL", "NORMAL")}, ROUNDS, seconds=10)
    full, normal = (median(taken[how]) / INSERTS for how in ("FULL", "NORMAL"))
    context = f"{milliseconds(normal)} -> {milliseconds(full)} a commit; this disk"
    return [Figure("committed insert: synchronous FULL / NORMAL", "SQLite", full / normal, "", context)]


def _inserts(path: Path, synchronous: str) -> Callable[[], float]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, body TEXT)")
    return partial(seconds_of, partial(_insert, connection))


def _insert(connection: sqlite3.Connection) -> None:
    for _ in range(INSERTS):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row (body) VALUES (?)", ("x" * 300,))
        connection.execute("COMMIT")
