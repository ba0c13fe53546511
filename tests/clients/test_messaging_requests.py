"""Humans, chats and messages of the Messaging API: what goes over the wire, against the bodies of seed 004."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protoadmin.clients import errors, messaging
from protoadmin.clients.transport import Request
from tests.clients.sending import failure
from tests.clients.server import Server, says_json

TAGS: list[dict[str, Any]] = [
    {"id": "9e763004dffb47b4a44e7915dc2026f6", "name": "VIP", "value": 1},
    {"id": "5703bdefe5e74660993bf0137dacf549", "name": "locale", "value": ["en", "fr"]},
]
CHAT = {
    "id": "e0fdaa11427340d08527ce0a39939b7d",
    "active": True,
    "createdAt": "2021-11-30T00:12:33Z",
    "human": {"id": "human_4361a99d71fa3", "name": "Customer's Name"},
}


def exchange(request: Request, reply: Any) -> tuple[str, Any, Any]:
    """Send a request to a server that says `reply`; return its line, its body and the data that was read."""
    with Server(says_json(reply)) as server:
        data = messaging.client(server.url, "token").send(request).data
        received = server.received[0]
    return received.line, json.loads(received.body) if received.body else None, data


def test_create_human() -> None:
    human = messaging.human_body(
        name="Jane", email="j@example.com", phone_number="+43 660 1", profile_pic_url="https://x/y", tags=TAGS,
        access_token="shh",
    )  # fmt: skip
    line, body, data = exchange(messaging.create_human("ch 1", human), {"human": {"id": "human_1"}})
    assert line == "POST /webhook/ch%201/human HTTP/1.1"
    assert body == {
        "name": "Jane",
        "email": "j@example.com",
        "phoneNumber": "+43 660 1",
        "profilePicUrl": "https://x/y",
        "tags": TAGS,
        "accessToken": "shh",
    }
    assert data == {"id": "human_1"}


def test_get_human() -> None:
    line, body, data = exchange(messaging.get_human("ch", "human/1"), {"id": "human/1", "tags": TAGS})
    assert line == "GET /webhook/ch/human/human%2F1 HTTP/1.1"
    assert body is None
    assert data["tags"] == TAGS


def test_create_chat() -> None:
    request = messaging.create_chat(
        "ch", human=messaging.human_body(human_id="human_1"), data={"source": "website"}, lang="en", chat_token="t"
    )
    line, body, data = exchange(request, {"chat": CHAT})
    assert line == "POST /webhook/ch/chat HTTP/1.1"
    assert body == {"human": {"id": "human_1"}, "data": {"source": "website"}, "lang": "en", "chatToken": "t"}
    assert data == CHAT


def test_what_is_optional_is_left_out() -> None:
    assert exchange(messaging.create_chat("ch", lang="", data={}), {"chat": CHAT})[1] == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            messaging.text_message("I can't see my deposit"),
            {"type": "text", "data": {"text": "I can't see my deposit"}},
        ),
        (messaging.button_message("the-postback"), {"type": "button", "data": {"payload": "the-postback"}}),
        (
            messaging.manual_trigger_message("API Code"),
            {"type": "manual_trigger", "data": {"trigger_name": "API Code"}},
        ),
        (
            messaging.media_message("image.png", "https://www.example.com/file/image.png"),
            {
                "type": "media",
                "data": {"attachment": {"filename": "image.png", "url": "https://www.example.com/file/image.png"}},
            },
        ),
    ],
)
def test_send_message(message: dict[str, Any], expected: dict[str, Any]) -> None:
    request = messaging.send_message("ch", "chat", human_id="human_1", message=message, reply_token="r")
    line, body, _ = exchange(request, {})
    assert line == "POST /webhook/ch/chat/chat/message HTTP/1.1"
    assert body == {"author": {"type": "human", "id": "human_1"}, "message": expected, "replyToken": "r"}
    assert not request.idempotent


def test_list_messages() -> None:
    items = [{"author": {"type": "bot", "id": "b"}, "message": {"type": "text", "data": {"text": "Hi"}}}]
    line, _, data = exchange(messaging.list_messages("ch", "chat"), items)
    assert line == "GET /webhook/ch/chat/chat/message HTTP/1.1"
    assert data == items


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (messaging.create_human("ch", {}), {"human": {"name": "no id"}}),
        (messaging.create_human("ch", {}), []),
        (messaging.create_chat("ch"), {"chat": None}),
        (messaging.get_human("ch", "h"), []),
        (messaging.list_messages("ch", "c"), {"messages": []}),
        (messaging.list_messages("ch", "c"), ["text"]),
    ],
)
def test_answers_of_another_shape(request_: Request, reply: Any) -> None:
    with Server(says_json(reply)) as server:
        error = failure(messaging.client(server.url, "token").send, request_)
    assert type(error) is errors.UnexpectedShape


@pytest.mark.parametrize("url", ["http://example.com/a.png", "https:///a.png", "javascript:alert(1)", ""])
def test_media_needs_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        messaging.media_message("a.png", url)


def test_empty_messages_are_refused() -> None:
    for make in (messaging.text_message, messaging.button_message, messaging.manual_trigger_message):
        with pytest.raises(ValueError, match="needs"):
            make("  ")
    with pytest.raises(ValueError, match="human"):
        messaging.send_message("ch", "c", human_id="", message={})


def test_the_documented_languages() -> None:
    assert len(messaging.LANGUAGES) == 31
    assert messaging.LANGUAGES["ton"] == "Tonga"
