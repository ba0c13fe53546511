"""The customers of Protocol projects (seed 002): each teamspace of the demo has one project."""
# ruff: noqa: S608 - what is put into SQL text are names of columns, from the constants below; values never are

import json
import sqlite3
from collections.abc import Iterable
from random import Random
from string import ascii_letters, digits
from time import time
from typing import Any

from protoadmin.sandbox.state import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS protocol_projects (
    project_id TEXT PRIMARY KEY, subcompany_id TEXT NOT NULL, name TEXT NOT NULL, token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS protocol_customers (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, project_id TEXT NOT NULL, username TEXT NOT NULL,
    phone_number TEXT NOT NULL, avatar_url TEXT, display_name TEXT, conversation_id TEXT NOT NULL, external_id TEXT,
    status TEXT NOT NULL, is_flagged INTEGER NOT NULL, meta TEXT NOT NULL, last_active_at INTEGER,
    last_transaction_at INTEGER, terminated_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    UNIQUE (project_id, id), UNIQUE (project_id, username));
CREATE INDEX IF NOT EXISTS protocol_listed ON protocol_customers (project_id, n)
"""
TABLES = ("protocol_projects", "protocol_customers")
COLUMNS = (
    "id",
    "project_id",
    "username",
    "phone_number",
    "avatar_url",
    "display_name",
    "conversation_id",
    "external_id",
    "status",
    "is_flagged",
    "meta",
    "last_active_at",
    "last_transaction_at",
    "terminated_at",
    "created_at",
    "updated_at",
)
LETTERS = ascii_letters + digits
SEED = 20260211


class ProtocolCustomers:
    """Rows of one state. Times are Unix seconds, as in the document's examples."""

    def __init__(self, state: State) -> None:
        self.state = state
        for statement in SCHEMA.split(";"):
            state.db.execute(statement)

    def clear(self) -> None:
        """Forget all of it."""
        for table in TABLES:
            self.state.run(f"DELETE FROM {table}")

    def fill(self) -> None:
        """Write the demo data: a project for each teamspace, and customers out of its people, the same every time."""
        rng = Random(SEED)  # noqa: S311 - the same customers every time
        self.clear()
        for team in self.state.rows("SELECT * FROM teamspaces ORDER BY rowid"):
            slug = team["name"].lower().replace(" ", "-")
            project_id = new_id(rng)
            row = (project_id, team["subcompany_id"], f"{team['name']} on Protocol", f"sandbox-demo-protocol-{slug}")
            self.state.run("INSERT INTO protocol_projects VALUES (?, ?, ?, ?)", row)
            people = self.state.rows(
                "SELECT * FROM people WHERE subcompany_id = ? AND phone_number <> '' ORDER BY rowid",
                (team["subcompany_id"],),
            )
            for number, person in enumerate(people):
                if rng.random() < 0.6:
                    self.add(project_id, _demo_customer(person, number, rng))

    def projects(self) -> list[sqlite3.Row]:
        """All projects."""
        return self.state.rows("SELECT * FROM protocol_projects ORDER BY rowid")

    def add(self, project_id: str, values: dict[str, Any]) -> str:
        """Insert a customer; what is not given is made up as Protocol would. Return the id."""
        now = int(time())
        row = {
            "id": new_id(),
            "avatar_url": None,
            "display_name": None,
            "conversation_id": new_id(),
            "external_id": None,
            "status": "active",
            "is_flagged": False,
            "meta": {},
            "last_active_at": None,
            "last_transaction_at": None,
            "terminated_at": None,
            "created_at": now,
            "updated_at": now,
            **values,
            "project_id": project_id,
        }
        row["meta"] = json.dumps(row["meta"])
        sql = f"INSERT INTO protocol_customers ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        self.state.run(sql, [row[name] for name in COLUMNS])
        return str(row["id"])

    def change(self, project_id: str, customer_id: str, values: dict[str, Any]) -> None:
        """Change what `values` names; the keys must be column names."""
        changes = {"updated_at": int(time())} | values
        if "meta" in changes:
            changes["meta"] = json.dumps(changes["meta"])
        names = ", ".join(f"{key} = ?" for key in changes)
        sql = f"UPDATE protocol_customers SET {names} WHERE project_id = ? AND id = ?"
        self.state.run(sql, (*changes.values(), project_id, customer_id))

    def delete(self, project_id: str, customer_id: str) -> None:
        """Remove a customer; the conversation goes with the row."""
        self.state.run("DELETE FROM protocol_customers WHERE project_id = ? AND id = ?", (project_id, customer_id))

    def one(self, project_id: str, customer_id: str) -> sqlite3.Row | None:
        """A customer by the id."""
        sql = "SELECT * FROM protocol_customers WHERE project_id = ? AND id = ?"
        return self.state.row(sql, (project_id, customer_id))

    def named(self, project_id: str, username: str) -> sqlite3.Row | None:
        """A customer by the username."""
        sql = "SELECT * FROM protocol_customers WHERE project_id = ? AND username = ?"
        return self.state.row(sql, (project_id, username))

    def listed(self, project_id: str, *, limit: int, before: int | None, active: bool | None) -> list[sqlite3.Row]:
        """Up to `limit` customers, newest first, behind the row number `before`."""
        sql = (
            "SELECT * FROM protocol_customers WHERE project_id = :project AND (:before IS NULL OR n < :before)"
            " AND (:active IS NULL OR (status = 'active') = :active) ORDER BY n DESC LIMIT :limit"
        )
        return self.state.rows(sql, {"project": project_id, "before": before, "active": active, "limit": limit})

    def search(self, project_id: str, text: str, *, limit: int, offset: int) -> tuple[list[sqlite3.Row], int]:
        """Return some of the customers with this text in a name, the phone or an id, newest first, and how many."""
        words = "username || ' ' || phone_number || ' ' || coalesce(display_name, '') || ' ' || id || ' '"
        where = f"FROM protocol_customers WHERE project_id = ? AND instr(lower({words} || coalesce(external_id, '')),"
        where += " lower(?)) > 0"
        args = (project_id, text)
        found = self.state.rows(f"SELECT * {where} ORDER BY n DESC LIMIT ? OFFSET ?", (*args, limit, offset))
        return found, self.state.count(f"SELECT count(*) {where}", args)


def customer_json(row: sqlite3.Row, project_id: str) -> dict[str, Any]:
    """A customer with the fields of the document's table and of its examples."""
    shown: dict[str, Any] = {name: row[name] for name in COLUMNS}
    return shown | {"project_id": project_id, "is_flagged": bool(row["is_flagged"]), "meta": json.loads(row["meta"])}


def new_id(rng: Random | None = None) -> str:
    """An id as in the document's examples: sixteen letters and digits."""
    return "".join((rng or Random()).choices(LETTERS, k=16))  # noqa: S311 - ids of a stand-in


def _demo_customer(person: sqlite3.Row, number: int, rng: Random) -> dict[str, Any]:
    """What Protocol knows of a person: the same phone, a username out of the name, sometimes the same external id."""
    created = 1_741_000_000 + number * 71_000 + rng.randrange(50_000)
    active = created + rng.randrange(20_000_000)
    kind = rng.choices(("active", "inactive", "terminated"), (86, 9, 5))[0]
    return {
        "id": new_id(rng),
        "username": _username(person, number),
        "phone_number": person["phone_number"],
        "avatar_url": person["avatar"] or None,
        "display_name": person["name"] if rng.random() < 0.5 else None,
        "conversation_id": new_id(rng),
        "external_id": person["provided_unique_id"] if rng.random() < 0.5 else None,
        "status": "inactive" if kind == "inactive" else "active" if kind == "active" else "terminated",
        "is_flagged": rng.random() < 0.05,
        "meta": rng.choice(({}, {"source": "app"}, {"source": "web", "tier": rng.choice(("gold", "silver"))})),
        "last_active_at": active if rng.random() < 0.8 else None,
        "last_transaction_at": active - rng.randrange(900_000) if rng.random() < 0.4 else None,
        "terminated_at": active + 86_400 if kind == "terminated" else None,
        "created_at": created,
        "updated_at": active,
    }


def _username(person: sqlite3.Row, number: int) -> str:
    words: Iterable[str] = (person["name"] or "Guest").replace(".", " ").replace("-", " ").split()
    plain = "".join(word[:1].upper() + word[1:] for word in words if word)
    return f"{plain}{number}"
