"""The customer list: search and filters through the page, whose rows, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer, CustomField, CustomFieldValue, SyncState, Tag
from protoadmin.connections.models import Teamspace
from tests.base.acme import Acme, button, key, listing, page


def names(acme: Acme, **asked: Any) -> set[str]:
    """Return the names of whom the list shows for these parameters."""
    response = acme.client().get(listing(Customer), asked)
    assert response.status_code == 200, response
    return {person.name for person in response.context["cl"].result_list}


@pytest.fixture
def people(acme: Acme, other_teamspace: Teamspace) -> dict[str, Customer]:
    """Three people of Acme, and one of somebody else."""
    found = {
        "Anna": acme.person(name="Anna", phone_number="+43 660 1234567"),
        "Berta": acme.person(name="Berta", sync_state=SyncState.DONE),
        "Cäsar": acme.person(name="Cäsar", email="caesar@example.com"),
        "Theirs": Customer.objects.create(teamspace=other_teamspace, name="Anna Theirs", provided_unique_id="x"),
    }
    Tag.objects.create(teamspace=acme.teamspace, name="vip").customers.add(found["Anna"])
    Tag.objects.create(teamspace=other_teamspace, name="vip").customers.add(found["Theirs"])
    plan = CustomField.objects.create(
        teamspace=acme.teamspace, name="Plan", type="select", select_options=["A", "B"], remote_id="f1"
    )
    CustomFieldValue.objects.create(customer=found["Berta"], field=plan, value="B")
    return found


def test_everybody_of_ones_own(acme: Acme, people: dict[str, Customer]) -> None:
    assert names(acme) == {"Anna", "Berta", "Cäsar"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("anna", {"Anna"}),
        ("CASAR", {"Cäsar"}),
        ("0660 1234567", {"Anna"}),
        ("caesar@example.com", {"Cäsar"}),
        ("%", set()),
        ("zzz", set()),
    ],
)
def test_search(acme: Acme, people: dict[str, Customer], query: str, found: set[str]) -> None:
    assert names(acme, q=query) == found


def test_filters(acme: Acme, people: dict[str, Customer]) -> None:
    vip, plan = Tag.objects.get(teamspace=acme.teamspace), CustomField.objects.get()
    assert names(acme, tag=vip.pk) == {"Anna"}
    assert names(acme, tag=Tag.objects.exclude(pk=vip.pk).get().pk) == set()
    assert names(acme, field=f"{plan.pk}:B") == {"Berta"}
    assert names(acme, field=f"{plan.pk}:A") == set()
    assert names(acme, field_text="plan = B") == {"Berta"}
    assert names(acme, field_text="Plan") == set()
    assert names(acme, sync_state__exact="done") == {"Berta"}
    assert names(acme, tag=vip.pk, q="berta") == set()
    assert names(acme, teamspace=acme.teamspace.pk) == {"Anna", "Berta", "Cäsar"}
    assert "Anna Theirs" not in names(acme, teamspace=people["Theirs"].teamspace_id)


@pytest.mark.parametrize(
    "asked",
    [{"tag": "x"}, {"field": "x:y"}, {"field": "1"}, {"teamspace": "-1"}, {"teamspace": "9" * 30}, {"failures": "2"},
     {"p": "99"}, {"o": "9.-9.x"}, {"field_text": "=" * 50}, {"q": "\x00"}],
)  # fmt: skip
def test_odd_filters_break_nothing(acme: Acme, people: dict[str, Customer], asked: dict[str, str]) -> None:
    assert acme.client().get(listing(Customer), asked).status_code in (200, 302)


@pytest.mark.parametrize("asked", [{"tag": "9" * 30}, {"field": "9" * 30 + ":x"}])
def test_numbers_over_64_bits_break_nothing(acme: Acme, people: dict[str, Customer], asked: dict[str, str]) -> None:
    assert acme.client().get(listing(Customer), asked).status_code == 200


def test_open_failures(acme: Acme, people: dict[str, Customer]) -> None:
    acme.remote.fault("error", "create-", status=400)
    acme.client().post(
        page(people["Anna"]), {"name": "Anna", "provided_unique_id": people["Anna"].provided_unique_id, "location": "x"}
    )
    fields = {**key(), "subject": "Help", "identifier": "provided_unique_id"}
    acme.client().post(button(people["Berta"], "create-ticket"), fields)
    acme.send()
    assert names(acme, failures="1") == {"Anna", "Berta"}


def test_sorting(acme: Acme, people: dict[str, Customer]) -> None:
    response = acme.client().get(listing(Customer), {"o": "1"})
    assert [person.name for person in response.context["cl"].result_list] == ["Anna", "Berta", "Cäsar"]


def test_the_number_of_queries_does_not_grow_with_the_rows(acme: Acme) -> None:
    client, counts = acme.client(), []
    tags = [Tag.objects.create(teamspace=acme.teamspace, name=f"t{number}") for number in range(4)]
    for size in (2, 40):
        for number in range(size):
            acme.person(name=f"P{number}").tags.set(tags)
        client.get(listing(Customer), {"q": "p"})
        with CaptureQueriesContext(connection) as queries:
            assert client.get(listing(Customer), {"q": "p"}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] < 30


def test_the_page_reads_and_does_not_lock(acme: Acme) -> None:
    """Looking at a person must not make the page a writer: with SQLite one writer at a time holds up all others."""
    person, client = acme.known_person(), acme.client()
    client.get(page(person))
    with CaptureQueriesContext(connection) as queries:
        client.get(page(person))
    assert [query["sql"] for query in queries if query["sql"].startswith(("SAVEPOINT", "BEGIN"))] == []
    assert len(queries) < 60
