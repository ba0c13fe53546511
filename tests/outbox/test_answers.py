"""What an answer may change here: never what a person has changed since, nor what waits to go out."""

import pytest
from django.contrib.auth.models import User

from conversations.models import Ticket
from customers.models import Customer, SyncState
from customers.services import customer_add_tags, customer_change
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.registry import find_operation
from protoadmin.outbox.sending import attempt, recover_dead
from protoadmin.outbox.services import call_dismiss
from tests.outbox.remote import Remote
from tests.outbox.scene import ask, fresh, known_to_proto, lease_over, save, state_of, ticket, wait_is_over, work

DONE, FAILED, UNCONFIRMED = CallState.DONE, CallState.FAILED, CallState.UNCONFIRMED


def refreshed(person: Customer) -> Customer:
    person.refresh_from_db()
    return person


def test_what_proto_writes_otherwise_is_taken_over(person: Customer, remote: Remote) -> None:
    call = save(person, name="ann  bell", phone_number="+44 20 7946 0000")
    remote.fault("wrong_shape", body={"id": "p-1", "name": "Ann Bell", "phone_number": "+442079460000"}, times=1)
    work()
    assert state_of(call) == DONE
    row = refreshed(person)
    assert (row.name, row.phone_number, row.proto_id) == ("Ann Bell", "+442079460000", "p-1")
    assert row.sync_state == SyncState.DONE


def test_but_not_over_what_was_changed_since(person: Customer, remote: Remote) -> None:
    save(person, name="One", location="Here")
    call = claim_next()
    assert call is not None
    customer_change(customer=person, values={"name": "Changed since"}, by=None)
    remote.fault("wrong_shape", body={"id": "p-1", "name": "ONE", "location": "HERE"}, times=1)
    attempt(call)
    assert (refreshed(person).name, person.location) == ("Changed since", "HERE")


def test_two_saves_in_flight(person: Customer, remote: Remote) -> None:
    """The answer to the first does not undo the second, which waits; at the end both sides have the second."""
    first = save(person, name="One", location="Old place")
    taken = claim_next()
    assert taken is not None
    second = save(person, name="Two")
    assert refreshed(person).sync_state == SyncState.QUEUED
    attempt(taken)
    assert refreshed(person).name == "Two"
    # The state is that of the newest save, which is not out yet.
    assert person.sync_state == SyncState.QUEUED
    work()
    assert state_of(first) == state_of(second) == DONE
    bodies = [request["body"]["name"] for request in remote.effects("create-customer")]
    assert bodies == ["One", "Two"]
    assert (refreshed(person).name, person.sync_state) == ("Two", SyncState.DONE)


@pytest.mark.parametrize("ends", ["queued", "failed", "unconfirmed"])
def test_a_refresh_does_not_undo_a_save_that_is_not_through(ends: str, person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    save(person, name="Mine")
    taken = claim_next()
    assert taken is not None
    if ends == "queued":
        remote.fault("error", match="create-customer", times=1)
        attempt(taken)
    elif ends == "failed":
        remote.fault("error", match="create-customer", status=400, times=1)
        attempt(taken)
    else:
        Call.objects.filter(pk=taken.pk).update(deaths=2)
        lease_over(taken)
        recover_dead()
    assert state_of(taken) == ends
    refresh = ask("get_customer", person)
    Call.objects.filter(pk=refresh.pk).update(lane="elsewhere:1")
    taken = claim_next()
    assert taken is not None
    assert taken.pk == refresh.pk
    attempt(taken)
    assert state_of(refresh) == DONE
    assert refreshed(person).name == "Mine"
    (difference,) = [each for each in fresh(refresh).context["differences"] if each["field"] == "Name"]
    assert (difference["there"], difference["taken"]) == ("Ann", False)


def test_a_refresh_takes_over_when_nothing_waits(person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    Customer.objects.update(name="Stale")
    person.refresh_from_db()
    refresh = ask("get_customer", person)
    work()
    assert refreshed(person).name == "Ann"
    (difference,) = [each for each in fresh(refresh).context["differences"] if each["field"] == "Name"]
    assert difference["taken"]


def test_a_dismissed_save_keeps_nothing_back(person: Customer, agent: User, remote: Remote) -> None:
    known_to_proto(person)
    call_dismiss(call=save(person, name="Given up"), by=agent)
    ask("get_customer", person)
    work()
    assert refreshed(person).name == "Ann"


def test_a_failed_save_that_a_newer_one_made_good_keeps_nothing_back(person: Customer, remote: Remote) -> None:
    save(person, email="nobody@nowhere")
    work()
    save(person, email="ann@example.com")
    work()
    Customer.objects.update(name="Stale")
    ask("get_customer", person)
    work()
    assert refreshed(person).name == "Ann"


def test_tags_on_their_way_stay(person: Customer, agent: User, remote: Remote) -> None:
    known_to_proto(person)
    tagging = customer_add_tags(customer=person, names=["vip"], create=True, by=agent)
    assert tagging is not None
    refresh = ask("get_customer", person)
    Call.objects.filter(pk=tagging.pk).update(lane="elsewhere:1", next_attempt_at=None)
    work()
    assert state_of(refresh) == DONE
    assert list(person.tags.values_list("name", flat=True)) == ["vip"]


@pytest.mark.parametrize(
    ("operation", "body", "state"),
    [
        ("save_customer", {"id": "p-1", "tags": "\x00"}, DONE),
        ("create_ticket", {"id": "t\x00-1", "note": "\ud800"}, DONE),
    ],
)
def test_answers_that_are_hard_to_store_are_stored(
    operation: str, body: dict[str, object], state: CallState, person: Customer, remote: Remote
) -> None:
    known_to_proto(person)
    call = ask(operation, person)
    remote.fault("wrong_shape", body=body, times=1)
    work()
    assert state_of(call) == state


@pytest.mark.parametrize(
    ("operation", "state"),
    [("save_customer", UNCONFIRMED), ("create_ticket", UNCONFIRMED), ("get_customer", FAILED)],
)
def test_an_answer_that_cannot_be_stored_is_never_asked_for_twice(
    operation: str,
    state: CallState,
    person: Customer,
    remote: Remote,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known_to_proto(person)
    call = ask(operation, person)

    def broken(*args: object) -> None:
        Customer.objects.filter(pk=person.pk).update(name="half written")
        raise RuntimeError("a bug in apply")

    before = refreshed(person).name
    monkeypatch.setattr(find_operation(operation), "apply", broken)
    work()
    wait_is_over()
    work()
    call = fresh(call)
    assert call.state == state
    assert "could not be stored" in call.error
    assert call.status_code == 200
    assert call.response
    assert len(remote.requests({"save_customer": "create-customer"}.get(operation, operation.replace("_", "-")))) == (
        2 if operation == "save_customer" else 1
    )
    assert refreshed(person).name == before
    assert "a bug in apply" in caplog.text


def test_the_answer_of_a_ticket_is_its_id(person: Customer, remote: Remote) -> None:
    known_to_proto(person)
    call = ticket(person)
    work()
    made = fresh(call).target
    assert isinstance(made, Ticket)
    assert made.remote_id == fresh(call).response["id"] != ""
