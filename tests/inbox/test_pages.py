"""The pages of the inbox over HTTP: who gets what."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from conversations.models import Message, ReadMark, SavedView
from tests.inbox.asking import INBOX, LIVE, button, list_button, page, url
from tests.inbox.scene import Scene

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
