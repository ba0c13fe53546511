"""Send again, It went through, Dismiss: what each does, and when it is refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations.models import Ticket
from customers.models import Customer, SyncState
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.services import (
    call_dismiss,
    call_send_again,
    call_went_through,
    remove_old_calls,
)
from protoadmin.outbox.transitions import move
from protoadmin.refusals import Refused
from tests.outbox.remote import Remote
from tests.outbox.scene import fresh, save, state_of, ticket, wait_is_over, work

QUEUED, SENDING, DONE = CallState.QUEUED, CallState.SENDING, CallState.DONE
FAILED, UNCONFIRMED, DISMISSED = CallState.FAILED, CallState.UNCONFIRMED, CallState.DISMISSED
BUTTONS = {
    call_send_again: ({FAILED, UNCONFIRMED, DISMISSED}, QUEUED),
    call_went_through: ({FAILED, UNCONFIRMED}, DONE),
    call_dismiss: ({FAILED, UNCONFIRMED, QUEUED}, DISMISSED),
}


@pytest.fixture
def known(person: Customer, remote: Remote) -> Customer:
    """A person whom Proto has."""
    save(person, name="One")
    work()
    return person


def lost_ticket(person: Customer, remote: Remote, kind: str = "drop_after") -> Call:
    call = ticket(person)
    remote.fault(kind, match="create-ticket", times=1)
    work()
    assert state_of(call) == UNCONFIRMED
    return call


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("press", BUTTONS, ids=lambda press: press.__name__)
def test_when_each_is_allowed(press: object, state: CallState, person: Customer, agent: User) -> None:
    assert callable(press)
    call = ticket(person)
    move(call, state)
    allowed, after = BUTTONS[press]
    if state not in allowed:
        with pytest.raises(Refused):
            press(call=call, by=agent)
        assert state_of(call) == state
        return
    press(call=call, by=agent)
    call = fresh(call)
    assert (call.state, call.settled_by) == (after, agent)
    assert call.settled_at is not None
    assert (call.finished_at is None) == (after == QUEUED)
    assert (call.next_attempt_at is None) == (after != QUEUED)


def test_send_again_sends_the_same_row_anew(known: Customer, agent: User, remote: Remote) -> None:
    call = lost_ticket(known, remote, "drop_before")
    call_send_again(call=call, by=agent)
    work()
    call = fresh(call)
    assert (call.state, call.attempts, call.error) == (DONE, 2, "")
    assert Ticket.objects.get().remote_id
    assert len(remote.effects("create-ticket")) == 1


def test_it_went_through_sends_nothing(known: Customer, agent: User, remote: Remote) -> None:
    call = lost_ticket(known, remote)
    call_went_through(call=call, by=agent)
    work(2)
    assert state_of(call) == DONE
    assert len(remote.requests("create-ticket")) == 1


def test_a_dismissed_one_is_not_sent(person: Customer, agent: User, remote: Remote) -> None:
    call = save(person, name="One")
    call_dismiss(call=call, by=agent)
    work(2)
    assert not remote.requests()
    person.refresh_from_db()
    assert person.sync_state == SyncState.LOCAL


def test_send_again_begins_anew_with_patience_and_pauses(known: Customer, agent: User, remote: Remote) -> None:
    call = save(known, name="Two")
    remote.fault("error")
    work(12)
    Call.objects.filter(pk=call.pk).update(queued_at=timezone.now() - timedelta(hours=73))
    wait_is_over()
    work()
    assert (state_of(call), fresh(call).attempts) == (FAILED, 13)
    call_send_again(call=call, by=agent)
    work()
    call = fresh(call)
    assert call.state == QUEUED
    assert call.next_attempt_at is not None
    assert call.next_attempt_at < timezone.now() + timedelta(seconds=2)


def test_an_older_save_is_not_sent_after_a_newer_one(known: Customer, agent: User, remote: Remote) -> None:
    older = save(known, email="nobody@nowhere")
    work()
    assert state_of(older) == FAILED
    newer = save(known, email="ann@example.com")
    with pytest.raises(Refused, match=f"call {newer.pk}"):
        call_send_again(call=older, by=agent)
    work()
    with pytest.raises(Refused, match=f"call {newer.pk}"):
        call_send_again(call=older, by=agent)


def test_nor_after_a_newer_one_that_went_out_and_was_dismissed(known: Customer, agent: User, remote: Remote) -> None:
    older = save(known, email="nobody@nowhere")
    work()
    newer = save(known, email="ann@example.com")
    remote.fault("drop_after", match="create-customer", times=1)
    work()
    assert (state_of(newer), len(remote.effects(f"create-customer/{known.provided_unique_id}"))) == (QUEUED, 2)
    call_dismiss(call=newer, by=agent)
    with pytest.raises(Refused, match=f"call {newer.pk}"):
        call_send_again(call=older, by=agent)


def test_it_may_go_out_when_the_newer_one_never_did(known: Customer, agent: User, remote: Remote) -> None:
    older = save(known, email="nobody@nowhere")
    work()
    newer = save(known, email="ann@example.com")
    call_dismiss(call=newer, by=agent)
    call_send_again(call=older, by=agent)
    # Pressed on both: the order in which they were asked for holds.
    call_send_again(call=newer, by=agent)
    work(2)
    emails = [request["body"]["email"] for request in remote.requests("create-customer")]
    assert emails == ["", "nobody@nowhere", "nobody@nowhere", "ann@example.com"][: len(emails)]
    assert (state_of(older), state_of(newer)) == (FAILED, DONE)


def test_a_replaced_one_is_not_sent_again(person: Customer, agent: User) -> None:
    older = save(person, name="One")
    newer = save(person, name="Two")
    with pytest.raises(Refused, match=f"Call {newer.pk} took its place"):
        call_send_again(call=older, by=agent)


def test_one_that_is_being_sent_cannot_be_stopped(person: Customer, agent: User) -> None:
    call = save(person, name="One")
    assert claim_next() is not None
    for press in BUTTONS:
        with pytest.raises(Refused, match="sending"):
            press(call=call, by=agent)


def test_only_what_ended_well_is_removed_by_age(known: Customer, agent: User, remote: Remote) -> None:
    stuck = lost_ticket(known, remote)
    Call.objects.update(finished_at=timezone.now() - timedelta(days=400))
    waiting = save(known, name="Later")
    assert remove_old_calls(older_than=timedelta(days=180)) == 1
    assert set(Call.objects.values_list("pk", flat=True)) == {stuck.pk, waiting.pk}
