"""What holds for a whole connection: pauses that the remote asks for, its pace, and being switched off."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call, CallState, Gate
from protoadmin.outbox.sending import attempt
from protoadmin.outbox.services import gate_resume
from tests.outbox.remote import Remote
from tests.outbox.scene import ask, field, fresh, save, state_of, ticket, wait_is_over, work

NewPerson = Callable[..., Customer]


def seconds_left(gate: Gate) -> float:
    gate.refresh_from_db()
    assert gate.paused_until is not None
    return (gate.paused_until - timezone.now()).total_seconds()


@pytest.mark.parametrize("kind", ["rate_limit", "unavailable"])
@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_pauses_the_whole_connection(
    kind: str, as_date: bool, new_person: NewPerson, remote: Remote
) -> None:
    first, second = save(new_person(), name="A"), ticket(new_person())
    remote.fault(kind, retry_after=40, as_date=as_date, times=1)
    work()
    assert [state_of(call) for call in (first, second)] == ["queued", "queued"]
    assert fresh(second).attempts == 0
    assert 37 < seconds_left(Gate.objects.get()) <= 40
    assert Gate.objects.get().pause_reason
    later = save(new_person(), name="B")
    work()
    assert len(remote.requests()) == 1
    assert claim_next() is None
    wait_is_over()
    work()
    assert state_of(later) == state_of(first) == CallState.DONE
    assert Gate.objects.get().pause_reason == ""


def test_a_watched_test_pauses_the_connection_too(person: Customer, remote: Remote) -> None:
    test = ask("test_connection", person)
    remote.fault("rate_limit", retry_after=40, times=1)
    work()
    assert state_of(test) == CallState.FAILED
    assert seconds_left(Gate.objects.get()) > 37


def test_a_shorter_pause_does_not_end_a_longer_one(new_person: NewPerson, remote: Remote) -> None:
    save(new_person(), name="A")
    save(new_person(), name="B")
    first, second = claim_next(), claim_next()
    assert first
    assert second
    remote.fault("rate_limit", retry_after=60, times=1)
    attempt(first)
    remote.fault("rate_limit", retry_after=2, times=1)
    attempt(second)
    assert seconds_left(Gate.objects.get()) > 50


def test_a_pause_of_one_connection_is_none_of_another(new_person: NewPerson, remote: Remote) -> None:
    first = save(new_person(), name="A")
    remote.fault("rate_limit", retry_after=60, times=1)
    work()
    given = Teamspace.objects.get()
    second = Teamspace.objects.create(
        name="Second", subcompany_id="01SECOND", takeover_secret="another-secret-99", base_url=given.base_url
    )
    other = ask("save_customer", Customer.objects.create(teamspace=second, provided_unique_id="x", name="B"))
    work()
    assert state_of(first) == CallState.QUEUED
    assert fresh(other).attempts == 1


def test_resume_ends_a_pause(person: Customer, remote: Remote) -> None:
    call = save(person, name="A")
    remote.fault("rate_limit", retry_after=60, times=1)
    work()
    gate_resume(connection=person.teamspace)
    work()
    assert state_of(call) == CallState.DONE


def test_an_inactive_connection_keeps_its_calls(person: Customer, agent: User, remote: Remote) -> None:
    Teamspace.objects.update(is_active=False)
    call = save(person, name="A", by=agent)
    work(3)
    assert (state_of(call), fresh(call).attempts) == (CallState.QUEUED, 0)
    assert "not active" in Gate.objects.get().pause_reason
    assert not remote.requests()
    Teamspace.objects.update(is_active=True)
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE


def test_the_pace_is_kept(new_person: NewPerson, remote: Remote) -> None:
    Teamspace.objects.update(requests_per_minute=6)
    calls = [save(new_person(), name=str(number)) for number in range(3)]
    work()
    assert [state_of(call) for call in calls] == ["done", "queued", "queued"]
    slot = Gate.objects.get().next_slot_at
    assert slot is not None
    assert timedelta(seconds=1) < slot - timezone.now() <= timedelta(seconds=10)


def test_look_ups_keep_the_pace_and_the_pauses(teamspace: Teamspace, remote: Remote) -> None:
    call = field(teamspace)
    remote.fault("drop_after", match="create-custom-field", times=1)
    work()
    assert state_of(call) == CallState.UNCONFIRMED
    now = timezone.now()
    for closed in ({"paused_until": now + timedelta(minutes=1)}, {"next_slot_at": now + timedelta(minutes=1)}):
        wait_is_over()
        Gate.objects.update(**closed)
        work()
        assert not remote.requests("list-custom-fields")
    wait_is_over()
    Teamspace.objects.update(is_active=False)
    work()
    assert not remote.requests("list-custom-fields")
    Teamspace.objects.update(is_active=True, requests_per_minute=6)
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE
    slot = Gate.objects.get().next_slot_at
    assert slot is not None
    assert slot > timezone.now() + timedelta(seconds=8)


def test_a_429_to_a_look_up_pauses_the_connection(teamspace: Teamspace, remote: Remote) -> None:
    call = field(teamspace)
    remote.fault("drop_after", match="create-custom-field", times=1)
    work()
    remote.fault("rate_limit", match="list-custom-fields", retry_after=50, times=1)
    wait_is_over()
    work()
    assert state_of(call) == CallState.UNCONFIRMED
    assert seconds_left(Gate.objects.get()) > 45
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE


def test_connections_take_turns(new_person: NewPerson) -> None:
    busy = [save(new_person(), name=str(number)) for number in range(3)]
    given = Teamspace.objects.get()
    quiet = Teamspace.objects.create(
        name="Quiet", subcompany_id="01QUIET", takeover_secret="x" * 12, base_url=given.base_url
    )
    other = ask("save_customer", Customer.objects.create(teamspace=quiet, provided_unique_id="q", name="Q"))
    claimed = [claim_next() for _ in range(2)]
    assert {call.pk for call in claimed if call} == {busy[0].pk, other.pk}
    assert Call.objects.filter(state=CallState.SENDING).count() == 2
