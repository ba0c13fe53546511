"""An import from the file to the answers: preview, start, counts, refused rows, stop, rights."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from customers.importing import judging, working
from customers.importing.preview import preview_of
from customers.models import Customer, CustomerChange, Tag
from customers.services import customer_create
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.transitions import move
from protoadmin.runs.models import RunState
from protoadmin.runs.services import run_continue, run_stop
from tests.importing import driving
from tests.importing.driving import answer_all, counts, drive, imported, judged, once, started, table

pytestmark = pytest.mark.django_db

FILE = (
    "id,name,e-mail,Phone number,tags,Shoe size\r\n"
    "1,Ada Lovelace,ada@example.org,'+43 660 1,vip;speaks German,39\r\n"
    "2,Bob,bob@example.org,,,\r\n"
    "3,Cyd,cyd@example.org,,vip,\r\n"
    "4,Dee,not a mail,,,\r\n"
    ",Eve,,,,\r\n"
    "1,Ada again,,,,\r\n"
)


@pytest.fixture
def people(vienna: Teamspace) -> list[Customer]:
    """Bob differs from the file, Cyd does not."""
    return [
        customer_create(teamspace=vienna, values={"provided_unique_id": "2", "name": "Robert"}, by=None),
        customer_create(
            teamspace=vienna, values={"provided_unique_id": "3", "name": "Cyd", "email": "cyd@example.org"}, by=None
        ),
    ]


def test_the_preview_changes_nothing(ada: User, vienna: Teamspace, people: list[Customer]) -> None:
    people[1].tags.add(Tag.objects.create(teamspace=vienna, name="vip"))
    run = judged(ada, vienna, FILE)
    assert run.state == RunState.WAITING
    assert counts(run) == (1, 1, 1, 3)
    assert run.parameters["layout"]["ignored"] == ["Shoe size"]
    first = preview_of(run)
    assert first["changed"][0]["changes"] == [["Name", "Robert", "Bob"], ["Mail", "", "bob@example.org"]]
    assert [row["line"] for row in first["refused"]] == [5, 6, 7]
    assert Customer.objects.count() == 2
    assert not Call.objects.exists()
    assert Tag.objects.count() == 1
    # Nobody goes on without a person's word.
    assert drive(run).state == RunState.WAITING


def test_the_refused_rows_are_a_file_with_lines_and_reasons(ada: User, vienna: Teamspace) -> None:
    text = "id;name;e-mail\r\n=1;'+x;no mail\r\n;@x;\r\n3;Cyd;cyd@example.org;extra\r\n4;Dee;\r\n"
    run = judged(ada, vienna, text)
    rows = table(run, "refused", ";")
    assert rows[0] == ["id", "name", "e-mail", "line", "reason"]
    assert rows[1] == ["'=1", "'+x", "no mail", "2", "“no mail” is not a mail address."]
    assert rows[2][:4] == ["", "'@x", "", "3"]
    assert rows[3][:4] == ["3", "Cyd", "cyd@example.org", "4"]
    assert rows[3][5] == "extra"
    assert run.files.get(purpose="refused").name == "people-refused.csv"


def test_corrected_refused_rows_come_back_as_they_were_meant(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, "id,name,email\n=7,+Ada,no mail\n")
    with run.files.get(purpose="refused").content.open("rb") as content:
        corrected = content.read().replace(b"no mail,", b"a@b.co,")
    again = judged(ada, vienna, corrected)
    assert preview_of(again)["created"][0]["id"] == "=7"
    assert preview_of(again)["created"][0]["name"] == "+Ada"
    assert again.parameters["layout"]["ignored"] == []
    assert not again.files.filter(purpose="refused").exists()
    # Refused once more, the columns line and reason are there once.
    third = judged(ada, vienna, corrected.replace(b"a@b.co,", b"no mail,"))
    assert table(third, "refused")[0] == ["id", "name", "email", "line", "reason"]


def test_start_makes_changes_and_asks_for_their_requests(ada: User, vienna: Teamspace, people: list[Customer]) -> None:
    run = judged(ada, vienna, FILE)
    run_continue(run=run)
    run = drive(run)
    assert run.state == RunState.RUNNING
    new = Customer.objects.get(provided_unique_id="1")
    assert (new.name, new.phone_number, new.phone_e164) == ("Ada Lovelace", "+43 660 1", "+436601")
    assert sorted(new.tags.values_list("name", flat=True)) == ["speaks German", "vip"]
    assert Customer.objects.get(provided_unique_id="2").name == "Bob"
    asked = Call.objects.filter(run=run).order_by("pk").values_list("target_id", "operation")
    # Cyd was never sent to Proto, so tagging saves first.
    bob, cyd = people[0].pk, people[1].pk
    assert list(asked) == [
        (new.pk, "save_customer"),
        (new.pk, "add_tags"),
        (bob, "save_customer"),
        (cyd, "save_customer"),
        (cyd, "add_tags"),
    ]
    assert set(Call.objects.values_list("requested_by", flat=True)) == {ada.pk}
    assert (run.total, run.done, run.failed) == (5, 0, 0)
    assert CustomerChange.objects.filter(customer=people[0], by=ada, what="Name", after="Bob").exists()


def test_the_run_ends_with_the_last_answer(ada: User, vienna: Teamspace, people: list[Customer]) -> None:
    run = judged(ada, vienna, "id,name\n2,Bob\n3,Cyd\n9,New\n")
    run_continue(run=run)
    run = drive(run)
    # Cyd is unchanged: done at once.
    assert (run.state, run.total, run.done) == (RunState.RUNNING, 3, 1)
    calls = list(Call.objects.filter(run=run).order_by("pk"))
    move(calls[0], CallState.FAILED)
    assert drive(run).state == RunState.RUNNING
    move(calls[1], CallState.DONE)
    run = drive(run)
    assert (run.state, run.total, run.done, run.failed) == (RunState.DONE, 3, 2, 1)


def test_a_second_import_of_the_same_file_has_nothing_to_do(ada: User, vienna: Teamspace) -> None:
    run = imported(ada, vienna, FILE)
    assert run.state == RunState.DONE
    again = judged(ada, vienna, FILE)
    assert (again.state, counts(again)) == (RunState.DONE, (0, 0, 3, 3))


def test_rows_are_judged_again_when_they_are_worked_on(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, "id,name\n1,Ada\n2,Bob\n")
    customer_create(teamspace=vienna, values={"provided_unique_id": "1", "name": "Ada"}, by=None)
    run_continue(run=run)
    run = drive(run)
    assert counts(run) == (1, 0, 1, 0)
    assert Customer.objects.filter(provided_unique_id="1").count() == 1
    assert Call.objects.filter(run=run).count() == 1
    assert (run.total, run.done) == (2, 1)


def test_a_row_that_is_refused_only_now_counts_as_failed(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, "id,name,tags\n1,Ada,new\n2,Bob,\n,Cyd,\n")
    driving.revoke(ada, "customers.add_tag")
    run_continue(run=run)
    run = drive(run)
    assert counts(run) == (1, 0, 0, 2)
    assert (run.total, run.failed) == (2, 1)
    assert "no tag named new" in run.errors.get(row="Line 2 1").message
    assert [row[3] for row in table(run, "refused")] == ["line", "2", "4"]
    answer_all(run)
    assert drive(run).state == RunState.DONE


def test_a_person_made_by_somebody_else_in_that_moment_is_changed(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judging.judge

    def judge_and_be_late(*args: Any) -> Any:
        verdicts = judge(*args)
        Customer.objects.create(teamspace=vienna, provided_unique_id="1", name="Already", location="Graz")
        return verdicts

    run = judged(ada, vienna, "id,name\n1,Ada\n")
    run_continue(run=run)
    monkeypatch.setattr(working, "judge", judge_and_be_late)
    once(run, 1)
    customer = Customer.objects.get(provided_unique_id="1")
    assert (customer.name, customer.location) == ("Ada", "Graz")
    assert Call.objects.filter(run=run).count() == 1


def test_stop_before_the_start_leaves_everything(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, FILE)
    assert run_stop(run=run, by=ada)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert not run_continue(run=run)
    assert not Customer.objects.exists()


def test_stop_in_the_middle_dismisses_what_has_not_gone_out(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "WORKED_PER_SLICE", 2)
    monkeypatch.setattr(working, "SLICE_SECONDS", 60)
    run = judged(ada, vienna, "id,name\n" + "".join(f"{n},P{n}\n" for n in range(10)))
    run_continue(run=run)
    once(run, 2)
    run_stop(run=run, by=ada)
    run = drive(run)
    assert run.state == RunState.STOPPED
    assert Customer.objects.count() == 4
    assert set(Call.objects.values_list("state", flat=True)) == {CallState.DISMISSED}


def test_a_slice_that_takes_long_goes_on_with_the_next_row(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SLICE_SECONDS", 0)
    run = judged(ada, vienna, "id,name\n" + "".join(f"{n},P{n}\n" for n in range(5)) + "3,Again\n")
    run_continue(run=run)
    once(run, 2)
    assert Customer.objects.count() == 2
    run = drive(run)
    assert Customer.objects.count() == 5
    assert counts(run) == (5, 0, 0, 1)


@pytest.mark.parametrize("phase", ["before the preview", "before the start"])
@pytest.mark.parametrize("loss", ["permission", "membership", "account"])
def test_who_lost_the_right_imports_nothing(ada: User, vienna: Teamspace, phase: str, loss: str) -> None:
    run = started(ada, vienna, FILE)
    if phase == "before the start":
        run = drive(run)
        run_continue(run=run)
    if loss == "permission":
        driving.revoke(ada, "customers.import_customers")
    elif loss == "membership":
        vienna.members.remove(ada)
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    run = drive(run)
    assert run.state == RunState.FAILED
    assert "does not go on" in run.error
    assert not Customer.objects.exists()


def test_losing_the_right_does_not_lose_the_answers(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, FILE)
    run_continue(run=run)
    drive(run)
    vienna.members.remove(ada)
    answer_all(run)
    assert drive(run).state == RunState.DONE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest of a workbook", "Excel"),
        ("name\nAda\n", "provided_unique_id"),
        ("id,name\n", "no line after it"),
        ('id,name\n1,"Ada\n2,Bob\n', "begins on line 2"),
    ],
)
def test_an_unreadable_file_ends_the_run_in_words(
    ada: User, vienna: Teamspace, content: str | bytes, words: str
) -> None:
    run = judged(ada, vienna, content)
    assert run.state == RunState.FAILED
    assert words in run.error
    assert "Nothing was changed." in run.error


def test_a_file_that_is_gone_ends_the_run_in_words(ada: User, vienna: Teamspace) -> None:
    run = started(ada, vienna, FILE)
    run.files.get().content.delete(save=False)
    run = drive(run)
    assert (run.state, "Upload it again" in run.error) == (RunState.FAILED, True)


def test_the_preview_is_bounded(ada: User, vienna: Teamspace) -> None:
    rows = "".join(f"{n},{'x' * 290}\n" for n in range(120)) + "".join(f",{'y' * 290}\n" for _ in range(120))
    run = judged(ada, vienna, "id,name\n" + rows)
    assert counts(run) == (120, 0, 0, 120)
    first = preview_of(run)
    assert {kind: len(found) for kind, found in first.items()} == {
        "created": 50,
        "changed": 0,
        "unchanged": 0,
        "refused": 50,
    }
    assert len(first["created"][0]["name"]) < 200
    assert len(table(run, "refused")) == 121
