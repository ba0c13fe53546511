"""Send a test delivery: signed with the channel's secret and posted to PUBLIC_URL, as Proto would do it."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from requests import PreparedRequest
from requests.auth import AuthBase

from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.transport import Client, Request, path_segment
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import Call, CallState, lane_of
from protoadmin.outbox.registry import CannotSend, Operation
from webhooks.models import Delivery
from webhooks.signatures import sign

NAME = "test_delivery"
STORED = {"status": "stored"}


class BodySignature(AuthBase):
    """Sets `X-PROTO-SIGNATURE` for the very bytes that go out; nothing else of the channel is sent."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        request.headers["X-PROTO-SIGNATURE"] = sign(self._secret, body if isinstance(body, bytes) else body.encode())
        return request


class SendTestDelivery(Operation):
    """Post a delivery without events, of which no chat is made, and see whether it arrives here."""

    name = NAME
    label = "Send a test delivery"
    is_read = True
    tries_once = True

    def lane(self, target: models.Model) -> str:
        """Return a lane of its own: other requests of the channel have nothing to do with it."""
        return f"{lane_of(target)}:test-delivery"

    def build(self, call: Call) -> Request:
        """Return the post to our own receiver."""
        path = f"/webhooks/{path_segment(_channel(call).channel_id)}/"
        return Request(NAME, "POST", path, json=_body(call), read=_stored)

    def client(self, call: Call) -> Client:
        """Return one for PUBLIC_URL, which carries no token of the channel."""
        secret = _channel(call).reveal("secret")
        return Client(settings.PUBLIC_URL, auth=BodySignature(secret), secrets=(secret,))

    def apply(self, call: Call, data: Any) -> None:
        """Note which delivery it became: none, when PUBLIC_URL leads to another installation."""
        sha256 = hashlib.sha256(json.dumps(_body(call)).encode()).hexdigest()
        arrived = Delivery.objects.filter(body_sha256=sha256, channel=call.connection_id).order_by("-pk").first()
        call.context = {**call.context, "delivery": arrived.pk if arrived else None}
        call.save(update_fields=["context"])


def _channel(call: Call) -> Channel:
    if not isinstance(call.connection, Channel):
        raise CannotSend("The channel was removed.")
    return call.connection


def _body(call: Call) -> dict[str, Any]:
    # The number of the attempt keeps the bytes of two tests apart: the second would be taken for a repeat.
    return {"events": [], "test": f"{call.pk}.{call.attempts}"}


def _stored(data: Any) -> Any:
    if data != STORED:
        raise UnexpectedShape("it is not what a receiver of this product says")
    return data


def verdict(call: Call) -> tuple[str, str, str]:
    """Return the outcome of a test: how good it is (done, failed), in a few words, and what it means."""
    if call.state == CallState.DONE:
        if call.context.get("delivery"):
            return "done", "Stored", "PUBLIC_URL leads here, the address is right, and so is the secret."
        return (
            "failed",
            "Answered by something else",
            "A receiver took it, but it is not in this database: PUBLIC_URL leads to another installation.",
        )
    if call.status_code == 401:
        return (
            "failed",
            "Wrong secret",
            "What answers at PUBLIC_URL knows this channel with another secret, so it is another installation.",
        )
    if call.status_code is not None:
        return (
            "failed",
            "Answered by something else",
            "Something answers at PUBLIC_URL that is not this receiver: look at the proxy in front of it.",
        )
    if call.attempts and call.request:
        return (
            "failed",
            "Not reachable",
            "PUBLIC_URL cannot be reached from this machine. Proto may still reach it (some networks do not let a "
            "machine call its own public address): then deliveries of Proto appear below.",
        )
    if call.deaths:
        return "failed", "Not known", "The worker that sent it died before the answer was written. Send another one."
    return "failed", "Not sent", "Nothing went out."
