"""Whose rows a person sees."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from customers.models import Customer
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.connections.scoping import only_visible, teamspace_ids, visible_teamspaces
from tests.access.people import new_person, new_teamspace

pytestmark = pytest.mark.django_db


def names(user: User | AnonymousUser) -> list[str]:
    """Return the people whom the user sees, having made sure that all three questions agree."""
    rows = only_visible(Customer.objects.order_by("name"), user)
    by_channel = only_visible(Channel.objects.all(), user).values_list("teamspace", flat=True)
    seen = [person.name for person in rows]
    assert {person.teamspace_id for person in rows} <= set(visible_teamspaces(user).values_list("pk", flat=True))
    assert set(teamspace_ids(user)) == set(visible_teamspaces(user).values_list("pk", flat=True)) == set(by_channel)
    return seen


@pytest.fixture
def spaces() -> tuple[Teamspace, Teamspace]:
    a, b = new_teamspace("A"), new_teamspace("B")
    for space in (a, b):
        Customer.objects.create(teamspace=space, name=space.name)
        Channel.objects.create(name=space.name, channel_id=space.name, teamspace=space)
    return a, b


def test_members_see_their_own(spaces: tuple[Teamspace, Teamspace]) -> None:
    a, b = spaces
    assert names(new_person("one", teamspaces=(a,))) == ["A"]
    assert names(new_person("two", teamspaces=(a, b))) == ["A", "B"]
    assert names(new_person("none")) == []


def test_superusers_see_all(spaces: tuple[Teamspace, Teamspace]) -> None:
    assert names(new_person("root", "superuser")) == ["A", "B"]


def test_who_is_not_active_sees_nothing(spaces: tuple[Teamspace, Teamspace]) -> None:
    assert names(new_person("gone", teamspaces=spaces, is_active=False)) == []
    assert names(new_person("root", "superuser", is_active=False)) == []
    assert names(AnonymousUser()) == []


def test_membership_is_looked_at_anew_in_each_request(spaces: tuple[Teamspace, Teamspace]) -> None:
    person = new_person("one", teamspaces=(spaces[0],))
    assert names(person) == ["A"]
    person.teamspaces.set([spaces[1]])
    assert names(User.objects.get(pk=person.pk)) == ["B"]
