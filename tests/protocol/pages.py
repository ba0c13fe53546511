"""A Protocol that answers as a test says, page by page; real HTTP on a loopback socket."""

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.clients.server import Received, answer

Said = bytes | dict[str, Any]
Answering = Callable[[str | None, int], Said]


def customers(first: int, count: int) -> list[dict[str, Any]]:
    """Return so many customers with ids in order."""
    return [
        {"id": f"c{n}", "username": f"User{n}", "phone_number": f"+49 30 {23_125_000 + n}", "created_at": 692233200 + n}
        for n in range(first, first + count)
    ]


def page(first: int, count: int, *, more: bool) -> dict[str, Any]:
    """Return a page of these customers."""
    return {"has_more": more, "data": customers(first, count)}


class Answers:
    """Answers by `starting_after` and the number of the request, from 0; what it returns goes out."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked: list[str | None] = []

    def __call__(self, sock: socket.socket, received: Received) -> bool:
        query = parse_qs(received.line.split(" ")[1].partition("?")[2])
        (after,) = query.get("starting_after", [None])
        self.asked.append(after)
        said = self.answering(after, len(self.asked) - 1)
        sock.sendall(said if isinstance(said, bytes) else answer(json.dumps(said)))
        return said != b""


def three_pages(after: str | None, number: int) -> Said:
    """Say 250 customers in three pages."""
    start = 0 if after is None else int(after[1:]) + 1
    return page(start, min(100, 250 - start), more=start + 100 < 250)
