"""Order within a record's lane, saves that replace older ones, and calls that wait for another's answer."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from customers.models import Customer, CustomField, SyncState
from customers.services import customer_add_tags, field_delete
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call, CallState, lane_of
from protoadmin.outbox.sending import attempt
from protoadmin.outbox.services import call_dismiss, call_queue
from tests.outbox.remote import Remote
from tests.outbox.scene import ask, field, fresh, save, state_of, ticket, work

NewPerson = Callable[..., Customer]


def names_received(remote: Remote, person: Customer) -> list[str]:
    return [request["body"]["name"] for request in remote.effects(f"create-customer/{person.provided_unique_id}")]


def test_a_newer_save_replaces_an_unsent_one_and_is_named_by_it(person: Customer, remote: Remote) -> None:
    first, second, third = (save(person, name=name) for name in ("One", "Two", "Three"))
    work()
    assert [state_of(call) for call in (first, second, third)] == ["dismissed", "dismissed", "done"]
    assert fresh(first).replaced_by_id == second.pk
    assert fresh(second).replaced_by_id == third.pk
    assert fresh(third).replaced_by_id is None
    assert "newer save" in fresh(first).error
    assert names_received(remote, person) == ["Three"]
    person.refresh_from_db()
    assert person.sync_state == SyncState.DONE


def test_it_takes_the_place_of_the_one_that_it_replaces(person: Customer, remote: Remote) -> None:
    first = save(person, name="One")
    then = ticket(person)
    second = save(person, name="Two")
    third = save(person, name="Three")
    assert fresh(second).place == fresh(third).place == first.pk
    work()
    assert [request["method"] for request in remote.effects()] == ["PUT", "POST"]
    assert state_of(then) == state_of(third) == CallState.DONE


def test_a_save_that_is_being_sent_is_not_replaced(person: Customer, remote: Remote) -> None:
    first = save(person, name="One")
    claimed = claim_next()
    assert claimed is not None
    second = save(person, name="Two")
    assert state_of(first) == CallState.SENDING
    assert fresh(second).place is None
    assert claim_next() is None
    attempt(claimed)
    work()
    assert names_received(remote, person) == ["One", "Two"]
    assert fresh(first).replaced_by_id is None


def test_a_save_that_waits_to_be_sent_again_is_replaced(person: Customer, remote: Remote) -> None:
    first = save(person, name="One")
    remote.fault("error", times=1)
    work()
    assert (state_of(first), fresh(first).attempts) == (CallState.QUEUED, 1)
    second = save(person, name="Two")
    # The newer one is due at once: it does not wait for the pause of the older.
    work()
    assert fresh(first).replaced_by_id == second.pk
    assert names_received(remote, person) == ["Two"]


def test_only_saves_of_the_same_record_are_replaced(new_person: NewPerson, remote: Remote) -> None:
    ann, ben = new_person(), new_person()
    calls = [save(ann, name="Ann A"), save(ben, name="Ben B"), ask("get_customer", ann), ticket(ann)]
    save(ann, name="Ann C")
    assert [state_of(call) for call in calls] == ["dismissed", "queued", "queued", "queued"]


def test_calls_of_one_record_keep_their_order(person: Customer, agent: User, remote: Remote) -> None:
    save(person, name="One")
    ticket(person, "first")
    customer_add_tags(customer=person, names=["vip"], create=True, by=agent)
    ticket(person, "second")
    ask("get_customer", person)
    work()
    paths = [request["path"].rsplit("/", 2)[-2:] for request in remote.requests()]
    unique = person.provided_unique_id
    assert paths == [
        ["create-customer", unique], [person.teamspace.subcompany_id, "create-ticket"], [unique, "add-tags"],
        [person.teamspace.subcompany_id, "create-ticket"], [unique, "get-customer"],
    ]  # fmt: skip
    assert [request["body"]["subject"] for request in remote.effects("create-ticket")] == ["first", "second"]


def test_what_waits_to_be_sent_again_holds_its_lane_and_no_other(new_person: NewPerson, remote: Remote) -> None:
    ann, ben = new_person(), new_person()
    held, behind, other = save(ann, name="A"), ticket(ann), save(ben, name="B")
    remote.fault("drop_before", match=f"create-customer/{ann.provided_unique_id}")
    work()
    assert [state_of(call) for call in (held, behind, other)] == ["queued", "queued", "done"]
    assert fresh(behind).attempts == 0


@pytest.mark.parametrize(("kind", "left"), [("drop_before", "unconfirmed"), ("error", "unconfirmed")])
def test_what_waits_for_a_person_holds_nothing_back(kind: str, left: str, person: Customer, remote: Remote) -> None:
    save(person, name="One")
    work()
    stuck, behind = ticket(person, "lost"), ticket(person, "next")
    remote.fault(kind, times=1)
    work()
    assert [state_of(call) for call in (stuck, behind)] == [left, "done"]


def test_a_failed_save_holds_nothing_back(person: Customer, remote: Remote) -> None:
    save(person, name="One")
    work()
    wrong, behind = save(person, email="nobody@nowhere"), ticket(person)
    work()
    assert [state_of(call) for call in (wrong, behind)] == ["failed", "done"]


def test_records_go_out_side_by_side(new_person: NewPerson) -> None:
    calls = [save(new_person(), name=str(number)) for number in range(3)]
    claimed = [claim_next() for _ in calls]
    assert [call.pk for call in claimed if call] == [call.pk for call in calls]


def test_one_connection_has_six_requests_under_way_at_most(new_person: NewPerson) -> None:
    for number in range(8):
        save(new_person(), name=str(number))
    claimed = [claim_next() for _ in range(8)]
    assert sum(call is not None for call in claimed) == 6


def test_people_come_before_background_runs(new_person: NewPerson, teamspace: Teamspace) -> None:
    bulk, by_hand = save(new_person(), name="B"), save(new_person(), name="H")
    Call.objects.filter(pk=bulk.pk).update(priority=10)
    first = claim_next()
    assert first is not None
    assert first.pk == by_hand.pk


def test_a_call_waits_until_the_one_that_it_needs_is_done(teamspace: Teamspace, agent: User, remote: Remote) -> None:
    creation = field(teamspace, by=agent)
    row = CustomField.objects.get()
    deletion = field_delete(field=row, by=agent)
    assert deletion is not None
    assert deletion.depends_on_id == creation.pk
    Call.objects.filter(pk=deletion.pk).update(lane="elsewhere:1")  # so that nothing but the dependence holds it
    remote.fault("rate_limit", match="create-custom-field", retry_after=30, times=1)
    work()
    assert [state_of(call) for call in (creation, deletion)] == ["queued", "queued"]
    work(3)
    assert [state_of(call) for call in (creation, deletion)] == ["done", "done"]
    assert not CustomField.objects.exists()


def test_it_waits_while_that_one_waits_for_a_person(teamspace: Teamspace, agent: User, remote: Remote) -> None:
    first = field(teamspace, by=agent)
    other = call_queue(
        operation="list_custom_fields", connection=teamspace, target=agent, payload={}, by=agent, depends_on=first
    )
    remote.fault("error", match="create-custom-field", status=400)
    work(3)
    assert state_of(first) == CallState.FAILED
    assert (state_of(other), fresh(other).attempts) == (CallState.QUEUED, 0)


def test_it_does_not_wait_for_one_that_was_dismissed(teamspace: Teamspace, agent: User, remote: Remote) -> None:
    """What it needed will not come: it goes its way, and its own words say what is missing."""
    creation = field(teamspace, by=agent)
    deletion = field_delete(field=CustomField.objects.get(), by=agent)
    assert deletion is not None
    call_dismiss(call=creation, by=agent)
    work()
    assert state_of(deletion) == CallState.FAILED
    assert "never gave this field an id" in fresh(deletion).error
    assert not remote.requests()


def test_a_connection_test_does_not_wait_for_what_fails(teamspace: Teamspace, person: Customer, remote: Remote) -> None:
    sync = call_queue(operation="list_custom_fields", connection=teamspace, target=teamspace, payload={}, by=None)
    remote.fault("drop_before")
    work()
    assert state_of(sync) == CallState.QUEUED
    test = ask("test_connection", person)
    work()
    assert state_of(test) == CallState.FAILED
    assert fresh(test).lane != lane_of(teamspace)


def test_the_same_form_twice_makes_one_call(person: Customer, agent: User, remote: Remote) -> None:
    first, second = ticket(person, key="form-1"), ticket(person, key="form-1")
    assert first.pk == second.pk
    other = ticket(person, key="form-2")
    assert other.pk != first.pk
    save(person, name="One")
    work(2)
    assert ticket(person, key="form-1").pk == first.pk
    assert Call.objects.filter(operation="create_ticket").count() == 2
