"""Webhooks that go out: where to, how signed, how they misbehave, and the durable queue of them.

A delivery is a row: it waits until it is due, goes out after those before it in its lane (the chat), and is tried
again with pauses until it is taken. With `bulk` or `shuffle` deliveries are held until there are enough of them.
"""

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable
from random import Random
from time import time
from typing import Any
from urllib.parse import urlsplit

from protoadmin.sandbox.guard import on_loopback
from protoadmin.sandbox.state import State
from protoadmin.sandbox.wire import to_json

STYLES = ("hex", "HEX", "prefixed", "base64", "wrong", "none")
PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
HOLD_SECONDS = 2.0
KEEP = 5_000
MANNERS: dict[str, Any] = {"repeat": 0, "late": 0.0, "shuffle": 0, "bulk": 0, "bulk_as": "events", "newer_keys": True}
TRY_AGAIN = frozenset({404, 408, 425, 429})
INSERT = """INSERT INTO deliveries (channel_id, kind, lane, rank, body, signature, about, state, due, attempts, at)
            VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, 0, ?)"""


class Outbound:
    """The deliveries of one state. `base` is where the product is, and the only place besides loopback."""

    def __init__(self, state: State, *, base: str = "", pauses: Iterable[float] = PAUSES) -> None:
        self.state = state
        self.base = base.rstrip("/")
        self.pauses = tuple(pauses)
        self.dice = Random()  # noqa: S311 - an order of deliveries
        self.reload()

    def reload(self) -> None:
        """Read everything from the state."""
        self.manners = MANNERS | json.loads(self.state.setting("manners") or "{}")
        self.hooks = {row["channel_id"]: dict(row) for row in self.state.rows("SELECT * FROM hooks")}

    def set_manners(self, changes: dict[str, Any]) -> None:
        """Change how deliveries go out: `repeat, late, shuffle, bulk, bulk_as, newer_keys`."""
        self.manners |= changes
        self.state.set_setting("manners", json.dumps(self.manners))

    def behave(self) -> None:
        """Back to good manners and a right signature."""
        self.manners = dict(MANNERS)
        self.state.set_setting("manners", None)
        for channel_id, hook in list(self.hooks.items()):
            if hook["signature"] in ("wrong", "none"):
                self.set_hook(channel_id, {"signature": "hex"})

    def hook(self, channel_id: str) -> dict[str, str]:
        """Where a channel's webhooks go and how they are signed."""
        empty = {"channel_id": channel_id, "webhook_url": "", "profile_url": "", "signature": "hex"}
        return self.hooks.get(channel_id) or empty

    def set_hook(self, channel_id: str, changes: dict[str, str]) -> None:
        """Change `webhook_url`, `profile_url`, `signature` of a channel."""
        self.hooks[channel_id] = self.hook(channel_id) | changes
        row = tuple(self.hooks[channel_id][key] for key in ("channel_id", "webhook_url", "profile_url", "signature"))
        self.state.run("INSERT OR REPLACE INTO hooks VALUES (?, ?, ?, ?)", row)

    def point_at_base(self, channel_ids: Iterable[str]) -> None:
        """Let the channels call the product at `base`, at the addresses of its receivers."""
        for channel_id in channel_ids if self.base else ():
            url = f"{self.base}/webhooks/{channel_id}/"
            self.set_hook(channel_id, {"webhook_url": url, "profile_url": f"{url}profile/"})

    def may_call(self, url: str) -> bool:
        """Whether the sandbox may connect there: to loopback, or where `base` says that the product is."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return False
        allowed = urlsplit(self.base)
        same = (parts.scheme, parts.netloc.lower()) == (allowed.scheme, allowed.netloc.lower())
        return same or on_loopback(parts.netloc.rpartition("@")[2])

    def event(self, chat: sqlite3.Row, human: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
        """One event in the shape of the sample (seed 004, Sample webhook), with the newer keys if wanted."""
        newer = self.manners["newer_keys"]
        event: dict[str, Any] = {"type": "new_messages", "channel": {"id": chat["channel_id"]}} if newer else {}
        event["chat"] = {"id": chat["id"], "human": {"id": human["id"], "name": human["name"]}}
        for key, value in (
            ("chatToken", chat["chat_token"]),
            ("replyToken", chat["reply_token"]),
            ("accessToken", human.get("access_token")),
        ):
            if value is not None:
                event[key] = value
        return event | {"messages": messages}

    def announce(self, chat: sqlite3.Row, event: dict[str, Any]) -> None:
        """Queue an event for the product, in the manner of the moment; nothing without a webhook URL."""
        if not self.hook(chat["channel_id"])["webhook_url"]:
            return
        held = max(self.manners["bulk"], self.manners["shuffle"]) > 1
        self.add(
            chat["channel_id"],
            to_json({"events": [event]}),
            lane=chat["id"],
            about=event["chat"]["human"]["name"] or event["chat"]["human"]["id"],
            state="held" if held else "waiting",
            delay=self.manners["late"],
            times=1 if held else 1 + self.manners["repeat"],
        )

    def add(
        self,
        channel_id: str,
        body: bytes,
        *,
        kind: str = "messages",
        lane: str = "",
        about: str = "",
        signature: str | None = None,
        state: str = "waiting",
        delay: float = 0.0,
        times: int = 1,
    ) -> list[int]:
        """Queue a body, `times` over; without a lane it waits for nothing else. Returns the deliveries' numbers."""
        now = time()
        made = []
        for _ in range(times):
            row = (channel_id, kind, lane, body, signature, about[:200], state, now + delay, now)
            n = self.state.db.execute(INSERT, row).lastrowid or 0
            self.state.run("UPDATE deliveries SET rank = n, lane = ? WHERE n = ?", (lane or f"#{n}", n))
            made.append(n)
        return made

    def release(self, now: float) -> None:
        """Let held deliveries go: a channel's are enough, or the oldest has been held long enough."""
        enough = max(self.manners["bulk"], self.manners["shuffle"])
        ripe = """SELECT channel_id FROM deliveries WHERE state = 'held' GROUP BY channel_id
                  HAVING count(*) >= ? OR min(at) <= ?"""
        while found := self.state.row(ripe, (enough, now - HOLD_SECONDS)):
            sql = "SELECT * FROM deliveries WHERE state = 'held' AND channel_id = ? ORDER BY n LIMIT ?"
            rows = self.state.rows(sql, (found["channel_id"], enough if enough > 1 else -1))
            self._release(found["channel_id"], self._shuffled(rows) if self.manners["shuffle"] > 1 else rows)

    def _release(self, channel_id: str, rows: list[sqlite3.Row]) -> None:
        times, late = 1 + self.manners["repeat"], self.manners["late"]
        bulk = self.manners["bulk"] > 1 and len(rows) > 1
        events = [event for row in rows for event in json.loads(row["body"])["events"]]
        if self.manners["bulk_as"] == "messages":
            events = _by_chat(events)
        bodies = [to_json({"events": events})] if bulk else [bytes(row["body"]) for row in rows]
        for row in rows:
            self.state.run("DELETE FROM deliveries WHERE n = ?", (row["n"],))
        about = f"{len(events)} events" if bulk else ""
        for i, body in enumerate(bodies):
            self.add(channel_id, body, lane=channel_id, about=about or rows[i]["about"], delay=late, times=times)

    def _shuffled(self, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
        mixed = list(rows)
        while len(rows) > 1 and [row["n"] for row in mixed] == [row["n"] for row in rows]:
            self.dice.shuffle(mixed)
        return mixed

    def due(self, now: float, busy: Iterable[int]) -> tuple[list[sqlite3.Row], float | None]:
        """The deliveries that are to go out now, the first of every lane, and when the next one is due."""
        sql = """SELECT * FROM deliveries d WHERE state = 'waiting' AND rank = (SELECT min(rank) FROM deliveries e
                 WHERE e.state = 'waiting' AND e.lane = d.lane) ORDER BY due, n LIMIT 200"""
        heads = [row for row in self.state.rows(sql) if row["n"] not in set(busy)]
        later = [row["due"] for row in heads if row["due"] > now]
        return [row for row in heads if row["due"] <= now], min(later, default=None)

    def settle(
        self, delivery: sqlite3.Row, *, url: str, at: float, status: int | None, error: str, answer: str = ""
    ) -> bool:
        """Note an attempt and what becomes of the delivery; True when it was taken."""
        now = time()
        attempts = delivery["attempts"] + 1
        sql = "INSERT INTO attempts (delivery, at, url, status, error, seconds, answer) VALUES (?, ?, ?, ?, ?, ?, ?)"
        self.state.run(sql, (delivery["n"], at, url, status, error or None, now - at, answer[:1000]))
        taken = status is not None and 200 <= status < 300
        unknown = delivery["kind"] == "profile" and status == 404
        hopeless = not url or unknown or (status is not None and status < 500 and status not in TRY_AGAIN)
        if taken or hopeless or attempts > len(self.pauses):
            state, due, done = ("done" if taken else "failed"), delivery["due"], now
        else:
            state, due, done = "waiting", now + self.pauses[attempts - 1], None
        sql = "UPDATE deliveries SET state = ?, due = ?, attempts = ?, status = ?, error = ?, done_at = ? WHERE n = ?"
        self.state.run(sql, (state, due, attempts, status, error or None, done, delivery["n"]))
        if delivery["n"] % 100 == 0:
            self._trim(delivery["n"] - KEEP)
        return taken

    def _trim(self, before: int) -> None:
        self.state.run("DELETE FROM deliveries WHERE n <= ? AND state IN ('done', 'failed')", (before,))
        self.state.run("DELETE FROM attempts WHERE delivery <= ?", (before,))


def signed(style: str, secret: str, body: bytes) -> str | None:
    """The X-PROTO-SIGNATURE of a body: HMAC-SHA1 with the channel's secret, in one of six styles."""
    digest = hmac.new(secret.encode(), body, hashlib.sha1).digest()
    match style:
        case "none":
            return None
        case "HEX":
            return digest.hex().upper()
        case "prefixed":
            return f"sha1={digest.hex()}"
        case "base64":
            return base64.b64encode(digest).decode()
        case "wrong":
            return bytes([digest[0] ^ 1, *digest[1:]]).hex()
        case _:
            return digest.hex()


def _by_chat(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for event in events:
        known = merged.get(event["chat"]["id"])
        merged[event["chat"]["id"]] = event | {"messages": (known["messages"] if known else []) + event["messages"]}
    return list(merged.values())
