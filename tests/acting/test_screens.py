"""The forms about many chats: offered to who may, started once, over the selection or all that match."""

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Chat
from customers.models import Tag
from protoadmin.runs.models import Run
from tests.exporting.reading import drive
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db
INBOX = reverse("admin:conversations_chat_changelist")
FORM = reverse("admin:conversations_chat_form")
OFFERED = {
    "sam": {"mark-read", "mark-unread", "tag-people", "pull-chats", "refresh-people"},
    "mia": {"mark-read", "mark-unread", "ask-follow-up", "export"},
    "root": {"mark-read", "mark-unread", "tag-people", "pull-chats", "refresh-people", "ask-follow-up", "export"},
}


def press(client: Client, name: str, **data: str) -> int:
    """Send a form; return the status."""
    address = reverse("admin:conversations_chat_list_button", args=[name])
    return client.post(address, {"request_key": "k", **data}).status_code


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered(scene: Scene, name: str) -> None:
    client = scene.client(getattr(scene, name))
    shown = client.get(INBOX).content.decode()
    for each in OFFERED["root"]:
        is_offered = each in OFFERED[name]
        assert (f'data-many="{each}"' in shown) is is_offered, each
        assert client.get(FORM, {"name": each}).status_code == (200 if is_offered else 403), each
    assert client.get(FORM, {"name": "save-view"}).status_code == 404


def test_over_all_that_match_and_once(scene: Scene) -> None:
    for lang in ("de", "de", "en"):
        scene.chat("human: hi", lang=lang)
    sam = scene.client(scene.sam)
    assert [press(sam, "mark-read", query="lang=de") for _ in range(2)] == [302, 302]
    run = drive(Run.objects.get())
    assert (run.total, run.parameters["words"]) == (2, ["Language: German"])


def test_over_a_selection(scene: Scene) -> None:
    chats = [scene.chat("human: hi") for _ in range(3)]
    press(scene.client(scene.sam), "pull-chats", ids=f"{chats[0].pk},{chats[2].pk}")
    run = Run.objects.get()
    assert run.parameters["words"] == ["2 selected chats"]
    assert run.parameters["ids"] == [chats[0].pk, chats[2].pk]


@pytest.mark.parametrize("name", sorted(OFFERED["root"] - {"export"}))
def test_after_what_is_cheap_and_picked_by_hand_one_stays_in_the_inbox(scene: Scene, name: str) -> None:
    chat = scene.chat("human: hi", lang="de")
    Tag.objects.create(teamspace=scene.home, name="vip")
    root, address = scene.client(scene.root), reverse("admin:conversations_chat_list_button", args=[name])
    data = {"request_key": "k", "query": "lang=de", "tags": "vip", "assignee": str(scene.sam.pk)}
    stays = name not in {"pull-chats", "refresh-people"}
    picked = root.post(address, {**data, "ids": str(chat.pk)})
    run = reverse("admin:runs_run_change", args=[Run.objects.get().pk])
    assert picked["Location"] == (f"{INBOX}?lang=de" if stays else run)
    page = root.get(picked["Location"]).content.decode()
    assert (f'1 selected chat. It is done in the background. <a href="{run}">See the run</a>' in page) is stays
    every = root.post(address, {**data, "request_key": "another"})
    assert every["Location"] == reverse("admin:runs_run_change", args=[Run.objects.latest("pk").pk])


def test_tags_are_asked_for(scene: Scene) -> None:
    Tag.objects.create(teamspace=scene.home, name="vip")
    Tag.objects.create(teamspace=scene.away, name="secret")
    sam = scene.client(scene.sam)
    form = sam.get(FORM, {"name": "tag-people"}).content.decode()
    assert "vip" in form
    assert "secret" not in form
    assert press(sam, "tag-people") == 422
    assert press(sam, "tag-people", more="secret") == 422
    assert press(sam, "tag-people", tags="vip") == 302
    assert Run.objects.get().parameters["tags"] == ["vip"]


def test_a_follow_up_is_asked_of_people_of_ones_teamspaces(scene: Scene) -> None:
    eve = scene.person("eve", "Support", scene.away)
    mia = scene.client(scene.mia)
    form = mia.get(FORM, {"name": "ask-follow-up"}).content.decode()
    assert "sam" in form
    assert "eve" not in form
    assert press(mia, "ask-follow-up", assignee=str(eve.pk)) == 422
    assert press(mia, "ask-follow-up", assignee=str(scene.sam.pk), due="2026-13-01") == 422
    assert press(mia, "ask-follow-up", assignee=str(scene.sam.pk), due="2026-12-01", note="x") == 302
    assert Run.objects.get().parameters["due"] == "2026-12-01"


def test_the_count_of_rows_and_the_run_agree(scene: Scene) -> None:
    for number in range(7):
        scene.chat("human: hi", "bot: x" if number % 2 else "human: y")
    sam = scene.client(scene.sam)
    counted = sam.get(reverse("admin:conversations_chat_count"), {"author": "bot"}).json()["count"]
    press(sam, "mark-read", query="author=bot")
    assert str(drive(Run.objects.get()).total) == counted == str(Chat.objects.filter(last_author_type="bot").count())
