"""Linking by hand: looked for from a record's page and from a person's, told before a link is replaced."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import having
from customers.linking import services
from customers.linking.by_hand import look_for_people, look_for_records
from customers.linking.kinds import PROTOCOL
from customers.models import Customer, NotSame
from protoadmin.refusals import Refused
from protoadmin.staff.roles import MANAGER
from tests.access.people import new_person
from tests.base.acme import SCRIPT, button, page, panel, text_of
from tests.linking.street import Street, whose
from tests.linking.test_indexed import plan_of
from tests.linking.test_pages import about

KINDS = ["contact", "protocol"]
PHONE = "+43 660 1234567"


def looked(street: Street, record: Any, query: str, user: Any = None) -> str:
    """Return what the panel shows for a query: of a person what systems know, of a record who it is."""
    name = "known" if isinstance(record, Customer) else "person"
    return text_of(street.client(user).get(panel(record, name), {"find": query}))


def choose(person: Any, **more: Any) -> dict[str, Any]:
    return {"request_key": "k", "customer": person.pk, **more}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["lee", "ANN L", "ann@example.com", PHONE, "0660 1234567", "crm-7"])
def test_a_person_is_looked_for_and_linked(street: Street, kind: str, query: str) -> None:
    person = street.person(name="Ann Lee", email="ann@example.com", phone_number=PHONE, provided_unique_id="crm-7")
    street.person(name="Bob", email="bob@example.com")
    street.person(street.away, name="Ann Lee Away", email="ann@example.com", phone_number=PHONE)
    record = getattr(street, kind)()
    shown = looked(street, record, query)
    assert "Ann Lee ann@example.com · +43 660 1234567 · crm-7 Link" in shown
    assert "Bob" not in shown
    assert "Away" not in shown
    assert street.client().post(button(record, "link-person"), choose(person)).status_code == 302
    assert whose(record) == person
    assert "linked: " in person.changes.latest("pk").after


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_script_the_page_itself_shows_what_was_found(street: Street, kind: str) -> None:
    street.person(name="Ann Lee", email="ann@example.com")
    record = getattr(street, kind)()
    shown = street.client().get(page(record), {"find": "lee"})
    assert "Ann Lee ann@example.com" in text_of(shown)
    assert 'name="find"' in shown.content.decode()
    known = street.client().get(page(street.person(name="Other")), {"find": "ann"})
    assert "Look for a record of another system" in text_of(known)
    assert "Ann" in text_of(known).partition("Look for a record of another system")[2].title()


def test_nobody_is_found(street: Street) -> None:
    contact = street.contact()
    assert "Nobody in this teamspace is found by that." in looked(street, contact, "zzz")
    assert "found by that" not in looked(street, contact, " ")
    assert "No record that is not linked here already is found by that." in looked(street, street.person(), "zzz")


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_is_told_before_it_is_replaced(street: Street, kind: str) -> None:
    first, second = street.person(name="First Ann"), street.person(name="Second Ann")
    record = getattr(street, kind)()
    services.record_link(customer=first, record=record, by=street.sam)
    shown = looked(street, record, "ann")
    assert "Linked to First Ann now. Whom you choose takes that place" in shown
    assert "Second Ann Link instead" in shown
    assert "First Ann Link instead" not in shown
    # Who was not told keeps what is there.
    refused = street.client().post(button(record, "link-person"), choose(second))
    assert "is linked to First Ann by now" in text_of(refused)
    assert whose(record) == first
    assert street.client().post(button(record, "link-person"), choose(second, instead_of=first.pk)).status_code == 302
    assert whose(record) == second
    assert NotSame.objects.get().customer == first
    assert "no longer linked" in first.changes.latest("pk").after
    assert "linked: " in second.changes.latest("pk").after
    # Undone: back to the first, of whom it is then no longer said that they are two.
    street.client().post(button(record, "link-person"), choose(first, instead_of=second.pk))
    assert whose(record) == first
    assert NotSame.objects.get().customer == second


def test_whom_the_page_named_is_not_who_is_linked_by_now(street: Street) -> None:
    first, second, third = (street.person(name=name) for name in ("First", "Second", "Third"))
    contact = street.contact()
    services.record_link(customer=second, record=contact, by=street.sam)
    refused = street.client().post(button(contact, "link-person"), choose(third, instead_of=first.pk))
    assert "is not linked to First any more" in text_of(refused)
    assert whose(contact) == second
    with pytest.raises(Refused):
        services.record_relink(customer=third, record=contact, instead_of=first, by=street.sam)
    services.record_relink(customer=second, record=contact, instead_of=second, by=street.sam)
    assert whose(contact) == second
    assert not NotSame.objects.exists()


def test_a_record_is_looked_for_from_the_persons_page(street: Street) -> None:
    person = street.person(name="Nobody Yet")
    contact = street.contact(name="Ann Lee", email="ann@example.com", email_normal="ann@example.com")
    protocol = street.protocol(username="annlee", display_name="Ann Lee", phone_number=PHONE)
    human = street.human(name="Ann Lee", email="ann@example.com")
    street.contact(street.away, name="Ann Away")
    gone = street.contact(name="Ann Gone", gone_at=street.sam.date_joined)
    shown = looked(street, person, "ann")
    assert "Contact HelpdeskAccount of Home Name Ann Lee" in shown
    assert "Protocol customer ProtocolProject of Home Name Ann Lee" in shown
    assert not any(words in shown for words in ("Human Channel", "Away", str(gone)))
    assert "Human Channel of Home" in looked(street, person, "ann@example.com")
    assert "Human Channel of Home" in looked(street, person, str(human.human_id))
    assert "Username annlee" in looked(street, person, "0660 1234567")
    for record in (contact, protocol, human):
        assert street.client().post(button(person, "link-record"), about(record)).status_code == 302
        assert whose(record) == person
    assert "No record that is not linked here already is found by that." in looked(street, person, "ann")


def test_a_record_of_somebody_else_is_told_and_taken_over(street: Street) -> None:
    first, second, contact = street.person(name="First"), street.person(name="Second"), street.contact(name="Zoe")
    services.record_link(customer=first, record=contact, by=street.sam)
    shown = looked(street, second, "zoe")
    assert "Linked to First now. If you link it here, it is no longer theirs" in shown
    assert "Link here instead" in shown
    assert street.client().post(button(second, "link-record"), about(contact)).status_code == 422
    form = {**about(contact), "instead_of": first.pk}
    assert street.client().post(button(second, "link-record"), form).status_code == 302
    assert whose(contact) == second


@pytest.mark.parametrize("wrong", ["0", "x", str(2**70), "foreign"])
def test_what_is_no_person_is_refused(street: Street, wrong: str) -> None:
    first, second, contact = street.person(), street.person(), street.contact()
    services.record_link(customer=first, record=contact, by=street.sam)
    instead_of = str(street.person(street.away).pk) if wrong == "foreign" else wrong
    answer = street.client().post(button(contact, "link-person"), choose(second, instead_of=instead_of))
    assert answer.status_code == 422
    assert whose(contact) == first


def test_who_said_not_to_be_is_told(street: Street) -> None:
    person, contact = street.person(name="Ann Lee"), street.contact()
    services.record_not_same(customer=person, record=contact, by=street.sam)
    assert "Ann Lee Said not to be Link" in looked(street, contact, "lee")


def test_who_may_only_look_finds_nobody(street: Street) -> None:
    person, contact = street.person(name="Ann Lee"), street.contact(name="Zoe")
    mia = new_person("mia", MANAGER, teamspaces=(street.home,))
    assert "Ann Lee" not in looked(street, contact, "lee", mia)
    assert "Zoe" not in looked(street, person, "zoe", mia)
    assert "name=" not in street.client(mia).get(panel(contact, "person")).content.decode()
    assert street.client(mia).post(button(contact, "link-person"), choose(person)).status_code == 403


def test_kinds_that_one_may_not_see_are_not_found(street: Street) -> None:
    person = street.person()
    street.contact(name="Zoe Contact")
    street.protocol(username="zoe")
    group = street.sam.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="view_contact"))
    shown = looked(street, person, "zoe")
    assert "Username zoe" in shown
    assert "Zoe Contact" not in shown


def test_what_is_typed_and_found_stays_text(street: Street) -> None:
    street.person(name=SCRIPT)
    contact = street.contact(name=SCRIPT)
    for record, name in ((contact, "person"), (street.person(), "known")):
        for query in (SCRIPT, "script", "\x00", "%", "a" * 5000):
            answer = street.client().get(panel(record, name), {"find": query})
            assert answer.status_code == 200
            assert SCRIPT not in answer.content.decode()


def test_a_common_name_shows_some_and_says_there_are_more(street: Street) -> None:
    contact, person = street.contact(name="Zoe"), street.person(name="Ann")
    for number in range(12):
        street.person(name=f"Ann {number}")
        street.contact(name=f"Ann {number}")
    shown = looked(street, contact, "ann")
    assert shown.count(" Link ") == 8
    assert "More people are found by that" in shown
    assert "More are found by that" in looked(street, person, "ann")


@pytest.mark.parametrize("number", [1, 8])
def test_the_number_of_queries_is_that_of_one(street: Street, number: int) -> None:
    contact, person = street.contact(name="Zoe"), street.person(name="Other")
    for each in range(number):
        found = street.person(name=f"Ann {each}")
        services.record_link(customer=found, record=street.contact(name=f"Ann {each}"), by=street.sam)
    client = street.client()
    for record, name, most in ((contact, "person", 26), (person, "known", 60)):
        client.get(panel(record, name))
        with CaptureQueriesContext(connection) as queries:
            client.get(panel(record, name), {"find": "ann"})
        assert len(queries) <= most, len(queries)


@pytest.mark.parametrize("common", [False, True])
def test_nothing_is_looked_for_by_a_scan(street: Street, monkeypatch: pytest.MonkeyPatch, common: bool) -> None:
    person = street.person(name="Ann Lee", email="ann@example.com")
    street.human(email="ann@example.com")
    for _ in range(5):
        street.contact(name="Ann", email="ann@example.com")
        street.protocol(username="ann@example.com")
    monkeypatch.setattr(having, "COMMON", 3 if common else 10_000)
    with CaptureQueriesContext(connection) as queries:
        for query in ("ann", "ann@example.com", PHONE):
            look_for_records(person, street.sam, query)
            look_for_people(PROTOCOL, street.protocol(), query)
    # Also the rows of other accounts are passed over in the order of the list alone, and only for a common word.
    tables = ("customers_contact", "customers_protocolcustomer", "customers_human", "customers_customer")
    read = re.compile(rf'^SELECT.* FROM "({"|".join(tables)})')
    asked = [query["sql"] for query in queries if read.match(query["sql"])]
    assert len(asked) > 20
    for sql in asked:
        plan = plan_of(sql)
        assert "Seq Scan on customers" not in plan, (sql, plan)
        assert not re.search(rf"SCAN ({'|'.join(tables)})\w*(?! USING INDEX \w+_in_order)", plan), (sql, plan)
