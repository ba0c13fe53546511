"""Workers that die while they send: who notices, what becomes of the call, and answers that come too late."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from conversations.models import Ticket
from customers.models import Customer
from protoadmin.clients.transport import Answer, Client, Request
from protoadmin.outbox import sending
from protoadmin.outbox.claiming import LEASE, claim_next
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.registry import find_operation
from protoadmin.outbox.sending import attempt, recover_dead
from protoadmin.outbox.services import call_send_again
from protoadmin.outbox.settling import give_back, settle_answer
from protoadmin.workers.identity import this_worker
from tests.outbox.remote import Remote
from tests.outbox.scene import (
    OPERATIONS,
    ask,
    fresh,
    known_to_proto,
    lease_over,
    save,
    state_of,
    ticket,
    wait_is_over,
    work,
)

QUEUED, SENDING, DONE = CallState.QUEUED, CallState.SENDING, CallState.DONE
FAILED, UNCONFIRMED = CallState.FAILED, CallState.UNCONFIRMED
CHILD = "from protoadmin.workers.identity import this_worker; print(this_worker(), flush=True); input()"


@pytest.fixture
def other_worker() -> Iterator[Callable[[], tuple[str, subprocess.Popen[str]]]]:
    """Return a function that starts a process and says who it is."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[str, subprocess.Popen[str]]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(child)
        assert child.stdout is not None
        return child.stdout.readline().strip(), child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def claimed(call: Call) -> Call:
    found = claim_next()
    assert found is not None
    assert found.pk == call.pk
    return found


def sent_by_hand(call: Call) -> tuple[Answer, Request]:
    """Do what a worker does between its claim and its answer."""
    operation = find_operation(call.operation)
    assert operation is not None
    request = operation.build(call)
    client: Client = call.teamspace.client()  # type: ignore[union-attr]
    return client.send(request), request


def answer_comes(call: Call, answer: Answer, request: Request) -> None:
    operation = find_operation(call.operation)
    assert operation is not None
    settle_answer(call, operation, answer, request)


def test_a_claim_says_who_and_until_when(person: Customer) -> None:
    call = claimed(save(person, name="A"))
    assert fresh(call).worker == this_worker() == f"{socket.gethostname()}:{os.getpid()}:{this_worker().split(':')[2]}"
    leased = fresh(call).leased_until
    assert leased is not None
    assert LEASE - timedelta(seconds=5) < leased - timezone.now() <= LEASE
    assert fresh(call).attempts == 1


def test_the_living_are_left_alone(person: Customer) -> None:
    call = claimed(save(person, name="A"))
    assert recover_dead() == 0
    assert state_of(call) == SENDING


def test_a_killed_process_of_this_machine_is_noticed_at_once(
    person: Customer, other_worker: Callable[[], tuple[str, subprocess.Popen[str]]]
) -> None:
    call = claimed(save(person, name="A"))
    name, child = other_worker()
    Call.objects.update(worker=name)
    assert recover_dead() == 0
    child.kill()
    child.wait()
    assert recover_dead() == 1
    assert (state_of(call), fresh(call).deaths) == (QUEUED, 1)
    assert "worker that sent this request died" in fresh(call).error


def test_a_worker_of_another_host_is_dead_when_its_lease_is_over(person: Customer) -> None:
    call = claimed(save(person, name="A"))
    Call.objects.update(worker="another-host:7:7")
    assert recover_dead() == 0
    lease_over(call)
    assert recover_dead() == 1
    assert state_of(call) == QUEUED


@pytest.mark.parametrize("operation", OPERATIONS)
def test_three_deaths(operation: str, person: Customer, agent: User, remote: Remote) -> None:
    known_to_proto(person)
    call = ask(operation, person)
    states = []
    for _ in range(4):
        wait_is_over()
        taken = claim_next()
        if taken is not None:
            lease_over(taken)
            recover_dead()
        states.append(state_of(call))
    unrepeatable = operation.startswith("create")
    last = FAILED if operation in ("get_customer", "test_connection") else UNCONFIRMED
    assert states == ([UNCONFIRMED] * 4 if unrepeatable else [QUEUED, QUEUED, last, last])
    assert fresh(call).attempts == (1 if unrepeatable else 3)
    if not unrepeatable:
        call_send_again(call=call, by=agent)
        assert fresh(call).deaths == 0
        work()
        assert state_of(call) == DONE


def test_what_may_have_gone_out_is_not_sent_twice(person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    call = claimed(ticket(person))
    sent_by_hand(call)
    lease_over(call)
    work(3)
    assert state_of(call) == UNCONFIRMED
    assert len(remote.requests("create-ticket")) == 1


@pytest.mark.parametrize("operation", ["save_customer", "create_ticket"])
def test_a_late_answer_is_used_while_nothing_else_was_done(operation: str, person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    call = claimed(ask(operation, person))
    answer, request = sent_by_hand(call)
    lease_over(call)
    recover_dead()
    assert state_of(call) == (QUEUED if operation == "save_customer" else UNCONFIRMED)
    answer_comes(call, answer, request)
    assert state_of(call) == DONE
    assert operation == "save_customer" or Ticket.objects.get().remote_id == answer.data["id"]
    wait_is_over()
    assert claim_next() is None


def test_a_late_answer_of_an_earlier_attempt_is_not_used(person: Customer, agent: User, remote: Remote) -> None:
    known_to_proto(person)
    first = claimed(ticket(person))
    answer, request = sent_by_hand(first)
    lease_over(first)
    recover_dead()
    call_send_again(call=first, by=agent)
    second = claimed(first)
    answer_comes(first, answer, request)
    assert state_of(first) == SENDING
    attempt(second)
    assert state_of(first) == DONE
    assert Ticket.objects.get().remote_id != answer.data["id"]


def test_a_late_answer_does_not_revive_what_a_newer_save_replaced(person: Customer, remote: Remote) -> None:
    first = claimed(save(person, name="One"))
    answer, request = sent_by_hand(first)
    lease_over(first)
    recover_dead()
    second = save(person, name="Two")
    answer_comes(first, answer, request)
    assert (state_of(first), fresh(first).replaced_by_id) == (CallState.DISMISSED, second.pk)
    work()
    assert state_of(second) == DONE
    person.refresh_from_db()
    assert person.name == "Two"


def test_a_late_error_changes_nothing(person: Customer, remote: Remote) -> None:
    call = claimed(save(person, name="One"))
    lease_over(call)
    recover_dead()
    remote.fault("error", status=400, times=1)
    attempt(call)
    assert state_of(call) == QUEUED


def test_given_back_means_not_attempted(person: Customer, remote: Remote) -> None:
    call = claimed(ticket(person))
    give_back(call)
    assert (state_of(call), fresh(call).attempts, fresh(call).deaths) == (QUEUED, 0, 0)
    give_back(call)
    assert fresh(call).attempts == 0


def test_what_was_taken_too_long_ago_is_given_back(
    person: Customer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TOO_LATE_TO_SEND", -1.0)
    call = claimed(ticket(person))
    attempt(call)
    assert (state_of(call), fresh(call).attempts) == (QUEUED, 0)
    assert not remote.requests()


def test_a_call_that_cannot_be_read_is_given_back_unsent(
    person: Customer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = find_operation("create_ticket")

    def away(call: Call) -> Request:
        raise OperationalError("the database is away")

    monkeypatch.setattr(operation, "build", away)
    call = claimed(ticket(person))
    attempt(call)
    assert (state_of(call), fresh(call).attempts) == (QUEUED, 0)
    assert not remote.requests()


def test_a_bug_after_sending_is_judged_like_a_death(
    person: Customer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody expected says nothing about the effect: never `failed`, never sent again."""
    known_to_proto(person)

    def careless(data: object) -> object:
        raise ValueError("a bug in reading the answer")

    operation = find_operation("create_ticket")
    assert operation is not None
    build = operation.build
    monkeypatch.setattr(operation, "build", lambda call: _with_reader(build(call), careless))
    call = claimed(ticket(person))
    with pytest.raises(ValueError, match="a bug"):
        attempt(call)
    assert state_of(call) == SENDING
    lease_over(call)
    work(3)
    assert state_of(call) == UNCONFIRMED
    assert len(remote.effects("create-ticket")) == 1


def _with_reader(request: Request, read: Callable[[object], object]) -> Request:
    return Request(request.operation, request.method, request.path, json=request.json, read=read)
