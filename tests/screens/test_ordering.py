"""Lists of who sees several teamspaces: the same rows in the same order however the database is made to find them."""

import itertools
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.admin import CustomerAdmin
from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.screens import ordering
from protoadmin.screens.ordering import turned_round

pytestmark = pytest.mark.django_db

SORTABLE = ("shown_person", "state", "contact", "provided_unique_id", "changed")
COLUMNS = [CustomerAdmin.list_display.index(name) + 1 for name in SORTABLE]


@pytest.fixture
def duo() -> User:
    """Somebody of two of three teamspaces, with people in each; many of them alike."""
    teamspaces = [Teamspace.objects.create(name=name, subcompany_id=name) for name in ("One", "Two", "Three")]
    user = User.objects.create_user("duo", is_staff=True)
    user.groups.add(Group.objects.get(name="Support"))
    user.teamspaces.set(teamspaces[:2])
    for number, state in itertools.product(range(8), ("done", "local", "failed")):
        Customer.objects.create(
            teamspace=teamspaces[number % 3],
            provided_unique_id=f"{number}-{state}" if number > 3 else None,
            name="Same" if number < 4 else f"Person {number}",
            sync_state=state,
        )
    return user


def listed(user: User, order: str) -> tuple[list[Customer], str]:
    """Return the people that the list shows, and the query that found them."""
    client = Client()
    client.force_login(user)
    with CaptureQueriesContext(connection) as captured:
        answer: Any = client.get(reverse("admin:customers_customer_changelist"), {"o": order})
    found = [each["sql"] for each in captured.captured_queries if "LIMIT" in each["sql"]]
    return list(answer.context["cl"].result_list), "\n".join(found)


@pytest.mark.parametrize("order", [f"{sign}{column}" for column in COLUMNS for sign in ("", "-")])
def test_few_and_many_are_listed_alike(duo: User, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    few, plain = listed(duo, order)
    monkeypatch.setattr(ordering, "MANY", 3)
    many, walked = listed(duo, order)
    assert many == few
    assert {person.teamspace.name for person in many} == {"One", "Two"}
    assert len(many) == Customer.objects.exclude(teamspace__name="Three").count()
    assert '"teamspace_id" + ' not in plain
    assert ('"teamspace_id" + ' in walked) is (connection.vendor == "sqlite")


def test_the_other_direction_is_the_reverse_to_the_last_row(duo: User) -> None:
    for column in COLUMNS:
        up, down = listed(duo, str(column))[0], listed(duo, f"-{column}")[0]
        assert down == up[::-1], SORTABLE[COLUMNS.index(column)]


@pytest.mark.parametrize(
    ("given", "turned"),
    [
        (["name", "-id"], ["name", "-id"]),
        (["-name", "-id"], ["-name", "id"]),
        (["-name", "-pk"], ["-name", "pk"]),
        (["-id"], ["-id"]),
        (["-id", "-pk"], ["-id", "-pk"]),
        (["-name", "-email", "-id"], ["-name", "-email", "-id"]),
    ],
)
def test_turning_round(given: list[str], turned: list[str]) -> None:
    assert turned_round(given) == turned
