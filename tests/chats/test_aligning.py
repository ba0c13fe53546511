"""Aligning the list with what is stored: what both have is one message, gaps are filled, nothing is doubled."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.aligning import align
from conversations.chat_rows import chat_identified
from conversations.models import Chat, Message, ReadMark
from conversations.models.chats import STEP
from customers.models import Human
from protoadmin.connections.models import Channel, Teamspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(db: None) -> Chat:
    """An empty chat."""
    teamspace = Teamspace.objects.create(name="Acme", subcompany_id="acme")
    channel = Channel.objects.create(name="Web", channel_id="web", teamspace=teamspace)
    human = Human.objects.create(channel=channel, human_id="human_1", name="Ann")
    return Chat.objects.create(channel=channel, chat_id="c", human=human)


def item(text: str, author: str = "bot", **more: Any) -> dict[str, Any]:
    return {
        "author": {"type": author, "id": f"{author}_1"},
        "message": {"type": "text", "data": {"text": text, **more}},
    }


def add(chat: Chat, text: str, author: str = "bot", **values: Any) -> Message:
    return Message.objects.create(chat=chat, author_type=author, text=text, data={"text": text}, **values)


def said(chat: Chat) -> list[str]:
    return list(Message.objects.filter(chat=chat, repeat_of=None).order_by("sequence").values_list("text", flat=True))


def test_gaps_are_filled_in_place(chat: Chat) -> None:
    for text in ("b", "d"):
        add(chat, text)
    assert align(chat, [item(text) for text in "abcde"]) == 3
    assert said(chat) == list("abcde")
    assert align(chat, [item(text) for text in "abcde"]) == 0


def test_gaps_are_filled_also_where_there_is_no_room(chat: Chat) -> None:
    add(chat, "a", sequence=10)
    add(chat, "z", sequence=11)
    texts = ["a", *map(str, range(50)), "z"]
    align(chat, [item(text) for text in texts])
    assert said(chat) == texts


def test_what_the_remote_does_not_list_stays_behind_its_neighbour(chat: Chat) -> None:
    for text in ("a", "ours alone", "b", "newer than the list"):
        add(chat, text)
    align(chat, [item("a"), item("between"), item("b")])
    assert said(chat) == ["a", "ours alone", "between", "b", "newer than the list"]


def test_the_order_of_the_list_is_the_truth(chat: Chat) -> None:
    rows = [add(chat, text) for text in ("c", "a", "b")]
    assert align(chat, [item(text) for text in "abc"]) == 0
    assert said(chat) == ["a", "b", "c"]
    assert set(Message.objects.values_list("pk", flat=True)) == {row.pk for row in rows}


def test_a_probable_repeat_that_the_remote_lists_twice_is_shown_twice(chat: Chat) -> None:
    first = add(chat, "hi")
    add(chat, "hi", repeat_of=first)
    align(chat, [item("hi")])
    assert said(chat) == ["hi"]
    assert align(chat, [item("hi"), item("hi")]) == 1
    assert said(chat) == ["hi", "hi"]
    assert align(chat, [item("hi"), item("hi")]) == 0
    chat.refresh_from_db()
    assert chat.message_count == 2


def test_the_same_words_of_somebody_else_are_another_message(chat: Chat) -> None:
    add(chat, "yes", "human")
    assert align(chat, [item("yes", "human"), item("yes", "bot")]) == 1
    assert said(chat) == ["yes", "yes"]


def test_data_to_which_the_remote_has_added_is_the_same_message(chat: Chat) -> None:
    add(chat, "hi", "human")
    assert align(chat, [item("hi", "human", quickReplies=None)]) == 0


def test_the_first_pull_does_not_make_an_old_chat_new(chat: Chat) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    Chat.objects.filter(pk=chat.pk).update(created_at=long_ago, last_message_at=long_ago)
    align(chat, [item("old")])
    chat.refresh_from_db()
    assert (chat.last_message_at, chat.last_text, chat.message_count) == (long_ago, "old", 1)
    align(chat, [item("old"), item("new", "human")])
    chat.refresh_from_db()
    assert timezone.now() - chat.last_message_at < timedelta(minutes=1)
    assert chat.is_waiting


@pytest.mark.parametrize("odd", [{}, {"author": None, "message": None}, {"message": "x"}, {"author": {"type": 5}}])
def test_odd_items_are_kept(chat: Chat, odd: dict[str, Any]) -> None:
    assert align(chat, [odd]) == 1
    assert align(chat, [odd]) == 0


def test_a_webhook_that_was_quicker_than_the_answer_is_one_chat_with_ours(chat: Chat) -> None:
    add(chat, "greeting of the bot", "bot")
    ours = Chat.objects.create(channel=chat.channel, human=chat.human, started_here=True)
    first = add(ours, "first message", "human")
    chat_identified(ours, {"id": "c", "active": True, "createdAt": "2026-01-01T00:00:00Z"})
    assert Chat.objects.get() == ours
    assert said(ours) == ["first message", "greeting of the bot"]
    ours.refresh_from_db()
    assert (ours.chat_id, ours.message_count, ours.last_text) == ("c", 2, "greeting of the bot")
    assert Message.objects.get(pk=first.pk).sequence == STEP


def test_what_somebody_has_read_they_have_read_still(chat: Chat, django_user_model: Any) -> None:
    add(chat, "a", sequence=10)
    read = add(chat, "b", sequence=11)
    add(chat, "c", sequence=12)
    mark = ReadMark.objects.create(user=django_user_model.objects.create_user("ann"), chat=chat, sequence=11)
    align(chat, [item(text) for text in ("a", "between", "b", "c", "d")])
    mark.refresh_from_db()
    read.refresh_from_db()
    assert mark.sequence == read.sequence
    assert said(chat) == ["a", "between", "b", "c", "d"]
