"""A load of signed deliveries over kept connections: one thread, one epoll, requests made of bytes alone.

It takes a small part of one processor (the figures' context says how much), so it is the server that is measured.
"""

import hashlib
import hmac
import json
import selectors
import socket
import time
from dataclasses import dataclass, field
from uuid import uuid4

from tests.support.servers import LOOPBACK

CHATS = 300
TEXT = "How may I help you today? Please tell me your order's number, and I will look for it at once. "


def template(run: str) -> bytes:
    """Return a body of about 1.2 KB with three messages, as a format of its serial number and its chat's."""
    author = {"type": "bot", "id": "bot_53aqweas2saf", "name": "Bot #1"}
    messages = [{"author": author, "type": "text", "data": {"text": f"{part} of %d: {TEXT}"}} for part in "abc"]
    chat = {"id": f"{run}-chat-%d", "human": {"id": f"{run}-human-%d", "name": "Customer's Name"}}
    tokens = {"chatToken": "Rb0PU9LqrGnTkWbO4X2Ry33oAQKWJFDnJTrSTA4rcyjfwQ6", "replyToken": uuid4().hex}
    return json.dumps({"events": [{"chat": chat, **tokens, "messages": messages}]}, indent=1).encode()


def body_of(form: bytes, serial: int) -> bytes:
    """Return the body with this serial number."""
    chat = serial % CHATS
    return form % (chat, chat, serial, serial, serial)


@dataclass
class Target:
    """Where deliveries go."""

    port: int
    path: str
    secret: bytes
    form: bytes = field(default_factory=lambda: template(uuid4().hex[:8]))
    serial: int = 0

    def next_request(self) -> bytes:
        """Return a request that no other equals."""
        self.serial += 1
        body = body_of(self.form, self.serial)
        signature = hmac.new(self.secret, body, hashlib.sha1).hexdigest()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n"
            f"X-PROTO-SIGNATURE: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass
class Outcome:
    """What came of one run."""

    rate: float
    latencies: list[float]
    own_share: float
    """Of one processor."""


class Line:
    """One kept connection with one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._given = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send it."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what is there; AssertionError when it is not 200."""
        self._given += self.socket.recv(65536)
        head, found, body = self._given.partition(b"\r\n\r\n")
        assert not found or head.startswith(b"HTTP/1.1 200"), self._given[:300]
        length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
        if not found or len(body) < int(length):
            return False
        self._given = b""
        return True


def load(target: Target, connections: int, seconds: float) -> Outcome:
    """Keep so many connections busy for so long."""
    lines = [Line(target.port) for _ in range(connections)]
    try:
        with selectors.DefaultSelector() as selector:
            for line in lines:
                selector.register(line.socket, selectors.EVENT_READ, line)
            return _run(target, selector, lines, seconds)
    finally:
        for line in lines:
            line.socket.close()


def _run(target: Target, selector: selectors.BaseSelector, lines: list[Line], seconds: float) -> Outcome:
    latencies: list[float] = []
    worked, began = time.process_time(), time.perf_counter()
    end = began + seconds
    for line in lines:
        line.send(target.next_request())
    busy = len(lines)
    while busy:
        for key, _ in selector.select(30):
            line = key.data
            if not line.is_answered():
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            if now < end:
                line.send(target.next_request())
            else:
                busy -= 1
    passed = time.perf_counter() - began
    return Outcome(len(latencies) / passed, latencies, (time.process_time() - worked) / passed)
