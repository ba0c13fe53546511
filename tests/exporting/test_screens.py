"""Asking for exports, the page of past ones, who may download; and transcripts."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.models import Chat
from customers.models import CustomerChange
from protoadmin.runs.leftovers import remove_old_files
from protoadmin.runs.models import Run
from tests.exporting.reading import drive, exported, rows
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db
INBOX = reverse("admin:conversations_chat_changelist")
EXPORTS = reverse("admin:runs_run_exports")
EXPORT = reverse("admin:conversations_chat_list_button", args=["export"])


def file_url(run: Run) -> str:
    return reverse("admin:runs_run_file", args=[run.pk, "result"])


def fetched(client: Client, run: Run) -> int:
    """The status of a download, which is read to its end."""
    response: Any = client.get(file_url(run))
    response.getvalue()
    return int(response.status_code)


def ask(client: Client, **data: str) -> Any:
    return client.post(EXPORT, {"request_key": "k", "what": "messages", "format": "csv", **data})


def transcript(client: Client, chat: Chat, format: str) -> Any:
    address = reverse("admin:conversations_chat_button", args=[chat.pk, "export-transcript"])
    return client.post(address, {"request_key": "k", "format": format})


# --- asking -----------------------------------------------------------------------------------------


def test_from_the_inbox_to_the_file(scene: Scene) -> None:
    scene.chat("human: hi", lang="de")
    scene.chat("human: ho", lang="en")
    mia = scene.client(scene.mia)
    assert "Export all that match" in mia.get(INBOX).content.decode()
    response = ask(mia, query="lang=de&waiting=1")
    run = Run.objects.get()
    assert response["Location"] == reverse("admin:runs_run_change", args=[run.pk])
    drive(run)
    assert [row["text"] for row in rows(run)] == ["hi"]
    answer = mia.get(file_url(run))
    assert answer["Content-Disposition"] == f'attachment; filename="messages-{timezone.localdate():%Y-%m-%d}.csv"'
    assert b"hi" in answer.getvalue()
    page = mia.get(response["Location"]).content.decode()
    assert "Customer waits · Language: German" in page
    assert LogEntry.objects.get(user=scene.mia).change_message.startswith("Exported 1 messages to messages-")


def test_a_double_click_is_one_export(scene: Scene) -> None:
    mia = scene.client(scene.mia)
    assert ask(mia)["Location"] == ask(mia)["Location"]
    assert Run.objects.count() == 1
    ask(mia, request_key="another")
    assert Run.objects.count() == 2


def test_support_neither_sees_nor_may(scene: Scene) -> None:
    chat = scene.chat("human: hi")
    sam = scene.client(scene.sam)
    opened = sam.get(reverse("admin:conversations_chat_change", args=[chat.pk])).content.decode()
    assert "Export all that match" not in opened
    assert "Download as" not in opened
    assert ask(sam).status_code == 403
    assert transcript(sam, chat, "text").status_code == 403


@pytest.mark.parametrize("ids", ["x", "1,-2", ",".join(map(str, range(1001))), "9" * 30])
def test_a_selection_that_is_none_is_refused(scene: Scene, ids: str) -> None:
    assert ask(scene.client(scene.mia), ids=ids).status_code == 422
    assert not Run.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("format", "exe"), ("what", "secrets")])
def test_what_is_not_offered_is_refused(scene: Scene, field: str, value: str) -> None:
    assert ask(scene.client(scene.mia), **{field: value}).status_code == 422


def test_matching_messages_are_offered_for_a_search_alone(scene: Scene) -> None:
    scene.chat("human: an order")
    mia, form = scene.client(scene.mia), reverse("admin:conversations_chat_form")
    assert 'value="matches"' not in mia.get(form, {"name": "export"}).content.decode()
    assert 'value="matches"' in mia.get(form, {"name": "export", "q": "order"}).content.decode()
    assert ask(mia, what="matches").status_code == 422
    assert ask(mia, what="matches", query="q=order").status_code == 302


def test_how_many_match(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        scene.chat("human: hi", active=number > 0)
    mia, address = scene.client(scene.mia), reverse("admin:conversations_chat_count")
    assert mia.get(address).json() == {"count": "4"}
    assert mia.get(address, {"active": "1"}).json() == {"count": "3"}
    monkeypatch.setattr("conversations.inbox.fragments.COUNTED", 3)
    assert mia.get(address).json() == {"count": "more than 3"}
    assert mia.get(address, {"active": "1"}).json() == {"count": "3"}


# --- past exports -----------------------------------------------------------------------------------


def test_past_exports(scene: Scene) -> None:
    scene.chat("human: hi")
    run = exported(scene.mia, "conversations", "xlsx")
    Run.objects.filter(pk=run.pk).update(parameters={**run.parameters, "words": ["Tag: <vip>"]})
    page = scene.client(scene.mia).get(EXPORTS).content.decode()
    for words in ("Conversations, XLSX", "Tag: &lt;vip&gt;", "mia", file_url(run), "Delete now"):
        assert words in page
    until = run.files.get().created_at + datetime.timedelta(days=settings.RUN_FILE_RETENTION_DAYS)
    assert f"{until:%Y-%m-%d %H:%M}" in page


def test_nothing_exported_yet(scene: Scene) -> None:
    assert "Nothing was exported yet" in scene.client(scene.mia).get(EXPORTS).content.decode()


def test_many_exports_go_on_on_a_further_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protoadmin.runs.exports.PAGE", 2)
    runs = [exported(scene.mia, "conversations") for _ in range(3)]
    mia = scene.client(scene.mia)
    first, rest = (mia.get(EXPORTS, query) for query in ({}, {"before": runs[1].pk}))
    assert [row.run.pk for row in first.context["rows"]] == [runs[2].pk, runs[1].pk]
    assert f"?before={runs[1].pk}" in first.content.decode()
    assert [row.run.pk for row in rest.context["rows"]] == [runs[0].pk]


def test_the_page_costs_the_same_for_one_and_for_many(scene: Scene, django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        exported(scene.mia, "conversations")
    mia = scene.client(scene.mia)
    mia.get(EXPORTS)
    with django_assert_max_num_queries(14):
        mia.get(EXPORTS)


def test_deleted_now(scene: Scene) -> None:
    run = exported(scene.mia)
    mia = scene.client(scene.mia)
    address = reverse("admin:runs_run_button", args=[run.pk, "delete-file"])
    assert mia.post(address, {"next": EXPORTS})["Location"] == EXPORTS
    assert fetched(mia, run) == 404
    assert "deleted" in mia.get(EXPORTS).content.decode()
    assert LogEntry.objects.filter(user=scene.mia, change_message__startswith="Deleted the file").exists()


def test_kept_no_longer_than_said(scene: Scene) -> None:
    run = exported(scene.mia)
    run.files.update(created_at=timezone.now() - datetime.timedelta(days=31))
    remove_old_files(older_than=datetime.timedelta(days=30))
    assert fetched(scene.client(scene.mia), run) == 404


def test_who_may_download(scene: Scene) -> None:
    scene.away.members.add(scene.mia)
    scene.chat("human: home")
    scene.chat("human: far", channel=scene.far)
    run = exported(scene.mia)
    assert fetched(scene.client(scene.mia), run) == 200
    manager = scene.person("max", "Manager", scene.home, scene.away)
    assert fetched(scene.client(manager), run) == 404
    assert fetched(scene.client(scene.root), run) == 200
    scene.away.members.remove(scene.mia)
    assert fetched(scene.client(scene.mia), run) == 404
    scene.away.members.add(scene.mia)
    scene.mia.groups.set(scene.sam.groups.all())
    assert fetched(scene.client(scene.mia), run) == 404
    assert "Download" not in scene.client(scene.mia).get(EXPORTS).content.decode()


def test_an_administrator_may_when_they_see_all_of_it(scene: Scene) -> None:
    scene.chat("human: home")
    run = exported(scene.mia)
    inside = scene.person("ann", "Administrator", scene.home)
    outside = scene.person("bob", "Administrator", scene.away)
    assert fetched(scene.client(inside), run) == 200
    assert fetched(scene.client(outside), run) == 404


# --- transcripts ------------------------------------------------------------------------------------


def test_a_transcript_as_text(scene: Scene) -> None:
    person = scene.customer("Jane")
    chat = scene.chat("human: hello <b>", "bot: بخير", human=scene.human("Jane", customer=person))
    response = transcript(scene.client(scene.mia), chat, "text")
    assert response["Content-Disposition"].startswith(f'attachment; filename="transcript-{chat.chat_id}-')
    text = response.getvalue().decode()
    assert "hello <b>" in text
    assert "] Bot: بخير" in text
    assert LogEntry.objects.get(user=scene.mia, object_id=str(chat.pk)).change_message.startswith("Exported the tran")
    assert CustomerChange.objects.get(customer=person, what="Chat").after.startswith("transcript exported")


def test_a_transcript_as_a_page_that_stands_alone(scene: Scene) -> None:
    chat = scene.chat("human: <script>alert(1)</script>", human=scene.human("<i>Jane"))
    scene.say(chat, "bot: ", type="image", data={"url": "https://spy.example/p.png"})
    html = transcript(scene.client(scene.mia), chat, "html").getvalue().decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "<i>Jane" not in html
    for address in ("src=", "href=", "url(", "@import"):
        assert address not in html.replace('"https://spy.example/p.png"', "")
    assert "default-src 'none'" in html
    assert "@page" in html


def test_a_long_transcript_is_made_while_it_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("conversations.inbox.transcript.WHOLE_PAGE", 10)
    chat = scene.chat(*[f"human: line {number:03}" for number in range(95)])
    mia = scene.client(scene.mia)
    response = transcript(mia, chat, "html")
    stream = iter(response.streaming_content)
    with django_assert_max_num_queries(4):
        assert b"line 000" in next(stream) + next(stream)
    html = b"".join(stream).decode()
    assert [f"line {number:03}" in html for number in range(10, 95)] == [True] * 85
    whole = transcript(mia, chat, "html").getvalue().decode()
    assert whole.count('<li class="day">') == 1
    assert whole.count("<li ") == 96


def test_a_transcript_has_the_readers_days_and_times(scene: Scene) -> None:
    chat = scene.chat(created_at=timezone.now())
    for hour in (17, 19):
        scene.say(chat, f"human: at {hour}", received_at=datetime.datetime(2026, 7, 1, hour, tzinfo=datetime.UTC))
    mia = scene.client(scene.mia)
    mia.cookies["timezone"] = "Asia/Kathmandu"
    text = transcript(mia, chat, "text").getvalue().decode()
    assert "[2026-07-01 22:45:00]" in text
    assert "[2026-07-02 00:45:00]" in text
    assert transcript(mia, chat, "html").getvalue().decode().count('<li class="day">') == 2


def test_an_empty_chat_has_a_transcript(scene: Scene) -> None:
    chat = scene.chat()
    mia = scene.client(scene.mia)
    for format in ("text", "html"):
        assert "No messages yet." in transcript(mia, chat, format).getvalue().decode()


def test_a_name_of_a_file_is_one(scene: Scene) -> None:
    chat = scene.chat("human: x")
    Chat.objects.filter(pk=chat.pk).update(chat_id='../a"b\r\nc/…')
    said = transcript(scene.client(scene.mia), chat, "text")["Content-Disposition"]
    assert said == f'attachment; filename="transcript-a-b-c-{timezone.localdate():%Y-%m-%d}.txt"'
