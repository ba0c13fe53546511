"""An operation whose requests go to another address than its connection's."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from protoadmin.clients.auth import NoAuth
from protoadmin.clients.transport import Client, Request
from protoadmin.connections.models import Teamspace
from protoadmin.outbox import registry
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.registry import Operation
from protoadmin.outbox.services import call_queue, gate_of
from tests.outbox.remote import Remote
from tests.outbox.scene import fresh, state_of, work


class Elsewhere(BaseHTTPRequestHandler):
    """Answers with `status`, and remembers the headers that came."""

    status = 200
    seen: list[dict[str, str]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.seen.append(dict(self.headers))
        self.send_response(self.status)
        if self.status == 503:
            self.send_header("Retry-After", "60")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Elsewhere]]:
    """A server of somebody else, and the operation `elsewhere` that asks it once."""
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"

    class AskElsewhere(Operation):
        name = "elsewhere"
        label = "Ask elsewhere"
        tries_once = True

        def build(self, call: Call) -> Request:
            return Request("elsewhere", "GET", "/")

        def client(self, call: Call) -> Client:
            return Client(address, auth=NoAuth(), secrets=())

    monkeypatch.setitem(registry._operations, "elsewhere", AskElsewhere())
    monkeypatch.setattr(Elsewhere, "seen", [])
    yield Elsewhere
    server.shutdown()
    server.server_close()


def ask(teamspace: Teamspace) -> Call:
    """Ask for it and let a worker work."""
    call = call_queue(operation="elsewhere", connection=teamspace, target=teamspace, payload={}, by=None)
    work()
    return call


def test_it_is_asked_without_the_connection_s_secret(
    teamspace: Teamspace, remote: Remote, elsewhere: type[Elsewhere]
) -> None:
    assert state_of(ask(teamspace)) == CallState.DONE
    assert len(elsewhere.seen) == 1
    assert teamspace.takeover_secret not in str(elsewhere.seen)
    assert "Authorization" not in elsewhere.seen[0]


@pytest.mark.parametrize("status", [429, 503])
def test_its_busyness_does_not_pause_the_connection(
    status: int, teamspace: Teamspace, elsewhere: type[Elsewhere], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "status", status)
    call = ask(teamspace)
    assert (state_of(call), fresh(call).status_code) == (CallState.FAILED, status)
    gate = gate_of(teamspace)
    assert gate is not None
    assert gate.paused_until is None
