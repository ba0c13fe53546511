"""The pages and fragments of the inbox over HTTP: who gets what, what is new, and what a press changes."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.inbox.transcript import version_of
from conversations.models import Chat, Message, ReadMark, SavedView
from protoadmin.outbox.models import Call
from tests.inbox.scene import Scene

INBOX = reverse("admin:conversations_chat_changelist")
LIVE = reverse("admin:conversations_chat_live")


def url(name: str, chat: Chat) -> str:
    return reverse(f"admin:conversations_chat_{name}", args=[chat.pk])


def button(name: str, chat: Chat) -> str:
    return reverse("admin:conversations_chat_button", args=[chat.pk, name])


def list_button(name: str) -> str:
    return reverse("admin:conversations_chat_list_button", args=[name])


def page(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.getvalue()[:300]
    return response.getvalue().decode()


# --- the page ----------------------------------------------------------------------------------------


def test_list_and_open_chat(scene: Scene) -> None:
    chat = scene.chat("bot: Hello there", "human: <b>I need help</b>", human=scene.human("Jane <Doe>"), lang="en")
    sam = scene.client(scene.sam)
    listed = page(sam, INBOX)
    assert "Jane &lt;Doe&gt;" in listed
    assert "&lt;b&gt;I need help" in listed
    assert "Waiting" in listed
    opened = page(sam, url("change", chat))
    assert "Hello there" in opened
    assert "<b>I need" not in opened
    for words in ("Send message", "Pull messages", "as <strong>"):
        assert words in opened
    assert "Open customer" not in opened, "there is nobody to open yet"


def test_pictures_may_be_loaded_here_and_nowhere_else(scene: Scene) -> None:
    sam = scene.client(scene.sam)
    assert "img-src 'self' data: https:;" in sam.get(INBOX).headers["Content-Security-Policy"]
    assert "https:" not in sam.get(reverse("admin:index")).headers["Content-Security-Policy"]


def test_no_picture_loads_by_itself(scene: Scene) -> None:
    chat = scene.chat()
    Message.objects.create(chat=chat, author_type="bot", type="image", data={"url": "https://spy.example/p.png"})
    cards = {"cards": [{"title": "x", "imageUrl": "https://spy.example/c.png"}]}
    Message.objects.create(chat=chat, author_type="bot", type="carousel", data=cards)
    opened = page(scene.client(scene.sam), url("change", chat))
    assert 'data-picture="https://spy.example/p.png"' in opened
    assert "<img" not in opened.split('id="inbox"')[1]


def test_tokens_are_never_shown(scene: Scene) -> None:
    chat = scene.chat(chat_token="TOKEN-A", data={"plan": "plus", "accessToken": "TOKEN-D"})
    Message.objects.create(
        chat=chat, author_type="bot", type="odd", data={"chatToken": "TOKEN-B"}, reply_token="TOKEN-C", text="x"
    )
    sam = scene.client(scene.sam)
    for address in (url("change", chat), url("print", chat), url("text", chat), url("pane", chat)):
        assert "TOKEN-" not in page(sam, address)
    assert "&quot;plan&quot;: &quot;plus&quot;" in page(sam, url("change", chat))


def test_who_may_not_write_has_no_composer(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    assert "ib-composer" not in page(scene.client(scene.mia), url("change", chat))
    response = scene.client(scene.mia).post(
        button("send-message", chat), {"request_key": "k", "kind": "text", "text": "x"}
    )
    assert response.status_code == 403


PARTS = ("pane", "messages", "print", "text")


def test_foreign_chats_do_not_exist(scene: Scene) -> None:
    theirs = scene.chat("human: secret words", channel=scene.far)
    sam = scene.client(scene.sam)
    for name in PARTS:
        assert sam.get(url(name, theirs)).status_code == 404
    assert sam.get(LIVE, {"chat": str(theirs.pk)}).status_code == 404
    assert sam.get(url("change", theirs)).status_code == 302
    for name in ("send-message", "pull-messages", "open-customer", "read", "unread", "link-person"):
        assert sam.post(button(name, theirs)).status_code == 404
    assert "secret words" not in page(sam, INBOX) + json.dumps(sam.get(LIVE).json())
    assert not ReadMark.objects.exists()


def test_without_the_permission(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    nobody = User.objects.create(username="nobody", is_staff=True)
    nobody.teamspaces.add(scene.home)
    client = scene.client(nobody)
    for address in (INBOX, LIVE, reverse("admin:conversations_chat_rows"), *(url(name, chat) for name in PARTS)):
        assert client.get(address).status_code == 403, address


@pytest.mark.parametrize("pk", ["0", "abc", "9" * 40, "%00", "-1"])
def test_ids_that_are_none(scene: Scene, pk: str) -> None:
    sam = scene.client(scene.sam)
    assert sam.get(f"{INBOX}{pk}/pane/").status_code == 404
    assert sam.get(LIVE, {"chat": pk}).status_code == 404


# --- live --------------------------------------------------------------------------------------------


class Watcher:
    """A page that keeps asking."""

    def __init__(self, client: Client, chat: Chat | None = None, **filters: str) -> None:
        self.client, self.query = client, dict(filters)
        if chat is not None:
            self.query |= {"chat": str(chat.pk), "v": version_of(chat)}

    def ask(self) -> dict[str, Any]:
        """Return what is new; nothing for 204."""
        response = self.client.get(LIVE, self.query)
        if response.status_code == 204:
            assert response.content == b""
            return {}
        news: dict[str, Any] = response.json()
        for name, key in (("b", "beat"), ("l", "list_version"), ("v", "version")):
            if key in news:
                self.query[name] = str(news[key])
        return news


def test_nothing_new_costs_next_to_nothing(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    watcher = Watcher(scene.client(scene.sam), chat)
    watcher.ask()
    with CaptureQueriesContext(connection) as asked:
        assert watcher.ask() == {}
    chats = [query for query in asked.captured_queries if '"conversations_' in query["sql"]]
    assert len(chats) == 2, "one for the list, one for the open chat"


def test_new_messages_and_chats_are_told(scene: Scene) -> None:
    chat = scene.chat("human: hi", human=scene.human("Jane"))
    watcher = Watcher(scene.client(scene.sam), chat)
    watcher.ask()
    scene.say(chat, "bot: an answer")
    news = watcher.ask()
    assert "an answer" in news["lines"]
    assert "an answer" in news["list"]
    assert news["is_whole"] is True
    assert watcher.ask() == {}
    scene.chat("human: me too", human=scene.human("John"))
    news = watcher.ask()
    assert "John" in news["list"]
    assert "lines" not in news


def test_changes_elsewhere_are_not_told(scene: Scene) -> None:
    scene.chat("human: hi")
    watcher = Watcher(scene.client(scene.sam))
    watcher.ask()
    scene.chat("human: hi", channel=scene.far)
    assert watcher.ask() == {}


def test_an_ended_chat_and_a_filter(scene: Scene) -> None:
    chat = scene.chat("human: hi", human=scene.human("Jane"))
    watcher = Watcher(scene.client(scene.sam), waiting="1")
    assert "Jane" in watcher.ask()["list"]
    Chat.objects.filter(pk=chat.pk).update(active=False)
    assert "Jane" not in watcher.ask()["list"]
    scene.say(chat, "bot: bye")
    assert "list" not in watcher.ask(), "the beat moved, the filtered list did not"


def test_the_head_of_an_open_chat_follows(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    watcher = Watcher(scene.client(scene.sam), chat)
    watcher.ask()
    Chat.objects.filter(pk=chat.pk).update(active=False)
    news = watcher.ask()
    assert "Ended" in news["flags"]
    assert news["lines"].strip() == ""
    assert watcher.ask() == {}


def test_a_renamed_person_is_told_when_everything_is_asked_for(scene: Scene) -> None:
    chat = scene.chat("human: hi", human=scene.human("Jane"))
    client = scene.client(scene.sam)
    watcher = Watcher(client)
    watcher.ask()
    human = chat.human
    assert human is not None
    human.name = "Joan"
    human.save()
    watcher.query["all"] = "1"
    assert "Joan" in watcher.ask()["list"]


def test_what_a_page_does_not_show_yet_is_in_the_first_question_after_it(scene: Scene) -> None:
    """The page is rendered, something happens, and only then its script begins to ask."""
    chat = scene.chat("human: hi")
    sam = scene.client(scene.sam)
    opened = page(sam, url("change", chat))
    beat = opened.split('data-beat="')[1].split('"')[0]
    version = opened.split('data-version="')[-1].split('"')[0]
    assert version == version_of(chat)
    scene.say(chat, "bot: meanwhile")
    news = sam.get(LIVE, {"b": beat, "chat": str(chat.pk), "v": version}).json()
    assert "meanwhile" in news["lines"]
    assert "meanwhile" in news["list"]


@pytest.mark.parametrize(
    "query", [{"v": "x"}, {"v": "9" * 30}, {"v": "-1"}, {"b": "\x00"}, {"after": "1-1"}, {"l": "x" * 5000}]
)
def test_odd_questions_are_answered(scene: Scene, query: dict[str, str]) -> None:
    chat = scene.chat("human: hi")
    assert scene.client(scene.sam).get(LIVE, {"chat": str(chat.pk), **query}).status_code == 200


def test_pages_ask_as_often_for_fifty_as_for_ten(scene: Scene) -> None:
    sam = scene.client(scene.sam)
    chat = scene.chat()
    counts: dict[str, list[int]] = {}
    for size in (10, 50):
        while Chat.objects.count() < size:
            customer = scene.customer(f"c{Chat.objects.count()}")
            scene.chat("human: x", human=scene.human("x", customer=customer))
        while chat.messages.count() < size:
            scene.say(chat, "bot: x")
        for address in (INBOX, url("change", chat), url("pane", chat), url("messages", chat), LIVE):
            with CaptureQueriesContext(connection) as asked:
                assert sam.get(address).status_code == 200
            counts.setdefault(address, []).append(len(asked.captured_queries))
    assert {address: few == many for address, (few, many) in counts.items()} == dict.fromkeys(counts, True), counts


# --- reading, writing, linking -----------------------------------------------------------------------


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


# --- views -------------------------------------------------------------------------------------------


def test_views_mine_and_everybodys(scene: Scene) -> None:
    sam, mia = scene.client(scene.sam), scene.client(scene.mia)
    kept = {"request_key": "v", "name": " My  chats ", "query": "waiting=1&lang=ar&evil=1"}
    answer = sam.post(list_button("save-view"), kept)
    assert answer["Location"] == f"{INBOX}?waiting=1&lang=ar"
    mine = SavedView.objects.get()
    assert (mine.name, mine.query, mine.shared) == ("My chats", "waiting=1&lang=ar", False)
    assert "My chats" in page(sam, INBOX)
    assert "My chats" not in page(mia, INBOX)
    assert sam.get(list_button("save-view")).status_code == 405
    sam.post(list_button("save-view"), {**kept, "query": "waiting=1"})
    assert SavedView.objects.get().query == "waiting=1", "the same name again replaces it"
    mia.post(list_button("save-view"), {"request_key": "v", "name": "Arabic", "query": "lang=ar", "shared": "on"})
    shared = SavedView.objects.get(name="Arabic")
    assert shared.shared
    assert "Arabic" in page(sam, INBOX)
    sam.post(list_button("save-view"), {"request_key": "v", "name": "No", "query": "", "shared": "on"})
    assert not SavedView.objects.get(name="No").shared, "sharing needs the permission"
    assert sam.post(list_button("delete-view"), {"request_key": "v", "view": str(shared.pk)}).status_code == 422
    assert mia.post(list_button("delete-view"), {"request_key": "v", "view": str(mine.pk)}).status_code == 422
    assert sam.post(list_button("delete-view"), {"request_key": "v", "view": str(mine.pk)}).status_code == 302
    assert mia.post(list_button("delete-view"), {"request_key": "v", "view": str(shared.pk)}).status_code == 302
    assert [view.name for view in SavedView.objects.all()] == ["No"]


def test_a_filter_in_words_with_the_way_out(scene: Scene) -> None:
    scene.chat("human: hi", human=scene.human("Jane"))
    shown = page(scene.client(scene.sam), INBOX, waiting="1", lang="ja", q="jane")
    assert "Customer waits" in shown
    assert "Language: Japanese" in shown
    assert f"{INBOX}?q=jane&amp;lang=ja" in shown


# --- on paper ----------------------------------------------------------------------------------------


def test_print_and_text(scene: Scene) -> None:
    chat = scene.chat("human: hello <b>", "bot: بخير", human=scene.human("Jane"))
    sam = scene.client(scene.sam)
    printed = page(sam, url("print", chat))
    assert "hello &lt;b&gt;" in printed
    assert "<script" not in printed
    text = sam.get(url("text", chat))
    assert text["Content-Type"].startswith("text/plain")
    said = text.getvalue().decode()
    assert "hello <b>" in said
    assert "بخير" in said
    assert text["X-Content-Type-Options"] == "nosniff"
