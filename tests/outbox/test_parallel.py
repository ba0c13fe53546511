"""Several workers at once, in threads and in processes, on a database that all of them see."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.sending import send_due
from protoadmin.outbox.services import call_dismiss, call_queue
from protoadmin.refusals import Refused
from tests.outbox.remote import Remote
from tests.outbox.scene import known_to_proto, save, state_of, ticket

pytestmark = pytest.mark.django_db(transaction=True)
NewPerson = Callable[..., Customer]
ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys, time, django
django.setup()
from protoadmin.outbox.models import Call
from protoadmin.outbox.sending import send_due
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end and Call.objects.pending().exists():
    send_due(1.0)
    time.sleep(0.02)
"""


def database_url() -> str:
    """Return the address of the test's own database."""
    given: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@pytest.fixture
def workers() -> Iterator[Callable[[int, float], None]]:
    """Return a function that lets so many processes work side by side, for so many seconds at most."""
    started: list[subprocess.Popen[str]] = []
    env = {**os.environ, "DATABASE_URL": database_url(), "VAR_DIR": str(settings.VAR_DIR), "LOG_LEVEL": "WARNING"}

    def run(number: int, seconds: float) -> None:
        for _ in range(number):
            command = [sys.executable, "-c", WORKER, str(seconds)]
            started.append(
                subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
        for worker in started:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in started:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in started:
            worker.communicate(timeout=60)
            assert worker.returncode == 0

    yield run
    for worker in started:
        worker.kill()
        worker.communicate()


def in_threads(number: int, work: Callable[[], object]) -> None:
    """Run the same in so many threads at once; what one raises is raised here."""
    barrier, raised = threading.Barrier(number), list[BaseException]()

    def run() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def test_two_threads_send_everything_once_and_in_order(new_person: NewPerson, remote: Remote) -> None:
    people = [new_person() for _ in range(6)]
    for person in people:
        save(person, name="A")
        ticket(person, "first")
        ticket(person, "second")
    in_threads(2, send_due)
    assert set(Call.objects.values_list("state", flat=True)) == {CallState.DONE}
    received: dict[str, list[str]] = defaultdict(list)
    for request in remote.effects():
        body = request["body"]
        received[body.get("provided_unique_id") or request["path"].rsplit("/", 1)[1]].append(
            body.get("subject", "save")
        )
    assert set(map(tuple, received.values())) == {("save", "first", "second")}
    assert len(received) == len(people)


def test_different_records_are_sent_at_the_same_time(new_person: NewPerson, remote: Remote) -> None:
    for _ in range(2):
        save(new_person(), name="A")
    remote.fault("slow", seconds=0.8)
    in_threads(2, send_due)
    first, second = (request["at"] for request in remote.requests())
    assert abs(first - second) < 0.7


def test_one_record_is_sent_one_at_a_time(person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    ticket(person, "first")
    ticket(person, "second")
    remote.fault("slow", seconds=0.5)
    in_threads(2, lambda: send_due(3.0))
    in_threads(1, send_due)
    first, second = (request["at"] for request in remote.requests("create-ticket"))
    assert second - first >= 0.5


def test_the_pace_holds_across_processes(
    new_person: NewPerson, remote: Remote, workers: Callable[[int, float], None]
) -> None:
    Teamspace.objects.update(requests_per_minute=240)
    for number in range(20):
        save(new_person(), name=str(number))
    workers(2, 2.0)
    taken = sorted(moment for moment in Call.objects.values_list("sent_at", flat=True) if moment)
    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(taken)]
    # One slot each quarter of a second; a busy machine may use fewer of them, and never more.
    assert len(taken) >= 3
    assert min(pauses) >= 0.25
    assert len(remote.requests()) == len(taken)


def test_processes_share_the_work_and_send_nothing_twice(
    new_person: NewPerson, remote: Remote, workers: Callable[[int, float], None]
) -> None:
    person = new_person()
    known_to_proto(person)
    for number in range(20):
        ticket(person if number % 2 else _known(new_person()), str(number))
    remote.fault("slow", seconds=0.02)
    workers(2, 30.0)
    assert set(Call.objects.values_list("state", flat=True)) == {CallState.DONE}
    subjects = [request["body"]["subject"] for request in remote.effects("create-ticket")]
    assert sorted(subjects, key=int) == [str(number) for number in range(20)]
    assert len(set(Call.objects.values_list("worker", flat=True))) == 2


def _known(person: Customer) -> Customer:
    known_to_proto(person)
    return person


def test_a_double_click_at_the_same_moment_makes_one_call(person: Customer, teamspace: Teamspace) -> None:
    made: list[int] = []
    in_threads(2, lambda: made.append(ticket(person, key="one-form").pk))
    assert len(set(made)) == 1
    assert Call.objects.count() == 1


def test_the_same_holds_for_any_call(person: Customer, teamspace: Teamspace) -> None:
    made: list[int] = []

    def click() -> None:
        with transaction.atomic():
            call = call_queue(
                operation="get_customer", connection=teamspace, target=person, payload={}, by=None, request_key="one"
            )
            made.append(call.pk)

    in_threads(4, click)
    assert (len(made), len(set(made))) == (4, 1)


def test_a_newer_save_and_a_worker_at_the_same_moment(person: Customer, remote: Remote) -> None:
    """Whoever is first: the newest goes out last, and nothing is lost."""
    for number in range(10):
        call = save(person, name=f"older {number}")
        newer: list[Call] = []

        def save_newer(number: int = number, newer: list[Call] = newer) -> None:
            newer.append(save(Customer.objects.get(pk=person.pk), name=f"newer {number}"))

        steps = iter([save_newer, send_due])
        in_threads(2, lambda steps=steps: next(steps)())  # type: ignore[misc]
        send_due()
        assert state_of(newer[0]) == CallState.DONE
        assert state_of(call) in (CallState.DONE, CallState.DISMISSED)
        names = [request["body"]["name"] for request in remote.effects("create-customer")]
        assert names[-1] == f"newer {number}"


# --- PostgreSQL locks rows, and two who lock the same ones in different order would wait for each other -------------


def side_by_side(person_does: Callable[[threading.Event], object], worker_does: Callable[[], object]) -> None:
    """Let a person be in the middle of a transaction when a worker begins, and come to its end meanwhile."""
    in_the_middle = threading.Event()

    def person() -> None:
        with transaction.atomic():
            person_does(in_the_middle)

    def worker() -> None:
        in_the_middle.wait(10)
        worker_does()

    steps = iter([person, worker])
    in_threads(2, lambda: next(steps)())


def test_a_save_that_replaces_one_does_not_block_its_worker_for_ever(person: Customer, remote: Remote) -> None:
    """The person holds the older call and needs the gate (a foreign key); the worker holds the gate, wants the call."""
    save(person, name="older")

    def save_newer(in_the_middle: threading.Event) -> None:
        save(Customer.objects.get(pk=person.pk), name="newer")
        in_the_middle.set()
        time.sleep(0.4)

    side_by_side(save_newer, send_due)
    send_due()
    assert [request["body"]["name"] for request in remote.effects("create-customer")][-1] == "newer"


def test_nor_does_a_worker_that_has_just_taken_the_older_one(person: Customer, remote: Remote) -> None:
    """The person holds the record and wants the older call; the worker holds the call, wants to write the state."""
    older = save(person, name="older")

    def save_newer(in_the_middle: threading.Event) -> None:
        row = Customer.objects.select_for_update(of=("self",)).get(pk=person.pk)
        in_the_middle.set()
        time.sleep(0.4)
        save(row, name="newer")

    side_by_side(save_newer, send_due)
    send_due()
    assert [request["body"]["name"] for request in remote.effects("create-customer")][-1] == "newer"
    assert state_of(older) in (CallState.DONE, CallState.DISMISSED)


def test_a_person_who_settles_and_one_who_saves(person: Customer, agent: User, remote: Remote) -> None:
    """One holds the call and wants to write the record's state, the other holds the record and wants the call."""
    older = save(person, name="older")

    def save_newer(in_the_middle: threading.Event) -> None:
        row = Customer.objects.select_for_update(of=("self",)).get(pk=person.pk)
        in_the_middle.set()
        time.sleep(0.4)
        save(row, name="newer")

    side_by_side(save_newer, lambda: _dismiss_if_possible(older, agent))
    send_due()
    assert [request["body"]["name"] for request in remote.effects("create-customer")] == ["newer"]


def _dismiss_if_possible(call: Call, agent: User) -> None:
    with suppress(Refused):
        call_dismiss(call=call, by=agent)
