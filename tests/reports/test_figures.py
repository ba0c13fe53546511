"""Every figure that the pages show, against one that is counted from the raw messages, in many time zones."""

import datetime
import zoneinfo
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.figures.answer_times import answer_times, rank
from conversations.figures.reading import Scope, by_day, by_hour, split, totals, waiting
from conversations.figures.spans import Span, periods
from conversations.figures.steps import ERROR, step_of, time_of
from conversations.inbox.filters import Filters
from conversations.inbox.listing import Place, chats_page
from conversations.models import Chat, Message
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.dashboard.reports.asking import Asked
from tests.reports.recount import COUNTS, Recounted, recount
from tests.reports.test_counting import count

ZONES = ("UTC", "Asia/Kathmandu", "Asia/Kolkata", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe")
# Around the ends of summer time in Europe and America.
FIRST = datetime.datetime(2026, 10, 22, tzinfo=datetime.UTC)
MINUTES = 14 * 24 * 60
NOW = FIRST + datetime.timedelta(days=20)
SAID = st.tuples(
    st.sampled_from(["human", "bot", "agent", "narrator"]),
    st.integers(0, 3000),
    st.sampled_from(["webhook", "webhook", "pulled"]),
)
CHATS = st.lists(
    st.tuples(
        st.integers(0, MINUTES),
        st.integers(0, 2),
        st.sampled_from(["en", "th", ""]),
        st.booleans(),
        st.lists(SAID, max_size=6),
    ),
    max_size=12,
)


def make(chats: list[Any]) -> tuple[Scope, list[Channel]]:
    """Make chats in three channels of two teamspaces, and count them."""
    spaces = [Teamspace.objects.create(name=name, subcompany_id=name) for name in ("a", "b")]
    channels = [
        Channel.objects.create(name=f"c{number}", channel_id=f"c{number}", teamspace=spaces[number // 2])
        for number in range(3)
    ]
    for number, (minute, channel, lang, active, said) in enumerate(chats):
        at = FIRST + datetime.timedelta(minutes=minute)
        chat = Chat.objects.create(
            channel=channels[channel], chat_id=f"chat-{number}", lang=lang, active=active, created_at=at
        )
        for author, later, origin in said:
            at += datetime.timedelta(minutes=later)
            Message.objects.create(chat=chat, author_type=author, text="x", received_at=at, origin=origin)
    count(NOW)
    return Scope(tuple(space.pk for space in spaces)), channels


def events(found: list[Recounted]) -> list[tuple[datetime.datetime, str, int]]:
    """Return everything that is counted, when it was, and in which chat."""
    told: list[tuple[datetime.datetime, str, int]] = []
    for each in found:
        pk = each.chat.pk
        told.append((each.started_at, "started", pk))
        told += [(each.started_at, "ended", pk)] if each.ended else []
        told += [(each.started_at, "bot_alone", pk)] if each.bot_alone else []
        told += [(each.started_at, "answered", pk)] if each.answer is not None else []
        told += [(each.started_at, "agent_answered", pk)] if each.agent_answer is not None else []
        told += [(each.handed_over_at, "handed_over", pk)] if each.handed_over_at else []
        told += [(at, side, pk) for side, at in each.said]
    return told


def listed(user: User, url: str) -> list[int]:
    """Return the chats that the inbox lists at an address, page by page."""
    filters, place, pks = Filters.read(dict(parse_qsl(urlsplit(url).query))), None, []
    assert filters.figure
    while True:
        page = chats_page(user, filters, place, size=4)
        pks += [row.pk for row in page.rows]
        if page.next is None:
            return pks
        place = Place.read(str(page.next))


class EveryFigure(TestCase):
    """Random conversations, read in a random zone."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(chats=CHATS, zone=st.sampled_from(ZONES), day=st.integers(0, 13), days=st.integers(1, 9), data=st.data())
    def test_it_is_what_the_messages_say(self, chats: Any, zone: str, day: int, days: int, data: Any) -> None:
        scope, channels = make(chats)
        where = zoneinfo.ZoneInfo(zone)
        first = FIRST.date() + datetime.timedelta(days=day)
        span = Span(first, first + datetime.timedelta(days=days - 1), where)
        if data.draw(st.booleans()):
            scope = Scope(scope.teamspaces, data.draw(st.sampled_from(channels)).pk, scope.lang)
        if data.draw(st.booleans()):
            scope = Scope(scope.teamspaces, scope.channel, data.draw(st.sampled_from(["en", "th", ""])))
        found = recount(NOW, Chat.objects.filter(scope.chats()))
        told = [
            (at.astimezone(where), name, pk)
            for at, name, pk in events(found)
            if span.first <= at.astimezone(where).date() <= span.last
        ]
        self._sums(scope, span, told)
        self._times(scope, span, found)
        self._lists(scope, span, told)

    def _sums(self, scope: Scope, span: Span, told: list[Any]) -> None:
        by_name = Counter(name for _, name, _ in told)
        assert +totals(scope, span.start, span.end) == by_name
        days: dict[Any, Counter[str]] = {}
        for at, name, _ in told:
            days.setdefault(at.date(), Counter())[name] += 1
        assert {day: +counts for day, counts in by_day(scope, span).items() if +counts} == days
        hours = Counter(at.weekday() * 24 + at.hour for at, name, _ in told if name == "human")
        assert by_hour(scope, span) == [hours[hour] for hour in range(168)]
        chats = Chat.objects.in_bulk([pk for _, _, pk in told])
        for column, key in (("teamspace_pk", "teamspace_id"), ("channel_pk", "channel_id"), ("lang", "lang")):
            if (column == "channel_pk" and scope.channel) or (column == "lang" and scope.lang != "*"):
                # What is chosen already is not split.
                continue
            sums: dict[Any, Counter[str]] = {}
            for _, name, pk in told:
                sums.setdefault(getattr(chats[pk], key), Counter())[name] += 1
            assert {name: +counts for name, counts in split(scope, span, column)} == sums

    def _times(self, scope: Scope, span: Span, found: list[Recounted]) -> None:
        bounds = [(start, end) for _, start, end in periods(span, "day")]
        for exact in (True, False):
            got = answer_times(scope, bounds, exact=10**6 if exact else -1)
            for (start, end), pair in zip(bounds, got, strict=True):
                began = [each for each in found if start <= each.started_at.timestamp() / 900 < end]
                for times, name in zip(pair, ("answer", "agent_answer"), strict=True):
                    raw = sorted(getattr(each, name) for each in began if getattr(each, name) is not None)
                    assert times.chats == len(raw)
                    if raw:
                        assert_near(times.median, raw[rank(len(raw), 0.5) - 1], exact=exact)
                        assert_near(times.ninetieth, raw[rank(len(raw), 0.9) - 1], exact=exact)

    def _lists(self, scope: Scope, span: Span, told: list[Any]) -> None:
        asked = Asked(channel=str(scope.channel or ""), lang={"*": "", "": "-"}.get(scope.lang, scope.lang))
        root, _ = User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)
        with timezone.override(span.zone):
            for figure in (*COUNTS,):
                pks = listed(root, asked.chats_url(figure, span.start, span.end))
                assert len(pks) == len(set(pks))
                assert set(pks) == {pk for _, name, pk in told if name == figure}, figure
            hours = {at.weekday() * 24 + at.hour for at, name, _ in told if name == "human"} or {5}
            for hour in hours:
                pks = listed(root, asked.chats_url("human", span.start, span.end, hour=str(hour)))
                wanted = {pk for at, name, pk in told if name == "human" and at.weekday() * 24 + at.hour == hour}
                assert set(pks) == wanted
                assert len(pks) == len(wanted)


def assert_near(milliseconds: int | None, raw: datetime.timedelta, *, exact: bool) -> None:
    """Compare a time with the true one, within exactly the stated error."""
    assert milliseconds is not None
    true = raw / datetime.timedelta(milliseconds=1)
    if exact:
        assert milliseconds == int(true)
    else:
        assert abs(milliseconds - true) <= max(true * ERROR + 1, 1_000)


@given(st.integers(0, 300 * 86_400 * 1000))
def test_a_step_stands_for_its_times_within_the_error(milliseconds: int) -> None:
    assert abs(time_of(step_of(milliseconds)) - milliseconds) <= max(milliseconds * ERROR + 1, 1_000)


@pytest.mark.django_db
def test_who_waits_now() -> None:
    scope, channels = make([(5, 0, "en", True, [("bot", 1, "webhook"), ("human", 1, "webhook")]), (5, 2, "", True, [])])
    assert waiting(scope) == 1
    assert waiting(Scope(scope.teamspaces, channels[2].pk)) == 0
    assert waiting(Scope(scope.teamspaces, lang="en")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("exact", [10**6, -1])
@pytest.mark.parametrize("length", [4, 96 * 3])
def test_an_agents_answer_has_a_time_where_the_first_answer_was_pulled(exact: int, length: int) -> None:
    scope, _ = make([(5, 0, "en", True, [("human", 1, "webhook"), ("bot", 1, "pulled"), ("agent", 1, "webhook")])])
    start = int(FIRST.timestamp()) // 900
    ((first, agents),) = answer_times(scope, [(start, start + length)], exact)
    assert (first.chats, agents.chats) == (0, 1)
    assert_near(agents.median, datetime.timedelta(minutes=2), exact=exact > 0)
