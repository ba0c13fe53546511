"""Write a delivery durably, by hand: the ORM alone would cost more than everything else that the receivers do."""

import sqlite3
import threading
import time
from typing import Any

from django.db import connection as default_connection

from webhooks.models import Delivery

# Typed loosely: the driver below it is spoken to directly.
connection: Any = default_connection

COLUMNS = (
    "channel_id", "kind", "received_at", "remote_addr", "body", "body_sha256", "size", "headers", "state", "error",
    "traceback", "attempts", "processed_at",
)  # fmt: skip
_INTO = f"INSERT INTO {Delivery._meta.db_table} ({', '.join(COLUMNS)}) VALUES "  # noqa: S608 - names of our own
INSERT_SQLITE = f"{_INTO} ({', '.join('?' * len(COLUMNS))})"
INSERT_POSTGRESQL = f"{_INTO} ({', '.join(['%s'] * len(COLUMNS))})"

# Between two looks whether SQLite's lock is free, in seconds.
PAUSE = 0.001
Values = tuple[Any, ...]


def store(values: Values) -> None:
    """Insert one delivery, its values in the order of COLUMNS; it is on the disk when this returns."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        connection.connection.execute(INSERT_POSTGRESQL, values)
    elif connection.in_atomic_block:
        connection.connection.execute(INSERT_SQLITE, values)
    else:
        together.store(values)


class _Place:
    """One delivery in the queue before the gate."""

    __slots__ = ("error", "is_done", "values")

    def __init__(self, values: Values) -> None:
        self.values = values
        self.is_done = False
        self.error: Exception | None = None


class Together:
    """SQLite has one lock for all: the threads of a process take it together, and wait for the disk together.

    Whoever comes through the gate writes what has gathered before it, in one transaction.
    """

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Place] = []

    def store(self, values: Values) -> None:
        """Insert one delivery, by this thread or by another; raises what the database says of it."""
        place = _Place(values)
        with self._lock:
            self._waiting.append(place)
        with self._gate:
            if not place.is_done:
                with self._lock:
                    gathered, self._waiting = self._waiting, []
                self._write(gathered)
        if place.error is not None:
            raise place.error
        if not place.is_done:
            raise connection.Database.OperationalError("the thread that was to write it ended")

    def _write(self, gathered: list[_Place]) -> None:
        error = _insert(gathered)
        if isinstance(error, connection.Database.IntegrityError) and len(gathered) > 1:
            # The channel of one of them was removed; the others are none the worse for it.
            for place in gathered:
                place.error = _insert([place])
        else:
            for place in gathered:
                place.error = error
        for place in gathered:
            place.is_done = True


def _insert(gathered: list[_Place]) -> Exception | None:
    """Insert all or none; return what went wrong."""
    driver = connection.connection
    try:
        _begin(driver)
        try:
            driver.executemany(INSERT_SQLITE, [place.values for place in gathered])
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise
    except Exception as error:  # noqa: BLE001 - each of the waiting threads raises it for itself
        return error
    return None


def _begin(driver: sqlite3.Connection) -> None:
    """Take the lock, asking for it often: SQLite itself sleeps ever longer, and past the moments when it is free."""
    patience = float(connection.settings_dict["OPTIONS"].get("timeout", 5.0))
    end = time.monotonic() + patience
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(PAUSE)
            else:
                return
    finally:
        driver.execute(f"PRAGMA busy_timeout={patience * 1000:.0f}")


together = Together()
