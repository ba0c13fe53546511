"""Deleting a person: the local copy goes, Proto keeps theirs, and what waits finds that out."""

from __future__ import annotations

from django.urls import reverse

from customers.models import Customer
from protoadmin.outbox.models import Call
from tests.base.acme import Acme, button, key, page, text_of


def test_a_person_with_tickets_can_be_deleted(acme: Acme) -> None:
    person = acme.known_person()
    fields = {**key(), "subject": "Help", "identifier": "provided_unique_id"}
    acme.administrator().post(button(person, "create-ticket"), fields)
    address = reverse("admin:customers_customer_delete", args=[person.pk])
    assert acme.administrator().post(address, {"post": "yes"}).status_code == 302
    assert not Customer.objects.exists()


def test_deleting_takes_the_local_copy_alone(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    before = len(acme.remote.requests())
    address = reverse("admin:customers_customer_delete", args=[person.pk])
    asked = acme.administrator().get(address)
    assert "Only the local copy goes" in text_of(asked)
    assert acme.administrator().post(address, {"post": "yes"}).status_code == 302
    assert not Customer.objects.exists()
    acme.send()
    assert len(acme.remote.requests()) == before
    assert acme.at_proto(person)["name"] == "Ann"
    assert acme.client().post(address, {"post": "yes"}).status_code == 403


def test_deleting_several_says_so_too(acme: Acme) -> None:
    people = [acme.person(), acme.person()]
    fields = {"action": "delete_selected", "_selected_action": [person.pk for person in people]}
    asked = acme.administrator().post(reverse("admin:customers_customer_changelist"), fields)
    assert "local copy" in text_of(asked)


def test_what_waits_when_the_local_copy_goes(acme: Acme) -> None:
    """The call is told that its record is gone; nothing is sent and nothing breaks."""
    person = acme.known_person(name="Ann")
    acme.client().post(page(person), {**person.remote_values(), "name": "Anna"})
    acme.administrator().post(reverse("admin:customers_customer_delete", args=[person.pk]), {"post": "yes"})
    acme.send()
    call = Call.objects.get(operation="save_customer")
    assert call.state == "failed"
    assert "local copy of this person was removed" in call.error
    assert acme.remote.requests() == []
