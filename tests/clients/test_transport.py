"""What goes out, over which connection, and what does not."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from protoadmin.clients import errors, platform, wire
from protoadmin.clients.auth import HeaderAuth, NoAuth
from protoadmin.clients.transport import Client, NotSendable, Request, UnsafeIdentifier, UnusableSecret
from tests.clients.sending import SECRET, client_for, failure, get, post
from tests.clients.server import Received, Server, answer, says, says_json


def test_request_and_answer() -> None:
    headers = {"X-Echo": f"token {SECRET}", "Set-Cookie": "a=b", "X-Plain": "yes"}
    with Server(says(answer('{"a": "ü"}', status="201 Created", headers=headers))) as server:
        request = Request("write", "POST", "/v1/x", json={"name": "ü", "n": None}, params={"q": "a b"})
        got = client_for(f"{server.url}/api/platform/").send(request)
        sent = server.received[0]
    assert sent.line == "POST /api/platform/v1/x?q=a+b HTTP/1.1"
    assert json.loads(sent.body) == {"name": "ü", "n": None}
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.headers["content-type"] == "application/json"
    assert (sent.headers["accept"], sent.headers["accept-encoding"]) == ("application/json", "gzip, deflate")
    assert (got.status, got.data, got.headers["x-plain"]) == (201, {"a": "ü"}, "yes")
    assert got.excerpt == '{"a": "ü"}'
    assert 0 < got.seconds < 5
    assert SECRET not in repr(got)
    assert "a=b" not in repr(got)


def test_form_body() -> None:
    with Server(says(answer("{}"))) as server:
        client_for(server.url).send(Request("write", "POST", "/x", form={"a": "1 &", "b": "ü"}))
        assert server.received[0].body == b"a=1+%26&b=%C3%BC"
        assert server.received[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_method_decides_what_is_idempotent(method: str) -> None:
    assert Request("x", method, "/x").idempotent is (method != "POST")
    assert Request("x", method, "/x", idempotent=False).idempotent is False
    assert Request("x", method, "/x", idempotent=True).idempotent is True


def test_empty_answer_is_no_data() -> None:
    with Server(says(answer(status="204 No Content", kind=None))) as server:
        assert (get(server.url).status, get(server.url).data) == (204, None)


def test_wrong_shape_carries_what_came() -> None:
    def read(data: object) -> object:
        raise errors.UnexpectedShape(f"no id, token {SECRET}")

    with Server(says_json({"other": 1}, "201 Created")) as server:
        error = failure(client_for(server.url).send, Request("write", "POST", "/x", json={}, read=read))
    assert type(error) is errors.UnexpectedShape
    assert (error.status, error.excerpt, error.reason) == (201, '{"other": 1}', "no id, token ***")
    assert error.may_have_had_effect
    assert error.__context__ is None


def test_netrc_never_replaces_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password stolen\ndefault login thief password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Server(says(answer("{}"))) as server:
        get(server.url)
        Client(server.url, auth=NoAuth(), secrets=()).send(Request("read", "GET", "/x"))
        Client(server.url, auth=HeaderAuth("X-PROTO-TOKEN", "t"), secrets=()).send(Request("read", "GET", "/x"))
        sent = [received.headers.get("authorization") for received in server.received]
    assert sent == [f"Bearer {SECRET}", None, None]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_redirect_is_not_followed(status: str) -> None:
    with Server(says(answer("{}"))) as other:
        location = f"http://user:pass-word@127.0.0.1:{other.port}/elsewhere?key={SECRET}"
        with Server(says(answer("x" * 100, status=status, headers={"Location": location}))) as server:
            error = failure(post, server.url)
            assert len(server.received) == 1
        assert (other.connections, other.received) == (0, [])
    assert type(error) is errors.Redirected
    assert f"127.0.0.1:{other.port}/elsewhere" in error.explanation
    assert SECRET not in error.explanation
    assert "pass-word" not in error.explanation
    assert error.may_have_had_effect


@pytest.mark.parametrize("location", ["", "/login", "http://[bad", "?x", "//other.example/a", "mailto:x", "\xff\xfe"])
def test_strange_redirects_are_redirects(location: str) -> None:
    data = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with Server(says(data, keep=False)) as server:
        assert type(failure(get, server.url)) is errors.Redirected


def test_body_of_a_redirect_is_bounded() -> None:
    def respond(sock: socket.socket, received: Received) -> bool:
        sock.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\n\r\n")
        sock.settimeout(3)
        for _ in range(400):
            sock.sendall(b" " * 100_000)
        respond_ended.set()
        return False

    respond_ended = threading.Event()
    with Server(respond) as server:
        assert type(failure(get, server.url)) is errors.Redirected
    assert not respond_ended.is_set()


def test_one_connection_for_a_thread_and_origin_whatever_the_token() -> None:
    with Server(says(answer('{"a": 1}', headers={"Set-Cookie": "session=of-the-first; Path=/"}))) as server:
        for secret in ("one-secret", "another-secret"):
            client = platform.client(server.url, secret)
            client.send(Request("read", "GET", "/x"))
        get(server.url)
        post(server.url)
        assert server.connections == 1
        assert [received.headers.get("cookie") for received in server.received] == [None] * 4
        threads = [threading.Thread(target=get, args=(server.url,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections == 4


def test_failed_answers_leave_the_connection_usable() -> None:
    with Server(says_json({"detail": "no"}, "404 Not Found")) as server:
        for _ in range(3):
            failure(get, server.url)
        assert server.connections == 1


def test_forked_process_uses_its_own_connection() -> None:
    with Server(says(answer("{}"))) as server:
        get(server.url)
        child = os.fork()
        if child == 0:
            try:
                get(server.url, "/child")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        get(server.url)
        seen = [(received.line.split()[1], received.connection) for received in server.received]
    assert seen == [("/x", 1), ("/child", 2), ("/x", 1)]


def test_number_of_sessions_is_bounded() -> None:
    for number in range(100):
        wire.session_for(f"http://host-{number}")
    assert len(wire._current.sessions) <= 32


def test_log_has_one_line_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "protoadmin.clients")
    with Server(says_json({"private": "body"})) as server:
        client_for(server.url).send(Request("read", "GET", "/x", params={"chatToken": "abc", "q": SECRET, "max": "5"}))
    failure(get, "http://name.invalid")
    lines = [record.getMessage() for record in caplog.records if record.name == "protoadmin.clients"]
    assert len(lines) == 2
    assert lines[0].startswith(f"GET {server.url}/x?chatToken=***&q=***&max=5 200 ")
    assert lines[0].endswith(" ms")
    assert lines[1].startswith("GET http://name.invalid/x NameNotResolved ")
    assert "private" not in caplog.text


@pytest.mark.parametrize("secret", ["", "  ", "with space", "line\nbreak", "ключ", "\ud800"])
def test_secret_that_cannot_be_sent_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(UnusableSecret) as caught:
        platform.client("https://host.example", secret)
    assert not secret.strip() or secret not in str(caught.value)


def test_space_around_a_secret_is_dropped() -> None:
    with Server(says(answer("{}"))) as server:
        platform.client(server.url, " abc\n", connect=1, read=2, total=3).send(Request("read", "GET", "/x"))
        assert server.received[0].headers["authorization"] == "Bearer abc"


def test_representations_hold_no_secret() -> None:
    client = client_for("https://host.example/api")
    assert repr(client) == "Client('https://host.example/api')"
    assert SECRET not in repr(vars(client)["_auth"])


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": object()}])
def test_what_cannot_be_written_is_not_sent(body: object) -> None:
    with Server(says(answer("{}"))) as server:
        with pytest.raises(NotSendable):
            client_for(server.url).send(Request("write", "POST", "/x", json=body))
        assert server.received == []


def test_lone_surrogate_in_a_body_is_sent_as_json_can() -> None:
    with Server(says(answer("{}"))) as server:
        client_for(server.url).send(Request("write", "POST", "/x", json={"a": "\ud800"}))
        assert server.received[0].body == b'{"a": "\\ud800"}'


@pytest.mark.parametrize("path", ["", "x", "/a/../b", "/a/%2E%2e", "/a//b", "/a?b", "/a#b", "/a b", "/ü", "/%zz"])
def test_request_refuses_a_path_that_would_change(path: str) -> None:
    with pytest.raises(UnsafeIdentifier):
        Request("x", "GET", path)


def test_request_has_one_body() -> None:
    with pytest.raises(ValueError, match="one body"):
        Request("x", "POST", "/x", json={}, form={})


def test_refusing_proxy_means_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(says(answer(status="407 Proxy Authentication Required"), keep=False)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        error = failure(post, "https://name.invalid")
        assert proxy.lines == ["CONNECT name.invalid:443 HTTP/1.0"]
        assert SECRET.encode() not in proxy.received[0].head
    assert type(error) is errors.ProxyFailed
    assert not error.may_have_had_effect


def test_no_django_is_imported() -> None:
    modules = [path.stem for path in Path(platform.__file__).parent.glob("*.py") if path.stem != "__init__"]
    assert len(modules) > 5
    code = "; ".join(f"import protoadmin.clients.{name}" for name in modules)
    code += "; import sys; sys.exit('django' in sys.modules)"
    root = Path(platform.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
