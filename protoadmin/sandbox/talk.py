"""How a conversation goes on: the customer writes, and after a moment the bot or an agent answers.

What is still to be said waits as a row (`turns`), so that it is said after a restart too.
"""

import json
import sqlite3
import sys
import traceback
from collections.abc import Callable
from random import Random
from time import time
from typing import Any

from protoadmin.sandbox import bot
from protoadmin.sandbox.chats import Chats
from protoadmin.sandbox.outbound import Outbound
from protoadmin.sandbox.records import Records
from protoadmin.sandbox.state import State
from protoadmin.sandbox.wire import to_json

REPLY_DELAY = (0.4, 1.2)
AGENT_IS_SLOWER = 3.0


class Talk:
    """Conversations of one state. `wake` is called when there is something to do soon."""

    def __init__(
        self,
        state: State,
        records: Records,
        chats: Chats,
        outbound: Outbound,
        *,
        delay: tuple[float, float] = REPLY_DELAY,
    ) -> None:
        self.state, self.records, self.chats, self.outbound = state, records, chats, outbound
        self.default_delay = delay
        self.dice = Random()  # noqa: S311 - how long a moment is
        self.wake: Callable[[], None] = lambda: None

    @property
    def delay(self) -> tuple[float, float]:
        """How long a bot takes to answer, in seconds: at least and at most."""
        low, high = json.loads(self.state.setting("reply_delay") or "null") or self.default_delay
        return float(low), float(high)

    def set_delay(self, low: float, high: float) -> None:
        """Let the bot take its time."""
        self.state.set_setting("reply_delay", json.dumps([low, high]))

    def customer_says(self, chat: sqlite3.Row, message: dict[str, Any], *, reply_token: str | None = None) -> None:
        """Store what a customer wrote, and have it answered. A chat that had ended goes on."""
        changes: dict[str, Any] = {"active": 1} | ({"reply_token": reply_token} if reply_token is not None else {})
        self.chats.change_chat(chat["id"], **changes)
        author = {"type": "human", "id": chat["human_id"]}
        n = self.chats.add_message(chat["id"], author, message)
        if n and not self.state.row("SELECT 1 FROM messages WHERE chat_id = ? AND n < ?", (chat["id"], n)):
            self._ask_for_profile(chat)
        self._turn(chat["id"], {"answer": n})

    def say(self, chat_id: str, author: dict[str, Any], messages: list[dict[str, Any]]) -> None:
        """Let the bot or an agent say something: stored, and on its way to the product."""
        chat = self.chats.chat(chat_id)
        if chat is None:
            return
        for message in messages:
            self.chats.add_message(chat_id, author, message)
        sent = [{"author": author, "type": message["type"], "data": message["data"]} for message in messages]
        self.outbound.announce(chat, self.outbound.event(chat, self.chats.human_of(chat), sent))
        self.wake()

    def say_again(self, chat: sqlite3.Row) -> bool:
        """Deliver everything that bot and agents have said in a chat, in one event; False if they said nothing."""
        said = [
            {
                "author": {"type": row["author_type"], "id": row["author_id"], "name": row["author_name"]},
                "type": row["type"],
                "data": json.loads(row["data"]),
            }
            for row in self.chats.messages(chat["id"])
            if row["author_type"] != "human"
        ]
        if said:
            self.outbound.announce(chat, self.outbound.event(chat, self.chats.human_of(chat), said))
        return bool(said)

    def take_turns(self, now: float) -> float | None:
        """Say what is due; when the next turn is."""
        for turn in self.state.rows("SELECT * FROM turns WHERE due <= ? ORDER BY due, n", (now,)):
            self.state.run("DELETE FROM turns WHERE n = ?", (turn["n"],))
            try:
                with self.state.transaction():
                    self._take(turn["chat_id"], json.loads(turn["what"]))
            except Exception:  # noqa: BLE001 - one turn must not silence all others
                traceback.print_exc(file=sys.stderr)
        row = self.state.row("SELECT min(due) AS due FROM turns")
        return row["due"] if row else None

    def _turn(self, chat_id: str, what: dict[str, Any], *, slower: float = 1.0) -> None:
        low, high = self.delay
        if high <= 0:
            self._take(chat_id, what)
            return
        last = self.state.row("SELECT max(due) AS due FROM turns WHERE chat_id = ?", (chat_id,))
        due = max(time() + self.dice.uniform(low, high) * slower, (last["due"] if last else None) or 0)
        self.state.run("INSERT INTO turns (chat_id, due, what) VALUES (?, ?, ?)", (chat_id, due, json.dumps(what)))
        self.wake()

    def _take(self, chat_id: str, what: dict[str, Any]) -> None:
        chat = self.chats.chat(chat_id)
        if chat is None:
            return
        if "say" in what:
            self.say(chat_id, what["say"]["author"], what["say"]["messages"])
            return
        message = self.chats.message(what["answer"])
        if message is None:
            return
        reply = bot.reply(self._scene(chat), message["type"], json.loads(message["data"]))
        if reply.agent:
            self.chats.change_chat(chat_id, agent=reply.agent)
        self.say(chat_id, reply.now.author, reply.now.messages)
        if reply.ends:
            self.chats.change_chat(chat_id, active=0)
        if reply.later:
            later = {"author": reply.later.author, "messages": reply.later.messages}
            self._turn(chat_id, {"say": later}, slower=AGENT_IS_SLOWER)

    def _scene(self, chat: sqlite3.Row) -> bot.Scene:
        sql = "SELECT count(*) FROM messages WHERE chat_id = ? AND author_type = ?"
        return bot.Scene(
            chat["channel_id"],
            chat["lang"],
            name=self.chats.human_ref(chat["human_id"])["name"],
            agent=chat["agent"],
            answers=self.state.count(sql, (chat["id"], "bot")),
            agent_answers=max(0, self.state.count(sql, (chat["id"], "agent")) - 1),
        )

    def _ask_for_profile(self, chat: sqlite3.Row) -> None:
        """Send the profile request (seed 004, Human profile Webhook), once for a human."""
        human = self.chats.human(chat["channel_id"], chat["human_id"])
        if human is not None and human["profile"] is None:
            self.ask_for_profile(chat["channel_id"], human, chat_token=chat["chat_token"])

    def ask_for_profile(self, channel_id: str, human: sqlite3.Row, *, chat_token: str | None = None) -> list[int]:
        """Queue a profile request; nothing without a profile URL."""
        if not self.outbound.hook(channel_id)["profile_url"]:
            return []
        body: dict[str, Any] = {"human": human["external_id"] or human["id"]}
        if chat_token is not None:
            body["chatToken"] = chat_token
        self.wake()
        return self.outbound.add(channel_id, to_json(body), kind="profile", about=human["id"])

    def take_profile(self, channel_id: str, human_id: str, status: int | None, answer: str) -> None:
        """Keep what the profile webhook answered, and fill in what was not known of the human."""
        human = self.chats.human(channel_id, human_id)
        if human is None:
            return
        try:
            result = json.loads(answer)["result"]
        except (ValueError, TypeError, KeyError):
            result = None
        self.chats.keep_profile(human_id, {"status": status, "result": result})
        known = result if isinstance(result, dict) else {}
        values = {key: known[key] for key in ("name", "email") if isinstance(known.get(key), str) and not human[key]}
        self.chats.change_human(human_id, values)
