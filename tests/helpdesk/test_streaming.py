"""A list of any length, item by item, over a real socket: what comes through, and what each fault is called."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
from typing import Any

import pytest

from protoadmin.clients import errors
from protoadmin.clients.transport import ApiError, Limits, Request
from tests.clients.sending import QUICK, SECRET, client_for
from tests.clients.server import Received, Respond, Server, answer, reset, says

GET = Request("list", "GET", "/things")


def items(url: str, limits: Limits | None = None) -> list[Any]:
    """Return all that a stream yields."""
    return [item for items in client_for(url).stream(GET, limits or Limits(seconds=10)) for item in items]


def outcome(respond: Respond, limits: Limits | None = None) -> Any:
    """Return the items, or the error that the stream ends with."""
    with Server(respond) as server:
        try:
            return items(server.url, limits)
        except ApiError as caught:
            error = caught
    assert (error.__cause__, error.__context__) == (None, None)
    assert SECRET not in f"{error!r} {error} {error.excerpt}"
    return error


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        " [ ] ",
        '[{"id": "a", "n": 1, "x": 1.5, "y": null, "z": [true, {"k": "é\\u00e9\\ud83d\\ude00"}]}]',
        '\ufeff[{"id": 1}]',
        "[1, 2.0, 1e3, -0, 123456789012345678901234567890]",
        '[[1], {"item": {"item": [2]}}, "text", null]',
    ],
)
def test_it_yields_what_json_reads(body: str) -> None:
    assert outcome(says(answer(body))) == json.loads(body.removeprefix("\ufeff"))


def test_pieces_may_end_anywhere() -> None:
    listed = [{"id": str(number), "name": "ünï" * number} for number in range(30)]
    body = b"\xef\xbb\xbf" + json.dumps(listed, ensure_ascii=False).encode()

    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 7):
            sock.sendall(body[start : start + 7])
        return True

    assert outcome(respond) == listed


def test_compressed_and_chunked() -> None:
    listed = [{"id": number} for number in range(1000)]
    body = gzip.compress(json.dumps(listed).encode())
    assert (
        outcome(says(answer(body.decode("latin-1").encode("latin-1"), headers={"Content-Encoding": "gzip"}))) == listed
    )
    plain = json.dumps(listed).encode()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert outcome(says(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(plain), plain))) == listed
    broken = outcome(says(head + b"%x\r\n%s\r\n" % (len(plain), plain), keep=False))
    assert type(broken) is errors.AnswerTruncated


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", errors.UnexpectedShape),
        ("   ", errors.UnexpectedShape),
        ("{}", errors.UnexpectedShape),
        ('{"data": [{"id": 1}]}', errors.UnexpectedShape),
        ("null", errors.UnexpectedShape),
        ("<!DOCTYPE html><p>Hello", errors.AnswerIsHtml),
        ("  <html><body>", errors.AnswerIsHtml),
        ("hello", errors.NotJson),
        ("[", errors.AnswerTruncated),
        ('[{"id": 1}', errors.AnswerTruncated),
        ('[{"id": 1}, {"id"', errors.AnswerTruncated),
        ('[{"id": 1}] and more', errors.NotJson),
        ('[{"id": 1}}', errors.NotJson),
        ("[NaN]", errors.NotJson),
        ("[" * 5000 + "]" * 5000, errors.UnexpectedShape),
    ],
)
def test_what_is_no_list(body: str, kind: type[ApiError]) -> None:
    error = outcome(says(answer(body)))
    assert (type(error), error.status, error.idempotent) == (kind, 200, True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 No", errors.Unauthorized),
        ("404 No", errors.NotFound),
        ("429 No", errors.RateLimited),
        ("500 No", errors.ServerFailed),
        ("503 No", errors.Unavailable),
        ("302 Found", errors.Redirected),
    ],
)
def test_refusals(status: str, kind: type[ApiError]) -> None:
    respond = says(
        answer(f'{{"detail": "not {SECRET}"}}', status=status, headers={"Retry-After": "7", "Location": "/x"})
    )
    error = outcome(respond)
    assert type(error) is kind
    if kind in (errors.RateLimited, errors.Unavailable):
        assert error.retry_after == 7


def test_the_connection_breaks_in_the_middle() -> None:
    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"id": 1}, {"id": 2}')
        received_all.append(sock)
        reset(sock)
        return False

    received_all: list[Any] = []
    assert type(outcome(respond)) is errors.AnswerTruncated


def test_an_item_and_an_answer_have_a_cap() -> None:
    long = json.dumps([{"id": "a", "text": "x" * 3_000_000}, {"id": "b"}])
    error = outcome(says(answer(long)), Limits(seconds=10, item_bytes=1_000_000))
    assert type(error) is errors.AnswerTooLarge
    assert "one item" in error.reason
    many = json.dumps([{"id": number} for number in range(20_000)])
    assert len(outcome(says(answer(many)), Limits(seconds=10, item_bytes=1_000))) == 20_000
    assert type(outcome(says(answer(many)), Limits(seconds=10, bytes=100_000))) is errors.AnswerTooLarge


def test_silence_and_dripping_end() -> None:
    def silent(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"id": 1},')
        server.stopped.wait(5)
        return False

    def dripping(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[")
        while not server.stopped.wait(0.1):
            sock.sendall(b" ")
        return False

    for respond, limits in ((silent, Limits(seconds=30)), (dripping, Limits(seconds=1))):
        with Server(respond) as server, pytest.raises(errors.ReadTimedOut):
            for _ in client_for(server.url, timeouts=QUICK).stream(GET, limits):
                pass


def test_the_caller_hears_from_it_before_the_list_has_ended() -> None:
    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"id": 1}, {"id"')
        server.stopped.wait(5)
        return False

    with Server(respond) as server:
        pieces = client_for(server.url).stream(GET)
        assert next(items for items in pieces if items) == [{"id": 1}]
        pieces.close()  # type: ignore[attr-defined]


def test_memory_does_not_grow_with_the_list() -> None:
    item = json.dumps({"id": "x" * 30, "notes": "n" * 500}).encode()

    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[" + item)
        for _ in range(100):
            sock.sendall((b"," + item) * 1000)
        sock.sendall(b"]")
        return False

    with Server(respond) as server:
        tracemalloc.start()
        try:
            count = sum(len(items) for items in client_for(server.url).stream(GET, Limits(seconds=120)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == 100_001  # 58 MB
    assert peak < 5_000_000
