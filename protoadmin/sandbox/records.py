"""What the remote system stores: teamspaces, channels, people with their tags, and tickets."""
# ruff: noqa: S608 - what is put into SQL text are names of columns, from the constants below; values never are

import sqlite3
from collections.abc import Iterable
from typing import Any

from protoadmin.sandbox.ids import timestamp, ulid
from protoadmin.sandbox.state import State

WRITABLE = ("external_customer_id", "name", "location", "email", "phone_number", "avatar")
SHOWN = (
    "id",
    "provided_unique_id",
    "external_customer_id",
    "gateway_profile_id",
    "name",
    "location",
    "email",
    "phone_number",
    "avatar",
)
IDENTIFIERS = {
    "customer_id": "id",
    "external_customer_id": "external_customer_id",
    "gateway_profile_id": "gateway_profile_id",
    "provided_unique_id": "provided_unique_id",
}
SEARCHED = ("provided_unique_id", "external_customer_id", "name", "email", "phone_number", "id")


class Records:
    """Rows of one state; whoever changes several things opens a transaction around them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.teamspaces: dict[str, sqlite3.Row] = {}
        self.channels: dict[str, sqlite3.Row] = {}
        self.reload()

    def reload(self) -> None:
        """Read the few rows again that every request needs."""
        self.teamspaces = {row["subcompany_id"]: row for row in self.state.rows("SELECT * FROM teamspaces")}
        self.channels = {row["channel_id"]: row for row in self.state.rows("SELECT * FROM channels")}

    def teamspace(self, wanted: str | None) -> str | None:
        """The subcompany_id of a teamspace given by its id or its name."""
        if wanted in self.teamspaces:
            return wanted
        return next((key for key, row in self.teamspaces.items() if row["name"] == wanted), None)

    def person(self, subcompany_id: str, provided_unique_id: str) -> sqlite3.Row | None:
        """A person by the id that the workspace gave them."""
        return self.find_person(subcompany_id, "provided_unique_id", provided_unique_id)

    def find_person(self, subcompany_id: str, identifier: str, value: str) -> sqlite3.Row | None:
        """A person by one of the four identifiers of create-ticket; the oldest where several match."""
        sql = f"SELECT * FROM people WHERE subcompany_id = ? AND {IDENTIFIERS[identifier]} = ? ORDER BY rowid LIMIT 1"
        return self.state.row(sql, (subcompany_id, value))

    def save_person(self, subcompany_id: str, provided_unique_id: str, values: dict[str, Any]) -> str:
        """Insert a person or change what `values` names; returns the id. The keys must be column names."""
        now = timestamp()
        person = self.person(subcompany_id, provided_unique_id)
        if person is None:
            new_id = values.get("id") or ulid()
            row = (
                {"created_at": now, "updated_at": now}
                | values
                | {"id": new_id, "subcompany_id": subcompany_id, "provided_unique_id": provided_unique_id}
            )
            self.state.run(
                f"INSERT INTO people ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
            )
            return str(new_id)
        changes = {"updated_at": now} | values
        self.state.run(
            f"UPDATE people SET {', '.join(f'{key} = ?' for key in changes)} WHERE id = ?",
            (*changes.values(), person["id"]),
        )
        return str(person["id"])

    def delete_person(self, person_id: str) -> None:
        """Remove a person with tags, values and tickets."""
        for table in ("person_tags", "field_values", "tickets"):
            self.state.run(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))
        self.state.run("DELETE FROM people WHERE id = ?", (person_id,))

    def person_json(self, person: sqlite3.Row) -> dict[str, Any]:
        """A person as get-customer shows them: everything but the custom field values (seed 000, Get customer)."""
        shown: dict[str, Any] = {key: person[key] for key in SHOWN}
        shown["tags"] = self.tags_of(person["id"])
        shown["created_at"] = person["created_at"]
        shown["updated_at"] = person["updated_at"]
        return shown

    def people(
        self,
        subcompany_id: str | None,
        *,
        search: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[sqlite3.Row], int]:
        """People of one teamspace or of all, newest change first, and how many match."""
        matches = " OR ".join(f"{column} LIKE :like ESCAPE '\\'" for column in SEARCHED)
        where = f"(:sub IS NULL OR subcompany_id = :sub) AND (:like = '%%' OR {matches})"
        args = {"sub": subcompany_id, "like": like(search), "limit": limit, "offset": offset}
        sql = f"SELECT * FROM people WHERE {where} ORDER BY updated_at DESC, rowid LIMIT :limit OFFSET :offset"
        return self.state.rows(sql, args), self.state.count(f"SELECT count(*) FROM people WHERE {where}", args)

    def tags_of(self, person_id: str) -> list[str]:
        """The names of a person's tags in the order in which they were added."""
        sql = "SELECT name FROM person_tags WHERE person_id = ? ORDER BY position"
        return [row["name"] for row in self.state.rows(sql, (person_id,))]

    def unknown_tags(self, subcompany_id: str, names: Iterable[str]) -> list[str]:
        """Those of the names that are no tag of the teamspace."""
        sql = "SELECT 1 FROM tags WHERE subcompany_id = ? AND name = ?"
        return [name for name in names if self.state.row(sql, (subcompany_id, name)) is None]

    def add_tags(self, subcompany_id: str, person_id: str, names: Iterable[str]) -> None:
        """Put tags on a person; unknown ones come to be."""
        position = self.state.count(
            "SELECT coalesce(max(position), 0) FROM person_tags WHERE person_id = ?", (person_id,)
        )
        for name in names:
            position += 1
            self.state.run("INSERT OR IGNORE INTO tags VALUES (?, ?)", (subcompany_id, name))
            self.state.run("INSERT OR IGNORE INTO person_tags VALUES (?, ?, ?)", (person_id, name, position))

    def set_tags(self, subcompany_id: str, person_id: str, names: Iterable[str]) -> None:
        """Let a person have these tags and no others."""
        self.state.run("DELETE FROM person_tags WHERE person_id = ?", (person_id,))
        self.add_tags(subcompany_id, person_id, names)

    def add_ticket(
        self, subcompany_id: str, person_id: str, subject: str, *, ticket_id: str = "", created_at: str = ""
    ) -> str:
        """Make a ticket; returns its id."""
        row = (ticket_id or ulid(), subcompany_id, person_id, subject, created_at or timestamp())
        self.state.run("INSERT INTO tickets VALUES (?, ?, ?, ?, ?)", row)
        return row[0]

    def tickets(
        self,
        subcompany_id: str | None,
        *,
        person_id: str | None = None,
        search: str = "",
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[list[dict[str, Any]], int]:
        """Tickets, newest first, with whom they are about, and how many match."""
        where = (
            "(:sub IS NULL OR t.subcompany_id = :sub) AND (:person IS NULL OR person_id = :person)"
            " AND (:like = '%%' OR subject LIKE :like ESCAPE '\\' OR p.name LIKE :like ESCAPE '\\'"
            " OR p.provided_unique_id LIKE :like ESCAPE '\\')"
        )
        source = f"FROM tickets t JOIN people p ON p.id = person_id WHERE {where}"
        args = {"sub": subcompany_id, "person": person_id, "like": like(search), "limit": limit, "offset": offset}
        sql = f"""SELECT t.id, t.subject, t.created_at, t.subcompany_id, person_id AS customer_id,
                  p.provided_unique_id, p.name {source} ORDER BY t.created_at DESC, t.rowid DESC
                  LIMIT :limit OFFSET :offset"""
        found = [dict(row) for row in self.state.rows(sql, args)]
        return found, self.state.count(f"SELECT count(*) {source}", args)


def like(search: str) -> str:
    """A LIKE pattern that finds `search` anywhere, its own wildcards taken literally."""
    escaped = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
