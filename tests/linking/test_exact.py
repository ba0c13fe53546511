"""Linked by itself: only by ids, only to one, never against a person's word, never across teamspaces."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.history import LINKED_BY_ID
from customers.linking import services
from customers.linking.kinds import Sort
from customers.linking.looking import look_again
from customers.models import Customer
from customers.services import customer_change
from tests.linking.street import Street, is_suggested, whose


@pytest.mark.parametrize("name", ["provided_unique_id", "external_customer_id", "proto_id"])
@pytest.mark.parametrize("kind", ["protocol", "human"])
def test_a_record_is_linked_by_its_external_id(street: Street, kind: str, name: str) -> None:
    mine: dict[str, Any] = {name: "crm-7"}
    another: dict[str, Any] = {name: "crm-8"}
    person = street.person(**mine)
    street.person(**another)
    record = getattr(street, kind)(external_id="crm-7")
    assert whose(record) == person
    change = person.changes.get(what=LINKED_BY_ID)
    assert (change.by, record.human_id in change.after if kind == "human" else "ann" in change.after) == (None, True)


def test_a_human_is_linked_by_the_id_that_proto_returned(street: Street) -> None:
    human = street.human(name="Ann")
    person = street.person(gateway_profile_id=human.human_id or "")
    assert whose(human) == person


@pytest.mark.parametrize("kind", ["protocol", "human"])
def test_a_person_who_comes_later_is_linked_too(street: Street, kind: str) -> None:
    record = getattr(street, kind)(external_id="crm-7")
    assert whose(record) is None
    person = street.person(external_customer_id="crm-7")
    assert whose(record) == person


def test_a_person_whose_id_is_changed_is_linked_then(street: Street) -> None:
    record, person = street.protocol(external_id="crm-7"), street.person(external_customer_id="crm-1")
    customer_change(customer=person, values={"external_customer_id": "crm-7"}, by=street.sam)
    assert whose(record) == person


def test_an_id_that_fits_two_people_links_neither_and_is_suggested_to_both(street: Street) -> None:
    first, second = street.person(external_customer_id="crm-7"), street.person(provided_unique_id="crm-7")
    record = street.protocol(external_id="crm-7")
    assert whose(record) is None
    assert is_suggested(first)
    assert is_suggested(second)
    # One of them gets another id: now the id says who it is.
    customer_change(customer=first, values={"external_customer_id": "crm-1"}, by=street.sam)
    assert whose(record) == second
    assert not is_suggested(first)
    assert not is_suggested(second)


def test_two_ids_of_one_record_that_name_two_people_link_neither(street: Street) -> None:
    human = street.human(external_id="crm-7")
    type(human).objects.filter(pk=human.pk).update(customer=None)
    street.person(gateway_profile_id=human.human_id or "", external_customer_id="crm-1")
    type(human).objects.filter(pk=human.pk).update(customer=None)
    street.person(external_customer_id="crm-7")
    assert whose(human) is None


def test_mail_and_phone_alone_link_nobody(street: Street) -> None:
    person = street.person(email="ann@example.com", phone_number="+43 660 1234567")
    contact = street.contact(email="Ann@Example.com", email_normal="ann@example.com", phone_e164="+436601234567")
    assert whose(contact) is None
    assert is_suggested(person)


def test_never_across_teamspaces(street: Street) -> None:
    person = street.person(external_customer_id="crm-7", email="ann@example.com")
    record = street.protocol(street.away, external_id="crm-7")
    street.contact(street.away, email_normal="ann@example.com")
    assert whose(record) is None
    assert not is_suggested(person)


def test_a_manual_link_is_not_moved_by_an_id(street: Street) -> None:
    record, chosen = street.protocol(external_id="crm-7"), street.person()
    services.record_link(customer=chosen, record=record, by=street.sam)
    street.person(external_customer_id="crm-7")
    assert whose(record) == chosen


def test_what_was_unlinked_is_not_linked_again_until_that_is_taken_back(street: Street) -> None:
    person, record = street.person(external_customer_id="crm-7"), street.protocol(external_id="crm-7")
    services.record_unlink(customer=person, record=record, by=street.sam)
    look_again(street.home.pk, {Sort.ID: ["crm-7"]})
    assert whose(record) is None
    assert not is_suggested(person)
    services.record_may_be_same(customer=person, record=record, by=street.sam)
    assert whose(record) == person


def test_of_two_who_are_named_the_one_left_is_not_linked_by_itself(street: Street) -> None:
    first, second = street.person(external_customer_id="crm-7"), street.person(provided_unique_id="crm-7")
    record = street.protocol(external_id="crm-7")
    services.record_not_same(customer=first, record=record, by=street.sam)
    assert whose(record) is None
    assert (is_suggested(first), is_suggested(second)) == (False, True)


def test_empty_ids_say_nothing(street: Street) -> None:
    street.person()
    assert whose(street.protocol()) is None
    assert whose(street.human()) is None


@pytest.mark.parametrize("number", [2, 40])
def test_many_at_once_are_as_many_queries_as_few(street: Street, number: int) -> None:
    for each in range(number):
        street.person(external_customer_id=f"crm-{each}", email=f"p{each}@example.com", provided_unique_id=f"u{each}")
        street.contact(email_normal=f"p{each}@example.com")
    records = [street.protocol(username=f"u{each}") for each in range(number)]
    for each, record in enumerate(records):
        type(record).objects.filter(pk=record.pk).update(external_id=f"crm-{each}")
    keys: dict[Sort, Any] = {
        Sort.ID: [f"crm-{each}" for each in range(number)],
        Sort.MAIL: [f"p{each}@example.com" for each in range(number)],
    }
    with CaptureQueriesContext(
        connection,
    ) as queries:
        look_again(street.home.pk, keys)
    assert len(queries) <= 35
    assert {whose(record) for record in records} == set(Customer.objects.all())
