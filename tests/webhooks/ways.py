"""The ways on which a request reaches the receivers: Django's view, the WSGI application, a server's socket."""

import io
import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.webhooks.posting import SECRET, signature

Headers = dict[str, bytes]
CHANNEL = "channel-1"


@dataclass(frozen=True)
class Reply:
    """What came back; the names of the headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which every answer writes as JSON."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)


Way = Callable[[str, str, bytes, Headers], Reply]
"""(method, path, body, headers) -> Reply; a header's value is what travels, byte for byte."""


def path_of(channel: str = CHANNEL, *, profile: bool = False) -> str:
    """Return the address of a receiver."""
    return f"/webhooks/{channel}/{'profile/' if profile else ''}"


def ask(
    way: Way,
    body: Any,
    *,
    channel: str = "channel-1",
    secret: str = SECRET,
    profile: bool = False,
    headers: Headers | None = None,
) -> Reply:
    """Post a signed body: bytes, or what is dumped as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {"X-PROTO-SIGNATURE": signature(raw, secret).encode(), "Content-Type": b"application/json"}
    return way("POST", path_of(channel, profile=profile), raw, {**signed, **(headers or {})})


def _environ(headers: Headers) -> dict[str, str]:
    """Return headers as WSGI names and decodes them."""
    names = {name: name.upper().replace("-", "_") for name in headers}
    plain = {"CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR"}
    return {(key if key in plain else f"HTTP_{key}"): headers[name].decode("latin-1") for name, key in names.items()}


def through_view(method: str, path: str, body: bytes, headers: Headers) -> Reply:
    """Ask by Django's test client: all middleware, then the view."""
    client = Client(raise_request_exception=True)
    environ = _environ(headers)
    kind = environ.pop("CONTENT_TYPE", "application/json")
    answer = client.generic(method, path, body, content_type=kind, **environ)  # type: ignore[arg-type]
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def through_wsgi(method: str, path: str, body: bytes, headers: Headers) -> Reply:
    """Ask `protoadmin.wsgi.application` as a server does."""
    from protoadmin.wsgi import application  # noqa: PLC0415 - it loads Django's request handling

    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        **({"CONTENT_LENGTH": str(len(body))} if body else {}),
        **_environ(headers),
    }

    def start_response(status: str, fields: list[tuple[str, str]], *rest: Any) -> None:
        said[:] = [status, fields]

    parts: Iterable[bytes] = application(environ, start_response)
    given = b"".join(parts)
    status, fields = said
    return Reply(int(status.split()[0]), {name.lower(): value for name, value in fields}, given)


class Socket:
    """A server's port; every request is a connection of its own, written by hand."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, method: str, path: str, body: bytes, headers: Headers) -> Reply:
        """Send a request with its length."""
        return self.send(method, path, {"Content-Length": str(len(body)).encode(), **headers}, body)

    def send(self, method: str, path: str, headers: Headers, rest: bytes) -> Reply:
        """Send a head with these headers alone, then `rest` as it is; return the answer."""
        fields = {"Host": b"127.0.0.1", "Connection": b"close", **headers}
        head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields.items())
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + rest)
            return _read(connection)


def _read(connection: socket.socket) -> Reply:
    given = b""
    while chunk := connection.recv(65536):
        given += chunk
    head, _, body = given.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(": ") for line in lines)
    return Reply(int(first.split()[1]), {name.lower(): value for name, _, value in fields}, body)
