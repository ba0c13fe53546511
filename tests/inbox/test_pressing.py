"""What a press in the inbox changes: reading, writing, pulling, linking."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Chat, ReadMark
from protoadmin.outbox.models import Call
from tests.inbox.asking import button, page, url
from tests.inbox.scene import Scene


def test_reading_is_a_post(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    sam = scene.client(scene.sam)
    page(sam, url("change", chat))
    assert not ReadMark.objects.exists(), "looking alone changes nothing"
    assert sam.get(button("read", chat)).status_code == 405
    answer = sam.post(button("read", chat), {"sequence": str(chat.last_sequence)}, headers={"X-Inbox": "1"})
    assert answer.status_code == 200
    assert ReadMark.objects.get().sequence == chat.last_sequence


def send(client: Client, chat: Chat, **data: str) -> Any:
    return client.post(button("send-message", chat), {"request_key": "key", **data}, headers={"X-Inbox": "1"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "text", "text": " Hello\nthere "}, {"type": "text", "data": {"text": " Hello\nthere "}}),
        ({"kind": "button", "payload": "go"}, {"type": "button", "data": {"payload": "go"}}),
        ({"kind": "manual_trigger", "trigger_name": "T"}, {"type": "manual_trigger", "data": {"trigger_name": "T"}}),
        (
            {"kind": "media", "filename": "a.pdf", "url": "https://e.com/a"},
            {"type": "media", "data": {"attachment": {"filename": "a.pdf", "url": "https://e.com/a"}}},
        ),
    ],
)
def test_the_four_kinds_go_out_once(scene: Scene, data: dict[str, str], message: dict[str, Any]) -> None:
    chat = scene.chat("bot: hi")
    sam = scene.client(scene.sam)
    first, second = send(sam, chat, **data), send(sam, chat, **data)
    assert first.status_code == second.status_code == 200
    assert first.json()["message"] == second.json()["message"]
    assert first.json()["request_key"] not in ("", "key")
    (call,) = Call.objects.filter(operation="send_message")
    assert call.payload["message"] == message
    assert ReadMark.objects.get(user=scene.sam).sequence == Chat.objects.get(pk=chat.pk).last_sequence
    shown = page(sam, url("change", chat))
    assert "Sent from here" in shown
    assert "Queued" in shown


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "text", "text": "  "}, "text"),
        ({"kind": "button"}, "payload"),
        ({"kind": "manual_trigger"}, "trigger_name"),
        ({"kind": "media", "url": "https://e.com/a"}, "filename"),
        ({"kind": "media", "filename": "a", "url": "http://e.com/a"}, "url"),
        ({"kind": "media", "filename": "a", "url": "http://[::1"}, "url"),
        ({"kind": "text", "text": "x" * 20_001}, "text"),
        ({"kind": "odd", "text": "x"}, "kind"),
        ({}, "kind"),
    ],
)
def test_what_is_missing_is_said_at_its_field(scene: Scene, data: dict[str, str], field: str) -> None:
    chat = scene.chat("bot: hi")
    answer = send(scene.client(scene.sam), chat, **data)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Call.objects.exists()


def test_without_a_script_too(scene: Scene) -> None:
    chat = scene.chat("bot: hi")
    sam = scene.client(scene.sam)
    answer = sam.post(button("send-message", chat), {"request_key": "k", "kind": "text", "text": "hi"})
    assert answer.status_code == 302
    assert answer["Location"] == url("change", chat)
    answer = sam.post(button("send-message", chat), {"request_key": "j", "kind": "text", "text": ""})
    assert answer.status_code == 422
    assert "needs a text" in answer.content.decode()


def test_nobody_to_speak_for(scene: Scene) -> None:
    answer = send(scene.client(scene.sam), scene.chat("bot: hi", human=None), kind="text", text="x")
    assert answer.status_code == 422
    assert "__all__" in answer.json()["errors"]


def test_pull_and_open(scene: Scene) -> None:
    jane = scene.customer("Jane")
    chat = scene.chat("bot: hi", human=scene.human("J", customer=jane))
    sam = scene.client(scene.sam)
    assert sam.post(button("pull-messages", chat), headers={"X-Inbox": "1"}).status_code == 200
    assert Call.objects.filter(operation="list_messages").count() == 1
    answer = sam.post(button("open-customer", chat))
    assert answer["Location"] == reverse("admin:customers_customer_change", args=[jane.pk])


def test_link_to_a_person_and_back(scene: Scene) -> None:
    jane = scene.customer("Jane Doe", email="jane@example.com")
    stranger = scene.customer("Jane Elsewhere", teamspace=scene.away)
    human = scene.human("JD")
    chat = scene.chat("bot: hi", human=human)
    sam, mia = scene.client(scene.sam), scene.client(scene.mia)
    found = page(sam, reverse("admin:conversations_chat_panel", args=[chat.pk, "person"]), find="jane")
    assert "Jane Doe" in found
    assert "Elsewhere" not in found
    wrong = sam.post(button("link-person", chat), {"request_key": "k", "customer": str(stranger.pk)})
    assert wrong.status_code == 422
    assert mia.post(button("link-person", chat), {"request_key": "k", "customer": str(jane.pk)}).status_code == 403
    assert sam.post(button("link-person", chat), {"request_key": "k", "customer": str(jane.pk)}).status_code == 302
    human.refresh_from_db()
    assert human.customer == jane
    opened = page(sam, url("change", chat))
    for label in ("Create ticket", "Add tags", "Set custom fields", "Open customer", "unlink"):
        assert label in opened
    assert sam.post(button("unlink-person", chat)).status_code == 302
    human.refresh_from_db()
    assert human.customer is None


def test_the_persons_buttons_lead_back(scene: Scene) -> None:
    jane = scene.customer("Jane Doe")
    chat = scene.chat("bot: hi", human=scene.human("JD", customer=jane))
    here = url("change", chat)
    sam = scene.client(scene.sam)
    assert f'name="next" value="{here}"' in page(sam, here)
    ticket = reverse("admin:customers_customer_button", args=[jane.pk, "create-ticket"])
    data = {"request_key": "k", "identifier": "provided_unique_id", "next": here}
    refused = sam.post(ticket, {**data, "subject": ""})
    assert f'name="next" value="{here}"' in refused.content.decode()
    done = sam.post(ticket, {**data, "subject": "Help"})
    assert done["Location"] == here
