"""What an administrator may change, and what a hand-made request cannot."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, SUPPORT
from tests.access.people import client_of, new_person
from tests.staff.house import STRONG, House, assert_saved, change_url, errors_of, fields_of

ADD = reverse("admin:auth_user_add")


def new_fields(**changes: Any) -> dict[str, Any]:
    """Return what the page for a new person posts."""
    fields = {"username": "zoe", "password1": STRONG, "password2": STRONG, "is_active": "on"}
    return {**fields, **changes}


def roles_of(person: User) -> set[str]:
    """Return the names of a person's groups, as stored."""
    return set(person.groups.values_list("name", flat=True))


def test_an_administrator_makes_a_person_who_can_log_in(house: House) -> None:
    fields = new_fields(first_name="Zoe", email="zoe@example.com", roles=[SUPPORT], teamspaces=[house.a.pk])
    assert_saved(house.client().post(ADD, fields))
    zoe = User.objects.get(username="zoe")
    assert (zoe.first_name, zoe.email, zoe.is_active) == ("Zoe", "zoe@example.com", True)
    assert (zoe.is_staff, zoe.is_superuser) == (True, False)
    assert zoe.check_password(STRONG)
    assert roles_of(zoe) == {SUPPORT}
    assert list(zoe.teamspaces.all()) == [house.a]


def test_nobody_is_made_a_superuser_by_hand_made_fields(house: House) -> None:
    forged = {"is_superuser": "on", "is_staff": "", "user_permissions": [Permission.objects.all()[0].pk]}
    for client in (house.client(), client_of(house.root)):
        assert_saved(client.post(ADD, new_fields(**forged)))
        zoe = User.objects.get(username="zoe")
        assert (zoe.is_superuser, zoe.is_staff, zoe.user_permissions.count()) == (False, True, 0)
        assert_saved(client.post(change_url(zoe), fields_of(zoe, **forged)))
        zoe.refresh_from_db()
        assert (zoe.is_superuser, zoe.is_staff, zoe.user_permissions.count()) == (False, True, 0)
        zoe.delete()


@pytest.mark.parametrize(
    ("password1", "password2", "word"),
    [("12345678", "12345678", "common"), (STRONG, "another-" + STRONG, "match"), ("", "", "required")],
)
def test_a_first_password_is_validated(house: House, password1: str, password2: str, word: str) -> None:
    errors = errors_of(house.client().post(ADD, new_fields(password1=password1, password2=password2)))
    assert word in str(errors)
    assert not User.objects.filter(username="zoe").exists()


def test_a_password_like_the_username_is_refused(house: House) -> None:
    errors = errors_of(
        house.client().post(
            ADD, new_fields(username="zoe-tremblay", password1="zoe-tremblay", password2="zoe-tremblay")
        )
    )
    assert "too similar" in str(errors["password2"])


def test_usernames_that_differ_only_in_case_are_refused(house: House) -> None:
    assert "already" in str(errors_of(house.client().post(ADD, new_fields(username="AGNES")))["username"])
    response = house.client().post(change_url(house.agent), fields_of(house.agent, username="BORIS"))
    assert "already" in str(errors_of(response)["username"])
    assert_saved(house.client().post(change_url(house.agent), fields_of(house.agent, username="Agnes")))


def test_only_one_s_own_teamspaces_can_be_given(house: House) -> None:
    client = house.client()
    errors = errors_of(client.post(ADD, new_fields(teamspaces=[house.b.pk])))
    assert errors["teamspaces"] == ["You can only give teamspaces that you are a member of."]
    fields = fields_of(house.agent, teamspaces=[house.a.pk, house.b.pk])
    errors = errors_of(client.post(change_url(house.agent), fields))
    assert errors["teamspaces"] == ["You can only give teamspaces that you are a member of."]
    assert list(house.agent.teamspaces.all()) == [house.a]


def test_a_person_of_no_teamspace_is_taken_in_and_let_go(house: House) -> None:
    client = house.client()
    assert_saved(client.post(change_url(house.nowhere), fields_of(house.nowhere, teamspaces=[house.a.pk])))
    assert list(house.nowhere.teamspaces.all()) == [house.a]
    assert_saved(client.post(change_url(house.nowhere), fields_of(house.nowhere, teamspaces=[])))
    assert list(house.nowhere.teamspaces.all()) == []


def test_who_is_also_elsewhere_can_be_read_and_not_changed(house: House) -> None:
    client, url = house.client(), change_url(house.both)
    page = client.get(url)
    assert page.status_code == 200
    assert "is also a member of a teamspace that you are not a member of" in page.content.decode()
    assert 'name="username"' not in page.content.decode()
    wishes: list[dict[str, Any]] = [
        {"is_active": None},
        {"roles": [ADMINISTRATOR]},
        {"teamspaces": []},
        {"email": "x@x.org"},
    ]
    for forged in wishes:
        assert client.post(url, fields_of(house.both, **forged)).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[house.both.pk])
    assert client.get(password).status_code == 403
    assert client.post(password, {"password1": STRONG, "password2": STRONG}).status_code == 403
    house.both.refresh_from_db()
    assert house.both.is_active
    assert not house.both.check_password(STRONG)
    assert roles_of(house.both) == {MANAGER}
    assert set(house.both.teamspaces.all()) == {house.a, house.b}


def test_who_may_only_look_changes_nothing(house: House) -> None:
    viewer = new_person("viewer", teamspaces=(house.a,))
    viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
    client, password = client_of(viewer), reverse("admin:auth_user_password_change", args=[house.agent.pk])
    assert client.get(change_url(house.agent)).status_code == 200
    assert client.get(password).status_code == 403
    for url in (change_url(house.agent), password, ADD):
        assert client.post(url, {"password1": STRONG, "password2": STRONG}).status_code == 403


@pytest.mark.parametrize("active", [True, False])
def test_who_may_more_than_the_editor_cannot_be_taken_over(house: House, active: bool) -> None:
    house.agent.user_permissions.add(Permission.objects.get(codename="delete_user"))
    User.objects.filter(pk=house.agent.pk).update(is_active=active)
    client = house.client()
    assert "may do things here that you may not" in client.get(change_url(house.agent)).content.decode()
    assert client.post(change_url(house.agent), fields_of(house.agent, is_active="on")).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[house.agent.pk])
    assert client.post(password, {"password1": STRONG, "password2": STRONG}).status_code == 403


def test_only_the_three_roles_can_be_given_and_other_groups_stay(house: House) -> None:
    auditors = Group.objects.create(name="Auditors")
    house.agent.groups.add(auditors)
    client, url = house.client(), change_url(house.agent)
    for forged in (["Auditors"], [str(auditors.pk)]):
        assert "roles" in errors_of(client.post(url, fields_of(house.agent, roles=forged)))
    assert_saved(client.post(url, fields_of(house.agent, roles=[MANAGER, ADMINISTRATOR])))
    assert roles_of(house.agent) == {"Auditors", MANAGER, ADMINISTRATOR}


def test_people_are_deactivated_and_never_deleted(house: House) -> None:
    for client in (house.client(), client_of(house.root)):
        url = reverse("admin:auth_user_delete", args=[house.agent.pk])
        assert client.get(url).status_code == 403
        assert client.post(url, {"post": "yes"}).status_code == 403
        client.post(
            reverse("admin:auth_user_changelist"),
            {"action": "delete_selected", "_selected_action": [house.agent.pk], "post": "yes"},
        )
        assert User.objects.filter(pk=house.agent.pk).exists()
    assert "never deleted" in house.client().get(change_url(house.agent)).content.decode()
    assert_saved(house.client().post(change_url(house.agent), fields_of(house.agent, is_active=None)))
    house.agent.refresh_from_db()
    assert not house.agent.is_active


def test_nobody_locks_themselves_out(house: House) -> None:
    client, url = house.client(), change_url(house.admin)
    errors = errors_of(client.post(url, fields_of(house.admin, is_active=None)))
    assert "cannot deactivate yourself" in str(errors["is_active"])
    errors = errors_of(client.post(url, fields_of(house.admin, roles=[SUPPORT])))
    assert "cannot take the role Administrator from yourself" in str(errors["roles"])
    assert_saved(client.post(url, fields_of(house.admin, first_name="Adele", roles=[ADMINISTRATOR, SUPPORT])))
    house.admin.refresh_from_db()
    assert (house.admin.is_active, house.admin.first_name) == (True, "Adele")
    root = client_of(house.root)
    errors = errors_of(root.post(change_url(house.root), fields_of(house.root, is_active=None)))
    assert "cannot deactivate yourself" in str(errors["is_active"])


def test_an_administrator_takes_the_role_from_another(house: House) -> None:
    other = new_person("ada", ADMINISTRATOR, teamspaces=(house.a,))
    assert_saved(house.client().post(change_url(other), fields_of(other, roles=[])))
    assert roles_of(other) == set()


def test_a_superuser_changes_anybody_and_any_teamspace(house: House) -> None:
    second = new_person("second", "superuser")
    client = client_of(house.root)
    assert_saved(client.post(change_url(house.both), fields_of(house.both, teamspaces=[house.b.pk])))
    assert list(house.both.teamspaces.all()) == [house.b]
    assert_saved(client.post(change_url(second), fields_of(second, is_active=None)))
    second.refresh_from_db()
    assert (second.is_active, second.is_superuser) == (False, True)
