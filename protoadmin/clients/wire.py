"""Connections that know the deadline of the request they carry, and how far it got.

`requests` bounds each single read; a server that sends a byte now and then is never too slow for that. Here every
step - name, connection, handshake, sending, each read - gets what is left of the request's total time. The exchange
also records when the first byte of a request goes out: before that it surely had no effect.
"""

from __future__ import annotations

import enum
import http.client
import io
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

#: Seconds for which a connection may have been idle and still carry a request that is not, or that is, idempotent.
#: The other side closes idle connections, and a request sent into that moment has an unknown fate.
IDLE_UNREPEATABLE = 2.0
IDLE_REPEATABLE = 30.0
_MOST_SESSIONS = 32
_PIECE = 16_384


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to have a connection (name, TCP and TLS), for each single read, and for the whole request."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 30.0


class Stage(enum.IntEnum):
    """How far a request got."""

    CONNECTING = 0
    HANDSHAKE = 1
    SENT = 2
    ANSWERED = 3


@dataclass
class Exchange:
    """One request under way."""

    timeouts: Timeouts
    idempotent: bool
    stage: Stage = Stage.CONNECTING
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def patience(self, seconds: float) -> float:
        """Return the given seconds, or less if the total time ends before. Raises TimeoutError when it has ended."""
        left = self.timeouts.total - self.seconds
        if left <= 0:
            raise TimeoutError("the total time is used up")
        return min(seconds, left)


class _Current(threading.local):
    """What this thread is sending, and its sessions; a forked process must not use its parent's connections."""

    exchange: Exchange | None = None

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.sessions: dict[str, requests.Session] = {}


_current = _Current()


@contextmanager
def carrying(exchange: Exchange) -> Iterator[None]:
    """Make the exchange known to the connections of this thread."""
    before, _current.exchange = _current.exchange, exchange
    try:
        yield
    finally:
        _current.exchange = before


def session_for(origin: str) -> requests.Session:
    """Return this thread's session for an origin (scheme, host, port)."""
    if _current.pid != os.getpid():
        _current.__init__()  # type: ignore[misc]
    sessions = _current.sessions
    if origin not in sessions:
        while len(sessions) >= _MOST_SESSIONS:
            sessions.pop(next(iter(sessions))).close()
        sessions[origin] = _PlainSession()
    return sessions[origin]


def _exchange() -> Exchange:
    if _current.exchange is None:
        raise RuntimeError("A connection was used outside of an exchange.")
    return _current.exchange


class _DeadlineReader(io.RawIOBase):
    """The reading side of a socket, whose every read ends with the exchange's total time."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._exchange = exchange
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._exchange.patience(self._exchange.timeouts.read))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock, _exchange()))


class _TimedConnection(HTTPConnection):
    """Connects and sends within the exchange's time, and notes in it how far it got."""

    response_class = _TimedResponse
    _is_connecting = False
    idle_since: float | None = None

    def _new_conn(self) -> socket.socket:
        exchange = _exchange()
        try:
            until = exchange.seconds + exchange.patience(exchange.timeouts.connect)
            sock = self._first_that_answers(_addresses(self._dns_host, self.port, until - exchange.seconds), until)
            sock.settimeout(max(until - exchange.seconds, 0.001))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error
        exchange.stage = Stage.HANDSHAKE
        return sock

    def _first_that_answers(self, addresses: list[str], until: float) -> socket.socket:
        """Try the addresses in turn, each with its share of the time that is left."""
        for number, address in enumerate(addresses):
            share = (until - _exchange().seconds) / (len(addresses) - number)
            if share <= 0:
                raise TimeoutError("no connection in time")
            try:
                return create_connection((address, self.port), share, self.source_address, self.socket_options)
            except OSError:
                if number == len(addresses) - 1:
                    raise
        raise OSError("the name has no address")

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        if self._is_connecting:  # the CONNECT line for a proxy: not yet the request
            super().send(data)
            return
        if self.sock is None:
            self.connect()
        exchange = _exchange()
        for start in range(0, len(data), _PIECE):
            self.sock.settimeout(exchange.patience(exchange.timeouts.read))
            exchange.stage = Stage.SENT
            super().send(data[start : start + _PIECE])


class _TimedHTTPSConnection(_TimedConnection, HTTPSConnection):
    pass


class _TimedPool(HTTPConnectionPool):
    """Gives out no connection that was idle for too long."""

    ConnectionCls = _TimedConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        idle_since = getattr(connection, "idle_since", None)
        limit = IDLE_REPEATABLE if _exchange().idempotent else IDLE_UNREPEATABLE
        if idle_since is not None and time.monotonic() - idle_since >= limit:
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if isinstance(conn, _TimedConnection):
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class _TimedHTTPSPool(_TimedPool, HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _TimedPool, "https": _TimedHTTPSPool}


class _TimedAdapter(HTTPAdapter):
    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _PlainSession(requests.Session):
    """Keeps connections and nothing else: no cookies (other tokens use the same session), no redirects."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _TimedAdapter())
        self.mount("http://", _TimedAdapter())

    def get_redirect_target(self, resp: Any) -> None:
        return None


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a name. The system's look-up cannot be ended, so it runs beside and is waited for."""
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
            found.put([str(answer[4][0]) for answer in answers])
        except UnicodeError:
            found.put(socket.gaierror(socket.EAI_NONAME, "not a host name"))
        except OSError as error:
            found.put(error)

    threading.Thread(target=look_up, name="name look-up", daemon=True).start()
    try:
        result = found.get(timeout=seconds)
    except queue.Empty:
        raise socket.gaierror(socket.EAI_AGAIN, "no answer from the name servers in time") from None
    if isinstance(result, OSError):
        raise result
    return result
