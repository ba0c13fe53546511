"""A worker dies anywhere: another one goes on, and every person, call and row is there once."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import OperationalError

from customers import run_parts
from customers.exporting import engine
from customers.importing import applying, refused, repeats, working
from customers.models import Customer, Tag
from customers.services import customer_create
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.services import run_continue, run_start
from tests.importing.driving import answer_all, counts, drive, judged, once, started, table

pytestmark = pytest.mark.django_db

ROWS = 24
FILE = "id,name,tags\n" + "".join(f"{n},Person {n},vip\n" for n in range(ROWS)) + "0,Again,\n,Nobody,\n"


class Death(BaseException):
    """What nothing catches: the slice's transaction is undone, as when the process dies."""


def dying(function: Callable[..., Any], calls: list[int], error: type[BaseException]) -> Callable[..., Any]:
    """The function, except that these calls of it (counted from 1) do their work and then die."""
    counter = itertools.count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if next(counter) in calls:
            raise error("killed")
        return result

    return wrapped


def drive_through_deaths(run: Run) -> Run:
    """Work like `drive`, with a new worker after each death that has nothing in its memory."""
    for _ in range(40):
        try:
            return drive(run)
        except Death:
            repeats.forget(run.pk)
    raise AssertionError("it does not come to an end")


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many slices for few rows."""
    monkeypatch.setattr(working, "JUDGED_PER_SLICE", 5)
    monkeypatch.setattr(working, "WORKED_PER_SLICE", 4)
    monkeypatch.setattr(working, "SLICE_SECONDS", 60)
    monkeypatch.setattr("protoadmin.runs.services.CHUNK", 5)


@pytest.mark.parametrize("error", [Death, OperationalError])
@pytest.mark.parametrize("point", ["customer_create", "customer_push", "customer_add_tags"])
def test_a_death_while_rows_are_worked_on(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch, point: str, error: type[BaseException]
) -> None:
    run = judged(ada, vienna, FILE)
    run_continue(run=run)
    monkeypatch.setattr(applying, point, dying(getattr(applying, point), [3, 4, 11, 22], error))
    run = drive_through_deaths(run)
    assert run.state == RunState.RUNNING
    assert Customer.objects.count() == ROWS
    assert Call.objects.filter(operation="save_customer").count() == ROWS
    assert Call.objects.filter(operation="add_tags").count() == ROWS
    assert counts(run) == (ROWS, 0, 0, 2)
    assert [row[-2] for row in table(run, "refused")] == ["line", "26", "27"]
    answer_all(run)
    run = drive(run)
    assert (run.state, run.done, run.failed, run.total) == (RunState.DONE, 2 * ROWS, 0, 2 * ROWS)


@pytest.mark.parametrize("point", ["part_write", "parts_join"])
def test_a_death_around_the_file_of_refused_rows(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    run = started(ada, vienna, FILE)
    monkeypatch.setattr(refused, point, dying(getattr(refused, point), [1], Death))
    run = drive_through_deaths(run)
    assert counts(run) == (ROWS, 0, 0, 2)
    assert [row[-2] for row in table(run, "refused")] == ["line", "26", "27"]


def test_repeated_ids_are_found_by_a_worker_that_has_not_read_the_rows_before(ada: User, vienna: Teamspace) -> None:
    run = started(ada, vienna, "id,name\n" + "".join(f"{n % 5},P\n" for n in range(20)))
    for _ in range(6):
        once(run, 1)
        repeats.forget(run.pk)
    run.refresh_from_db()
    assert counts(run) == (5, 0, 0, 15)


def test_what_a_slice_noted_before_it_died_is_not_believed(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's memory outlives a slice that the database undid: its rows are no repeats of themselves."""
    run = started(ada, vienna, FILE)
    monkeypatch.setattr(working, "refused_add", dying(refused.refused_add, [2, 4], OperationalError))
    run = drive(run)
    assert counts(run) == (ROWS, 0, 0, 2)


def test_a_slice_done_twice_changes_nothing(ada: User, vienna: Teamspace) -> None:
    run = judged(ada, vienna, FILE)
    run_continue(run=run)
    once(run, 3)
    before = Call.objects.count()
    cursor = {**run.cursor, "at": [run.parameters["layout"][name] for name in ("offset", "line")]}
    Run.objects.filter(pk=run.pk).update(cursor=cursor)
    once(run, 3)
    assert Call.objects.count() == before
    assert Customer.objects.count() == 12


def test_a_death_while_an_export_is_written(ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [
        customer_create(teamspace=vienna, values={"provided_unique_id": f"{n:02}", "name": f"Person {n}"}, by=None)
        for n in range(ROWS)
    ]
    people[0].tags.add(Tag.objects.create(teamspace=vienna, name="vip"))
    run = run_start(kind="people_export", by=ada, title="Export", ids=[one.pk for one in people])
    monkeypatch.setattr(engine, "part_keep", dying(run_parts.part_keep, [1, 3, 5], Death))
    monkeypatch.setattr(engine, "note_export", dying(engine.note_export, [1], Death))
    run = drive_through_deaths(run)
    assert (run.state, run.done, run.failed, run.total) == (RunState.DONE, ROWS, 0, ROWS)
    assert [row[1] for row in table(run, "result")[1:]] == [f"{n:02}" for n in range(ROWS)]


def test_a_part_left_behind_is_replaced(ada: User, vienna: Teamspace) -> None:
    run = started(ada, vienna, FILE)
    run_parts.part_write(run, "refused", 0, "left,behind\n")
    run_parts.part_write(run, "refused", 0, "1,2\n")
    file = run_parts.parts_join(run, "refused", 1, name="x.csv", head="a,b\n")
    with file.content.open("rb") as content:
        assert content.read() == b"a,b\n1,2\n"


@pytest.mark.django_db(transaction=True)
def test_parts_do_not_stay(ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protoadmin.workers.wake.async_task", lambda task: None)
    run = judged(ada, vienna, FILE)
    assert default_storage.listdir(f"runs/parts/{run.pk}")[1] == []
    stopped = once(started(ada, vienna, FILE + ",Nobody,\n" * 20), 8)
    assert default_storage.listdir(f"runs/parts/{stopped.pk}")[1] != []
    Run.objects.filter(pk=stopped.pk).update(stop_requested=True)
    assert drive(stopped).state == RunState.STOPPED
    assert default_storage.listdir(f"runs/parts/{stopped.pk}")[1] == []
