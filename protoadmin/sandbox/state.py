"""The SQLite file that holds everything the sandbox knows.

Committed before an answer goes out, so it survives `kill -9`; not a power cut (synchronous=OFF), which a
stand-in need not. One thread, the server's loop, uses it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FILE_NAME = "sandbox.sqlite3"
VERSION = 3
SCHEMA = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE teamspaces (subcompany_id TEXT PRIMARY KEY, name TEXT NOT NULL, takeover_secret TEXT NOT NULL);
CREATE TABLE channels (
    channel_id TEXT PRIMARY KEY, subcompany_id TEXT NOT NULL, name TEXT NOT NULL, access_token TEXT NOT NULL,
    secret TEXT NOT NULL, default_language TEXT NOT NULL);
CREATE TABLE hooks (
    channel_id TEXT PRIMARY KEY, webhook_url TEXT NOT NULL, profile_url TEXT NOT NULL, signature TEXT NOT NULL);
CREATE TABLE people (
    id TEXT PRIMARY KEY, subcompany_id TEXT NOT NULL, provided_unique_id TEXT NOT NULL, external_customer_id TEXT,
    gateway_profile_id TEXT, name TEXT, location TEXT, email TEXT, phone_number TEXT, avatar TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (subcompany_id, provided_unique_id));
CREATE INDEX people_external ON people (subcompany_id, external_customer_id);
CREATE INDEX people_gateway ON people (subcompany_id, gateway_profile_id);
CREATE TABLE tags (subcompany_id TEXT, name TEXT, PRIMARY KEY (subcompany_id, name)) WITHOUT ROWID;
CREATE TABLE person_tags (
    person_id TEXT, name TEXT, position INTEGER NOT NULL, PRIMARY KEY (person_id, name)) WITHOUT ROWID;
CREATE TABLE fields (
    id TEXT PRIMARY KEY, subcompany_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, select_options TEXT,
    description TEXT, UNIQUE (subcompany_id, name));
CREATE TABLE field_values (
    person_id TEXT, field_id TEXT, value TEXT NOT NULL, PRIMARY KEY (person_id, field_id)) WITHOUT ROWID;
CREATE INDEX field_values_field ON field_values (field_id);
CREATE TABLE tickets (
    id TEXT PRIMARY KEY, subcompany_id TEXT NOT NULL, person_id TEXT NOT NULL, subject TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE INDEX tickets_person ON tickets (person_id);
CREATE INDEX tickets_teamspace ON tickets (subcompany_id);
CREATE TABLE humans (
    id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, name TEXT, email TEXT, phone_number TEXT, profile_pic_url TEXT,
    tags TEXT NOT NULL, access_token TEXT, external_id TEXT, profile TEXT, created_at TEXT NOT NULL);
CREATE TABLE chats (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, channel_id TEXT NOT NULL, human_id TEXT NOT NULL,
    active INTEGER NOT NULL, lang TEXT NOT NULL, data TEXT NOT NULL, chat_token TEXT, reply_token TEXT, agent TEXT,
    simulated INTEGER NOT NULL, created_at TEXT NOT NULL, last_at REAL NOT NULL);
CREATE INDEX chats_human ON chats (human_id, n);
CREATE INDEX chats_last ON chats (last_at);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY AUTOINCREMENT, chat_id TEXT NOT NULL, author_type TEXT NOT NULL, author_id TEXT NOT NULL,
    author_name TEXT, type TEXT NOT NULL, data TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX messages_chat ON messages (chat_id, n);
CREATE TABLE turns (
    n INTEGER PRIMARY KEY AUTOINCREMENT, chat_id TEXT NOT NULL, due REAL NOT NULL, what TEXT NOT NULL);
CREATE TABLE deliveries (
    n INTEGER PRIMARY KEY AUTOINCREMENT, channel_id TEXT NOT NULL, kind TEXT NOT NULL, lane TEXT NOT NULL,
    rank REAL NOT NULL, body BLOB NOT NULL, signature TEXT, about TEXT, state TEXT NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL, status INTEGER, error TEXT, at REAL NOT NULL, done_at REAL);
CREATE INDEX deliveries_waiting ON deliveries (lane, rank) WHERE state = 'waiting';
CREATE INDEX deliveries_held ON deliveries (channel_id, n) WHERE state = 'held';
CREATE TABLE attempts (
    n INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER NOT NULL, at REAL NOT NULL, url TEXT NOT NULL,
    status INTEGER, error TEXT, seconds REAL NOT NULL, answer TEXT);
CREATE INDEX attempts_delivery ON attempts (delivery);
CREATE TABLE requests (
    n INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, body BLOB NOT NULL, body_size INTEGER NOT NULL, headers TEXT NOT NULL, status INTEGER,
    effect INTEGER NOT NULL, fault TEXT);
CREATE TABLE helpdesk_accounts (subcompany_id TEXT PRIMARY KEY, name TEXT NOT NULL, api_key TEXT NOT NULL);
CREATE TABLE helpdesk_items (
    n INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, resource TEXT NOT NULL, id TEXT, company_id TEXT,
    body TEXT NOT NULL);
CREATE INDEX helpdesk_items_id ON helpdesk_items (account, resource, id);
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pattern TEXT NOT NULL, regex INTEGER NOT NULL, kind TEXT NOT NULL,
    probability REAL NOT NULL, remaining INTEGER, options TEXT NOT NULL);
"""
DEMO_TABLES = (
    "teamspaces",
    "channels",
    "hooks",
    "people",
    "tags",
    "person_tags",
    "fields",
    "field_values",
    "tickets",
    "humans",
    "chats",
    "messages",
    "turns",
    "deliveries",
    "attempts",
    "helpdesk_accounts",
    "helpdesk_items",
    "requests",
    "faults",
    "settings",
)


class StateInUse(Exception):
    """Another sandbox works in this directory."""


class State:
    """The open file: queries, and transactions that hold all or nothing."""

    def __init__(self, directory: Path, *, fresh: bool = False) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / FILE_NAME
        try:
            self.db = self._open()
            if fresh or self.db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                self._create()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise StateInUse(f"another sandbox is using {directory}") from None

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=1, cached_statements=256)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        return db

    def _create(self) -> None:
        with self.transaction():
            names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            for row in names:
                self.db.execute(f'DROP TABLE "{row["name"]}"')
            for statement in SCHEMA.split(";"):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; within another transaction, a part of it that can fail by itself."""
        is_part = self.db.in_transaction
        self.db.execute("SAVEPOINT part" if is_part else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO part" if is_part else "ROLLBACK")
            raise
        finally:
            if is_part:
                self.db.execute("RELEASE part")
        if not is_part:
            self.db.execute("COMMIT")

    def rows(self, sql: str, args: Any = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(sql, args).fetchall()

    def row(self, sql: str, args: Any = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found: sqlite3.Row | None = self.db.execute(sql, args).fetchone()
        return found

    def run(self, sql: str, args: Any = ()) -> int:
        """Execute a change; the number of rows that it touched."""
        return self.db.execute(sql, args).rowcount

    def count(self, sql: str, args: Any = ()) -> int:
        """The one number that a query gives."""
        return int(self.db.execute(sql, args).fetchone()[0])

    def setting(self, key: str) -> str | None:
        """A stored setting, or None."""
        row = self.row("SELECT value FROM settings WHERE key = ?", (key,))
        return None if row is None else row["value"]

    def set_setting(self, key: str, value: str | None) -> None:
        """Store a setting; None forgets it."""
        self.run("DELETE FROM settings WHERE key = ?", (key,))
        if value is not None:
            self.run("INSERT INTO settings VALUES (?, ?)", (key, value))

    def clear(self) -> None:
        """Empty every table; the request numbers go on from where they were."""
        for table in DEMO_TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    def close(self) -> None:
        """Close the file."""
        self.db.close()
