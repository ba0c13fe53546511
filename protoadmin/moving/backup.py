"""A backup of the SQLite file, made while the product runs, and looked through before it counts as one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.apps import apps
from django.db import connection

from protoadmin.encryption import encrypted_fields, with_newest_key
from protoadmin.moving.problems import MovingError


@dataclass
class Backup:
    """What is in a backup."""

    size: int
    rows: dict[str, int] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)


def make_backup(path: Path) -> Backup:
    """Write everything that is committed now into a new file at `path`, readable by its owner alone."""
    if connection.vendor != "sqlite":
        raise MovingError(
            "This is for SQLite. On PostgreSQL: pg_dump --format=custom --file=proto-admin.dump <DATABASE_URL>"
        )
    if path.exists():
        raise MovingError(f"{path} exists already; a backup never replaces another.")
    if not path.parent.is_dir():
        raise MovingError(f"There is no folder {path.parent}.")
    part = path.with_name(f".{path.name}.part")
    try:
        _copy(part)
        found = check_backup(part)
        _flush(part, os.O_RDONLY)
        part.rename(path)
        _flush(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    finally:
        part.unlink(missing_ok=True)
    return found


def check_backup(path: Path) -> Backup:
    """Look through a backup: every page, every foreign key, and whether our keys open its secrets."""
    if not path.is_file():
        raise MovingError(f"There is no file {path}.")
    with _opened(path) as database:
        _require_sound(path, database)
        found = Backup(size=path.stat().st_size)
        for label in ("conversations.Message", "webhooks.Delivery", "outbox.Call"):
            table = apps.get_model(label)._meta.db_table
            found.rows[label] = database.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - ours
        found.locked = list(_locked(database))
    return found


def _copy(part: Path) -> None:
    """Copy page by page in one step: nobody waits for it, and what is written meanwhile is not in it."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = f"{Path(connection.settings_dict['NAME']).resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as database, closing(sqlite3.connect(part)) as copy:
        database.backup(copy, pages=-1)
        # One file, without a second one for its newest rows; the product changes that back when it starts.
        copy.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        yield database


def _require_sound(path: Path, database: sqlite3.Connection) -> None:
    try:
        complaint = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        dangling = database.execute("PRAGMA foreign_key_check").fetchone()
        is_ours = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'conversations_message'").fetchone()
    except sqlite3.DatabaseError as error:
        raise MovingError(f"{path} is no sound SQLite database: {error}") from None
    if complaint != "ok" or dangling:
        raise MovingError(f"{path} is damaged: {complaint if complaint != 'ok' else f'a row of {dangling[0]}'}")
    if not is_ours:
        raise MovingError(f"{path} is not a database of this product.")


def _locked(database: sqlite3.Connection) -> Iterator[str]:
    """Yield the columns whose first secret none of FIELD_ENCRYPTION_KEYS opens."""
    for model in apps.get_models():
        for column in encrypted_fields(model):
            table, name = model._meta.db_table, column.column
            row = database.execute(f'SELECT "{name}" FROM "{table}" WHERE "{name}" > \'\' LIMIT 1').fetchone()  # noqa: S608 - ours
            try:
                with_newest_key(row[0] if row else "")
            except ValueError:
                if row:
                    yield f"{model._meta.label}.{column.name}"


def _flush(path: Path, flags: int) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
