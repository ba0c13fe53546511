"""The list: its order and pages, each filter, whose chats it shows, and that an index delivers it."""

import datetime
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations.inbox import listing
from conversations.inbox.filters import Filters
from conversations.inbox.listing import Place, among, chats_page, pulse
from conversations.inbox.people import MANY, OLDER, sought_by
from conversations.inbox.reading import mark_read, mark_unread
from conversations.models import Chat
from customers.models import Tag
from tests.inbox.scene import Scene, long_ago

NOON = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


def names(user: User, size: int = listing.PAGE, **filters: str) -> list[str]:
    """Return who is listed, over all pages."""
    fresh = User.objects.get(pk=user.pk)
    found: list[str] = []
    place = None
    for _ in range(1000):
        page = chats_page(fresh, Filters(**filters), place, size)
        found += [row.name for row in page.rows]
        place = page.next
        if place is None:
            return found
    raise AssertionError("the list has no end")


def at(chat: Chat, moment: datetime.datetime) -> Chat:
    Chat.objects.filter(pk=chat.pk).update(last_message_at=moment)
    return Chat.objects.get(pk=chat.pk)


# --- order and pages -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_lose_and_repeat_nothing_when_many_have_the_same_time(scene: Scene, size: int) -> None:
    second = scene.person("both", "Support", scene.home, scene.away)
    for number in range(17):
        channel = scene.far if number % 3 else scene.web
        at(scene.chat(channel=channel, human=scene.human(f"p{number:02}", channel)), NOON - number // 5 * MINUTE)
    wanted = [chat.human.name for chat in Chat.objects.order_by("-last_message_at", "-pk") if chat.human]
    assert names(second, size) == wanted
    assert names(scene.root, size) == wanted


MINUTE = datetime.timedelta(minutes=1)


@given(st.text(max_size=60))
def test_a_place_is_read_or_none(text: str) -> None:
    place = Place.read(text)
    assert place is None or Place.read(str(place)) == place


@given(
    st.datetimes(min_value=datetime.datetime(1970, 1, 2), max_value=datetime.datetime(2900, 1, 1)),
    st.integers(1, 2**59),
)
def test_a_place_comes_back_from_the_url(moment: datetime.datetime, pk: int) -> None:
    place = Place(moment.replace(tzinfo=datetime.UTC), pk)
    assert Place.read(str(place)) == place


def test_a_walk_stops_and_goes_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "NEARBY", 100)
    monkeypatch.setattr(listing, "WALKED", 500)
    Chat.objects.bulk_create(
        Chat(channel=scene.web, teamspace=scene.home, chat_id=f"n{n}", last_message_at=NOON - n * MINUTE, lang="en")
        for n in range(1200)
    )
    rare = Chat.objects.get(chat_id="n1100")
    Chat.objects.filter(pk=rare.pk).update(lang="ja")
    sam = User.objects.get(pk=scene.sam.pk)
    first = chats_page(sam, Filters(lang="ja"))
    assert first.rows == []
    assert first.next is not None
    assert first.looked_to == NOON - 499 * MINUTE
    assert names(scene.sam, lang="ja") == ["n1100"]


# --- whose -------------------------------------------------------------------------------------------


def test_only_chats_of_ones_teamspaces(scene: Scene) -> None:
    scene.chat("human: hi", human=scene.human("mine"))
    scene.chat("human: hi", channel=scene.far, human=scene.human("theirs", scene.far))
    assert names(scene.sam) == ["mine"]
    assert set(names(scene.root)) == {"mine", "theirs"}
    assert names(scene.person("nobody", "Support")) == []
    assert names(scene.sam, teamspace=str(scene.away.pk)) == []
    assert names(scene.sam, channel=str(scene.far.pk)) == []
    assert names(scene.sam, q="theirs") == []


def test_a_member_of_very_many_teamspaces_sees_theirs(scene: Scene) -> None:
    spaces = [type(scene.home).objects.create(name=f"s{n}", subcompany_id=f"s{n}") for n in range(listing.MERGED + 2)]
    many = scene.person("many", "Support", *spaces)
    channel = scene.channel("last", spaces[-1])
    scene.chat(channel=channel, human=scene.human("in", channel))
    scene.chat(human=scene.human("out"))
    assert names(many) == ["in"]
    assert [len(lane) for lane in pulse(User.objects.get(pk=many.pk), Filters())] == [1]


# --- filters -----------------------------------------------------------------------------------------


def test_each_filter(scene: Scene) -> None:
    second = scene.channel("line", scene.home)
    scene.chat("bot: hi", "human: help", human=scene.human("waits"), lang="ja")
    scene.chat("human: help", "bot: hi", human=scene.human("bot", second), channel=second, lang="en")
    scene.chat("human: help", "agent: hi", human=scene.human("agent"), active=False)
    scene.chat(human=scene.human("silent"))
    everybody = {"waits", "bot", "agent", "silent"}

    def found(**filters: str) -> set[str]:
        return set(names(scene.sam, 50, **filters))

    assert found() == everybody
    assert found(waiting="1") == {"waits"}
    assert found(channel=str(second.pk)) == {"bot"}
    assert found(teamspace=str(scene.home.pk)) == everybody
    assert found(active="0") == {"agent"}
    assert found(active="1") == everybody - {"agent"}
    assert found(author="bot") == {"bot"}
    assert found(agent="1") == {"agent"}
    assert found(agent="0") == everybody - {"agent"}
    assert found(lang="ja") == {"waits"}
    assert found(unread="1") == {"waits", "bot", "agent"}
    assert found(agent="0", lang="en", author="bot") == {"bot"}


def test_the_time_span_is_in_the_readers_days(scene: Scene) -> None:
    at(
        scene.chat("human: a", human=scene.human("late on the second")),
        datetime.datetime(2026, 11, 2, 19, tzinfo=datetime.UTC),
    )
    with timezone.override(datetime.timezone(datetime.timedelta(hours=5, minutes=45))):
        assert names(scene.sam, since="2026-11-03", until="2026-11-03") == ["late on the second"]
        assert names(scene.sam, since="2026-11-01", until="2026-11-02") == []
    assert names(scene.sam, since="2026-11-02", until="2026-11-02") == ["late on the second"]


def test_tags_rare_and_common(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = Tag.objects.create(teamspace=scene.home, name="VIP")
    for name in ("a", "b", "c"):
        person = scene.customer(name)
        person.tags.add(tag)
        scene.chat("human: x", human=scene.human("", customer=person))
    scene.chat("human: x", human=scene.human("untagged"))
    assert sorted(names(scene.sam, tag=str(tag.pk))) == ["a", "b", "c"]
    monkeypatch.setattr("conversations.inbox.people.FEW", 1)
    assert sorted(names(scene.sam, tag=str(tag.pk))) == ["a", "b", "c"]


def test_no_chat_is_left_out_of_a_person_or_tag_with_very_many(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.inbox.people.MOST", 2)
    jane, second = scene.customer("Jane Doe"), scene.human("other channel", channel=scene.channel("Mail", scene.home))
    jane.tags.add(tag := Tag.objects.create(teamspace=scene.home, name="VIP"))
    second.customer = jane
    second.save()
    humans = [second, scene.human("", customer=jane), scene.human("", customer=jane)]
    for number in range(6):
        human = humans[number % len(humans)]
        scene.chat("human: x", human=human, channel=human.channel)
        scene.chat("human: x", human=scene.human("somebody else"))
    for filters in ({"person": str(jane.pk)}, {"tag": str(tag.pk)}, {"q": "jane"}):
        for size in (1, 50):
            assert names(scene.root, size, **filters) == ["Jane Doe"] * 6, filters


@pytest.mark.parametrize("same_time", [True, False])
def test_a_walk_among_common_names_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, same_time: bool
) -> None:
    for name, number in (("NEARBY", 2), ("WALKED", 3), ("FIRST_BATCH", 2), ("LARGEST_BATCH", 2)):
        monkeypatch.setattr(listing, name, number)
    monkeypatch.setattr("conversations.inbox.people.FEW", 0)
    tag = Tag.objects.create(teamspace=scene.home, name="VIP")
    for number in range(11):
        person = scene.customer(f"Jo {number:02}" if number % 3 else f"Al {number:02}")
        person.tags.add(*([tag] if number % 2 else []))
        chat = scene.chat("human: x", human=scene.human("", customer=person), lang="en" if number % 5 else "ja")
        at(chat, NOON if same_time else NOON + number * MINUTE)
    newest = [f"{number:02}" for number in range(10, -1, -1)]
    jo = [f"Jo {number}" for number in newest if int(number) % 3]
    for size in (1, 2, 50):
        assert names(scene.sam, size, q="jo") == jo
        assert names(scene.root, size, q="jo", tag=str(tag.pk)) == [name for name in jo if int(name[3:]) % 2]
        assert names(scene.sam, size, q="jo", lang="en") == [name for name in jo if int(name[3:]) % 5]


@pytest.mark.parametrize("few", [0, 500])
def test_search(scene: Scene, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    if few == 0:
        monkeypatch.setattr("conversations.inbox.people.FEW", 0)
    jane = scene.customer("Jane Doe", email="jane@example.com", phone_number="+436601234567")
    scene.chat("human: x", human=scene.human("whoever", customer=jane))
    thai = scene.chat("human: x", human=scene.human("สมชาย ใจดี"))
    for query in ("jane", "JANE@example.com", "4567", jane.provided_unique_id or "", "whoever jane"):
        expected = [] if query == "whoever jane" else ["Jane Doe"]
        assert names(scene.sam, q=query) == expected, query
    known = [thai.chat_id, thai.human and thai.human.human_id]
    for text in ("สมชาย", *map(str, known)):
        assert "สมชาย ใจดี" in names(scene.sam, q=text), text
    assert names(scene.sam, q="nobody at all") == []
    assert names(scene.sam, q="จดี", waiting="1") == ["สมชาย ใจดี"]
    assert names(scene.sam, q="jane", lang="ja") == []
    assert names(scene.sam, q="jane", channel=str(scene.web.pk), teamspace=str(scene.home.pk)) == ["Jane Doe"]
    assert names(scene.sam, person=str(jane.pk)) == ["Jane Doe"]


@pytest.mark.parametrize(("number", "newest", "words"), [(2, 50_000, MANY), (2_000, 1, OLDER), (2_000, 50_000, "")])
def test_names_that_are_not_looked_at_are_told_and_a_run_looks_at_them_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int, newest: int, words: str
) -> None:
    chats = [scene.chat("human: x", human=scene.human(f"Jo {number}")).pk for number in range(4)]
    monkeypatch.setattr("conversations.inbox.people.MOST", number)
    monkeypatch.setattr("conversations.inbox.people.NEWEST_STRANGERS", newest)
    page = chats_page(scene.sam, Filters(q="jo"))
    assert page.left_out == words
    assert (len(page.rows) == len(chats)) is not bool(words)
    every = sought_by(Filters(q="jo"), scene.sam, every=True)
    assert (every.chats, every.left_out) == (None, "")
    assert sorted(key[1] for key in every.passing(among(chats, scene.sam, Filters(), Q()))) == chats


def test_unread_is_what_came_since_one_has_looked(scene: Scene) -> None:
    chat = scene.chat("human: one", human=scene.human("read"))
    mark_read(chat=chat, user=scene.sam, sequence=chat.last_sequence)
    scene.chat("human: one", human=scene.human("fresh"))
    assert names(scene.sam, unread="1") == ["fresh"]
    assert set(names(scene.mia, unread="1")) == {"read", "fresh"}
    scene.say(chat, "human: two")
    assert set(names(scene.sam, unread="1")) == {"read", "fresh"}
    chat.refresh_from_db()
    mark_read(chat=chat, user=scene.sam, sequence=chat.last_sequence)
    mark_read(chat=chat, user=scene.sam, sequence=0)
    assert names(scene.sam, unread="1") == ["fresh"], "a mark never goes back"
    mark_unread(chat=chat, user=scene.sam)
    assert "read" in names(scene.sam, unread="1")


def test_what_was_said_before_somebody_came_counts_as_read(scene: Scene) -> None:
    at(scene.chat("human: long ago", human=scene.human("old")), long_ago())
    scene.chat("human: now", human=scene.human("new"))
    User.objects.filter(pk=scene.sam.pk).update(date_joined=timezone.now() - datetime.timedelta(days=1))
    assert names(scene.sam, unread="1") == ["new"]
    rows = {row.name: row.is_unread for row in chats_page(User.objects.get(pk=scene.sam.pk), Filters()).rows}
    assert rows == {"new": True, "old": False}


WORDS = st.dictionaries(
    st.sampled_from(
        [
            "q",
            "channel",
            "teamspace",
            "active",
            "unread",
            "waiting",
            "author",
            "tag",
            "lang",
            "from",
            "to",
            "agent",
            "person",
            "x",
        ]
    ),
    st.one_of(st.text(max_size=20), st.sampled_from(["1", "0", "2026-11-03", "0001-01-01", "9999-12-31", str(2**70)])),
)


@given(WORDS)
def test_any_query_is_understood_or_left_out(query: dict[str, Any]) -> None:
    filters = Filters.read(query)
    assert Filters.parse(filters.query()) == filters
    filters.days()


# --- how it is asked ---------------------------------------------------------------------------------


def plans(work: Any) -> list[str]:
    """Return the plans of the queries over chats that `work` makes."""
    with CaptureQueriesContext(connection) as asked:
        work()
    found = []
    for query in asked.captured_queries:
        if 'FROM "conversations_chat"' in query["sql"] and "IN (SELECT" not in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"].replace("%", "%%"), ())
                found.append(" ".join(str(row[3]) for row in cursor.fetchall()))
    return found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_an_index_delivers_the_order(scene: Scene) -> None:
    both = scene.person("both", "Support", scene.home, scene.away)
    for number in range(5):
        scene.chat("human: x", human=scene.human(f"p{number}"))
    place = Place(timezone.now(), 10**6)
    for user in (scene.sam, both, scene.root):
        for filters in (Filters(), Filters(channel=str(scene.web.pk)), Filters(lang="ja"), Filters(author="bot")):
            for work in (lambda u=user, f=filters: chats_page(u, f, place), lambda u=user, f=filters: pulse(u, f)):
                for plan in plans(work):
                    assert not re.search(r"SCAN conversations_chat(?! USING (COVERING )?INDEX)", plan), plan
                    assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_the_number_of_queries_does_not_grow(scene: Scene) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            chats_page(User.objects.get(pk=scene.sam.pk), Filters())
        assert not [
            query["sql"] for query in queries.captured_queries if "COUNT(" in query["sql"] or "OFFSET" in query["sql"]
        ]
        return len(queries.captured_queries)

    for number in range(10):
        scene.chat("human: x", human=scene.human(f"p{number}"))
    few = asked()
    for number in range(40):
        scene.chat("human: x", human=scene.human(f"q{number}", customer=scene.customer(f"c{number}")))
    assert asked() == few
