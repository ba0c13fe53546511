"""A channel's page: the addresses for Proto, what came last, and a test delivery through real sockets."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from protoadmin.clients.wire import session_for
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.sending import send_due
from tests.deliveries.house import SECRET, House
from tests.support.servers import free_port
from webhooks.models import Delivery, DeliveryState
from webhooks.testing import verdict


def page(house: House) -> str:
    """Return the channel's page."""
    text: str = house.client().get(change(house.web)).content.decode()
    return text


def change(channel: Channel) -> str:
    """Return the address of a channel's page."""
    return reverse("admin:connections_channel_change", args=[channel.pk])


def send(house: House) -> Call:
    """Press Send a test delivery, and let a worker work."""
    url = reverse("admin:connections_channel_button", args=[house.web.pk, "send-test-delivery"])
    assert house.client().post(url).status_code == 302
    send_due()
    return Call.objects.latest("pk")


class Stranger(BaseHTTPRequestHandler):
    """Answers every POST as the test says, and remembers what came."""

    status, body, kind = 200, b"<html>hello</html>", "text/html"
    seen: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        """Answer."""
        self.seen.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def stranger(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Stranger]]:
    """Something else at PUBLIC_URL."""
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(Stranger, "seen", [])
    yield Stranger
    server.shutdown()
    server.server_close()


@pytest.fixture
def ourselves(live_server: Any, settings: Any) -> Iterator[None]:
    """The product itself at PUBLIC_URL."""
    settings.PUBLIC_URL = live_server.url
    yield
    # The server's thread, and its database connection, live as long as the kept connection to it.
    session_for(live_server.url).close()


# --- what the page says -----------------------------------------------------------------------------


def test_the_addresses(house: House, settings: Any) -> None:
    settings.PUBLIC_URL = "https://admin.example.com"
    Channel.objects.filter(pk=house.web.pk).update(channel_id="a b/ü")
    text = page(house)
    assert ">https://admin.example.com/webhooks/a%20b%2F%C3%BC/</textarea>" in text
    assert ">https://admin.example.com/webhooks/a%20b%2F%C3%BC/profile/</textarea>" in text
    assert "X-PROTO-SIGNATURE" in text
    assert "PUBLIC_URL is" not in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:8000", "which Proto cannot reach"),
        ("https://localhost", "which Proto cannot reach"),
        ("http://admin.example.com", "over http anybody"),
    ],
)
def test_doubts_about_the_address(house: House, settings: Any, address: str, words: str) -> None:
    settings.PUBLIC_URL = address
    assert words in page(house)


def test_what_came_last(house: House) -> None:
    assert "none yet" in page(house)
    good = house.arrived()
    house.arrived(headers="User-Agent: Proto-Admin/1")
    house.arrived(b"x", state=DeliveryState.FAILED)
    house.client().post("/webhooks/id-Web/", b"{}", content_type="application/json", HTTP_X_PROTO_SIGNATURE="x")
    text = page(house)
    refused = Delivery.objects.get(state=DeliveryState.REJECTED)
    for delivery in (good, refused):
        assert reverse("admin:webhooks_delivery_change", args=[delivery.pk]) in text
    assert "not that of this body" in text


# --- a test delivery --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("ourselves")
def test_a_test_delivery_arrives(house: House) -> None:
    call = send(house)
    assert call.state == CallState.DONE, call.error
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.channel) == (DeliveryState.PROCESSED, house.web)
    assert json.loads(bytes(delivery.body))["events"] == []
    text = page(house)
    assert ">Stored<" in text
    assert reverse("admin:webhooks_delivery_change", args=[delivery.pk]) in text
    send(house)
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.PROCESSED}


def test_the_secret_of_another_installation(house: House, stranger: type[Stranger]) -> None:
    stranger.status, stranger.kind = 401, "application/json"
    stranger.body = b'{"error": "The signature is not that of this body with the channel\'s secret."}'
    assert send(house).state == CallState.FAILED
    assert ">Wrong secret<" in page(house)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"<html>hello</html>"),
        (200, "application/json", b'{"ok": true}'),
        (200, "application/json", b'{"status": "stored"}'),
        (404, "text/html", b"nothing"),
        (502, "text/html", b"bad gateway"),
        (503, "text/html", b"busy"),
        (429, "text/html", b"slow down"),
    ],
)
def test_something_else_answers(house: House, stranger: type[Stranger], status: int, kind: str, body: bytes) -> None:
    stranger.status, stranger.kind, stranger.body = status, kind, body
    send(house)
    assert ">Answered by something else<" in page(house)
    assert len(stranger.seen) == 1


def test_no_token_and_no_secret_leave(house: House, stranger: type[Stranger]) -> None:
    send(house)
    headers, body = stranger.seen[0]
    assert "X-PROTO-SIGNATURE" in headers
    assert not {"X-PROTO-TOKEN", "Authorization"} & set(headers)
    for secret in (SECRET, "a-personal-token"):
        assert secret not in f"{headers} {body!r}"
        assert secret not in str(vars(Call.objects.get()))


def test_nobody_is_reached(house: House, settings: Any) -> None:
    settings.PUBLIC_URL = f"http://127.0.0.1:{free_port()}"
    call = send(house)
    assert call.state == CallState.FAILED
    text = page(house)
    assert ">Not reachable<" in text
    assert "Proto may still reach it" in text
    assert "refused the connection" in text


def test_without_a_secret_nothing_goes_out(house: House, stranger: type[Stranger]) -> None:
    Channel.objects.filter(pk=house.web.pk).update(secret="")
    assert send(house).state == CallState.FAILED
    assert not stranger.seen
    text = page(house)
    assert ">Not sent<" in text
    assert "has no secret" in text


def test_a_worker_that_died_in_it(house: House) -> None:
    test = Call(operation="test_delivery", state=CallState.FAILED, attempts=3, deaths=3)
    assert verdict(test)[1] == "Not known"


# --- the form ---------------------------------------------------------------------------------------


def fields(house: House, **more: Any) -> dict[str, Any]:
    """Return what the channel's form posts."""
    return {
        "name": "Web",
        "teamspace": house.acme.pk,
        "channel_id": "id-Web",
        "base_url": "https://gw.proto.cx",
        "is_active": "on",
        **more,
    }


def test_language_and_pulling(house: House) -> None:
    Channel.objects.filter(pk=house.web.pk).update(default_language="xx_YY")
    text = page(house)
    assert "Bemba (Zambia)" in text
    assert '<option value="xx_YY" selected' in text
    response = house.client().post(change(house.web), fields(house, default_language="xx_YY", pull_every="0"))
    assert response.status_code == 302, response.context["adminform"].form.errors
    house.web.refresh_from_db()
    assert (house.web.default_language, house.web.pull_every) == ("xx_YY", 0)
    assert (
        house.client().post(change(house.web), fields(house, default_language="sw", pull_every="")).status_code == 302
    )
    house.web.refresh_from_db()
    assert (house.web.default_language, house.web.pull_every) == ("sw", 30)
    assert house.client().post(change(house.web), fields(house, default_language="zz")).status_code == 200


def test_rotating_the_secret(house: House) -> None:
    assert "forget_previous_secret" not in page(house)
    house.client().post(change(house.web), fields(house, secret="the-new-one", previous_secret=SECRET))
    house.web.refresh_from_db()
    assert (house.web.secret, house.web.previous_secret) == ("the-new-one", SECRET)
    assert "forget_previous_secret" in page(house)
    house.client().post(change(house.web), fields(house))
    house.web.refresh_from_db()
    assert house.web.previous_secret == SECRET
    house.client().post(change(house.web), fields(house, forget_previous_secret="on"))
    house.web.refresh_from_db()
    assert (house.web.secret, house.web.previous_secret) == ("the-new-one", "")
    assert SECRET not in str(list(LogEntry.objects.values()))
