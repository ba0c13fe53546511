"""The transcript: where it opens, its pages, what is new since a version, repeats, and the reader's days."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.inbox import transcript
from conversations.inbox.reading import mark_read, mark_unread, read_to
from conversations.models import Chat, Message
from tests.inbox.scene import Scene


def long_chat(scene: Scene, count: int) -> Chat:
    """Make a chat with `0`, `1`, … said in it."""
    chat = scene.chat()
    Message.objects.bulk_create(
        Message(chat=chat, author_type="bot", text=str(n), data={"text": str(n)}, sequence=n + 1, version=n + 1)
        for n in range(count)
    )
    Chat.objects.filter(pk=chat.pk).update(last_sequence=count, version=count, message_count=count)
    return Chat.objects.get(pk=chat.pk)


def texts(lines: list[transcript.Line]) -> list[int]:
    return [int(line.message.text) for line in lines]


def test_opens_at_the_newest_for_who_never_read_it(scene: Scene) -> None:
    chat = long_chat(scene, 120)
    shown = transcript.opened(chat, None)
    assert texts(shown.lines) == list(range(70, 120))
    assert (shown.has_older, shown.has_newer) == (True, False)
    assert not any(line.is_first_unread for line in shown.lines)


@pytest.mark.parametrize(("read", "first", "newer"), [(10, 2, True), (75, 67, False), (119, 111, False), (0, 0, True)])
def test_opens_at_the_first_unread(scene: Scene, read: int, first: int, newer: bool) -> None:
    chat = long_chat(scene, 120)
    shown = transcript.opened(chat, read)
    assert texts(shown.lines)[0] == first
    assert [line.message.text for line in shown.lines if line.is_first_unread] == [str(read)]
    assert shown.has_newer is newer


def test_pages_up_and_down_meet(scene: Scene) -> None:
    chat = long_chat(scene, 173)
    found: list[int] = []
    place = None
    while True:
        page = transcript.older_than(chat, place)
        found = texts(page.lines) + found
        if not page.has_older:
            break
        place = transcript.place_of(page.lines[0].place)
    assert found == list(range(173))
    down: list[int] = []
    place = (0, 0)
    while True:
        page = transcript.newer_than(chat, place)
        down += texts(page.lines)
        if not page.has_newer:
            break
        found_place = transcript.place_of(page.lines[-1].place)
        assert found_place is not None
        place = found_place
    assert down == list(range(173))


def test_messages_with_the_same_sequence_are_all_shown(scene: Scene) -> None:
    chat = scene.chat()
    Message.objects.bulk_create(Message(chat=chat, author_type="bot", text=str(n), sequence=7) for n in range(130))
    found: set[int] = set()
    place = None
    while True:
        page = transcript.older_than(chat, place)
        found |= set(texts(page.lines))
        if not page.has_older:
            break
        place = transcript.place_of(page.lines[0].place)
    assert found == set(range(130))


def test_repeats_are_told_of_under_their_original(scene: Scene) -> None:
    chat = scene.chat()
    first = scene.say(chat, "bot: hello")
    for _ in range(2):
        scene.say(chat, "bot: hello", repeat_of=first)
    (line,) = transcript.older_than(chat, None).lines
    assert len(line.repeats) == 2


def test_what_changed_since_a_version(scene: Scene) -> None:
    chat = scene.chat("bot: one", "bot: two")
    known = chat.version
    assert transcript.changed_since(chat, known) == ([], [])
    third = scene.say(chat, "human: three")
    lines, gone = transcript.changed_since(chat, known)
    assert [line.message.pk for line in lines] == [third.pk]
    assert gone == []


def test_a_repeat_brings_its_original_again_and_goes_itself(scene: Scene) -> None:
    chat = scene.chat()
    first = scene.say(chat, "bot: one")
    chat.refresh_from_db()
    known = chat.version
    repeat = scene.say(chat, "bot: one", repeat_of=first)
    lines, gone = transcript.changed_since(chat, known)
    assert [line.message.pk for line in lines] == [first.pk]
    assert gone == [repeat.pk]
    assert [each.pk for each in lines[0].repeats] == [repeat.pk]


def test_days_are_the_readers(scene: Scene) -> None:
    chat = scene.chat()
    for hour in (17, 19):
        scene.say(chat, f"bot: {hour}", received_at=datetime.datetime(2026, 11, 3, hour, tzinfo=datetime.UTC))
    with timezone.override(datetime.timezone(datetime.timedelta(hours=5, minutes=45))):
        lines = transcript.older_than(chat, None).lines
        assert [line.day for line in lines] == ["2026-11-03", "2026-11-04"]
        assert [line.is_new_day for line in lines] == [True, True]
    lines = transcript.older_than(chat, None).lines
    assert [line.is_new_day for line in lines] == [True, False]


def test_the_same_author_soon_after_is_one_group(scene: Scene) -> None:
    chat = scene.chat()
    noon = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)
    for minutes, line in ((0, "bot: a"), (1, "bot: b"), (2, "human: c"), (20, "human: d")):
        scene.say(chat, line, received_at=noon + datetime.timedelta(minutes=minutes))
    assert [line.is_next for line in transcript.older_than(chat, None).lines] == [False, True, False, False]


def test_reading_and_unreading(scene: Scene) -> None:
    chat = scene.chat("bot: one", "bot: two")
    assert read_to(chat, scene.sam) is None
    mark_read(chat=chat, user=scene.sam, sequence=2**62)
    assert read_to(chat, scene.sam) == chat.last_sequence
    mark_unread(chat=chat, user=scene.sam)
    shown = transcript.opened(chat, read_to(chat, scene.sam))
    assert [line.message.text for line in shown.lines if line.is_first_unread] == ["two"]
    assert read_to(chat, scene.mia) is None


def test_the_number_of_queries_does_not_grow(scene: Scene) -> None:
    chat = scene.chat()
    counts = []
    for size in (10, 50):
        while Message.objects.filter(chat=chat).count() < size:
            message = scene.say(chat, "bot: x")
            scene.say(chat, "bot: x", repeat_of=message)
        with CaptureQueriesContext(connection) as asked:
            transcript.older_than(Chat.objects.select_related("human__customer").get(pk=chat.pk), None)
        counts.append(len(asked.captured_queries))
        assert not [query["sql"] for query in asked.captured_queries if "OFFSET" in query["sql"]]
    assert counts[0] == counts[1]
