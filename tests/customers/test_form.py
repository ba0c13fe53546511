"""The form of a person's details: what it refuses, what it keeps, and two people at the same time."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from tests.base.acme import Acme, last_call, page, said, text_of

DETAILS = ("provided_unique_id", "external_customer_id", "name", "location", "email", "phone_number", "avatar")


def opened(person: Customer) -> dict[str, str]:
    """Return what the page holds when it is opened: each field, and beside it the value it was opened with."""
    row = Customer.objects.get(pk=person.pk)
    values = {name: getattr(row, name) or "" for name in DETAILS}
    if row.sent_at is not None:
        values.pop("provided_unique_id")
    return values | {f"initial-{name}": value for name, value in values.items()}


def save(acme: Acme, person: Customer, fields: dict[str, str]) -> Any:
    return acme.client().post(page(person), fields)


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200, response.status_code
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_the_page_carries_what_it_was_opened_with(acme: Acme) -> None:
    person = acme.person(name="Ann", location="Wien")
    body = acme.client().get(page(person)).content.decode()
    for name in DETAILS:
        assert f'name="initial-{name}"' in body


@pytest.mark.parametrize("with_initial", [True, False])
def test_a_change_is_saved_and_queued(acme: Acme, with_initial: bool) -> None:
    """A POST made by hand, without the hidden values, works like that of the page."""
    person = acme.person(name="Ann", location="Wien")
    fields = opened(person) | {"name": "Anna"}
    if not with_initial:
        fields = {name: value for name, value in fields.items() if not name.startswith("initial-")}
    assert save(acme, person, fields).status_code == 302
    call = Call.objects.get()
    assert (call.operation, call.requested_by) == ("save_customer", acme.agent)
    assert call.payload == {**person.remote_values(), "name": "Anna"}


def test_saving_nothing_sends_nothing(acme: Acme) -> None:
    person = acme.person(name="Ann")
    assert said(save(acme, person, opened(person))) == "Nothing was changed, so nothing is sent."
    assert not Call.objects.exists()
    assert not person.changes.exists()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("email", "no mail", "valid email"),
        ("avatar", "javascript:alert(1)", "https://"),
        ("avatar", "data:text/html,x", "https://"),
        ("avatar", "http://[abc", "https://"),
        ("avatar", "//example.com/x", "https://"),
        ("provided_unique_id", "..", "cannot be used as an id"),
        ("provided_unique_id", ".", "cannot be used as an id"),
        ("provided_unique_id", "a\tb", "control character"),
        ("name", "x" * 301, "at most 300"),
        ("name", "a\x00b", "Null characters"),
    ],
)
def test_what_is_refused_keeps_the_rest(acme: Acme, name: str, value: str, words: str) -> None:
    person = acme.person(name="Ann")
    response = save(acme, person, opened(person) | {"location": "typed before", name: value})
    assert words in " ".join(errors_of(response)[name])
    assert "typed before" in response.content.decode()
    assert not Call.objects.exists()
    assert Customer.objects.get(pk=person.pk).location == ""


def test_odd_ids_that_can_be_sent(acme: Acme) -> None:
    for unique_id in ("a/b", "a b", "ö%2F", "日本", "?#"):
        person = acme.person(provided_unique_id="")
        assert save(acme, person, opened(person) | {"provided_unique_id": unique_id}).status_code == 302
        acme.send()
        assert last_call(person, "save_customer").state == "done"
    assert [request["status"] for request in acme.remote.requests()] == [200] * 5


@pytest.mark.parametrize("phone", ["ask for Ann", "+43 (0)660 / 1234567", "0660-1234567"])
def test_a_phone_number_is_kept_as_typed(acme: Acme, phone: str) -> None:
    person = acme.person()
    assert save(acme, person, opened(person) | {"phone_number": phone}).status_code == 302
    assert Customer.objects.get(pk=person.pk).phone_number == phone
    shown = text_of(acme.client().get(page(person)))
    assert "Read as +436601234567." in shown if phone.startswith("+") else "kept as typed" in shown


def test_a_new_person(acme: Acme) -> None:
    add = reverse("admin:customers_customer_add")
    fields = {
        "teamspace": str(acme.teamspace.pk),
        "provided_unique_id": "new-9",
        "name": "Neu",
        "email": "neu@example.com",
    }
    response = acme.client().post(add, fields)
    person = Customer.objects.get(provided_unique_id="new-9")
    assert response["Location"] == page(person)
    assert said(response) == "Saved here, and on its way to Proto."
    acme.send()
    assert acme.at_proto(person)["email"] == "neu@example.com"


def test_a_new_person_without_an_id_stays_local(acme: Acme) -> None:
    add = reverse("admin:customers_customer_add")
    response = acme.client().post(add, {"teamspace": str(acme.teamspace.pk), "name": "Local"})
    assert "without a unique id" in said(response)
    assert not Call.objects.exists()


def test_an_id_is_taken_once_in_a_teamspace(acme: Acme, other_teamspace: Teamspace) -> None:
    Customer.objects.create(teamspace=other_teamspace, provided_unique_id="theirs")
    taken, person = acme.person(name="First", provided_unique_id="taken"), acme.person(provided_unique_id="")
    response = save(acme, person, opened(person) | {"provided_unique_id": taken.provided_unique_id or ""})
    assert "First has this id already" in " ".join(errors_of(response)["provided_unique_id"])
    add = reverse("admin:customers_customer_add")
    again = acme.client().post(add, {"teamspace": str(acme.teamspace.pk), "provided_unique_id": "taken"})
    assert "provided_unique_id" in errors_of(again)
    assert save(acme, person, opened(person) | {"provided_unique_id": "theirs"}).status_code == 302


def test_a_teamspace_of_others_is_not_offered(acme: Acme, other_teamspace: Teamspace) -> None:
    add = reverse("admin:customers_customer_add")
    response = acme.client().post(add, {"teamspace": str(other_teamspace.pk), "name": "X", "provided_unique_id": "x"})
    assert "teamspace" in errors_of(response)
    assert not Customer.objects.exists()


def test_the_unique_id_is_not_in_the_form_once_sent(acme: Acme) -> None:
    person = acme.person(provided_unique_id="first")
    save(acme, person, opened(person) | {"name": "Sent"})
    assert 'name="provided_unique_id"' not in acme.client().get(page(person)).content.decode()
    assert save(acme, person, opened(person) | {"name": "Again", "provided_unique_id": "second"}).status_code == 302
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.provided_unique_id) == ("Again", "first")


def test_what_somebody_else_changed_meanwhile_is_kept(acme: Acme) -> None:
    person = acme.person(name="Ann", location="Wien")
    mine = opened(person) | {"location": "Graz"}
    save(acme, person, opened(person) | {"name": "Anna"})
    assert save(acme, person, mine | {"provided_unique_id": person.provided_unique_id or ""}).status_code == 302
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.location) == ("Anna", "Graz")
    assert Call.objects.latest("id").payload["name"] == "Anna"


def test_two_changes_of_one_field_are_a_decision(acme: Acme) -> None:
    """The conflict is shown once, with both values; saving again takes mine. Several fields at once work too."""
    person = acme.person(name="Ann", location="Wien")
    mine = opened(person) | {"name": "Annie", "location": "Graz"}
    save(acme, person, opened(person) | {"name": "Anna", "location": "Linz"})
    response = save(acme, person, mine)
    found = errors_of(response)
    assert "“Anna”" in " ".join(found["name"])
    assert "“Linz”" in " ".join(found["location"])
    assert Customer.objects.get(pk=person.pk).name == "Anna"
    form = response.context["adminform"].form
    second = {name: form[name].value() for name in form.fields}
    second |= {f"initial-{name}": form.data[f"initial-{name}"] for name in form.fields}
    assert (second["name"], second["initial-name"]) == ("Annie", "Anna")
    assert save(acme, person, second).status_code == 302
    row = Customer.objects.get(pk=person.pk)
    assert (row.name, row.location) == ("Annie", "Graz")


def test_both_made_the_same_change(acme: Acme) -> None:
    person = acme.person(name="Ann")
    mine = opened(person) | {"name": "Anna"}
    save(acme, person, mine)
    assert save(acme, person, mine).status_code == 302
    assert Call.objects.count() == 1


def test_the_words_of_proto_stand_at_their_field(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    save(acme, person, opened(person) | {"email": "ann@example.com"})
    Call.objects.update(payload={**person.remote_values(), "email": "broken"})
    acme.send()
    call = last_call(person, "save_customer")
    assert (call.state, call.status_code) == ("failed", 422)
    assert list(call.error_fields) == ["email"]
    body = acme.client().get(page(person)).content.decode()
    words = body.partition('id="remote-error-email"')[2][:300]
    assert "Proto refused this: value is not a valid email address" in words


@pytest.mark.parametrize("role", ["Manager"])
def test_who_may_only_look(acme: Acme, role: str) -> None:
    person = acme.person(name="Ann")
    client = acme.client(role)
    assert client.get(page(person)).status_code == 200
    assert client.post(page(person), opened(person) | {"name": "Anna"}).status_code == 403
    assert Customer.objects.get(pk=person.pk).name == "Ann"
