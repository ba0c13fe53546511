"""The button Import people, the preview on the run's page, Start import, and the action Export CSV."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from customers.exporting.people import PEOPLE
from customers.exporting.screens import PEOPLE_ACTIONS, Exporting
from customers.importing import screens
from customers.importing.screens import IMPORT_BUTTON, ImportForm
from customers.models import Customer
from customers.services import customer_create
from protoadmin.connections.models import Teamspace
from protoadmin.runs.models import Run, RunState
from tests.importing import driving
from tests.importing.driving import answer_all, drive, judged, table

pytestmark = pytest.mark.django_db

FILE = "id,name,email,Colour\n1,<b>Ada</b>,ada@example.org,red\n2,Bob,,\n3,Cyd,no mail,\n"


def form_of(user: User, teamspace: Teamspace, file: Any, **data: str) -> ImportForm:
    """The button's form as it is posted."""
    posted = {"teamspace": str(teamspace.pk), "request_key": "key-1", **data}
    return ImportForm(posted, {"file": file}, user=user)


def csv_file(content: str | bytes = FILE) -> SimpleUploadedFile:
    """An upload."""
    data = content.encode() if isinstance(content, str) else content
    return SimpleUploadedFile("people.csv", data, content_type="text/csv")


def press(user: User, form: ImportForm) -> Any:
    """Press the button."""
    assert form.is_valid(), form.errors
    request = RequestFactory().post("/")
    request.user = user
    return IMPORT_BUTTON.perform(request, None, form)


def uploaded(run: Run) -> bytes:
    """What was kept of an upload."""
    with run.files.get(purpose="upload").content.open("rb") as content:
        data: bytes = content.read()
        return data


def page(client: Client, run: Run) -> str:
    """The run's page."""
    answer = client.get(reverse("admin:runs_run_change", args=[run.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def start(client: Client, run: Run) -> int:
    """Press Start import; return the status."""
    return client.post(reverse("admin:runs_run_button", args=[run.pk, "start-import"])).status_code


@pytest.fixture
def ada_client(ada: User, client: Client) -> Client:
    """Ada's browser."""
    client.force_login(ada)
    return client


def test_the_upload_becomes_a_run(ada: User, vienna: Teamspace) -> None:
    answer = press(ada, form_of(ada, vienna, csv_file(), empty_clears="on"))
    run = Run.objects.get()
    assert answer.url == reverse("admin:runs_run_change", args=[run.pk])
    assert (run.kind, run.teamspace, run.requested_by) == ("people_import", vienna, ada)
    assert run.parameters["empty_clears"] is True
    assert uploaded(run) == FILE.encode()
    assert not Customer.objects.exists()


def test_a_large_upload_is_kept_whole(ada: User, vienna: Teamspace) -> None:
    """Large uploads are temporary files, which are gone when they are closed too early."""
    data = b"id,name\n" + b"".join(b"%d,Ada\n" % n for n in range(1000))
    upload = TemporaryUploadedFile("people.csv", "text/csv", len(data), None)
    upload.write(data)
    press(ada, form_of(ada, vienna, upload))
    upload.close()
    assert uploaded(Run.objects.get()) == data


def test_a_double_click_makes_one_run(ada: User, vienna: Teamspace) -> None:
    first = press(ada, form_of(ada, vienna, csv_file()))
    second = press(ada, form_of(ada, vienna, csv_file()))
    assert first.url == second.url
    assert Run.objects.count() == 1


def test_only_ones_own_teamspaces_are_offered(ada: User, vienna: Teamspace) -> None:
    foreign = driving.teamspace("Foreign")
    form = form_of(ada, foreign, csv_file())
    assert "teamspace" in form.errors
    offered = ImportForm(user=ada)
    assert list(offered.fields["teamspace"].queryset) == [vienna]  # type: ignore[attr-defined]
    assert offered.initial["teamspace"] == vienna.pk


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04x", "Excel"),
        (b"name\nAda\n", "provided_unique_id"),
        (b"", "empty"),
        (b"id,mail,email address\n", "both mean"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_once(ada: User, vienna: Teamspace, content: bytes, words: str) -> None:
    form = form_of(ada, vienna, csv_file(content))
    assert words in str(form.errors["file"])


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screens, "MAX_BYTES", 10)
    assert "50 MiB" in str(form_of(ada, vienna, csv_file()).errors["file"])


def test_who_may_import(ada: User) -> None:
    request = RequestFactory().post("/")
    request.user = driving.person("sue")
    assert not IMPORT_BUTTON.allowed(request, None)
    request.user = ada
    assert IMPORT_BUTTON.allowed(request, None)


def test_the_page_shows_the_preview(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = judged(ada, vienna, FILE)
    html = page(ada_client, run)
    assert "Nothing has been changed yet." in html
    assert "Start import" in html
    assert "&lt;b&gt;Ada&lt;/b&gt;" in html
    assert "<b>Ada</b>" not in html
    assert "“no mail” is not a mail address." in html
    assert '<span class="pa-chip">Colour</span>' in html
    refused = reverse("admin:runs_run_file", args=[run.pk, "refused"])
    assert refused in html
    download = b"".join(ada_client.get(refused).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert download.splitlines()[1].startswith("3,Cyd,no mail,,4,")


def test_start_import_starts_it_once(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = judged(ada, vienna, FILE)
    assert ada_client.get(reverse("admin:runs_run_button", args=[run.pk, "start-import"])).status_code == 405
    assert start(ada_client, run) == 302
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert start(ada_client, run) == 302
    answer_all(drive(run))
    assert drive(run).state == RunState.DONE
    html = page(ada_client, run)
    assert "Nothing has been changed yet." not in html
    assert "2</strong> done" in html
    assert "Start import" not in html


def test_nobody_else_starts_it(ada: User, vienna: Teamspace, client: Client) -> None:
    run = judged(ada, vienna, FILE)
    sue = driving.person("sue", "customers.import_customers", "runs.view_run")
    vienna.members.add(sue)
    client.force_login(sue)
    assert "Start import" not in page(client, run)
    assert start(client, run) == 403
    stranger = driving.person("eve", "customers.import_customers", "runs.view_run")
    client.force_login(stranger)
    assert start(client, run) == 404


def test_who_lost_the_permission_cannot_start(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = judged(ada, vienna, FILE)
    driving.revoke(ada, "customers.import_customers")
    assert start(ada_client, run) == 403


def test_the_preview_file_is_no_download(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = judged(ada, vienna, FILE)
    assert ada_client.get(reverse("admin:runs_run_file", args=[run.pk, "preview"])).status_code == 404


def test_an_import_with_nothing_to_do_says_so(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    customer_create(teamspace=vienna, values={"provided_unique_id": "1", "name": "Ada"}, by=None)
    html = page(ada_client, judged(ada, vienna, "id,name\n1,Ada\n,Bob\n"))
    assert "Nothing was changed:" in html
    assert "Download the refused rows" in html


def test_a_page_while_it_is_checked(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = driving.started(ada, vienna, FILE)
    assert "Checking the file: 0 %" in page(ada_client, run)
    driving.once(run, 2)
    assert "Checking the file: 100 %" in page(ada_client, run)


class People(Exporting, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """A list with the action."""

    actions = PEOPLE_ACTIONS
    export = PEOPLE


def test_the_action_exports_what_was_chosen(ada: User, vienna: Teamspace) -> None:
    for name in "abc":
        customer_create(teamspace=vienna, values={"provided_unique_id": name}, by=None)
    request = RequestFactory().post("/")
    request.user = ada
    chosen = Customer.objects.exclude(provided_unique_id="b").order_by("provided_unique_id")
    answer = PEOPLE_ACTIONS[0](People(Customer, admin.site), request, chosen)
    run = drive(Run.objects.get())
    assert answer.url == reverse("admin:runs_run_change", args=[run.pk])  # type: ignore[attr-defined]
    assert [row[1] for row in table(run, "result")[1:]] == ["a", "c"]


def test_who_may_export(ada: User) -> None:
    request = RequestFactory().post("/")
    request.user = driving.person("sue", "customers.view_customer")
    people = People(Customer, admin.site)
    assert "export_csv" not in people.get_actions(request)
    with pytest.raises(PermissionDenied):
        PEOPLE_ACTIONS[0](people, request, Customer.objects.all())
    request.user = ada
    assert "export_csv" in people.get_actions(request)


def test_the_exported_file_is_a_download(ada: User, vienna: Teamspace, ada_client: Client) -> None:
    run = driving.exported(ada, [customer_create(teamspace=vienna, values={"provided_unique_id": "1"}, by=None)])
    answer = ada_client.get(reverse("admin:runs_run_file", args=[run.pk, "result"]))
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbfteamspace")  # type: ignore[attr-defined]
    assert "attachment" in answer.headers["Content-Disposition"]
    assert run.files.get(purpose="result").name in answer.headers["Content-Disposition"]
