"""Deliveries posted from several connections while the server that takes them is being killed."""

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from collections import Counter
from typing import Any

from tests.support.servers import LOOPBACK

CHANNEL, SECRET = "storm", "the-secret-of-the-storm"
CHATS = 40
CONNECT = f"""
place = Teamspace.objects.create(name="Storm", subcompany_id="01STORM")
Channel.objects.create(name="Storm", channel_id={CHANNEL!r}, teamspace=place, secret={SECRET!r})
"""


def texts_of(serial: int) -> list[tuple[str, str]]:
    """Return what a delivery says: (chat, text) in order; two events, the first with two messages."""
    dice = random.Random(serial)
    first, second = dice.randrange(CHATS), dice.randrange(CHATS)
    return [(f"chat-{first}", f"{serial} a"), (f"chat-{first}", f"{serial} b"), (f"chat-{second}", f"{serial} c")]


def body_of(serial: int) -> bytes:
    """Return its body."""
    (first, a), (_, b), (second, c) = texts_of(serial)
    events = [{"chat": {"id": chat}, "messages": [_said(text) for text in said]}
              for chat, said in ((first, (a, b)), (second, (c,)))]  # fmt: skip
    return json.dumps({"events": events, "serial": serial}).encode()


def _said(text: str) -> dict[str, Any]:
    return {"author": {"type": "bot", "id": "b"}, "type": "text", "data": {"text": text}}


class Posters:
    """Several connections at full speed until so many deliveries were answered 200."""

    def __init__(self, port: int, wanted: int, connections: int = 6, *, first: int = 1) -> None:
        self.port, self.wanted = port, wanted
        self.answered: set[int] = set()
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._serial = first - 1
        self._end = time.monotonic() + 400
        self._threads = [threading.Thread(target=self._post) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    @property
    def are_busy(self) -> bool:
        """Whether some are still to be answered."""
        return any(thread.is_alive() for thread in self._threads)

    def wait_for_answers(self, number: int, seconds: float) -> None:
        """Wait until so many more have been answered, for at most so long."""
        wanted, end = len(self.answered) + number, time.monotonic() + seconds
        while self.are_busy and len(self.answered) < wanted and time.monotonic() < end:
            time.sleep(0.02)

    def finish(self) -> None:
        """Wait for the last answer."""
        for thread in self._threads:
            thread.join()
        assert len(self.answered) >= self.wanted, self.outcomes

    def _next(self) -> int:
        with self._lock:
            self._serial += 1
            return self._serial

    def _post(self) -> None:
        connection: http.client.HTTPConnection | None = None
        serial = self._next()
        while len(self.answered) < self.wanted and time.monotonic() < self._end:
            try:
                connection = connection or _connected(self.port)
            except OSError:
                # Nothing was sent: the same delivery is tried again.
                time.sleep(0.05)
                continue
            outcome = _send(connection, serial)
            with self._lock:
                self.outcomes[outcome] += 1
                if outcome == "200":
                    self.answered.add(serial)
            if outcome != "200":
                connection.close()
                connection = None
            serial = self._next()
        if connection is not None:
            connection.close()


def _connected(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    connection.connect()
    return connection


def post(port: int, body: bytes) -> str:
    """Post one delivery on a connection of its own; return the status, or "lost"."""
    connection = _connected(port)
    try:
        return _deliver(connection, body)
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, serial: int) -> str:
    return _deliver(connection, body_of(serial))


def _deliver(connection: http.client.HTTPConnection, body: bytes) -> str:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    headers = {"X-PROTO-SIGNATURE": signature, "Content-Type": "application/json"}
    try:
        connection.request("POST", f"/webhooks/{CHANNEL}/", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return "lost"
    return str(answer.status)
