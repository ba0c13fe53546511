"""The durable list of the newest requests that came in, credentials masked."""

import json
import re
import sqlite3
from typing import Any

from protoadmin.sandbox.state import State
from protoadmin.sandbox.wire import Request

KEEP = 20_000
TRIM_EVERY = 500
BODY_KEPT = 256 * 1024
SECRET_NAME = re.compile(r"authorization|token|secret|cookie|signature|api-?key", re.I)
INSERT = """INSERT INTO requests (at, method, path, query, body, body_size, headers, status, effect, fault)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Journal:
    """Requests by a number that only ever grows, also over a reset and a restart."""

    def __init__(self, state: State) -> None:
        self.state = state

    def add(self, request: Request, *, status: int | None, effect: bool, fault: str | None) -> None:
        """Note one request. `status` is what the client gets to see, None when it sees none."""
        headers = json.dumps({name: mask(name, value) for name, value in request.headers.items()})
        row = (
            request.at,
            request.method,
            request.path,
            request.query,
            request.body[:BODY_KEPT],
            len(request.body),
            headers,
            status,
            effect,
            fault,
        )
        n = self.state.db.execute(INSERT, row).lastrowid or 0
        if n % TRIM_EVERY == 0:
            self.state.run("DELETE FROM requests WHERE n <= ?", (n - KEEP,))

    def last(self) -> int:
        """The number of the newest request, 0 before the first."""
        row = self.state.row("SELECT seq FROM sqlite_sequence WHERE name = 'requests'")
        return 0 if row is None else int(row["seq"])

    def after(self, after: int | None, *, limit: int = 1000, match: str = "") -> tuple[list[dict[str, Any]], int]:
        """Requests in the order in which they came, and the number to ask `after` next time.

        With `after`: the first `limit` behind it. Without: the newest `limit`.
        """
        args = {"after": max(after or 0, self.last() - KEEP), "limit": limit, "match": match}
        where = "n > :after AND (:match = '' OR instr(method || ' ' || path, :match) > 0)"
        if after is None:
            sql = f"SELECT * FROM (SELECT * FROM requests WHERE {where} ORDER BY n DESC LIMIT :limit) ORDER BY n"  # noqa: S608
        else:
            sql = f"SELECT * FROM requests WHERE {where} ORDER BY n LIMIT :limit"  # noqa: S608
        found = [_entry(row) for row in self.state.rows(sql, args)]
        if after is None:
            return found, self.last()
        return found, found[-1]["n"] if found else after


def mask(name: str, value: str) -> str:
    """A header value as it may be shown: credentials without their content."""
    if not SECRET_NAME.search(name):
        return value[:2000]
    scheme, space, rest = value.partition(" ")
    return f"{scheme} ********" if space and rest and name == "authorization" else "********"


def _entry(row: sqlite3.Row) -> dict[str, Any]:
    entry = {key: row[key] for key in ("n", "at", "method", "path", "query", "status", "fault")}
    return entry | {
        "effect": bool(row["effect"]),
        "body": _readable(bytes(row["body"]), row["body_size"]),
        "headers": json.loads(row["headers"]),
    }


def _readable(body: bytes, size: int) -> Any:
    if not body:
        return None
    if size <= len(body):
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return body.decode("utf-8", "replace")
    return body[:1000].decode("utf-8", "replace") + f"… ({size} bytes)"
