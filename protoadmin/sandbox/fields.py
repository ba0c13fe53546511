"""Custom fields of people: definitions, values, and which value fits which type."""

import json
import sqlite3
from datetime import date
from typing import Any

from protoadmin.sandbox.ids import ulid
from protoadmin.sandbox.state import State

TYPES = ("text", "number", "toggle", "date", "select")


class Fields:
    """Rows of one state; whoever changes several things opens a transaction around them."""

    def __init__(self, state: State) -> None:
        self.state = state

    def all(self, subcompany_id: str) -> list[sqlite3.Row]:
        """The fields of a teamspace in the order in which they were made."""
        return self.state.rows("SELECT * FROM fields WHERE subcompany_id = ? ORDER BY rowid", (subcompany_id,))

    def by_id(self, field_id: str, subcompany_id: str | None = None) -> sqlite3.Row | None:
        """A field by its id, of one teamspace or of any."""
        sql = "SELECT * FROM fields WHERE id = ? AND (? IS NULL OR subcompany_id = ?)"
        return self.state.row(sql, (field_id, subcompany_id, subcompany_id))

    def by_name(self, subcompany_id: str, name: str) -> sqlite3.Row | None:
        """A field of a teamspace by its exact name."""
        return self.state.row("SELECT * FROM fields WHERE subcompany_id = ? AND name = ?", (subcompany_id, name))

    def add(
        self,
        subcompany_id: str,
        *,
        name: str,
        type: str,
        select_options: list[str] | None = None,
        description: str | None = None,
        field_id: str = "",
    ) -> str:
        """Make a field; returns its id. The name must be free."""
        row = (field_id or ulid(), subcompany_id, name, type, _options_text(select_options), description)
        self.state.run("INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?)", row)
        return row[0]

    def change(self, field_id: str, changes: dict[str, Any]) -> None:
        """Change columns of a field; `select_options` as a list or None."""
        if "select_options" in changes:
            changes = changes | {"select_options": _options_text(changes["select_options"])}
        for column, value in changes.items():
            self.state.run(f"UPDATE fields SET {column} = ? WHERE id = ?", (value, field_id))  # noqa: S608 - names of ours

    def delete(self, field_id: str) -> None:
        """Remove a field with everybody's values."""
        self.state.run("DELETE FROM field_values WHERE field_id = ?", (field_id,))
        self.state.run("DELETE FROM fields WHERE id = ?", (field_id,))

    def set_value(self, person_id: str, field_id: str, value: Any) -> None:
        """Give a person a value."""
        self.state.run("INSERT OR REPLACE INTO field_values VALUES (?, ?, ?)", (person_id, field_id, json.dumps(value)))

    def values_of(self, person_id: str) -> dict[str, Any]:
        """A person's values by field name."""
        sql = "SELECT name, value FROM field_values JOIN fields ON id = field_id WHERE person_id = ? ORDER BY name"
        return {row["name"]: json.loads(row["value"]) for row in self.state.rows(sql, (person_id,))}


def field_json(field: sqlite3.Row) -> dict[str, Any]:
    """A field as list-custom-fields shows it."""
    return {
        "id": field["id"],
        "name": field["name"],
        "type": field["type"],
        "select_options": options_of(field),
        "description": field["description"],
    }


def options_of(field: sqlite3.Row) -> list[str] | None:
    """The options of a select field, None for every other type."""
    return None if field["select_options"] is None else json.loads(field["select_options"])


def misfit(field: sqlite3.Row, value: Any) -> tuple[str, str] | None:
    """Why a value does not fit its field, as (type, msg) of a 422 entry; None when it does."""
    match field["type"]:
        case "select":
            options = options_of(field) or []
            if value not in options:
                return "enum", "Input should be " + " or ".join(f"'{option}'" for option in options)
        case "number":
            if not _is_number(value):
                return "float_type", "Input should be a valid number"
        case "toggle":
            if not isinstance(value, bool) and value not in ("true", "false"):
                return "bool_type", "Input should be a valid boolean"
        case "date":
            if not _is_date(value):
                return "date_from_datetime_parsing", "Input should be a valid date, in the form YYYY-MM-DD"
        case _:
            if not isinstance(value, str):
                return "string_type", "Input should be a valid string"
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            return abs(float(value)) < float("inf")
        except ValueError:
            return False
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _options_text(options: list[str] | None) -> str | None:
    return None if options is None else json.dumps(options, ensure_ascii=False)
