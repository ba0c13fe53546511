"""Simulated customers who keep writing at a given rate, so that there is something to look at.

Their own messages reach the product only when it lists the messages of a chat: Proto's webhooks carry what bot and
agents say, never what customers write.
"""

import json
import sqlite3
from random import Random
from time import time
from typing import Any

from protoadmin.sandbox.bot import PHRASES
from protoadmin.sandbox.chats import Chats
from protoadmin.sandbox.demo_names import COUNTRIES, made_up_name
from protoadmin.sandbox.records import Records
from protoadmin.sandbox.state import State
from protoadmin.sandbox.talk import Talk

MESSAGES = 300
MOST_PER_MINUTE = 6000
AT_ONCE = 100
OPEN_CHATS = 12
NEW_CHAT = 0.3
TOPICS = ("order", "payment", "products")
FIRST_AFTER = 1.0


class Traffic:
    """A rate in messages a minute, and how many messages are left until it stops by itself."""

    def __init__(self, state: State, records: Records, chats: Chats, talk: Talk) -> None:
        self.state, self.records, self.chats, self.talk = state, records, chats, talk
        self.dice = Random()  # noqa: S311 - who writes next
        self.reload()

    def reload(self) -> None:
        """Read everything from the state."""
        known = json.loads(self.state.setting("traffic") or "{}")
        self.per_minute = float(known.get("per_minute", 0))
        self.left = int(known.get("left", 0))
        self.next = time() + FIRST_AFTER

    @property
    def is_on(self) -> bool:
        """Whether customers are writing."""
        return self.per_minute > 0 and self.left > 0

    def start(self, per_minute: float, messages: int = MESSAGES) -> None:
        """Let customers write so often; 0 stops them."""
        self.per_minute, self.left = per_minute, messages if per_minute > 0 else 0
        self.next = time() + min(FIRST_AFTER, 60 / per_minute if per_minute else 0)
        self._keep()
        self.talk.wake()

    def as_json(self) -> dict[str, Any]:
        """How it is going."""
        return {"on": self.is_on, "per_minute": self.per_minute, "left": self.left}

    def tick(self, now: float) -> float | None:
        """Let those write whose time has come; when the next one will, None when nobody does."""
        if not self.is_on:
            return None
        before = self.left
        for _ in range(AT_ONCE):
            if self.next > now or not self.left:
                break
            self._write()
            self.left -= 1
            self.next += 60 / self.per_minute * self.dice.uniform(0.6, 1.4)
        else:
            self.next = now
        if self.left != before:
            self._keep()
        return self.next if self.left else None

    def _keep(self) -> None:
        self.state.set_setting("traffic", json.dumps({"per_minute": self.per_minute, "left": self.left}))

    def _write(self) -> None:
        chat = self._chat() or self._new_chat()
        if chat is not None:
            self.talk.customer_says(chat, self._message(chat))

    def _chat(self) -> sqlite3.Row | None:
        """A chat whose customer has been answered and has not gone."""
        if self.dice.random() < NEW_CHAT:
            return None
        sql = """SELECT * FROM chats c WHERE simulated AND active AND (SELECT author_type FROM messages m
                 WHERE m.chat_id = c.id ORDER BY m.n DESC LIMIT 1) != 'human' ORDER BY n DESC LIMIT ?"""
        found = self.state.rows(sql, (OPEN_CHATS,))
        return self.dice.choice(found) if found else None

    def _new_chat(self) -> sqlite3.Row | None:
        if not self.records.channels:
            return None
        channel_id = self.dice.choice(list(self.records.channels))
        human_id, lang = self._human(channel_id)
        data = {"source": "website", "simulated": True}
        return self.chats.chat(self.chats.add_chat(channel_id, human_id, lang=lang, data=data, simulated=True))

    def _human(self, channel_id: str) -> tuple[str, str]:
        """Somebody known, in the language of their last chat, or somebody new."""
        sql = "SELECT human_id, lang FROM chats WHERE channel_id = ? ORDER BY random() LIMIT 1"
        known = self.state.row(sql, (channel_id,))
        if known and self.dice.random() < 0.5:
            return known["human_id"], known["lang"]
        country = self.dice.choice([each for each in COUNTRIES.values() if each.language in PHRASES])
        name, latin = made_up_name(country, self.dice)
        values = {"name": name, "email": f"{latin}@example.com"}
        return self.chats.add_human(channel_id, values), country.language

    def _message(self, chat: sqlite3.Row) -> dict[str, Any]:
        said = PHRASES.get(chat["lang"]) or PHRASES["en"]
        sql = "SELECT author_type, count(*) AS count FROM messages WHERE chat_id = ? GROUP BY author_type"
        counts = {row["author_type"]: row["count"] for row in self.state.rows(sql, (chat["id"],))}
        written, by_agent = counts.get("human", 0), counts.get("agent", 0)
        if chat["agent"]:
            lines = [*said["customer_lines"], said["thanks"]]
            return _text(lines[min(max(by_agent - 1, 0), len(lines) - 1)])
        if written == 0:
            return _text(self.dice.choice((said["hi"], said["customer_lines"][0])))
        if written < 3:
            return self._asking(said, written, TOPICS[(int(chat["id"][:4], 16) + written) % len(TOPICS)])
        return _text(said["quick"]["agent"][1] if self.dice.random() < 0.5 else said["thanks"])

    def _asking(self, said: dict[str, Any], written: int, topic: str) -> dict[str, Any]:
        """A question, sometimes a click or a file; never the same twice, since its answer would look like a repeat."""
        if written == 1 and self.dice.random() < 0.25:
            return {"type": "button", "data": {"payload": said["cards"][1][0]}}
        if written == 2 and self.dice.random() < 0.25:
            url = "https://www.example.com/uploads/receipt.jpg"
            return {"type": "media", "data": {"attachment": {"filename": "receipt.jpg", "url": url}}}
        return _text(said["quick"][topic][1])


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "data": {"text": words}}
