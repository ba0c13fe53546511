"""Acting on many chats: the right ones, in somebody's name and with their rights, counted, asked, stopped."""

import datetime
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from conversations.acting import chats_act
from conversations.inbox.filters import Filters
from conversations.inbox.listing import chats_page
from conversations.models import Chat, FollowUp, ReadMark
from customers.models import Tag
from customers.services import customer_create
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.transitions import move
from protoadmin.runs import working
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.services import run_continue, run_start, run_stop
from tests.exporting.reading import drive
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(scene: Scene) -> User:
    """An administrator."""
    return scene.person("ann", "Administrator", scene.home)


def act(by: User, kind: str, query: str = "", chats: Iterable[Chat] = (), **parameters: Any) -> Run:
    """A run that somebody has asked for."""
    selected = [chat.pk for chat in chats]
    filters = Filters.parse(query)
    return chats_act(kind=kind, by=by, filters=filters, selected=selected, words=[], parameters=parameters)


def finish(run: Run) -> Run:
    """Work on a run, answer its calls, and work on to its end."""
    for _ in range(3):
        Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
        from_working(run)
        for call in Call.objects.filter(run=run, state=CallState.QUEUED):
            move(call, CallState.DONE)
    return drive(run)


def from_working(run: Run) -> None:
    """Work until the run waits for its answers."""
    working.work_due()
    run.refresh_from_db()


def unread(user: User) -> set[int]:
    """What the inbox shows as unread."""
    return {row.pk for row in chats_page(user, Filters(unread="1")).rows}


# --- which, and what becomes of them ----------------------------------------------------------------


def test_mark_read_and_unread(scene: Scene) -> None:
    chats = [scene.chat("human: hi", lang="de" if number % 2 else "en") for number in range(4)]
    empty, far = scene.chat(), scene.chat("human: far", channel=scene.far)
    run = drive(act(scene.sam, "chats_mark_read", "lang=de"))
    assert (run.state, run.total, run.done) == (RunState.DONE, 2, 2)
    assert unread(scene.sam) == {chats[0].pk, chats[2].pk}
    assert not ReadMark.objects.filter(chat=far).exists()
    drive(act(scene.sam, "chats_mark_unread", chats=[chats[1], empty, far]))
    assert unread(scene.sam) == {chats[0].pk, chats[1].pk, chats[2].pk}
    assert unread(scene.mia) == {chat.pk for chat in chats}


def test_the_list_may_change_while_it_is_worked_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    # Marking read takes chats out of the very list that they were chosen from.
    monkeypatch.setattr("conversations.choosing.STEP", 2)
    for _ in range(7):
        scene.chat("human: hi")
    run = drive(act(scene.sam, "chats_mark_read", "unread=1"))
    assert (run.done, unread(scene.sam)) == (7, set())


def test_tags_for_the_people_of_chats(scene: Scene, ann: User) -> None:
    vip = Tag.objects.create(teamspace=scene.home, name="vip")
    jane, joe = scene.customer("Jane"), scene.customer("Joe")
    joe.tags.add(vip)
    humans = [scene.human("a", customer=jane), scene.human("b", customer=jane), scene.human("c", customer=joe)]
    for human in (*humans, scene.human("nobody's page")):
        scene.chat("human: hi", human=human)
    run = finish(act(ann, "chats_add_tags", tags=["vip"], create=False))
    assert (run.state, run.done, run.failed) == (RunState.DONE, 3, 1)
    assert list(jane.tags.all()) == list(joe.tags.all()) == [vip]
    assert Call.objects.filter(run=run, operation="add_tags").count() == 1
    assert "not linked to a person" in run.errors.get().message


def test_an_unknown_tag_is_an_error_of_each_row(scene: Scene, ann: User) -> None:
    scene.chat("human: hi", human=scene.human("a", customer=scene.customer("Jane")))
    run = finish(act(ann, "chats_add_tags", tags=["no such"], create=False))
    assert (run.done, run.failed) == (0, 1)
    assert "no such" in run.errors.get().message


def test_people_are_refreshed_once(scene: Scene, ann: User) -> None:
    jane = customer_create(teamspace=scene.home, values={"provided_unique_id": "jane"}, by=None)
    Call.objects.all().delete()
    for _ in range(3):
        scene.chat("human: hi", human=scene.human("x", customer=jane))
    run = finish(act(ann, "chats_refresh_people"))
    assert (run.state, run.done) == (RunState.DONE, 3)
    assert Call.objects.filter(run=run, operation="get_customer").count() == 1


def test_messages_are_pulled(scene: Scene, ann: User) -> None:
    known, unknown = scene.chat("human: hi"), scene.chat("human: hi")
    Chat.objects.filter(pk=unknown.pk).update(chat_id=None)
    run = finish(act(ann, "chats_pull", chats=[known, unknown]))
    assert (run.done, run.failed) == (1, 1)
    assert [call.target for call in Call.objects.filter(run=run)] == [known]


def test_follow_ups_over_all_that_match(scene: Scene) -> None:
    for number in range(3):
        scene.chat("human: hi", active=number > 0)
    due = timezone.localdate() + datetime.timedelta(days=2)
    run = drive(
        act(scene.mia, "chats_follow_up", "active=1", assignee=scene.sam.pk, due=due.isoformat(), note="call back")
    )
    assert (run.done, run.failed) == (2, 0)
    found = FollowUp.objects.filter(assignee=scene.sam, by=scene.mia, due=due, note="call back", done_at=None)
    assert found.count() == 2


def test_somebody_who_does_not_see_it_is_not_asked(scene: Scene) -> None:
    scene.mia.teamspaces.add(scene.away)
    chats = [scene.chat("human: hi"), scene.chat("human: far", channel=scene.far)]
    run = drive(act(scene.mia, "chats_follow_up", assignee=scene.sam.pk, due="", note=""))
    assert (run.done, run.failed) == (1, 1)
    assert FollowUp.objects.get().chat == chats[0]
    assert "does not see" in run.errors.get().message


# --- rights, stops, questions -----------------------------------------------------------------------


def test_a_teamspace_lost_meanwhile(scene: Scene, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.chat("human: hi")
    run = act(ann, "chats_pull")
    once(run)
    ann.teamspaces.clear()
    drive(run)
    assert (run.done, run.failed) == (0, 1)
    assert not Call.objects.filter(run=run).exists()


def once(run: Run) -> None:
    """Do a single slice."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    claimed = working._claim()
    assert claimed is not None
    working._slice(claimed)
    run.refresh_from_db()


def test_the_permission_lost_ends_it(scene: Scene, ann: User) -> None:
    scene.chat("human: hi")
    run = act(ann, "chats_pull")
    once(run)
    ann.groups.clear()
    drive(run)
    assert run.state == RunState.FAILED


def test_stopped_its_unsent_calls_go_no_more(scene: Scene, ann: User) -> None:
    for _ in range(3):
        scene.chat("human: hi")
    run = act(ann, "chats_pull")
    once(run)
    once(run)
    assert Call.objects.filter(run=run, state=CallState.QUEUED).count() == 3
    run_stop(run=run, by=ann)
    drive(run)
    assert run.state == RunState.STOPPED
    assert Call.objects.filter(run=run, state=CallState.DISMISSED).count() == 3


def test_many_wait_for_a_word(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.acting.ASKED_OVER", 2)
    for _ in range(3):
        scene.chat("human: hi")
    run = drive(act(scene.sam, "chats_mark_read"))
    assert (run.state, run.total, run.done) == (RunState.WAITING, 3, 0)
    assert len(unread(scene.sam)) == 3
    page = reverse("admin:runs_run_change", args=[run.pk])
    start = reverse("admin:runs_run_button", args=[run.pk, "start"])
    sam = scene.client(scene.sam)
    assert "This is about 3 rows" in sam.get(page).content.decode()
    assert start in sam.get(page).content.decode()
    # A colleague sees it and may not say so; nor may an administrator, since it is done in sam's name.
    other = scene.client(scene.person("eve", "Administrator", scene.home))
    assert other.post(start).status_code == 403
    assert sam.post(start).status_code == 302
    drive(run)
    assert (run.state, run.done, unread(scene.sam)) == (RunState.DONE, 3, set())
    assert "not waiting" in sam.post(start, follow=True).content.decode()


def test_many_people_wait_for_a_word_too(scene: Scene, ann: User) -> None:
    people = [scene.customer(f"p{number}") for number in range(3)]
    ids = [person.pk for person in people]
    few = run_start(kind="people_refresh", by=ann, title="t", ids=ids, asks_over=3)
    many = run_start(kind="people_refresh", by=ann, title="t", ids=ids, asks_over=2)
    assert (few.state, many.state, many.total) == (RunState.QUEUED, RunState.WAITING, 3)
    assert run_continue(run=many)


def test_a_waiting_one_can_be_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.acting.ASKED_OVER", 0)
    scene.chat("human: hi")
    run = drive(act(scene.sam, "chats_mark_read"))
    run_stop(run=run, by=scene.sam)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert unread(scene.sam)
