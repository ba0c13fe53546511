"""Find the same people: links and notes as every change does, stops, goes on after a crash, tells what is unclear."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from customers.linking import working
from customers.linking.exact import link_by_ids
from customers.linking.working import link_people
from customers.models import Customer, Human, ProtocolCustomer
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.working import work_due
from protoadmin.staff.roles import MANAGER
from tests.access.people import new_person
from tests.base.acme import panel, text_of
from tests.linking.street import Street, is_suggested, whose


def forget() -> None:
    """Leave the records as they were before anybody looked who is who."""
    Customer.objects.update(has_suggestions=False)
    for model in (Human, ProtocolCustomer):
        model._default_manager.update(customer=None)


def find(street: Street) -> Run:
    run = link_people(teamspace=street.home, by=street.sam)
    work_due()
    run.refresh_from_db()
    return run


@pytest.fixture(autouse=True)
def two_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PER_SLICE", 2)


def test_it_links_notes_and_tells(street: Street) -> None:
    people = [street.person(external_customer_id=f"crm-{n}", email=f"p{n}@example.com") for n in range(5)]
    records = [street.protocol(external_id=f"crm-{n}") for n in range(3)]
    street.contact(email_normal="p4@example.com")
    stale = street.person(name="Stale")
    foreign = street.protocol(street.away, external_id="crm-0")
    forget()
    Customer.objects.filter(pk=stale.pk).update(has_suggestions=True)
    run = find(street)
    assert (run.state, run.total, run.done, run.failed) == (RunState.DONE, 6, 6, 0)
    assert [whose(record) for record in records] == people[:3]
    assert whose(foreign) is None
    assert [is_suggested(person) for person in [*people, stale]] == [False, False, False, False, True, False]
    shown = text_of(street.client().get(panel(run, "run")))
    assert "3 linked by their ids, 1 suggested for 1 person." in shown


def test_what_fits_several_is_told_once(street: Street) -> None:
    first, *_, last = [street.person(name=f"P{n}", email=f"p{n}@example.com") for n in range(5)]
    for person in (first, last):
        Customer.objects.filter(pk=person.pk).update(external_customer_id="crm-7")
    record = street.protocol(username="seven", external_id="crm-7")
    run = find(street)
    assert [(error.row, error.message) for error in run.errors.all()] == [
        ("Protocol customer seven", "Its id fits 2 people, so it was linked to none. Their pages suggest it.")
    ]
    assert whose(record) is None
    assert (is_suggested(first), is_suggested(last)) == (True, True)


def test_a_link_made_late_takes_the_suggestion_from_who_came_before(street: Street) -> None:
    twin = street.person(phone_number="+43 660 1234567")
    for _ in range(3):
        street.person()
    person = street.person(external_customer_id="crm-7", phone_number="+43 660 1234567")
    record = street.protocol(external_id="crm-7", phone_number="+43 660 1234567")
    forget()
    find(street)
    assert whose(record) == person
    assert not is_suggested(twin)


def test_one_at_a_time(street: Street) -> None:
    link_people(teamspace=street.home, by=street.sam)
    with pytest.raises(Refused, match="already"):
        link_people(teamspace=street.home, by=street.sam)
    link_people(teamspace=street.away, by=None)


def test_it_stops_and_goes_on_where_a_worker_died(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    records = []
    for n in range(6):
        street.person(external_customer_id=f"crm-{n}")
        records.append(street.protocol(external_id=f"crm-{n}"))
    forget()
    calls = []

    def dying(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return link_by_ids(*args)

    monkeypatch.setattr(working, "link_by_ids", dying)
    run = link_people(teamspace=street.home, by=street.sam)
    with pytest.raises(KeyboardInterrupt):
        work_due()
    assert sum(whose(record) is not None for record in records) == 2
    Run.objects.update(heartbeat_at=None)
    work_due()
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.DONE, 6)
    assert None not in map(whose, records)


def test_a_stopped_run_leaves_what_it_has_done(street: Street) -> None:
    street.person()
    run = link_people(teamspace=street.home, by=street.sam)
    street.client().post(reverse("admin:runs_run_button", args=[run.pk, "stop"]))
    work_due()
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.STOPPED, 0)


def test_who_lost_the_teamspace_has_it_done_no_further(street: Street) -> None:
    street.person()
    link_people(teamspace=street.home, by=street.sam)
    street.sam.teamspaces.clear()
    work_due()
    assert Run.objects.get().state == RunState.FAILED


def test_the_button_asks_for_one_of_ones_own_teamspaces(street: Street) -> None:
    url = reverse("admin:customers_customer_list_button", args=["find-same-people"])
    response = street.client().post(url, {"request_key": "k", "teamspace": street.home.pk})
    run = Run.objects.get()
    assert response["Location"] == reverse("admin:runs_run_change", args=[run.pk])
    assert (run.kind, run.teamspace, run.requested_by) == (working.NAME, street.home, street.sam)
    assert street.client().post(url, {"request_key": "k", "teamspace": street.away.pk}).status_code == 422
    mia = new_person("mia", MANAGER, teamspaces=(street.home,))
    assert street.client(mia).post(url, {"request_key": "k", "teamspace": street.home.pk}).status_code == 403
