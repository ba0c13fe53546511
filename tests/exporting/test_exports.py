"""Exports of conversations and messages: the rows are those of the inbox, whoever dies or loses what meanwhile."""

import datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.inbox.filters import Filters
from conversations.inbox.listing import chats_page
from conversations.models import Chat, Message, Ticket
from customers.models import CustomField, CustomFieldValue, Tag
from protoadmin.runs import working
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import run_kind
from protoadmin.runs.services import run_stop
from tests.exporting.reading import asked, content, drive, exported, rows
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db
FORMATS = ("csv", "jsonl", "xlsx")
EVIL = '=HYPERLINK("http://evil")'


def once(run: Run, slices: int) -> Run:
    """Work a number of slices, and leave the run to the next worker, as a death does."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    claimed = working._claim()
    assert claimed is not None
    for _ in range(slices):
        working._slice(claimed)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    run.refresh_from_db()
    return run


def half(run: Run) -> Any:
    """Do what takes time of a slice, and die before the cursor moves."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    claimed = working._claim()
    assert claimed is not None
    kind = run_kind(run.kind)
    assert kind is not None
    assert kind.read is not None
    return kind.read(claimed)


def files_left() -> list[str]:
    """The parts that are still there, in folders or in the database."""
    try:
        folders = default_storage.listdir("runs/parts")[0]
    except FileNotFoundError:
        return []
    return [name for folder in folders for name in default_storage.listdir(f"runs/parts/{folder}")[1]]


# --- what is in them --------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_messages_in_the_order_of_the_transcript(scene: Scene, format: str) -> None:
    chat = scene.chat("human: one\n<b>", "bot: two", human=scene.human("Joe", customer=scene.customer("Jane")))
    late = scene.say(chat, "agent: between", author_name="Ana", type="media", origin="pulled")
    Message.objects.filter(pk=late.pk).update(sequence=(chat.messages.first().sequence or 0) + 5)  # type: ignore[union-attr]
    scene.say(chat, "bot: two", repeat_of=chat.messages.get(text="two"))
    run = exported(scene.mia, "messages", format)
    found = rows(run)
    assert [row["text"] for row in found] == ["one\n<b>", "between", "two", "two"]
    assert [str(row["number"]) for row in found] == ["1", "2", "3", "4"]
    second, last = found[1], found[3]
    assert [second[name] for name in ("author", "author_name", "type", "origin", "person", "channel")] == [
        "agent", "Ana", "media", "pulled", "Jane", "web",
    ]  # fmt: skip
    assert str(last["repeat_of"]) == str(found[2]["message"])
    assert (run.done, run.failed, run.total) == (4, 0, 4)


@pytest.mark.parametrize("format", FORMATS)
def test_a_conversation_is_one_row(scene: Scene, format: str) -> None:
    person = scene.customer("Jane", email="jane@example.org", phone_number="+49 1")
    person.tags.add(*[Tag.objects.create(teamspace=scene.home, name=name) for name in ("vip", "a;b")])
    CustomFieldValue.objects.create(
        customer=person, field=CustomField.objects.create(teamspace=scene.home, name="Plan", type="text"), value="plus"
    )
    for remote_id in ("t1", "t2", ""):
        Ticket.objects.create(teamspace=scene.home, customer=person, subject="s", remote_id=remote_id)
    chat = scene.chat(human=scene.human("Joe", customer=person), lang="de", active=False)
    start = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
    for seconds, line in (
        (0, "bot: hi"),
        (10, "human: help"),
        (25, "bot: sure"),
        (70, "agent: I am here"),
        (80, "human: x"),
    ):
        scene.say(chat, line, received_at=start + datetime.timedelta(seconds=seconds))
    first = chat.messages.order_by("pk").first()
    scene.say(chat, "bot: hi", repeat_of=first, received_at=start)
    (row,) = rows(exported(scene.mia, "conversations", format))
    counts = [int(row[name]) for name in ("messages", "customer_messages", "bot_messages", "agent_messages")]
    assert counts == [5, 2, 2, 1]
    assert [int(row[name]) for name in ("first_answer_seconds", "first_agent_answer_seconds")] == [15, 60]
    asked_at = row["first_customer_message"].replace("Z", "+00:00")
    assert datetime.datetime.fromisoformat(asked_at) == start + datetime.timedelta(seconds=10)
    assert (row["state"], row["language"], row["email"]) == ("ended", "de", "jane@example.org")
    lists = {"csv": ("a\\;b;vip", "t1;t2"), "jsonl": (["a;b", "vip"], ["t1", "t2"]), "xlsx": ("a\\;b;vip", "t1;t2")}
    assert (row["tags"], row["tickets"]) == lists[format]
    assert row["custom_fields"] == {"Plan": "plus"} if format == "jsonl" else row["Plan"] == "plus"
    assert row["phone_number"] == ("'+49 1" if format == "csv" else "+49 1")


def test_a_conversation_without_an_answer_has_none(scene: Scene) -> None:
    scene.chat("bot: hello", "agent: hello?")
    scene.chat("human: hello?", "system: closed")
    first, second = rows(exported(scene.mia, "conversations", "jsonl"))
    assert [first[name] for name in ("first_customer_message", "first_answer", "first_answer_seconds")] == [None] * 3
    assert [second[name] for name in ("first_answer", "first_agent_answer_seconds", "other_messages")] == [
        None,
        None,
        1,
    ]


def test_formulas_of_any_column_are_harmless(scene: Scene) -> None:
    scene.home.name = "+Home"
    scene.home.save()
    person = scene.customer(EVIL, email="-@x.example", phone_number="+1", provided_unique_id="@u")
    person.tags.add(Tag.objects.create(teamspace=scene.home, name=EVIL))
    field = CustomField.objects.create(teamspace=scene.home, name="=field", type="text")
    CustomFieldValue.objects.create(customer=person, field=field, value="\t=1")
    Ticket.objects.create(teamspace=scene.home, customer=person, subject="s", remote_id="=t")
    scene.web.name = "-web"
    scene.web.save()
    human = scene.human("=x", customer=person)
    human.human_id = "=h"
    human.save()
    chat = scene.chat(human=human, lang="=de")
    Chat.objects.filter(pk=chat.pk).update(chat_id="=chat")
    scene.say(chat, f"human: {EVIL}", author_name="=name", author_id="+id", type="@type")
    for what in ("messages", "conversations"):
        (row,) = rows(exported(scene.mia, what))
        assert not [cell for cell in (*row, *row.values()) if cell[:1] in {"=", "+", "-", "@", "\t"} and cell]


def test_times_are_in_the_zone_of_who_asked(scene: Scene) -> None:
    at = datetime.datetime(2026, 7, 1, 22, 30, 15, 250_000, tzinfo=datetime.UTC)
    scene.say(scene.chat(), "human: x", received_at=at)
    with timezone.override("Asia/Kathmandu"):
        runs = {format: asked(scene.mia, "messages", format) for format in ("csv", "jsonl")}
    found = {format: rows(drive(run))[0]["time"] for format, run in runs.items()}
    assert found == {"csv": "2026-07-02T04:15:15+05:45", "jsonl": "2026-07-01T22:30:15.250000Z"}


def test_days_of_a_filter_are_the_readers(scene: Scene) -> None:
    for hour in (17, 19):
        at = datetime.datetime(2026, 7, 1, hour, tzinfo=datetime.UTC)
        scene.say(scene.chat(), f"human: at {hour}", received_at=at)
    with timezone.override("Asia/Kathmandu"):
        run = asked(scene.mia, "messages", query="from=2026-07-02&to=2026-07-02")
    assert [row["text"] for row in rows(drive(run))] == ["at 19"]


# --- which rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "",
        "waiting=1",
        "unread=1",
        "author=bot",
        "active=0",
        "lang=de",
        "agent=1",
        "q=Jane&by=people",
        "tag=1",
        "person=1",
    ],
)
@pytest.mark.parametrize("most", [2, 2_000])
def test_all_that_match_are_those_of_the_list(
    scene: Scene, query: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.choosing.STEP", 3)
    monkeypatch.setattr("conversations.inbox.people.MOST", most)
    jane = scene.customer("Jane", pk=1)
    jane.tags.add(Tag.objects.create(pk=1, teamspace=scene.home, name="vip"))
    for number in range(12):
        human = scene.human("Jane", customer=jane) if number % 3 == 0 else scene.human("Other")
        last = "bot: hi" if number % 2 else "agent: hi" if number % 5 == 0 else "human: hi"
        scene.chat("human: x", last, human=human, active=number % 4 != 3, lang="de" if number % 3 == 1 else "en")
    scene.chat("human: far", channel=scene.far)
    listed = {row.pk for row in chats_page(scene.mia, Filters.parse(query)).rows}
    run = exported(scene.mia, "conversations", query=query)
    found = [int(row["conversation"]) for row in rows(run)]
    assert listed
    assert set(found) == listed
    assert found == sorted(found)
    messages = exported(scene.mia, "messages", query=query)
    assert {int(row["conversation"]) for row in rows(messages)} == listed


def test_a_selection_and_nothing_else(scene: Scene) -> None:
    chats = [scene.chat("human: hi") for _ in range(4)]
    far = scene.chat("human: far", channel=scene.far)
    run = exported(scene.mia, "conversations", selected=[chats[3].pk, chats[1].pk, far.pk])
    assert [int(row["conversation"]) for row in rows(run)] == [chats[1].pk, chats[3].pk]


@pytest.mark.parametrize("format", FORMATS)
def test_the_messages_that_match_a_search(scene: Scene, format: str) -> None:
    first = scene.chat("human: where is my order", "bot: which ORDER?", "human: the blue one", lang="de")
    second = scene.chat("human: an order of tea", lang="de")
    scene.chat("human: in other words", lang="de")
    scene.chat("human: an order of ours", lang="en")
    scene.chat("human: a far order", channel=scene.far, lang="de")
    run = exported(scene.mia, "matches", format, "q=order&lang=de")
    found = rows(run)
    assert [row["text"] for row in found] == ["an order of tea", "which ORDER?", "where is my order"]
    assert "number" not in found[0]
    assert (run.done, run.failed, run.total) == (3, 0, 3)
    assert run.parameters["teamspaces"] == [scene.home.pk]
    chosen = exported(scene.mia, "matches", format, "q=order", selected=[first.pk])
    assert [row["text"] for row in rows(chosen)] == ["which ORDER?", "where is my order"]
    whole = exported(scene.mia, "messages", format, "q=order&lang=de")
    assert {int(row["conversation"]) for row in rows(whole)} == {first.pk, second.pk}
    assert whole.done == 4


def test_what_comes_later_stays_out(scene: Scene) -> None:
    chat = scene.chat("human: before")
    run = asked(scene.mia)
    scene.say(chat, "bot: after")
    scene.chat("human: new")
    assert [row["text"] for row in rows(drive(run))] == ["before"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL sorts on its disk what is too long")
def test_a_long_chat_is_not_sorted_in_memory(scene: Scene) -> None:
    scene.chat("human: one", "bot: two")
    with CaptureQueriesContext(connection) as asked_for:
        exported(scene.mia)
    (query,) = [query["sql"] for query in asked_for if 'CAST("conversations_message"."received_at"' in query["sql"]]
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {query}").fetchall())
    assert "message_in_chat" in plan
    assert "TEMP B-TREE" not in plan


def test_an_export_of_nothing_is_a_header(scene: Scene) -> None:
    run = exported(scene.mia, "conversations")
    assert (run.state, run.done, run.total) == ("done", 0, 0)
    assert content(run).decode("utf-8-sig").startswith("conversation,chat_id,")


# --- whoever dies, stops, or loses a right ----------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_killed_at_any_slice_nothing_is_lost_or_doubled(
    scene: Scene, format: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("conversations.choosing.STEP", 2)
    for number in range(5):
        scene.chat(f"human: {number}a", f"bot: {number}b")
    wanted = [f"{number}{letter}" for number in range(5) for letter in "ab"]
    run = asked(scene.mia, "messages", format)
    for _ in range(20):
        # A part is written and its worker dies before the cursor moves; the next one gets a slice further.
        half(run)
        with django_capture_on_commit_callbacks(execute=True):
            once(run, 1)
        if run.state != RunState.RUNNING:
            break
    assert run.state == RunState.DONE
    assert [row["text"] for row in rows(run)] == wanted
    assert files_left() == []
    assert LogEntry.objects.filter(change_message__contains=f"background run {run.pk}").count() == 1


def test_stopped_it_leaves_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("conversations.choosing.STEP", 1)
    for _ in range(4):
        scene.chat("human: x")
    # Four chosen, and the look behind them; then two of four parts.
    run = once(asked(scene.mia), 7)
    assert run.cursor["phase"] == "write"
    assert files_left()
    run_stop(run=run, by=scene.mia)
    with django_capture_on_commit_callbacks(execute=True):
        drive(run)
    assert run.state == RunState.STOPPED
    assert not run.files.exists()
    assert files_left() == []


def test_stopped_while_the_file_is_joined(scene: Scene, django_capture_on_commit_callbacks: Any) -> None:
    scene.chat("human: x")
    run = asked(scene.mia)
    while run.cursor.get("phase") != "join":
        once(run, 1)
    stored, _ = half(run)
    assert default_storage.exists(stored)
    run_stop(run=run, by=scene.mia)
    with django_capture_on_commit_callbacks(execute=True):
        drive(run)
    assert run.state == RunState.STOPPED
    assert not default_storage.exists(stored)
    assert files_left() == []


def test_a_long_part_keeps_its_worker_and_sees_the_stop(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.exporting.engine.HELD_EVERY", 0)
    scene.chat("human: x")
    run = once(asked(scene.mia), 1)
    half(run)
    run.refresh_from_db()
    assert run.heartbeat_at is not None
    assert run.heartbeat_at > timezone.now() + datetime.timedelta(seconds=30)
    run_stop(run=run, by=scene.mia)
    assert half(run).rows == 0


def test_it_is_never_made_by_a_task_which_ends_after_a_minute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.chat("human: x")
    run = asked(scene.mia)
    monkeypatch.setattr("customers.exporting.engine.is_in_a_task", lambda: True)
    once(run, 3)
    assert (run.state, run.cursor, run.attempts) == (RunState.RUNNING, {}, 0)
    monkeypatch.undo()
    assert drive(run).state == RunState.DONE


def test_a_teamspace_lost_while_it_runs_is_left_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.choosing.STEP", 1)
    scene.away.members.add(scene.mia)
    scene.chat("human: far", channel=scene.far)
    scene.chat("human: home")
    run = asked(scene.mia)
    while run.cursor.get("phase") != "write":
        once(run, 1)
    scene.away.members.remove(scene.mia)
    drive(run)
    assert [row["text"] for row in rows(run)] == ["home"]
    assert run.failed == 1
    assert run.parameters["teamspaces"] == [scene.home.pk]


def test_the_permission_lost_ends_it(scene: Scene) -> None:
    scene.chat("human: x")
    run = once(asked(scene.mia), 1)
    scene.mia.groups.clear()
    drive(run)
    assert run.state == RunState.FAILED
    assert "may not export messages any more" in run.error


def test_a_removed_chat_is_counted(scene: Scene) -> None:
    chats = [scene.chat("human: x") for _ in range(2)]
    run = once(asked(scene.mia, "conversations"), 1)
    chats[0].delete()
    drive(run)
    assert (run.done, run.failed) == (1, 1)
    assert "removed meanwhile" in run.errors.get().message
