"""A delivery's page: what it tells, tokens masked, whatever came; and its live panel."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from conversations.models import Chat
from tests.deliveries.house import House, change
from webhooks.draining import drain
from webhooks.models import Delivery, DeliveryKind, DeliveryState
from webhooks.showing import SHOWN, how_long, size_in_words

TOKENS = ("t0ken-of-chat", "t0ken-of-reply", "t0ken-of-human", "the-secret-of-a-channel", "a-personal-token")


def event(text: str = "Hello", chat: str = "chat-1", **more: Any) -> dict[str, Any]:
    """Return an event in which the bot says something."""
    message = {"author": {"type": "bot", "id": "b", "name": "Bot"}, "type": "text", "data": {"text": text}}
    return {"chat": {"id": chat, "human": {"id": "h", "name": "Ann"}}, "messages": [message], **more}


def raw_url(delivery: Delivery) -> str:
    """Return the address of the download."""
    return reverse("admin:webhooks_delivery_raw", args=[delivery.pk])


def test_what_the_page_tells(house: House) -> None:
    delivery = house.arrived(
        {"events": [event("How can I help?")]},
        state=DeliveryState.RECEIVED,
        remote_addr="203.0.113.9",
        headers="Content-Type: application/json\nUser-Agent: Proto",
    )
    drain()
    page = house.page(delivery)
    chat = Chat.objects.get()
    told = ("Processed", "203.0.113.9", "User-Agent: Proto", delivery.body_sha256, "How can I help?", "1 message")
    for words in told:
        assert words in page
    assert reverse("admin:conversations_chat_change", args=[chat.pk]) in page
    assert "&quot;events&quot;: [" in page


def test_tokens_are_masked_and_not_in_the_download(house: House) -> None:
    body = {
        "events": [event(chatToken=TOKENS[0], replyToken=TOKENS[1])],
        "human": {"accessToken": TOKENS[2]},
        "text": f"{TOKENS[3]} and {TOKENS[4]}",
    }
    delivery = house.arrived(body)
    page = house.page(delivery)
    assert "***" in page
    for token in TOKENS:
        assert token not in page
    response = house.client().get(raw_url(delivery))
    assert response.content == bytes(delivery.body)
    assert TOKENS[0].encode() in response.content
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == f'attachment; filename="delivery-{delivery.pk}.bin"'


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "It is empty."),
        (b'{"chatToken": "t0ken-of-chat", "cut', "&quot;***&quot;"),
        (b"\xff\xfe\x00\x80<script>alert(1)</script>", "\\xff\\xfe\\u0000\\x80&lt;script&gt;"),
        (b'{"x": "<script>alert(1)</script>"}', "&lt;script&gt;"),
        (b'{"x": "{{ 7|add:7 }} {% now %}"}', "{{ 7|add:7 }} {% now %}"),
        (b'{"x": [NaN, Infinity, -Infinity]}', "-Infinity"),
        (b'{"x": "\\ud800"}', "\\ud800"),
        (b'{"x": "\\u0000"}', "\\u0000"),
        ('{"x": "\u202eabc"}'.encode(), "\\u202eabc"),
        (b'{"x": ' + b"9" * 5000 + b"}", "Infinity"),
        (b"[" * 20_000, "[[[["),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "&quot;a&quot;: 1"),
        ('{"x": "مرحبا สวัสดี 你好 😀"}'.encode(), "مرحبا สวัสดี 你好 😀"),
        (b"null", "null"),
        (b'"</pre><img src=x onerror=alert(1)>"', "&lt;/pre&gt;&lt;img"),
    ],
)
def test_any_body(house: House, body: bytes, shown: str) -> None:
    page = house.page(house.arrived(body, state=DeliveryState.FAILED, error="<b>It is wrong.</b>"))
    assert shown in page
    for hostile in ("<script>alert", "<img src=x", "t0ken", "<b>b"):
        assert hostile not in page


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 1024 * 1024,
        json.dumps(["y" * 1000] * 1000).encode(),
        json.dumps([1] * 300_000).encode(),
        json.dumps({"k" * 1_000_000: 1}).encode(),
        json.dumps("z" * 1_000_000).encode(),
        b'{"chatToken": "' + b"s" * 1_000_000,
    ],
)
def test_of_a_big_body_the_first_part(house: House, body: bytes) -> None:
    page = house.page(house.arrived(body))
    if b"chatToken" not in body and b"k" * 100 not in body:
        assert "Only the first part is shown." in page
        assert len(page) < SHOWN * 4 + 100_000
    assert "Download as it came" in page
    assert "ssssssss" not in page


def test_a_rejected_one(house: House) -> None:
    delivery = house.arrived(b"", state=DeliveryState.REJECTED, kind=DeliveryKind.UNKNOWN, error="It is wrong.")
    page = house.page(delivery)
    assert "It is wrong." in page
    assert "cannot be replayed" in page
    assert "Download" not in page
    assert house.client().get(raw_url(delivery)).status_code == 404
    assert "not kept" in house.press(delivery).content.decode()


def test_a_repeat_leads_to_what_it_repeats(house: House) -> None:
    body = {"events": [event()]}
    first, second = (house.arrived(body, state=DeliveryState.RECEIVED) for _ in range(2))
    drain()
    second.refresh_from_db()
    assert second.state == DeliveryState.REPEAT
    assert change(first) in house.page(second)
    assert change(second) in house.page(first)


def test_the_traceback_is_for_those_who_may_replay(house: House) -> None:
    delivery = house.arrived(state=DeliveryState.FAILED, traceback="Traceback: <boom>")
    assert "Traceback: &lt;boom&gt;" in house.page(delivery)
    watcher = house.new_person("eve", "Support")
    watcher.user_permissions.add(_permission("view_delivery"))
    page = house.page(delivery, watcher)
    assert "boom" not in page
    assert "Download" not in page
    assert ">Replay" not in page
    assert house.client(watcher).get(raw_url(delivery)).status_code == 403


def _permission(codename: str) -> Any:
    return Permission.objects.get(codename=codename)


def test_a_foreign_one_does_not_exist(house: House) -> None:
    delivery = house.arrived(channel=house.foreign)
    assert house.client().get(change(delivery)).status_code == 302
    assert house.client().get(raw_url(delivery)).status_code == 404
    assert house.client(house.root).get(raw_url(delivery)).status_code == 200


def test_the_panel_is_live_until_it_is_processed(house: House) -> None:
    delivery = house.arrived({"events": [event()]}, state=DeliveryState.RECEIVED)
    url = reverse("admin:webhooks_delivery_panel", args=[delivery.pk, "delivery"])
    waiting = house.client().get(url).content.decode()
    assert "every 1s" in waiting
    drain()
    done = house.client().get(url, {"was": "live"}).content.decode()
    assert "every 20s" in done
    assert "data-live-reload" in done


def test_words() -> None:
    assert [size_in_words(size) for size in (0, 1023, 1536, 1024 * 1024)] == ["0 B", "1023 B", "1.5 KiB", "1.0 MiB"]
    assert how_long(Delivery(state=DeliveryState.RECEIVED)) == ""
