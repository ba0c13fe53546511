"""What the gateway stores: humans, their chats, and the messages of those."""

import json
import os
import sqlite3
from random import Random
from time import time
from typing import Any

from protoadmin.sandbox.ids import timestamp
from protoadmin.sandbox.records import like
from protoadmin.sandbox.state import State

HUMAN_COLUMNS = {
    "name": "name",
    "email": "email",
    "phoneNumber": "phone_number",
    "profilePicUrl": "profile_pic_url",
    "tags": "tags",
    "accessToken": "access_token",
    "externalId": "external_id",
}


class Chats:
    """Rows of one state; whoever changes several things opens a transaction around them."""

    def __init__(self, state: State) -> None:
        self.state = state

    def human(self, channel_id: str, human_id: str) -> sqlite3.Row | None:
        """A human of a channel."""
        return self.state.row("SELECT * FROM humans WHERE id = ? AND channel_id = ?", (human_id, channel_id))

    def human_of(self, chat: sqlite3.Row) -> dict[str, Any]:
        """All that is known of the human of a chat."""
        row = self.state.row("SELECT * FROM humans WHERE id = ?", (chat["human_id"],))
        return dict(row) if row else {"id": chat["human_id"], "name": None, "access_token": None}

    def add_human(self, channel_id: str, values: dict[str, Any], *, human_id: str = "", created_at: str = "") -> str:
        """Make a human out of the documented keys; returns the id."""
        row = [values.get(key) for key in HUMAN_COLUMNS]
        row[list(HUMAN_COLUMNS).index("tags")] = json.dumps(values.get("tags") or [])
        made = human_id or f"human_{os.urandom(7).hex()[:13]}"
        self.state.run(
            "INSERT INTO humans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (made, channel_id, *row, created_at or timestamp()),
        )
        return made

    def change_human(self, human_id: str, values: dict[str, Any]) -> None:
        """Change what is given of a human."""
        for key, value in values.items():
            stored = json.dumps(value) if key == "tags" else value
            self.state.run(f"UPDATE humans SET {HUMAN_COLUMNS[key]} = ? WHERE id = ?", (stored, human_id))  # noqa: S608

    def keep_profile(self, human_id: str, profile: dict[str, Any]) -> None:
        """Note what the profile webhook answered."""
        self.state.run("UPDATE humans SET profile = ? WHERE id = ?", (json.dumps(profile), human_id))

    def chat(self, chat_id: str, channel_id: str | None = None) -> sqlite3.Row | None:
        """A chat, of one channel or of any."""
        sql = "SELECT * FROM chats WHERE id = ? AND (? IS NULL OR channel_id = ?)"
        return self.state.row(sql, (chat_id, channel_id, channel_id))

    def add_chat(
        self,
        channel_id: str,
        human_id: str,
        *,
        lang: str,
        data: dict[str, Any] | None = None,
        chat_token: str | None = None,
        simulated: bool = False,
        at: float | None = None,
        rng: Random | None = None,
    ) -> str:
        """Start a chat; returns the id."""
        chat_id = os.urandom(16).hex() if rng is None else f"{rng.getrandbits(128):032x}"
        moment = time() if at is None else at
        sql = """INSERT INTO chats (id, channel_id, human_id, active, lang, data, chat_token, simulated, created_at,
                 last_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)"""
        created = timestamp(moment)[:19] + "Z"
        row = (chat_id, channel_id, human_id, lang, json.dumps(data or {}), chat_token, simulated, created, moment)
        self.state.run(sql, row)
        return chat_id

    def change_chat(self, chat_id: str, **changes: Any) -> None:
        """Change columns of a chat."""
        for column, value in changes.items():
            self.state.run(f"UPDATE chats SET {column} = ? WHERE id = ?", (value, chat_id))  # noqa: S608 - names of ours

    def listed(self, channel_id: str, *, human_id: str, chat_id: str, limit: int) -> list[sqlite3.Row]:
        """Chats of a human, or one chat, newest first."""
        sql = """SELECT * FROM chats WHERE channel_id = :channel AND (:human = '' OR human_id = :human)
                 AND (:chat = '' OR id = :chat) ORDER BY created_at DESC, n DESC LIMIT :limit"""
        return self.state.rows(sql, {"channel": channel_id, "human": human_id, "chat": chat_id, "limit": limit})

    def search(
        self, channel_id: str | None, *, search: str = "", limit: int = 50, offset: int = 0
    ) -> tuple[list[sqlite3.Row], int]:
        """Chats of one channel or of all, those with the newest message first, and how many match."""
        where = """(:channel IS NULL OR c.channel_id = :channel) AND (:like = '%%' OR h.name LIKE :like ESCAPE '\\'
                   OR c.id LIKE :like ESCAPE '\\' OR h.id LIKE :like ESCAPE '\\')"""
        args = {"channel": channel_id, "like": like(search), "limit": limit, "offset": offset}
        source = f"FROM chats c JOIN humans h ON h.id = c.human_id WHERE {where}"
        sql = f"SELECT c.*, h.name {source} ORDER BY c.last_at DESC, c.n DESC LIMIT :limit OFFSET :offset"
        return self.state.rows(sql, args), self.state.count(f"SELECT count(*) {source}", args)

    def add_message(
        self, chat_id: str, author: dict[str, Any], message: dict[str, Any], *, at: float | None = None
    ) -> int:
        """Append a message; returns its number, which only ever grows."""
        moment = time() if at is None else at
        sql = """INSERT INTO messages (chat_id, author_type, author_id, author_name, type, data, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)"""
        row = (chat_id, author["type"], author["id"], author.get("name"), message["type"], json.dumps(message["data"]))
        n = self.state.db.execute(sql, (*row, moment)).lastrowid or 0
        self.state.run("UPDATE chats SET last_at = ? WHERE id = ?", (moment, chat_id))
        return n

    def message(self, n: int) -> sqlite3.Row | None:
        """A message by its number."""
        return self.state.row("SELECT * FROM messages WHERE n = ?", (n,))

    def messages(self, chat_id: str) -> list[sqlite3.Row]:
        """All messages of a chat in the order in which they were said."""
        return self.state.rows("SELECT * FROM messages WHERE chat_id = ? ORDER BY n", (chat_id,))

    def last_message(self, chat_id: str) -> sqlite3.Row | None:
        """The newest message of a chat."""
        return self.state.row("SELECT * FROM messages WHERE chat_id = ? ORDER BY n DESC LIMIT 1", (chat_id,))

    def human_ref(self, human_id: str) -> dict[str, Any]:
        """A human as chats name them."""
        row = self.state.row("SELECT name FROM humans WHERE id = ?", (human_id,))
        return {"id": human_id, "name": row["name"] if row else None}

    def chat_json(self, chat: sqlite3.Row) -> dict[str, Any]:
        """A chat as the answer to its creation shows it (seed 004, Create a chat)."""
        return {
            "id": chat["id"],
            "active": bool(chat["active"]),
            "createdAt": chat["created_at"],
            "human": self.human_ref(chat["human_id"]),
        }


def human_json(human: sqlite3.Row) -> dict[str, Any]:
    """A human as the gateway shows them; what is not known is left out (seed 004, Get Human information)."""
    shown = {"id": human["id"]} | {key: human[column] for key, column in HUMAN_COLUMNS.items()}
    shown["tags"] = json.loads(human["tags"])
    return {key: value for key, value in shown.items() if value is not None}


def message_json(message: sqlite3.Row) -> dict[str, Any]:
    """A message as the list shows it: no id, no time (seed 004, List messages)."""
    return {
        "author": {"type": message["author_type"], "id": message["author_id"]},
        "message": {"type": message["type"], "data": json.loads(message["data"])},
    }
