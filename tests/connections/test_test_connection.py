"""Test connection, through the outbox against real servers: each failure in words a person can act on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.test import Client

from protoadmin.clients import platform, wire
from protoadmin.connections.models import Channel, Connection, Teamspace
from protoadmin.outbox.models import Call
from protoadmin.staff.roles import ADMINISTRATOR
from tests.base.acme import Acme, button, last_call, panel, text_of
from tests.clients.server import Received, Server, answer, says
from tests.clients.test_tls import certificate

Serve = Callable[..., str]


@pytest.fixture(params=["teamspace", "channel"])
def connection(request: pytest.FixtureRequest, acme: Acme) -> Connection:
    """A teamspace, and a channel of it: both as the sandbox has them."""
    if request.param == "teamspace":
        return acme.teamspace
    given = acme.remote.connection()["channels"][0]
    names = ("name", "channel_id", "access_token", "secret", "base_url")
    return Channel.objects.create(teamspace=acme.teamspace, **{name: given[name] for name in names})


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts a server which does as it is told, and gives its URL."""
    with ExitStack() as stack:
        yield lambda *told, **more: stack.enter_context(Server(*told, **more)).url


def outcome(acme: Acme, connection: Connection, **changes: str) -> tuple[Call, str]:
    """Change the connection, press the button, let a worker work; return the call and what the page then says."""
    type(connection)._default_manager.filter(pk=connection.pk).update(**changes)
    client: Client = acme.administrator()
    assert client.post(button(connection, "test-connection")).status_code == 302
    assert "Queued" in text_of(client.get(panel(connection, "connection")))
    acme.send()
    call = last_call(connection, "test_connection")
    assert call.requested_by == acme.user(ADMINISTRATOR)
    assert call.attempts == 1
    return call, text_of(client.get(panel(connection, "connection")))


def assert_says(acme: Acme, connection: Connection, *words: str, **changes: str) -> Call:
    """The test fails, once, and the page says so in these words."""
    call, shown = outcome(acme, connection, **changes)
    assert call.state == "failed"
    assert "It does not work" in shown
    for word in words:
        assert word in shown
    secrets = [getattr(connection, name) for name in connection.secret_names()]
    assert not any(secret and secret in shown for secret in secrets)
    return call


def test_it_works(acme: Acme, connection: Connection) -> None:
    call, shown = outcome(acme, connection)
    assert call.state == "done"
    assert "It works" in shown
    assert "took the id and the secret" in shown
    [request] = acme.remote.requests("")
    assert request["method"] == "GET"
    assert not request["effect"]


def test_the_name_is_not_resolved(acme: Acme, connection: Connection) -> None:
    assert_says(acme, connection, "was not found", "typing mistake", base_url="https://nobody.invalid")


def test_refused(acme: Acme, connection: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert_says(acme, connection, "refused the connection", base_url=f"http://127.0.0.1:{port}")


def test_self_signed_certificate(acme: Acme, connection: Connection, serve: Serve, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, "127.0.0.1")
    assert_says(acme, connection, "self-signed", base_url=serve(says(answer("[]")), tls=context))


def test_no_tls_where_https_was_asked_for(acme: Acme, connection: Connection, serve: Serve) -> None:
    def speaks_http(sock: socket.socket) -> bool:
        sock.recv(10)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return False

    url = serve(says(answer("[]")), greet=speaks_http).replace("http:", "https:")
    assert_says(acme, connection, "secure connection", base_url=url)


def test_no_answer_in_time(acme: Acme, connection: Connection, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # The timeouts of a connection are not a setting; a test does not wait for twenty seconds.
    monkeypatch.setattr(wire.Timeouts.__init__, "__defaults__", (0.5, 0.3, 1.0))

    def never(sock: socket.socket, received: Received) -> bool:
        sock.recv(1)
        return False

    assert_says(acme, connection, "had not answered in full", base_url=serve(never))


def test_wrong_secret(acme: Acme, connection: Connection) -> None:
    name = connection.secret_names()[0]
    call = assert_says(acme, connection, "did not accept the secret", **{name: "a-wrong-secret"})
    assert call.status_code == 401
    assert "a-wrong-secret" not in f"{call.request}{call.response}{call.error}"


def test_wrong_id(acme: Acme, connection: Connection) -> None:
    name = "subcompany_id" if isinstance(connection, Teamspace) else "channel_id"
    call = assert_says(acme, connection, "knows nothing under this address", **{name: "no-such-id"})
    assert call.status_code == 404


def test_missing_secret(acme: Acme, connection: Connection) -> None:
    assert_says(acme, connection, "Enter it on the connection's page.", **{connection.secret_names()[0]: ""})


def test_a_secret_that_is_no_token(acme: Acme, connection: Connection) -> None:
    assert_says(acme, connection, **{connection.secret_names()[0]: "two words\nand a line"})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (answer("<!doctype html><title>Welcome</title>", kind="text/html"), "web page instead of data"),
        (answer('{"hello": "world"}'), "unexpected form"),
        (answer("pong", kind="text/plain"), "something other than JSON"),
        (answer("", status="301 Moved", headers={"Location": "https://elsewhere.example/"}), "elsewhere.example"),
        (answer('{"detail": "Plan"}', status="403 Forbidden"), "Total plan"),
        (answer("", status="500 Internal Server Error"), "500"),
        (answer("", status="429 Too Many", headers={"Retry-After": "60"}), "fewer requests"),
    ],
)
def test_not_the_expected_api(acme: Acme, connection: Connection, serve: Serve, said: bytes, words: str) -> None:
    assert_says(acme, connection, words, base_url=serve(says(said)))


def test_it_is_for_who_may_change_connections(acme: Acme, connection: Connection) -> None:
    for role in ("Support", "Manager"):
        assert acme.client(role).post(button(connection, "test-connection")).status_code == 403
    assert acme.administrator().get(button(connection, "test-connection")).status_code == 405
    assert not Call.objects.exists()


def test_a_connection_of_others_is_not_there(acme: Acme, other_teamspace: Teamspace) -> None:
    assert acme.administrator().post(button(other_teamspace, "test-connection")).status_code == 404
    assert not Call.objects.exists()


def test_the_probe_changes_nothing(acme: Acme) -> None:
    """The cheapest read, by GET, on the teamspace's own id."""
    probe = acme.teamspace.probe()
    assert (probe.method, probe.json) == ("GET", None)
    assert probe == platform.list_custom_fields(acme.teamspace.subcompany_id)
