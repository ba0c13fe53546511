"""HTTP/1.1 as far as a stand-in needs it: read a request, write an answer in one piece."""

import json
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Any
from urllib.parse import parse_qsl

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
REASONS = {status.value: status.phrase for status in HTTPStatus}
_date: tuple[int, str] = (0, "")


class Refused(Exception):
    """The bytes that came are no request that can be served: answer `status` and hang up."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(slots=True)
class Request:
    """One request. `path` is as it was sent (still quoted); header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    keep_alive: bool = True
    at: float = 0.0

    @property
    def line(self) -> str:
        """`METHOD /path`, what fault rules are matched against."""
        return f"{self.method} {self.path}"

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def args(self) -> dict[str, str]:
        """The query string as a dictionary; the last of a repeated name wins."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def form(self, *, keep_empty: bool = False) -> dict[str, str]:
        """The body as an HTML form; empty values are left out unless they are to be kept."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=keep_empty))


@dataclass(slots=True)
class Answer:
    """What goes back. `effect` says whether the request changed the remote system's data."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    effect: bool = False


def to_json(payload: Any) -> bytes:
    """JSON as UTF-8; lone surrogates, which UTF-8 cannot carry, are written as escapes."""
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def json_answer(
    payload: Any, *, status: int = 200, effect: bool = False, headers: Iterable[tuple[str, str]] = ()
) -> Answer:
    """An answer with a JSON body."""
    return Answer(status=status, body=to_json(payload), headers=list(headers), effect=effect)


def text_answer(text: str, content_type: str, *, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """An answer with a text body."""
    return Answer(
        body=text.encode("utf-8", "replace"), content_type=f"{content_type}; charset=utf-8", headers=list(headers)
    )


def head(answer: Answer, *, length: int, keep_alive: bool) -> bytes:
    """The status line and the headers, with the blank line."""
    lines = [
        f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}",
        f"Date: {_now()}",
        "Server: sandbox",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {length}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
    ]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def render(answer: Answer, request: Request) -> bytes:
    """The whole answer in one piece; without its body to HEAD."""
    start = head(answer, length=len(answer.body), keep_alive=request.keep_alive)
    return start if request.method == "HEAD" else start + answer.body


async def read_request(reader: StreamReader, writer: StreamWriter) -> Request | None:
    """The next request of a connection, None when the other side has hung up."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError:
        return None
    except LimitOverrunError:
        raise Refused(431, "Request header fields are too large") from None
    request = _parse_head(raw)
    if "expect" in request.headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        request.body = await read_body(reader, request.headers)
    except (IncompleteReadError, LimitOverrunError):
        return None
    request.at = time()
    return request


def _now() -> str:
    global _date
    second = int(time())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]


def _parse_head(raw: bytes) -> Request:
    first, *lines = raw.decode("latin-1").strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[0].isalpha():
        raise Refused(400, "Invalid HTTP request received.")
    method, target, version = words
    if "://" in target.partition("?")[0]:
        target = "/" + target.partition("://")[2].partition("/")[2]
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Refused(400, "Invalid HTTP request received.")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path, _, query = target.partition("#")[0].partition("?")
    wish = headers.get("connection", "").lower()
    keep_alive = "close" not in wish if version == "HTTP/1.1" else "keep-alive" in wish
    return Request(method, path, query, headers, keep_alive=keep_alive)


async def read_body(reader: StreamReader, headers: dict[str, str]) -> bytes:
    """The body that the headers announce."""
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
            raise Refused(400, "Invalid HTTP request received.")
        return await _read_chunks(reader)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Refused(400, "Invalid HTTP request received.")
    if len(length) > 12 or int(length) > MAX_BODY:
        raise Refused(413, "Request body is too large")
    return await reader.readexactly(int(length)) if int(length) else b""


async def _read_chunks(reader: StreamReader) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while True:
        line = (await reader.readuntil(b"\r\n")).partition(b";")[0].strip()
        try:
            size = int(line, 16)
        except ValueError:
            raise Refused(400, "Invalid HTTP request received.") from None
        total += size
        if size < 0 or total > MAX_BODY:
            raise Refused(413, "Request body is too large")
        if not size:
            break
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return b"".join(chunks)
