"""The pages of the reports and of the dashboard: by role, what stands on them, where it leads, the download."""

import csv
import datetime
import html
import io
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from conversations.choosing import choose, parameters_of
from conversations.figures.definitions import FIGURES
from conversations.inbox.filters import Filters
from conversations.inbox.listing import chats_page
from conversations.models import Chat, Ticket
from customers.models import Tag
from protoadmin.dashboard.reports.asking import Asked
from protoadmin.dashboard.reports.words import change, duration
from protoadmin.runs.models import Run
from tests.inbox.scene import Scene
from tests.reports.test_counting import count

pytestmark = pytest.mark.django_db
REPORTS, CSV, INDEX = reverse("admin:reports"), reverse("admin:reports_csv"), reverse("admin:index")


def tile(page: str, name: str) -> tuple[str, str]:
    """Return the value of a tile, and where it leads."""
    found = re.search(rf'data-figure="{name}".*?rp-value">(?:<a href="([^"]*)">)?([^<]*)<', page, re.S)
    assert found is not None, name
    return found[2], html.unescape(found[1] or "")


def busy(scene: Scene) -> None:
    """Let a little happen today, in both teamspaces."""
    now = timezone.now()
    for number in range(3):
        chat = scene.chat(lang="en", created_at=now, active=number > 0)
        scene.say(chat, "human: hello", received_at=now)
        scene.say(chat, "bot: hi", received_at=now + datetime.timedelta(seconds=30))
    scene.say(chat, "agent: here", received_at=now + datetime.timedelta(minutes=5))
    scene.chat("human: far away", channel=scene.far)
    Ticket.objects.create(teamspace=scene.home, subject="One")
    count()


def test_a_manager_sees_the_figures_of_their_teamspaces(scene: Scene) -> None:
    busy(scene)
    for address in (INDEX, f"{REPORTS}?span=today"):
        page = scene.client(scene.mia).get(address).content.decode()
        expected = {"started": "3", "human": "3", "bot": "3", "agent": "1", "handed_over": "1", "bot_alone": "100 %"}
        expected |= {"answer": "30 s", "agent_answer": "5 min 0 s", "tickets": "1", "waiting": "0"}
        assert {name: tile(page, name)[0] for name in expected} == expected
        for name in expected:
            assert html.escape(FIGURES[name].meaning, quote=False).replace("'", "&#x27;") in page
    root = scene.client(scene.root).get(REPORTS).content.decode()
    assert tile(root, "started")[0] == "4"
    assert tile(root, "waiting")[0] == "1"


def test_pulled_answers_have_no_time_and_the_tile_says_so(scene: Scene) -> None:
    chat = scene.chat()
    for line in ("human: hello", "bot: hi"):
        scene.say(chat, line, origin="pulled")
    count()
    page = scene.client(scene.mia).get(f"{REPORTS}?span=today").content.decode()
    assert tile(page, "answer")[0] == "–"
    assert page.count("no answer of which Proto told the time") == 2
    assert "median of 0 chats" not in page


def test_a_tile_leads_to_exactly_the_chats_that_it_counts(scene: Scene) -> None:
    busy(scene)
    client = scene.client(scene.mia)
    page = client.get(f"{REPORTS}?span=today").content.decode()
    for name in ("started", "handed_over", "answer", "agent_answer"):
        _, url = tile(page, name)
        listed = client.get(url).content.decode()
        number = 1 if name in {"handed_over", "agent_answer"} else 3
        assert len(re.findall(r"<li data-chat=", listed)) == number
        assert FIGURES[name].label in listed
    tickets = client.get(tile(page, "tickets")[1])
    assert tickets.status_code == 200
    assert "One" in tickets.content.decode()


def test_everything_that_a_figure_counts_can_be_chosen(scene: Scene) -> None:
    busy(scene)
    with timezone.override("UTC"):
        asked = Asked(span="today")
        span = asked.days()
        for figure, number in (("handed_over", 1), ("human", 3), ("started", 3)):
            filters = Filters.parse(urlsplit(asked.chats_url(figure, span.start, span.end)).query)
            run = Run(parameters=parameters_of(filters))
            listed = {row.pk for row in chats_page(scene.mia, filters).rows}
            assert set(choose(run, scene.mia, None).ids) == listed
            assert len(listed) == number


def test_people_are_looked_for_among_the_chats_that_a_figure_counts(scene: Scene) -> None:
    busy(scene)
    customer = scene.customer("Ursula")
    Chat.objects.filter(pk=scene.chat("human: hello").pk).update(human=scene.human("Ursula", customer=customer))
    scene.chat("human: Ursula, are you there?")
    count()
    asked = Asked(span="today")
    span = asked.days()
    url = asked.chats_url("started", span.start, span.end, q="Ursula")
    assert len(re.findall("<li data-chat=", scene.client(scene.mia).get(url).content.decode())) == 1


def test_agents_see_what_waits_and_no_figures(scene: Scene) -> None:
    waits = scene.chat("bot: hi", "human: is anybody there?")
    scene.chat("human: elsewhere", channel=scene.far)
    page = scene.client(scene.sam).get(INDEX).content.decode()
    assert reverse("admin:conversations_chat_change", args=[waits.pk]) in page
    assert "is anybody there?" in page
    assert "elsewhere" not in page
    assert "rp-tile" not in page
    assert REPORTS not in page
    assert scene.client(scene.sam).get(REPORTS).status_code == 403
    assert scene.client(scene.sam).get(CSV).status_code == 403


def test_administrators_see_the_health(scene: Scene) -> None:
    ada = scene.person("ada", "Administrator", scene.home)
    page = scene.client(ada).get(INDEX).content.decode()
    for words in ("Workers", "API calls", "Webhook deliveries", "Failed deliveries", "not tested yet"):
        assert words in page
    assert "far" not in re.findall(r'connections/channel/\d+/change/">([^<]*)<', page)


def test_every_part_of_the_report_has_a_table_and_a_file(scene: Scene) -> None:
    busy(scene)
    tag = Tag.objects.create(teamspace=scene.home, name="=vip")
    chat = Chat.objects.filter(channel=scene.web).first()
    assert chat is not None
    customer = scene.customer("Ann")
    customer.tags.add(tag)
    Chat.objects.filter(pk=chat.pk).update(human=scene.human("Ann", customer=customer))
    client = scene.client(scene.mia)
    for view in ("overview", "answers", "hours", "split", "tags"):
        answer = client.get(REPORTS, {"view": view, "span": "today"})
        assert "<table" in answer.content.decode()
        given = client.get(CSV, {"view": view, "span": "today"})
        rows = list(csv.reader(io.StringIO(given.content.decode("utf-8-sig"))))
        assert rows[0][0] in {"Day", "Weekday", "Teamspace", "Tag"}
        assert len(rows) > 1
    # A cell that a spreadsheet program would take for a formula is made safe.
    assert rows[1] == ["'=vip", "1"]
    link = re.search(r'href="([^"]*tag=[^"]*)"', answer.content.decode())
    assert link is not None
    assert re.findall(r'<li data-chat="(\d+)"', client.get(html.unescape(link[1])).content.decode()) == [str(chat.pk)]


def test_the_days_are_the_readers(scene: Scene) -> None:
    # Half past eight in the evening in New York is tomorrow in Kathmandu.
    at = datetime.datetime(2026, 3, 10, 0, 30, tzinfo=datetime.UTC)
    scene.say(scene.chat(created_at=at), "human: hello", received_at=at)
    count()
    query = {"span": "own", "from": "2026-03-09", "to": "2026-03-09"}
    client = scene.client(scene.mia)
    for zone, started in (("America/New_York", "1"), ("Asia/Kathmandu", "0")):
        client.cookies["timezone"] = zone
        assert tile(client.get(REPORTS, query).content.decode(), "started")[0] == started


def test_filters_by_channel_and_language(scene: Scene) -> None:
    other = scene.channel("other", scene.home)
    scene.chat("human: hello", lang="th")
    scene.chat("human: hello", channel=other)
    count()
    client = scene.client(scene.mia)
    queries: Any = (
        ({"channel": scene.web.pk}, "1"),
        ({"lang": "th"}, "1"),
        ({"lang": "-"}, "1"),
        ({"channel": other.pk, "lang": "th"}, "0"),
        ({"channel": scene.far.pk}, "0"),
        ({"teamspace": scene.away.pk}, "0"),
        ({"teamspace": scene.home.pk}, "2"),
    )
    for query, started in queries:
        page = client.get(REPORTS, query).content.decode()
        value, url = tile(page, "started")
        assert value == started, query
        assert len(re.findall("<li data-chat=", client.get(url).content.decode())) == int(started)


def test_the_page_says_that_the_workers_are_behind(scene: Scene) -> None:
    scene.chat("human: hello")
    client = scene.client(scene.mia)
    assert "being counted" in client.get(REPORTS).content.decode()
    count()
    assert "being counted" not in client.get(REPORTS).content.decode()


def test_the_cost_of_a_page_does_not_depend_on_the_messages(scene: Scene, django_assert_max_num_queries: Any) -> None:
    busy(scene)
    client = scene.client(scene.mia)
    client.get(REPORTS)
    for view in ("overview", "answers", "hours", "split", "tags"):
        with django_assert_max_num_queries(40) as asked:
            client.get(REPORTS, {"view": view, "span": "90d"})
        assert not [query for query in asked.captured_queries if "conversations_message" in query["sql"]]


def test_any_query_is_understood_or_left_out(scene: Scene) -> None:
    client = scene.client(scene.mia)
    for query in (
        {"span": "own", "from": "2026-02-30", "to": "x"},
        {"span": "own", "from": "2026-05-01", "to": "2026-04-01"},
        {"span": "own", "from": "1975-01-01", "to": "2026-04-01", "by": "day"},
        {"view": "x", "by": "y", "channel": "-1", "lang": "\x00", "teamspace": "9" * 30},
    ):
        assert client.get(REPORTS, query).status_code == 200
    asked = Asked.read({"span": "own", "from": "2026-05-01", "to": "2026-05-03", "by": "week"})
    assert Asked.read(dict(parse_qsl(asked.query()))) == asked


def test_words() -> None:
    assert [duration(each) for each in (None, 400, 59_999, 61_000, 3_660_000, 90_000_000)] == [
        "–", "under 1 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
    assert change(3, 2, "the day before", "2", words=("more", "fewer")) == "▲ 50 % more than the day before (2)"
    assert change(0, 2, "the day before", "2", words=("more", "fewer")) == "▼ 100 % fewer than the day before (2)"
    assert change(2, 2, "the day before", "2", words=("more", "fewer")) == "= the same as the day before"


def test_the_command_counts_what_the_pages_show(scene: Scene) -> None:
    scene.chat("human: hello")
    call_command("rebuild_figures")
    page = scene.client(scene.mia).get(REPORTS).content.decode()
    assert tile(page, "started")[0] == "1"
    assert urlsplit(tile(page, "started")[1]).path == reverse("admin:conversations_chat_changelist")
