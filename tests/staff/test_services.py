"""The rules hold in the services too, whatever page or program asks."""

import dataclasses
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from protoadmin.refusals import Refused
from protoadmin.staff.forms import PersonForm
from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, SUPPORT
from protoadmin.staff.rules import PersonData, teamspaces_after
from protoadmin.staff.services import person_change, person_create, person_set_password
from tests.access.people import new_person
from tests.staff.house import STRONG, House, fields_of


def as_is(person: User, **changes: Any) -> PersonData:
    """Return what the page would say of a person, with changes."""
    data = PersonData(
        username=person.username,
        roles=frozenset(person.groups.values_list("name", flat=True)),
        teamspaces=frozenset(person.teamspaces.values_list("pk", flat=True)),
    )
    return dataclasses.replace(data, **changes)


def test_a_foreign_teamspace_is_refused(house: House) -> None:
    foreign = frozenset({house.b.pk})
    with pytest.raises(Refused, match="only give teamspaces"):
        person_create(data=PersonData(username="z", teamspaces=foreign), password=STRONG, by=house.admin)
    with pytest.raises(Refused, match="only give teamspaces"):
        person_change(person=house.agent, data=as_is(house.agent, teamspaces=foreign), by=house.admin)


def test_a_group_that_is_no_role_is_refused(house: House) -> None:
    data = PersonData(username="z", roles=frozenset({"Auditors"}))
    with pytest.raises(Refused, match="Support, Manager and Administrator"):
        person_create(data=data, password=STRONG, by=house.admin)


@pytest.mark.parametrize("name", ["root", "both", "other_agent"])
def test_who_is_out_of_reach_is_refused(house: House, name: str) -> None:
    person: User = getattr(house, name)
    with pytest.raises(Refused):
        person_change(person=person, data=as_is(person, first_name="Mallory"), by=house.admin)
    with pytest.raises(Refused):
        person_set_password(person=person, password=STRONG, by=house.admin)
    person.refresh_from_db()
    assert (person.first_name, person.check_password(STRONG)) == ("", False)


def test_memberships_out_of_sight_stay(house: House) -> None:
    held = {house.a.pk, house.b.pk}
    assert teamspaces_after(held=held, wanted=frozenset(), by=house.admin) == {house.b.pk}
    assert teamspaces_after(held={house.b.pk}, wanted=frozenset({house.a.pk}), by=house.admin) == held
    assert teamspaces_after(held=set(), wanted=frozenset(held), by=house.admin) == {house.a.pk}
    assert teamspaces_after(held=held, wanted=frozenset(), by=house.root) == set()


def test_without_the_permission_nothing_is_done(house: House) -> None:
    manager = new_person("m", MANAGER, teamspaces=(house.a,))
    with pytest.raises(Refused, match="may not make"):
        person_create(data=PersonData(username="z"), password=STRONG, by=manager)
    with pytest.raises(Refused, match="may not change"):
        person_change(person=house.agent, data=as_is(house.agent), by=manager)
    with pytest.raises(Refused, match="may not change"):
        person_set_password(person=house.agent, password=STRONG, by=manager)


def test_who_was_deactivated_meanwhile_does_nothing(house: House) -> None:
    User.objects.filter(pk=house.admin.pk).update(is_active=False)
    with pytest.raises(Refused, match="no longer active"):
        person_change(person=house.agent, data=as_is(house.agent, first_name="X"), by=house.admin)


def test_a_role_taken_meanwhile_counts(house: House) -> None:
    assert house.admin.has_perm("auth.change_user")
    house.admin.groups.clear()
    with pytest.raises(Refused, match="may not change"):
        person_change(person=house.agent, data=as_is(house.agent, first_name="X"), by=house.admin)


def test_of_two_superusers_who_deactivate_each_other_one_stays(house: House) -> None:
    """The second one's request comes from somebody who is no longer active."""
    second = new_person("second", "superuser")
    person_change(person=second, data=as_is(second, is_active=False), by=house.root)
    with pytest.raises(Refused, match="no longer active"):
        person_change(person=house.root, data=as_is(house.root, is_active=False), by=second)
    with pytest.raises(Refused, match="cannot deactivate yourself"):
        person_change(person=house.root, data=as_is(house.root, is_active=False), by=house.root)
    assert list(User.objects.filter(is_superuser=True, is_active=True)) == [house.root]


def test_a_form_says_what_changed_since_the_page_was_opened(house: House) -> None:
    """Between the check of the page and the check of the form the editor's role, or the person, has changed."""
    form_class = type("Form", (PersonForm,), {"editor": house.admin})
    assert form_class(fields_of(house.agent), instance=house.agent).is_valid()
    house.agent.teamspaces.add(house.b)
    fields = fields_of(house.agent, teamspaces=[house.a.pk])
    assert "member of a teamspace" in str(form_class(fields, instance=house.agent).errors["__all__"])
    house.admin.groups.clear()
    assert "may not change people" in str(form_class(fields, instance=house.agent).errors["__all__"])
    User.objects.filter(pk=house.admin.pk).update(is_active=False)
    assert "no longer active" in str(form_class(fields, instance=house.agent).errors["__all__"])


def test_a_weak_password_is_refused(house: House) -> None:
    with pytest.raises(ValidationError):
        person_set_password(person=house.agent, password="12345", by=house.admin)
    with pytest.raises(ValidationError):
        person_create(data=PersonData(username="z"), password="12345", by=house.admin)
    assert not User.objects.filter(username="z").exists()


def test_a_change_says_what_changed_from_what_to_what(house: House) -> None:
    data = as_is(house.agent, first_name="Agnes", roles=frozenset({ADMINISTRATOR}), teamspaces=frozenset())
    changes = person_change(person=house.agent, data=dataclasses.replace(data, is_active=False), by=house.admin)
    assert [str(change) for change in changes] == [
        "First name: nothing → Agnes",
        "Active: Yes → No",
        f"Roles: {SUPPORT} → {ADMINISTRATOR}",
        "Teamspaces: Alpha → nothing",
    ]
