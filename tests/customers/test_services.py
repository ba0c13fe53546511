"""What the product can do with people, in verbs: rows, history and the request that goes out, together."""

from __future__ import annotations

from typing import Any

import pytest

from customers.models import Customer, CustomField, CustomFieldValue
from customers.services import (
    customer_add_tags,
    customer_change,
    customer_create,
    customer_push,
    customer_refresh,
    customer_set_fields,
)
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from tests.base.acme import Acme, last_call

SIX = {
    "external_customer_id": "CRM-1",
    "name": "Ann Ünal",
    "location": "Berlin",
    "email": "ann@example.com",
    "phone_number": "+49 30 231250 11",
    "avatar": "https://example.com/ann.png",
}


def history(person: Customer) -> list[tuple[str, str, str]]:
    return [(change.what, change.before, change.after) for change in person.changes.order_by("id")]


# --- create, change, push -------------------------------------------------------------------------


def test_create_tells_proto_nothing_by_itself(acme: Acme) -> None:
    person = customer_create(teamspace=acme.teamspace, values={"provided_unique_id": "new-1", **SIX}, by=acme.agent)
    assert (person.sync_state, person.sent_at) == ("local", None)
    assert history(person) == [("Person", "", "created")]
    assert person.changes.get().by == acme.agent
    assert not Call.objects.exists()


def test_push_sends_all_six_fields(acme: Acme) -> None:
    person = acme.person(**SIX)
    call = customer_push(customer=person, by=acme.agent)
    assert call is not None
    assert (call.payload, call.requested_by, call.state) == (SIX, acme.agent, "queued")
    person.refresh_from_db()
    assert person.sync_state == "queued"
    assert person.sent_at is not None
    acme.send()
    [request] = acme.remote.requests()
    assert (request["method"], request["body"]) == ("PUT", SIX)
    person.refresh_from_db()
    assert person.sync_state == "done"
    assert person.proto_id == acme.at_proto(person)["id"]
    assert person.remote_data["provided_unique_id"] == person.provided_unique_id
    assert person.synced_at is not None


def test_an_emptied_field_is_sent_empty(acme: Acme) -> None:
    person = acme.known_person(**SIX)
    assert customer_change(customer=person, values={"location": ""}, by=acme.agent) == ["location"]
    customer_push(customer=person, by=acme.agent)
    acme.send()
    assert acme.remote.requests()[0]["body"] == {**SIX, "location": ""}
    assert acme.at_proto(person)["location"] == ""


def test_change_writes_what_changed_and_no_more(acme: Acme) -> None:
    person = acme.person(**SIX)
    Customer.objects.filter(pk=person.pk).update(location="Wien")  # by somebody else, meanwhile
    changed = customer_change(customer=person, values={"name": "Ann", "email": SIX["email"]}, by=acme.agent)
    assert changed == ["name"]
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.location) == ("Ann", "Wien")
    assert history(row) == [("Name", "Ann Ünal", "Ann")]


def test_changing_nothing_writes_nothing(acme: Acme) -> None:
    person = acme.person(**SIX)
    before = Customer.objects.get(pk=person.pk).updated_at
    assert customer_change(customer=person, values=SIX, by=acme.agent) == []
    assert history(person) == []
    assert Customer.objects.get(pk=person.pk).updated_at == before


def test_the_unique_id_is_frozen_once_sent(acme: Acme) -> None:
    person = acme.person(provided_unique_id="first")
    assert customer_change(customer=person, values={"provided_unique_id": "second"}, by=None) == ["provided_unique_id"]
    customer_push(customer=person, by=None)
    with pytest.raises(Refused, match="key at Proto"):
        customer_change(customer=person, values={"provided_unique_id": "third"}, by=None)
    assert Customer.objects.get(pk=person.pk).provided_unique_id == "second"


def test_without_a_unique_id_a_person_stays_local(acme: Acme) -> None:
    person = acme.person(provided_unique_id="")
    other = acme.person(provided_unique_id="")
    assert person.provided_unique_id is other.provided_unique_id is None
    assert customer_push(customer=person, by=None) is None
    with pytest.raises(Refused, match="no unique id"):
        customer_refresh(customer=person, by=None)
    with pytest.raises(Refused, match="no unique id"):
        customer_add_tags(customer=person, names=["vip"], create=True, by=None)
    with pytest.raises(Refused, match="no unique id"):
        customer_set_fields(customer=person, values={}, by=None)
    assert not Call.objects.exists()
    assert not person.tags.exists()


# --- refresh --------------------------------------------------------------------------------------


def test_refresh_takes_over_what_differs(acme: Acme) -> None:
    person = acme.known_person(**SIX)
    acme.change_remote(person, name="Anne Ünal", location="", tags=["vip", "日本語"], gateway_profile_id="gw-1")
    customer_refresh(customer=person, by=acme.agent)
    acme.send()
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.location, row.email) == ("Anne Ünal", "", SIX["email"])
    assert (row.gateway_profile_id, row.proto_id) == ("gw-1", acme.at_proto(person)["id"])
    assert set(row.tags.values_list("name", flat=True)) == {"vip", "日本語"}
    differences = last_call(person, "get_customer").context["differences"]
    assert {(d["field"], d["here"], d["there"], d["taken"]) for d in differences} == {
        ("Name", "Ann Ünal", "Anne Ünal", True),
        ("Location", "Berlin", "", True),
        ("Tags", "", "vip, 日本語", True),
    }
    assert {(change.what, change.by) for change in row.changes.all()} == {
        ("Name", None),
        ("Location", None),
        ("Tags", None),
    }


def test_refresh_never_touches_field_values(acme: Acme) -> None:
    person, plan = acme.known_person(), CustomField.objects.create(teamspace=acme.teamspace, name="Plan")
    CustomFieldValue.objects.create(customer=person, field=plan, value="Basic")
    acme.change_remote(person, custom_fields={"Plan": "Premium"})
    customer_refresh(customer=person, by=None)
    acme.send()
    assert CustomFieldValue.objects.get().value == "Basic"


def test_refresh_twice_asks_once(acme: Acme) -> None:
    person = acme.known_person()
    assert customer_refresh(customer=person, by=None) == customer_refresh(customer=person, by=None)
    acme.send()
    assert len(acme.remote.requests()) == 1


def test_refresh_keeps_a_change_that_is_on_its_way(acme: Acme) -> None:
    person = acme.known_person(**SIX)
    acme.change_remote(person, name="Theirs")
    customer_refresh(customer=person, by=None)
    customer_change(customer=person, values={"name": "Ours"}, by=None)
    customer_push(customer=person, by=None)
    acme.send()
    [difference] = last_call(person, "get_customer").context["differences"]
    assert (difference["here"], difference["there"], difference["taken"]) == ("Ours", "Theirs", False)
    assert Customer.objects.get(pk=person.pk).name == acme.at_proto(person)["name"] == "Ours"


def test_refresh_keeps_a_change_that_proto_refused(acme: Acme) -> None:
    person = acme.known_person(**SIX)
    customer_change(customer=person, values={"email": "not a mail"}, by=None)
    customer_push(customer=person, by=None)
    acme.send()
    customer_refresh(customer=person, by=None)
    acme.send()
    row = Customer.objects.get(pk=person.pk)
    assert (row.email, row.sync_state) == ("not a mail", "failed")


def test_an_old_failure_does_not_hold_refresh_back(acme: Acme) -> None:
    person = acme.known_person(**SIX)
    for mail in ("not a mail", "ann@example.org"):
        customer_change(customer=person, values={"email": mail}, by=None)
        customer_push(customer=person, by=None)
        acme.send()
    states = Call.objects.filter(operation="save_customer").order_by("id").values_list("state", flat=True)
    assert list(states) == ["failed", "done"]
    acme.change_remote(person, name="Theirs")
    customer_refresh(customer=person, by=None)
    acme.send()
    assert Customer.objects.get(pk=person.pk).name == "Theirs"


def test_what_proto_makes_of_a_save_is_taken_over(acme: Acme) -> None:
    """Proto may write a value in its own way; unless somebody changed it here since, that is what stands here."""
    body = {"id": "p-1", **SIX, "name": "ANN UENAL"}
    acme.remote.fault("wrong_shape", "create-customer", body=body)
    person = acme.person(**SIX)
    customer_push(customer=person, by=None)
    acme.send()
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.proto_id, row.sync_state) == ("ANN UENAL", "p-1", "done")


def test_the_answer_to_a_save_does_not_undo_a_later_change(acme: Acme) -> None:
    person = acme.person(**SIX)
    customer_push(customer=person, by=None)
    Customer.objects.filter(pk=person.pk).update(name="Changed since")
    acme.send()
    assert Customer.objects.get(pk=person.pk).name == "Changed since"


@pytest.mark.parametrize("wrapped", ["customer", "data", "person"])
def test_a_wrapped_person_is_understood(acme: Acme, wrapped: str) -> None:
    person = acme.known_person()
    acme.remote.fault(
        "wrong_shape", "get-customer", body={wrapped: {"id": "p-2", "name": "Wrapped", "tags": [{"name": "x"}, " "]}}
    )
    customer_refresh(customer=person, by=None)
    acme.send()
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.proto_id) == ("Wrapped", "p-2")
    assert [tag.name for tag in row.tags.all()] == ["x"]


def test_a_person_with_data_of_their_own_is_no_wrapper(acme: Acme) -> None:
    person = acme.known_person()
    acme.remote.fault("wrong_shape", "get-customer", body={"id": "p-3", "name": "Whole", "data": {"name": "Inner"}})
    customer_refresh(customer=person, by=None)
    acme.send()
    assert Customer.objects.get(pk=person.pk).name == "Whole"


@pytest.mark.parametrize("odd", ["\x00\ud800", 5, None, True, ["a"], {"b": 1}, "x" * 5000])
def test_odd_values_from_proto_are_kept(acme: Acme, odd: Any) -> None:
    person = acme.known_person()
    acme.remote.fault("wrong_shape", "get-customer", body={"id": odd, "name": odd, "tags": odd, "phone_number": odd})
    customer_refresh(customer=person, by=None)
    acme.send()
    assert last_call(person, "get_customer").state == "done"
    assert len(Customer.objects.get(pk=person.pk).name) <= 300


def test_a_person_proto_does_not_know(acme: Acme) -> None:
    person = acme.person()
    customer_refresh(customer=person, by=None)
    acme.send()
    call = last_call(person, "get_customer")
    assert (call.state, call.status_code) == ("failed", 404)
    assert Customer.objects.get(pk=person.pk).sync_state == "local"
