"""Every way in which a network fails, over real sockets: which error it is, and whether it may have had an effect."""

from __future__ import annotations

import copy
import gzip
import pickle
import socket
import time
import tracemalloc

import pytest

from protoadmin.clients import errors, wire
from protoadmin.clients.transport import Timeouts
from tests.clients.sending import LONG, QUICK, SECRET, failure, get, post
from tests.clients.server import Received, Respond, Server, answer, reset, says

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def drips(before: bytes, drop: bytes) -> Respond:
    """Return what sends a piece every tenth of a second, for much longer than anybody waits."""

    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(before)
        for _ in range(200):
            sock.sendall(drop)
            time.sleep(0.1)
        return False

    return respond


def waits(sock: socket.socket, received: Received) -> bool:
    time.sleep(LONG)
    return False


def slow_look_up(*args: object) -> list[object]:
    """Stand in for a resolver without an answer: the one thing here that cannot be served on a loopback socket."""
    time.sleep(LONG)
    return []


def test_refused_connection_was_never_made() -> None:
    error = failure(post, f"http://127.0.0.1:{free_port()}")
    assert type(error) is errors.ConnectionRefused
    assert (error.may_have_had_effect, error.status) == (False, None)
    assert "127.0.0.1" in error.explanation


@pytest.mark.parametrize("host", ["name.invalid", "a..b.invalid"])
def test_unknown_name_was_never_reached(host: str) -> None:
    error = failure(post, f"http://{host}", timeouts=Timeouts(15, 1, 20))
    assert type(error) is errors.NameNotResolved
    assert not error.may_have_had_effect
    assert host in error.explanation


def test_name_look_up_ends_with_the_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    error = failure(post, "http://slow-name.example", timeouts=QUICK)
    assert type(error) is errors.NameNotResolved
    assert error.seconds < LONG / 2


def test_connect_timeout_was_never_made() -> None:
    with socket.socket() as listener:  # a full backlog: further connections hang
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for sock in crowd:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        error = failure(post, f"http://127.0.0.1:{port}", timeouts=QUICK)
        for sock in crowd:
            sock.close()
    assert type(error) is errors.ConnectTimedOut
    assert not error.may_have_had_effect
    assert 0.4 < error.seconds < LONG / 2


def test_read_timeout_is_ambiguous() -> None:
    with Server(waits) as server:
        error = failure(post, server.url, timeouts=QUICK)
    assert type(error) is errors.ReadTimedOut
    assert error.may_have_had_effect
    assert 0.4 < error.seconds < LONG / 2
    assert "look in Proto" in error.explanation


def test_advice_for_what_can_be_repeated_is_another() -> None:
    with Server(lambda sock, received: False) as server:
        assert "no harm" in failure(get, server.url).explanation


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (b"HTTP/1.1 200 OK\r\n", b"X-One: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b" "),
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED, b"0"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["one-header", "headers", "length", "chunks", "chunk-size", "until-close", "continue"],
)
def test_dripping_server_does_not_exceed_the_total(before: bytes, drop: bytes) -> None:
    with Server(drips(before, drop)) as server:
        error = failure(post, server.url, timeouts=QUICK)
    assert type(error) is errors.ReadTimedOut
    assert 0.9 < error.seconds < LONG / 2


def test_drop_after_the_request_was_read_is_ambiguous() -> None:
    with Server(lambda sock, received: False) as server:
        error = failure(post, server.url)
        assert len(server.received) == 1
    assert type(error) is errors.ConnectionDropped
    assert error.may_have_had_effect


def test_reset_after_the_request_was_read_is_ambiguous() -> None:
    def respond(sock: socket.socket, received: Received) -> bool:
        reset(sock)
        return False

    with Server(respond) as server:
        error = failure(post, server.url)
    assert type(error) is errors.ConnectionDropped
    assert error.may_have_had_effect


def test_drop_before_the_request_was_read_is_still_ambiguous_for_us() -> None:
    def greet(sock: socket.socket) -> bool:
        sock.recv(1)
        reset(sock)
        return False

    with Server(says(b""), greet=greet) as server:
        error = failure(post, server.url)
    assert type(error) is errors.ConnectionDropped
    assert error.may_have_had_effect


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n" + b'{"id": "17", "more',
        CHUNKED + b'a\r\n{"id": "17\r\n',
        CHUNKED + b'a\r\n{"id": "17\r\nff\r\n half',
        CHUNKED + b'a\r\n{"id": "17\r\nnonsense\r\n',
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "17',
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "17", ',
    ],
    ids=["length", "chunk-missing", "chunk-cut", "chunk-nonsense", "until-close", "until-close-2"],
)
def test_cut_answer_is_truncated_and_its_beginning_kept(data: bytes) -> None:
    with Server(says(data, keep=False)) as server:
        error = failure(post, server.url)
    assert type(error) is errors.AnswerTruncated
    assert error.status == 200
    assert error.may_have_had_effect
    assert error.excerpt.startswith('{"id": "17')


def test_secret_cut_in_the_middle_is_masked() -> None:
    data = b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"you sent": "' + SECRET[:-4].encode()
    with Server(says(data, keep=False)) as server:
        assert SECRET[:8] not in failure(post, server.url).excerpt


def test_oversized_answer_is_not_read_to_its_end() -> None:
    body = b'"' + b"x" * (5 * 1024 * 1024) + b'"'
    with Server(says(answer(body), keep=False)) as server:
        error = failure(get, server.url)
        assert type(error) is errors.AnswerTooLarge
        assert len(error.excerpt.encode()) <= 2048
        assert get(server.url, most_bytes=6 * 1024 * 1024).status == 200


def test_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 300_000_000)
    with Server(says(answer(bomb, headers={"Content-Encoding": "gzip"}), keep=False)) as server:
        tracemalloc.start()
        error = failure(get, server.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert type(error) is errors.AnswerTooLarge
    assert peak < 40_000_000


def test_gzip_is_understood() -> None:
    body = gzip.compress(b'{"a": [1, 2]}')
    with Server(says(answer(body, headers={"Content-Encoding": "gzip"}))) as server:
        assert get(server.url).data == {"a": [1, 2]}


def test_broken_gzip_is_unreadable() -> None:
    with Server(says(answer(b'{"a": 1}', headers={"Content-Encoding": "gzip"}))) as server:
        error = failure(post, server.url)
    assert type(error) is errors.Unreadable
    assert error.may_have_had_effect


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "text/html"),
        ("\n <HTML><p>hello", "application/json"),
        ("<p>Please wait", "text/html; charset=utf-8"),
    ],
)
def test_web_page_is_its_own_error(body: str, kind: str) -> None:
    with Server(says(answer(body, kind=kind))) as server:
        error = failure(post, server.url)
    assert type(error) is errors.AnswerIsHtml
    assert error.excerpt.strip() == body.strip()
    assert error.may_have_had_effect
    assert "base URL" in error.explanation


@pytest.mark.parametrize(
    "body", [b"OK", b"{'a': 1}", b"\xff\xfe\x00\x80", b"[" * 100_000, b"1" * 5000, b'{"a" 1}', b"\x00\x00\x00"]
)
def test_other_bodies_are_not_json(body: bytes) -> None:
    with Server(says(answer(body))) as server:
        error = failure(post, server.url)
    assert isinstance(error, errors.NotJson | errors.AnswerTruncated)
    assert error.may_have_had_effect
    error.excerpt.encode()


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46\n"]
)
def test_what_is_not_http_is_unreadable(data: bytes) -> None:
    with Server(says(data, keep=False)) as server:
        error = failure(post, server.url)
    assert type(error) is errors.Unreadable
    assert error.may_have_had_effect


def test_too_many_headers_are_unreadable() -> None:
    many = {f"X-{number}": "1" for number in range(200)}
    with Server(says(answer("{}", headers=many), keep=False)) as server:
        assert type(failure(post, server.url)) is errors.Unreadable


def test_refusal_counts_even_if_its_body_breaks_off() -> None:
    data = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\nplease wai"
    with Server(says(data, keep=False)) as server:
        error = failure(post, server.url)
    assert type(error) is errors.RateLimited
    assert (error.may_have_had_effect, error.retry_after, error.words) == (False, 7.0, "please wai")


def test_connection_closed_by_the_server_after_an_answer_makes_no_post_ambiguous() -> None:
    with Server(says(answer("{}"), keep=False)) as server:
        for _ in range(3):
            assert post(server.url).status == 200
            time.sleep(0.1)
        assert server.connections == 3


def test_idle_connection_is_not_used_for_a_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has forgotten the connection without saying so: whatever comes over it after a pause is lost."""
    last: dict[int, float] = {}

    def respond(sock: socket.socket, received: Received) -> bool:
        forgotten = time.monotonic() - last.get(received.connection, time.monotonic()) > 0.3
        last[received.connection] = time.monotonic()
        if not forgotten:
            sock.sendall(answer("{}"))
        return not forgotten

    assert wire.IDLE_UNREPEATABLE == 2.0
    monkeypatch.setattr(wire, "IDLE_UNREPEATABLE", 0.3)
    with Server(respond) as server:
        post(server.url)
        post(server.url)
        assert server.connections == 1, "a fresh connection may be used again"
        time.sleep(0.4)
        post(server.url)
        assert server.connections == 2
        time.sleep(0.4)
        assert type(failure(get, server.url)) is errors.ConnectionDropped, "what can be repeated may go out on it"


@pytest.mark.parametrize("path", ["/ok", "/refused", "/cut"])
def test_no_error_holds_the_token(path: str) -> None:
    echo = f'{{"detail": "you sent {SECRET}", "headers": {{"Authorization": "Bearer {SECRET}"}}}}'.encode()
    bodies = {
        "/ok": b"HTTP/1.1 200 OK\r\n\r\n<html>" + echo,
        "/refused": answer(echo, status="401 No"),
        "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + echo,
    }
    with Server(says(bodies[path], keep=False)) as server:
        error = failure(post, server.url, path)
    for shown in (repr(error), str(error), error.words, error.excerpt, error.explanation, repr(vars(error))):
        assert SECRET not in shown
    assert SECRET.encode() not in pickle.dumps(error)
    assert error.excerpt
    again = copy.deepcopy(error)  # goes the way of pickle
    assert (type(again), vars(again)) == (type(error), vars(error))
    assert error.__context__ is None
    assert error.__cause__ is None
