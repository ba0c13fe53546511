"""What an open page of the inbox is told while it keeps asking."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.inbox.transcript import version_of
from conversations.models import Chat
from tests.inbox.asking import INBOX, LIVE, page, url
from tests.inbox.scene import Scene


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
