"""Post deliveries as Proto does, and read what became of them."""

import base64
import hashlib
import hmac
import json
import uuid
from pathlib import Path
from typing import Any

from django.test import Client

from conversations.models import Chat, Message
from webhooks.draining import drain
from webhooks.models import Delivery

SECRET = "the-secret-of-a-channel"
SAMPLES = Path(__file__).parent / "samples"


def signature(body: bytes, secret: str = SECRET) -> str:
    """Return the signature in hex, made here by the standard library alone."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def written(body: bytes, secret: str, how: str) -> str:
    """Return the signature as it may be written: hex, HEX, prefixed, base64."""
    digest = hmac.new(secret.encode(), body, hashlib.sha1).digest()
    return {
        "hex": digest.hex(),
        "HEX": digest.hex().upper(),
        "prefixed": f"sha1={digest.hex()}",
        "base64": base64.b64encode(digest).decode(),
    }[how]


def event(*texts: str, chat: str = "chat-1", human: str = "human_1", name: str = "Ann", **more: Any) -> dict[str, Any]:
    """Return an event in which the bot says these texts."""
    author = {"type": "bot", "id": "bot_1", "name": "Bot #1"}
    messages = [{"author": author, "type": "text", "data": {"text": text}} for text in texts]
    return {"chat": {"id": chat, "human": {"id": human, "name": name}}, "messages": messages, **more}


def unique(*events: dict[str, Any]) -> bytes:
    """Return a body that no other equals."""
    return json.dumps({"events": list(events), "nonce": uuid.uuid4().hex}).encode()


def post(body: Any, *, channel: str = "channel-1", secret: str = SECRET, profile: bool = False, **headers: Any) -> Any:
    """Post a signed body (bytes, or what is dumped as JSON); return the response."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers.setdefault("HTTP_X_PROTO_SIGNATURE", signature(raw, secret))
    url = f"/webhooks/{channel}/{'profile/' if profile else ''}"
    return Client(raise_request_exception=True).post(url, raw, content_type="application/json", **headers)


def deliver(*events: dict[str, Any], channel: str = "channel-1") -> Delivery:
    """Post these events, process them, and return the delivery."""
    assert post(unique(*events), channel=channel).status_code == 200
    drain()
    return Delivery.objects.latest("pk")


def texts(chat: str = "chat-1") -> list[str]:
    """Return what was said in a chat, in order, repeats left out."""
    rows = Message.objects.filter(chat__chat_id=chat, repeat_of=None).order_by("sequence")
    return list(rows.values_list("text", flat=True))


def chat_named(chat: str = "chat-1") -> Chat:
    """Return a chat by its id."""
    return Chat.objects.get(chat_id=chat)
