"""What the pages tell and do: a person's cards and suggestions, and the same from the records' side."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from conversations.models import Chat
from customers.linking import services
from customers.models import Contact, NotSame
from protoadmin.connections.models import Channel
from protoadmin.staff.roles import MANAGER
from tests.access.people import new_person
from tests.base.acme import SCRIPT, button, page, panel, text_of
from tests.linking.street import Street, is_suggested, whose

MAIL: dict[str, Any] = {"email_normal": "ann@example.com", "email": "ann@example.com"}


def known(street: Street, person: Any, user: Any = None) -> str:
    return text_of(street.client(user).get(panel(person, "known")))


def about(record: Any) -> dict[str, Any]:
    kind = {"Human": "human", "ProtocolCustomer": "protocol_customer", "Contact": "contact"}[type(record).__name__]
    return {"request_key": "k", "kind": kind, "record_id": record.pk}


def test_side_by_side_with_what_differs(street: Street) -> None:
    person = street.person(name="Ann Lee", email="ann@example.com", phone_number="+43 660 1234567")
    human = street.human(name="ann lee", email="other@example.com")
    contact = street.contact(name="Anna", title="CEO", phone="0043660 1234567", phone_e164="+436601234567")
    for record in (human, contact):
        services.record_link(customer=person, record=record, by=street.sam)
    shown = known(street, person)
    assert "Human Channel of Home Name ann lee Mail other@example.com differs" in shown
    assert "Contact HelpdeskAccount of Home Name Anna differs" in shown
    assert "Title CEO" in shown
    assert "May be the same person" not in shown


def test_somebody_whom_no_other_system_knows(street: Street) -> None:
    assert "No other system's record is linked to this person yet." in known(street, street.person())


def test_link_unlink_and_take_back_from_the_persons_page(street: Street) -> None:
    person, contact = street.person(email="ann@example.com"), street.contact(**MAIL)
    sam = street.client()
    shown = known(street, person)
    assert "May be the same person Contact HelpdeskAccount of Home Same mail" in shown
    assert "Other systems may know this person" in text_of(sam.get(page(person)))
    assert sam.post(button(person, "link-record"), about(contact)).status_code == 302
    assert whose(contact) == person
    assert "May be the same person" not in known(street, person)
    assert sam.post(button(person, "unlink-record"), about(contact)).status_code == 302
    assert whose(contact) is None
    assert "May be the same person" not in known(street, person)
    assert "Said not to be the same person (1)" in known(street, person)
    assert sam.post(button(person, "may-be-same-record"), about(contact)).status_code == 302
    assert "Same mail" in known(street, person)
    history = text_of(sam.get(panel(person, "history")))
    assert "Contact : linked: Ann (HelpdeskAccount of Home) → no longer linked" in history
    assert "Contact : not the same person: Ann (HelpdeskAccount of Home) → taken back" in history


def test_not_the_same_person_is_remembered(street: Street) -> None:
    person, contact = street.person(email="ann@example.com"), street.contact(**MAIL)
    for _ in range(2):
        assert street.client().post(button(person, "not-same-record"), about(contact)).status_code == 302
    assert NotSame.objects.get().by == street.sam
    assert not is_suggested(person)
    assert person.changes.filter(what="Contact").count() == 1
    assert "Same mail" not in known(street, person)
    # Somebody else with this mail is still asked.
    assert is_suggested(street.person(email="ann@example.com"))


@pytest.mark.parametrize("name", ["contact", "protocol"])
def test_the_other_way_round(street: Street, name: str) -> None:
    person = street.person(name="Ann Lee", email="ann@example.com", phone_number="+43 660 1234567")
    record = street.contact(**MAIL) if name == "contact" else street.protocol(phone_number="+43 660 1234567")
    sam, form = street.client(), {"request_key": "k", "customer": person.pk}
    assert "Who it is Ann Lee" in text_of(sam.get(panel(record, "person")))
    sam.post(button(record, "link-person"), form)
    assert whose(record) == person
    sam.post(button(record, "unlink-person"))
    assert whose(record) is None
    assert "Said not to be (1)" in text_of(sam.get(panel(record, "person")))
    sam.post(button(record, "may-be-same-person"), form)
    sam.post(button(record, "not-same-person"), form)
    assert "Nobody is linked" in text_of(sam.get(panel(record, "person")))
    assert not is_suggested(person)


def test_beside_a_chat(street: Street) -> None:
    person = street.person(name="Ann Lee", email="ann@example.com")
    human = street.human(name="Guest", email="ann@example.com")
    chat = Chat.objects.create(channel=street.connection(Channel, street.home), chat_id="c", human=human)
    sam, form = street.client(), {"request_key": "k", "customer": person.pk}
    shown = text_of(sam.get(panel(chat, "person")))
    assert "May be Ann Lee Same mail Link Not the same person" in shown
    assert "is found by that" not in shown
    sam.post(button(chat, "not-same-person"), form)
    shown = text_of(sam.get(panel(chat, "person")))
    assert "May be" not in shown
    assert "Said not to be (1)" in shown
    sam.post(button(chat, "may-be-same-person"), form)
    sam.post(button(chat, "link-person"), form)
    assert whose(human) == person
    sam.post(button(chat, "unlink-person"))
    assert whose(human) is None
    assert not is_suggested(person)


def test_who_may_only_look_has_no_buttons(street: Street) -> None:
    person, contact = street.person(email="ann@example.com"), street.contact(**MAIL)
    mia = new_person("mia", MANAGER, teamspaces=(street.home,))
    response = street.client(mia).get(panel(person, "known"))
    assert "Same mail" in text_of(response)
    assert "<form" not in response.content.decode()
    assert "<form" not in street.client(mia).get(panel(contact, "person")).content.decode()
    assert street.client(mia).post(button(person, "link-record"), about(contact)).status_code == 403


def test_a_record_of_another_teamspace_is_none(street: Street) -> None:
    person, foreign = street.person(), street.contact(street.away)
    response = street.client().post(button(person, "link-record"), about(foreign))
    assert response.status_code == 422
    assert "There is no such record in this teamspace." in text_of(response)
    stranger = street.person(street.away)
    mine = street.contact()
    response = street.client().post(button(mine, "link-person"), {"request_key": "k", "customer": stranger.pk})
    assert response.status_code == 422
    assert (whose(foreign), whose(mine)) == (None, None)


@pytest.mark.parametrize("wrong", [{"kind": "user"}, {"record_id": "0"}, {"record_id": "x"}, {"record_id": 2**70}])
def test_what_is_no_record_is_refused(street: Street, wrong: dict[str, Any]) -> None:
    person, contact = street.person(), street.contact()
    response = street.client().post(button(person, "link-record"), {**about(contact), **wrong})
    assert response.status_code == 422
    assert whose(contact) is None


def test_who_was_linked_meanwhile_is_not_taken_away(street: Street) -> None:
    first, second, contact = street.person(name="First"), street.person(name="Second"), street.contact()
    services.record_link(customer=first, record=contact, by=street.sam)
    response = street.client().post(button(second, "link-record"), about(contact))
    assert response.status_code == 422
    assert "is linked to First by now" in text_of(response)
    assert whose(contact) == first


def test_what_others_wrote_stays_text(street: Street) -> None:
    person = street.person(name=SCRIPT, email="ann@example.com")
    contact = street.contact(name=SCRIPT, title=SCRIPT, **MAIL)
    for place in (panel(person, "known"), panel(contact, "person")):
        assert SCRIPT not in street.client().get(place).content.decode()


def test_a_switchboard_shows_some_and_says_there_are_more(street: Street) -> None:
    person = street.person(phone_number="+43 660 1234567")
    account = street.contact().account
    Contact.objects.bulk_create(
        Contact(account=account, remote_id=f"c{n}", name=f"C{n}", phone_e164="+436601234567") for n in range(300)
    )
    shown = known(street, person)
    assert shown.count("Same phone") == 8
    assert "More records share this mail or phone than are shown here" in shown


def test_the_list_of_people_with_suggestions(street: Street) -> None:
    suggested, other = street.person(name="Ann", email="ann@example.com"), street.person(name="Bob")
    street.contact(**MAIL)
    response = street.client().get(reverse("admin:customers_customer_changelist"), {"suggestions": "1"})
    assert list(response.context["cl"].result_list) == [suggested]
    assert other.name not in text_of(response)
