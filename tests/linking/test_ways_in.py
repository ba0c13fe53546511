"""Every way by which a person or a record comes, changes or goes has it looked at who is who."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from conversations.arrivals import Event
from conversations.chat_rows import chats_listed
from conversations.meeting import chats_of
from customers.helpdesk.resources import CONTACTS
from customers.helpdesk.writing import mark_gone, write
from customers.human_operations import human_identified, take_over_human
from customers.linking import services
from customers.linking.kinds import kind_of
from customers.models import Contact, Customer, Human, NotSame, ProtocolCustomer
from customers.protocol.operations import identified, take_over
from customers.protocol.services import protocol_remove
from customers.protocol.storing import store
from customers.taking_over import take_over as take_over_person
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject
from protoadmin.outbox.models import Call
from protoadmin.staff.roles import ADMINISTRATOR
from tests.access.people import new_person
from tests.base.acme import listing
from tests.linking.street import Street, is_suggested, whose

PHONE = "+43 660 1234567"


def pulled(street: Street, **item: Any) -> ProtocolCustomer:
    project = street.connection(ProtocolProject, street.home)
    store(project.pk, [{"id": "p1", "username": "ann", **item}], read_at=timezone.now())
    return ProtocolCustomer.objects.get(protocol_id="p1")


def listed(street: Street, run: int = 1, **item: Any) -> Contact:
    account = street.connection(HelpdeskAccount, street.home)
    write(CONTACTS, account, [{"id": "c1", **item}], run_id=run, first=1)
    return Contact.objects.get(remote_id="c1")


def test_a_pulled_protocol_customer(street: Street) -> None:
    person = street.person(external_customer_id="crm-7", phone_number=PHONE)
    record = pulled(street, phone_number=PHONE)
    assert (whose(record), is_suggested(person)) == (None, True)
    # The same number elsewhere: it is nobody's any more. Then the id comes.
    pulled(street, phone_number="+43 660 7654321")
    assert not is_suggested(person)
    assert whose(pulled(street, external_id="crm-7", meta={"changed": 1})) == person


def test_an_answer_of_protocol(street: Street) -> None:
    person = street.person(external_customer_id="crm-7")
    record = street.protocol()
    call = Call.objects.create(connection=record.project, operation="protocol_get", target=record)
    take_over(record, {"id": "p1", "external_id": "crm-7"}, call)
    assert whose(record) == person


def test_a_created_protocol_customer_takes_the_decisions_of_the_pulled_one(street: Street) -> None:
    person, twin = street.person(external_customer_id="crm-7"), street.person(phone_number=PHONE)
    quicker = pulled(street, phone_number=PHONE)
    services.record_not_same(customer=twin, record=quicker, by=street.sam)
    ours = street.protocol(protocol_id=None, phone_number=PHONE)
    identified(ours, {"id": "p1", "phone_number": PHONE, "external_id": "crm-7"})
    assert whose(ours) == person
    assert NotSame.objects.get().protocol_customer == ours


def test_a_protocol_customer_who_is_gone_or_removed(street: Street) -> None:
    person = street.person(phone_number=PHONE)
    record = street.protocol(phone_number=PHONE, gone_at=timezone.now())
    assert not is_suggested(person)
    pulled_again = street.protocol(phone_number=PHONE)
    assert is_suggested(person)
    ProtocolCustomer.objects.filter(pk=pulled_again.pk).update(gone_at=timezone.now())
    protocol_remove(customer=pulled_again)
    assert not is_suggested(person)
    assert whose(record) is None


def test_a_pulled_contact(street: Street) -> None:
    person = street.person(email="ann@example.com")
    assert whose(listed(street, email=" Ann@Example.com")) is None
    assert is_suggested(person)
    listed(street, run=2, email="somebody@example.com")
    assert not is_suggested(person)
    contact = listed(street, run=3, email="ann@example.com")
    mark_gone(CONTACTS, contact.account, run_id=4, after=0)
    assert not is_suggested(person)
    listed(street, run=5, email="ann@example.com")
    assert is_suggested(person)


def test_an_answer_about_a_human(street: Street) -> None:
    person, mate = street.person(external_customer_id="crm-7"), street.person(email="ann@example.com")
    human = street.human()
    take_over_human(human, {"email": "Ann@example.com"})
    assert is_suggested(mate)
    take_over_human(human, {"externalId": "crm-7"})
    assert whose(human) == person
    assert not is_suggested(mate)


def test_a_human_who_was_met_before_their_answer_came(street: Street) -> None:
    person, twin = street.person(), street.person()
    channel = street.connection(Channel, street.home)
    met = Human.objects.create(channel=channel, human_id="h", customer=person)
    services.record_not_same(customer=twin, record=met, by=street.sam)
    made = Human.objects.create(channel=channel)
    human_identified(made, "h", {"id": "h"})
    assert whose(made) == person
    assert NotSame.objects.get().human == made


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("way", ["webhook", "list"])
def test_a_human_is_met(street: Street, way: str, number: int) -> None:
    people = [street.person(gateway_profile_id="h") for _ in range(number)]
    street.person(street.away, gateway_profile_id="h")
    channel = street.connection(Channel, street.home)
    if way == "webhook":
        chats_of([Event(0, "chat", "h", "Ann", channel_pk=channel.pk, teamspace_pk=street.home.pk)])
    else:
        chats_listed(channel, [{"id": "chat", "human": {"id": "h", "name": "Ann"}}], by=None)
    assert whose(Human.objects.get(human_id="h")) == (people[0] if number == 1 else None)
    assert [is_suggested(person) for person in people] == [number == 2] * number


def test_an_answer_of_proto_about_a_person(street: Street) -> None:
    person, record = street.person(provided_unique_id="u"), street.protocol(external_id="01HZ")
    contact = street.contact(email_normal="ann@example.com")
    take_over_person(person, {"id": "01HZ", "email": "ann@example.com"}, by=None)
    assert whose(record) == person
    assert is_suggested(person)
    assert whose(contact) is None


def test_people_and_contacts_that_are_deleted_leave_no_false_mark(street: Street) -> None:
    person, twin = street.person(email="ann@example.com"), street.person(email="ann@example.com")
    linked, other = (street.contact(email_normal="ann@example.com") for _ in range(2))
    services.record_link(customer=person, record=linked, by=street.sam)
    ada = street.client(new_person("ada", ADMINISTRATOR, teamspaces=(street.home,)))
    ada.post(listing(Contact), {"action": "delete_selected", "_selected_action": other.pk, "post": "yes"})
    assert Contact.objects.get() == linked
    assert not is_suggested(twin)
    ada.post(listing(Customer), {"action": "delete_selected", "_selected_action": person.pk, "post": "yes"})
    assert whose(linked) is None
    assert is_suggested(twin)


@pytest.mark.parametrize("name", ["human", "protocol", "contact"])
def test_a_connection_that_moves_takes_no_links_along(street: Street, name: str) -> None:
    person = street.person()
    record = getattr(street, name)()
    services.record_link(customer=person, record=record, by=street.sam)
    kind = kind_of(record)
    connection = getattr(record, kind.connection)
    connection.name = "Renamed"
    connection.save()
    assert whose(record) == person
    connection.teamspace = street.away
    connection.save()
    assert whose(record) is None
