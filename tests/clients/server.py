"""A small HTTP server on a loopback socket that does exactly what a test says, byte by byte."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass
class Received:
    """One request as it came: `connection` counts from 1."""

    connection: int
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


Respond = Callable[[socket.socket, Received], bool]


def answer(
    body: bytes | str = b"",
    *,
    status: str = "200 OK",
    kind: str | None = "application/json",
    headers: dict[str, str] | None = None,
) -> bytes:
    """Return the bytes of an answer with the right Content-Length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def says(data: bytes, *, keep: bool = True) -> Respond:
    """Return what answers every request with the same bytes."""

    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(data)
        return keep

    return respond


def says_json(data: Any, status: str = "200 OK") -> Respond:
    """Return what answers every request with the same JSON."""
    return says(answer(json.dumps(data), status=status))


def reset(sock: socket.socket) -> None:
    """Make closing the socket send a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class Server:
    """Serves until the end of the `with` block. `greet` may refuse a connection before anything is read."""

    respond: Respond
    tls: ssl.SSLContext | None = None
    greet: Callable[[socket.socket], bool] = lambda sock: True
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Server:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self.stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stopped.set()
        # shutdown() wakes the accept() that another thread waits in; close() alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        return [received.line for received in self.received]

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if not self.greet(sock):
                return
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            while (received := _read(sock, number)) is not None:
                self.received.append(received)
                if not self.respond(sock, received):
                    return
        except OSError:
            return
        finally:
            sock.close()


def _read(sock: socket.socket, number: int) -> Received | None:
    """Read one request, or None at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65_536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    received = Received(number, head, body)
    length = int(received.headers.get("content-length", "0"))
    while len(received.body) < length:
        received.body += sock.recv(65_536)
    return received
