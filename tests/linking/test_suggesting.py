"""Suggested: exactly what a comparison of everybody with everything would find, in the person's own teamspace."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.linking import services
from customers.linking.finding import keys_of_row, people_with, records_for
from customers.linking.kinds import EXACT, KINDS, OURS, keys_of_person, kind_of, merged
from customers.models import Contact, Customer, Human, NotSame, ProtocolCustomer
from tests.linking.street import Street, is_suggested, whose

MAILS = st.sampled_from(["", "ann@example.com", "Ann@Example.COM ", "bob@example.com", "n/a"])
PHONES = st.sampled_from(["", "+43 660 1234567", "+436601234567", "+43 660 7654321", "660 1234567"])
IDS = st.sampled_from(["", "", "7", "8"])
PLACES = st.sampled_from(["home", "home", "home", "away"])
PEOPLE = st.lists(st.tuples(PLACES, MAILS, PHONES, IDS, IDS), max_size=5)
RECORDS = st.lists(
    st.tuples(st.sampled_from(["human", "protocol", "contact"]), PLACES, MAILS, PHONES, IDS, st.booleans()), max_size=8
)
SAID = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), max_size=6)


def values_of(kind: str, mail: str, phone: str, external: str) -> dict[str, Any]:
    if kind == "human":
        return {"email": mail, "phone_number": phone, "external_id": external}
    if kind == "protocol":
        return {"phone_number": phone, "external_id": external}
    # As the pull writes them.
    bare = phone.replace(" ", "") if phone.startswith("+") else ""
    return {"email": mail, "email_normal": mail.strip().lower() if "@" in mail else "", "phone_e164": bare}


def naive(people: list[Customer], records: list[Any], said: set[tuple[int, Any]]) -> set[tuple[int, Any]]:
    """Compare everybody with everything."""
    found = set()
    for person in people:
        person_keys = keys_of_person(person)
        for record in records:
            kind = kind_of(record)
            record.refresh_from_db()
            if kind.teamspace_of(record) != person.teamspace_id or record.customer_id is not None:
                continue
            if getattr(record, "gone_at", None) is not None or (person.pk, record) in said:
                continue
            mine = kind.keys_of(record)
            if any(mine.get(sort, set()) & person_keys.get(sort, set()) for sort in OURS):
                found.add((person.pk, record))
    return found


class TestSuggestions(TestCase):
    """Random people and records."""

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(people=PEOPLE, records=RECORDS, said=SAID)
    def test_as_if_all_pairs_were_compared(self, people: Any, records: Any, said: Any) -> None:
        street = Street()
        made = [
            street.person(
                getattr(street, place), email=mail.strip(), phone_number=phone, external_customer_id=one, proto_id=two
            )
            for place, mail, phone, one, two in people
        ]
        rows = []
        for kind, place, mail, phone, external, is_gone in records:
            row = getattr(street, kind)(getattr(street, place), **values_of(kind, mail, phone, external))
            if is_gone and kind != "human":
                type(row).objects.filter(pk=row.pk).update(gone_at=street.sam.date_joined)
            rows.append(row)
        told = set()
        for person_at, record_at in said:
            if person_at < len(made) and record_at < len(rows):
                person, row = made[person_at], rows[record_at]
                kind = kind_of(row)
                if kind.teamspace_of(row) == person.teamspace_id and whose(row) != person:
                    NotSame.objects.get_or_create(customer=person, **{kind.name: row})
                    told.add((person.pk, row))
        found = set()
        models: dict[str, Any] = {"human": Human, "protocol_customer": ProtocolCustomer, "contact": Contact}
        for teamspace in (street.home, street.away):
            keys = merged(*(keys_of_person(person) for person in made))
            looked_at = {pk: keys_of_row(row) for pk, row in people_with(teamspace.pk, keys).items()}
            for person_pk, each in records_for(teamspace.pk, looked_at).items():
                found |= {(person_pk, models[name].objects.get(pk=pk)) for name, pk in each.records}
        assert found == naive(made, rows, told)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(people=PEOPLE, records=RECORDS)
    def test_the_mark_of_a_person_is_kept_true_by_every_change(self, people: Any, records: Any) -> None:
        street = Street()
        made = [
            street.person(
                getattr(street, place), email=mail.strip(), phone_number=phone, external_customer_id=one, proto_id=two
            )
            for place, mail, phone, one, two in people
        ]
        rows = [
            getattr(street, kind)(getattr(street, place), **values_of(kind, mail, phone, external))
            for kind, place, mail, phone, external, _ in records
        ]
        have = {person for person, _ in naive(made, rows, set())}
        assert {person.pk for person in made if is_suggested(person)} == have
        # Whoever is linked by itself has an id in common, in one teamspace.
        for row in rows:
            if (person := whose(row)) is not None:
                kind = kind_of(row)
                assert kind.teamspace_of(row) == person.teamspace_id
                ours = keys_of_person(person)
                assert any(kind.keys_of(row).get(sort, set()) & ours.get(sort, set()) for sort in EXACT)


def test_a_number_that_thousands_share_breaks_nothing(street: Street) -> None:
    person = street.person(phone_number="+43 660 1234567")
    account = street.contact(phone_e164="+436601234567").account
    Contact.objects.bulk_create(
        Contact(account=account, remote_id=f"c{n}", phone_e164="+436601234567") for n in range(5000)
    )
    keys = keys_of_person(person)
    found = records_for(street.home.pk, {person.pk: keys})[person.pk]
    assert found.is_cut
    assert len(found.records) == 50
    # Also when everything that was looked at first is somebody else.
    for _, pk in list(found.records):
        NotSame.objects.create(customer=person, contact_id=pk)
    again = records_for(street.home.pk, {person.pk: keys})[person.pk]
    assert len(again.records) == 50
    assert not again.records.keys() & found.records.keys()


def test_shared_values_among_many_people_are_bounded_too(street: Street) -> None:
    people = [street.person(phone_number="+43 660 1234567", email=f"p{n}@example.com") for n in range(3)]
    account = street.contact(email_normal="p0@example.com").account
    Contact.objects.bulk_create(
        Contact(account=account, remote_id=f"c{n}", phone_e164="+436601234567") for n in range(25_000)
    )
    found = records_for(street.home.pk, {person.pk: keys_of_person(person) for person in people})
    assert [len(found[person.pk].records) for person in people] == [51, 50, 50]
    assert all(each.is_cut for each in found.values())


def test_a_link_takes_the_suggestion_from_everybody_else(street: Street) -> None:
    ann, twin = street.person(email="ann@example.com"), street.person(email="ann@example.com")
    contact = street.contact(email_normal="ann@example.com")
    assert (is_suggested(ann), is_suggested(twin)) == (True, True)
    services.record_link(customer=ann, record=contact, by=street.sam)
    assert (is_suggested(ann), is_suggested(twin)) == (False, False)
    services.record_unlink(customer=ann, record=contact, by=street.sam)
    assert (is_suggested(ann), is_suggested(twin)) == (False, True)


def test_all_kinds_are_known() -> None:
    assert {kind.model for kind in KINDS} == {Human, ProtocolCustomer, Contact}
