"""Follow-ups: who may ask whom, what the inbox shows of them, and who says that they are done."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from conversations.chat_rows import chat_identified
from conversations.follow_ups import assignees, follow_up_assign, follow_up_done
from conversations.inbox.filters import Filters
from conversations.inbox.listing import chats_page
from conversations.models import Chat, FollowUp
from protoadmin.refusals import Refused
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db
INBOX = reverse("admin:conversations_chat_changelist")


def button(chat: Chat, name: str) -> str:
    return reverse("admin:conversations_chat_button", args=[chat.pk, name])


def today(days: int = 0) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def test_from_asking_to_done(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    mia, sam = scene.client(scene.mia), scene.client(scene.sam)
    page = reverse("admin:conversations_chat_change", args=[chat.pk])
    assert "Ask for a follow-up" in mia.get(page).content.decode()
    assert "Ask for a follow-up" not in sam.get(page).content.decode()
    data = {"request_key": "k", "assignee": scene.sam.pk, "due": today(-1).isoformat(), "note": "<b>call"}
    assert mia.post(button(chat, "follow-up"), data).status_code == 302
    follow_up = FollowUp.objects.get()
    assert (follow_up.assignee, follow_up.by, follow_up.due, follow_up.note) == (
        scene.sam, scene.mia, today(-1), "<b>call",
    )  # fmt: skip
    shown = sam.get(page).content.decode()
    assert "&lt;b&gt;call" in shown
    assert "Overdue" in shown
    listed = sam.get(INBOX, {"follow_up": "mine"}).content.decode()
    assert "Overdue" in listed
    assert "My follow-ups" in listed
    done = {"request_key": "k", "follow_up": follow_up.pk}
    assert sam.post(button(chat, "follow-up-done"), done).status_code == 302
    follow_up.refresh_from_db()
    assert follow_up.done_at
    assert not chats_page(scene.sam, Filters(follow_up="mine")).rows
    assert "Nobody is asked" in mia.get(page).content.decode()


def test_the_filters(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    late, later, others, none = (scene.chat("human: hi") for _ in range(4))
    follow_up_assign(chat=late, assignee=scene.sam, due=today(-1), note="", by=scene.mia)
    follow_up_assign(chat=later, assignee=scene.sam, due=today(), note="", by=scene.mia)
    follow_up_assign(chat=others, assignee=scene.mia, due=None, note="", by=scene.mia)
    wanted = {"mine": {late, later}, "overdue": {late}, "open": {late, later, others}, "": {late, later, others, none}}
    for most in (500, 0):
        monkeypatch.setattr("conversations.inbox.people.FEW", most)
        for which, chats in wanted.items():
            found = {row.pk for row in chats_page(scene.sam, Filters.read({"follow_up": which})).rows}
            assert found == {chat.pk for chat in chats}, (most, which)
    rows = {row.pk: row for row in chats_page(scene.sam, Filters()).rows}
    assert rows[late.pk].is_overdue
    assert rows[later.pk].follow_up
    assert not rows[later.pk].is_overdue
    assert rows[others.pk].follow_up is None


def test_asking_again_changes_the_open_one(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    first = follow_up_assign(chat=chat, assignee=scene.sam, due=None, note="a", by=scene.mia)
    again = follow_up_assign(chat=chat, assignee=scene.sam, due=today(), note="b", by=scene.mia)
    assert (again.pk, again.note) == (first.pk, "b")
    follow_up_done(follow_up=again, by=scene.sam)
    assert follow_up_assign(chat=chat, assignee=scene.sam, due=None, note="c", by=scene.mia).pk != first.pk


def test_who_may(scene: Scene) -> None:
    chat, far = scene.chat("human: hi"), scene.chat("human: far", channel=scene.far)
    with pytest.raises(Refused):
        follow_up_assign(chat=chat, assignee=scene.sam, due=None, note="", by=scene.sam)
    with pytest.raises(Refused):
        follow_up_assign(chat=far, assignee=scene.sam, due=None, note="", by=scene.root)
    mias = follow_up_assign(chat=chat, assignee=scene.mia, due=None, note="", by=scene.mia)
    with pytest.raises(Refused):
        follow_up_done(follow_up=mias, by=scene.sam)
    sam = scene.client(scene.sam)
    assert sam.post(button(chat, "follow-up"), {"request_key": "k", "assignee": scene.sam.pk}).status_code == 403
    assert sam.post(button(chat, "follow-up-done"), {"request_key": "k", "follow_up": mias.pk}).status_code == 422
    mias.refresh_from_db()
    assert mias.done_at is None
    gone = follow_up_assign(chat=chat, assignee=scene.sam, due=None, note="", by=scene.mia)
    # Of another chat: there is no such follow-up on this page.
    assert (
        sam.post(button(scene.chat(), "follow-up-done"), {"request_key": "k", "follow_up": gone.pk}).status_code == 422
    )
    scene.sam.is_active = False
    scene.sam.save()
    with pytest.raises(Refused):
        follow_up_assign(chat=chat, assignee=scene.sam, due=None, note="", by=scene.mia)


def test_they_stay_when_two_rows_of_one_chat_become_one(scene: Scene) -> None:
    ours, webhooks = scene.chat("human: hi", started_here=True), scene.chat("bot: hello")
    for chat, person, note in ((ours, scene.sam, "a"), (webhooks, scene.sam, "b"), (webhooks, scene.mia, "c")):
        follow_up_assign(chat=chat, assignee=person, due=None, note=note, by=scene.mia)
    chat_identified(ours, {"id": webhooks.chat_id})
    assert not Chat.objects.filter(pk=webhooks.pk).exists()
    assert sorted(FollowUp.objects.filter(chat=ours).values_list("note", flat=True)) == ["a", "c"]


def test_whom_one_may_choose(scene: Scene) -> None:
    scene.person("eve", "Support", scene.away)
    scene.person("gone", "Support", scene.home)
    scene.person("both", "Support", scene.home, scene.away)
    type(scene.sam).objects.filter(username="gone").update(is_active=False)
    assert [each.username for each in assignees([scene.home.pk])] == ["both", "mia", "root", "sam"]
