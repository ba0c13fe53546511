"""The SQLite file that is copied: nobody else has it open, nobody writes to it, and it is as the program expects it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from protoadmin.moving.problems import MovingError
from protoadmin.serving.claim import Claim
from protoadmin.serving.processes import holders_of

ALIAS = "source"
ROLES = ["web", "worker"]


@contextmanager
def quiet_source(path: Path) -> Iterator[BaseDatabaseWrapper]:
    """Open the file for reading, inside one transaction that keeps every writer out until the block ends."""
    if not path.is_file():
        raise MovingError(f"There is no SQLite database at {path}. Say where it is: --from sqlite:////path/to/file")
    with ExitStack() as stack:
        for folder in _claimed_folders(path):
            claim = Claim(folder, ROLES)
            stack.callback(claim.release)
        connection = _connect(path)
        stack.callback(_disconnect, connection)
        try:
            stack.enter_context(transaction.atomic(using=ALIAS))
        except OperationalError as error:
            raise MovingError(f"{path} cannot be read ({error}). Stop what writes to it, then start again.") from None
        with connection.cursor() as cursor:
            # The lock of the transaction is against others; nothing is written here either.
            cursor.execute("PRAGMA query_only=ON")
        _require_nobody_else(path)
        yield connection


def _claimed_folders(path: Path) -> list[Path]:
    """Return the data folders on which `serve` must not run meanwhile: ours, and that of the file when it is one."""
    ours, theirs = Path(settings.VAR_DIR).resolve(), path.resolve().parent
    ours.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_another = theirs != ours and any((theirs / f"serve-{role}.pid").exists() for role in ROLES)
    return [ours, theirs] if is_another else [ours]


def _connect(path: Path) -> BaseDatabaseWrapper:
    config: dict[str, Any] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 5},
    }
    connections.settings = connections.configure_settings({**settings.DATABASES, ALIAS: config})
    return connections[ALIAS]


def _disconnect(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    del connections[ALIAS]
    connections.settings = connections.configure_settings(settings.DATABASES)


def _require_nobody_else(path: Path) -> None:
    holders = [f"{pid} ({name})" for pid, name in holders_of(path) if pid != os.getpid()]
    if holders:
        raise MovingError(
            f"{path} is open in another process: {', '.join(holders)}. What that one writes later would be missing "
            "in the copy. Stop it, then start again."
        )


def require_same_tables(source: BaseDatabaseWrapper, target: BaseDatabaseWrapper) -> None:
    """Refuse a file that another version of the program made."""
    theirs, ours = (set(MigrationRecorder(one).applied_migrations()) for one in (source, target))
    if missing := sorted(ours - theirs):
        raise MovingError(
            f"The SQLite database lacks {len(missing)} migrations of this version, such as {'.'.join(missing[0])}. "
            f"Bring it up to date first: DATABASE_URL=sqlite:///{source.settings_dict['NAME']} "
            "python manage.py migrate"
        )
    if unknown := sorted(theirs - ours):
        raise MovingError(
            f"The SQLite database was made by a newer version: this one does not know {'.'.join(unknown[0])}. "
            "Copy it with the version that it was used with."
        )
