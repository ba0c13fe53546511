"""Whom an administrator sees on the Staff page, and what the page tells of them."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from protoadmin.staff.roles import SUPPORT
from protoadmin.staff.rules import visible_people
from tests.access.people import client_of, new_person
from tests.staff.house import House, change_url, fields_of

LIST = reverse("admin:auth_user_changelist")


def listed(client: Any, query: str = "") -> set[str]:
    """Return the usernames in the list."""
    response = client.get(LIST + query)
    assert response.status_code == 200
    return {person.username for person in response.context["cl"].result_list}


def test_an_administrator_sees_their_teamspaces_people_and_those_of_none(house: House) -> None:
    assert listed(house.client()) == {"adele", "agnes", "carla", "nemo"}
    assert listed(client_of(house.root)) == {"adele", "agnes", "boris", "carla", "nemo", "root"}


def test_an_administrator_without_a_teamspace_sees_themselves_and_those_of_none(house: House) -> None:
    house.admin.teamspaces.clear()
    assert set(visible_people(house.admin)) == {house.admin, house.nowhere}


@pytest.mark.parametrize("name", ["other_agent", "root"])
def test_a_person_out_of_sight_has_no_page(house: House, name: str) -> None:
    person: User = getattr(house, name)
    client = house.client()
    index = reverse("admin:index")
    for action in ("change", "history"):
        response = client.get(reverse(f"admin:auth_user_{action}", args=[person.pk]))
        assert (response.status_code, response["Location"]) == (302, index)
    posted = client.post(change_url(person), fields_of(person, first_name="Mallory"))
    assert (posted.status_code, posted["Location"]) == (302, index)
    password = reverse("admin:auth_user_password_change", args=[person.pk])
    assert client.get(password).status_code == 404
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 404
    person.refresh_from_db()
    assert person.first_name == ""


@pytest.mark.parametrize("role", ["Support", "Manager"])
def test_only_administrators_come_in(house: House, role: str) -> None:
    client = client_of(new_person("x", role, teamspaces=(house.a,)))
    for url in (LIST, reverse("admin:auth_user_add"), change_url(house.agent)):
        assert client.get(url).status_code == 403
        assert client.post(url, {}).status_code == 403


def test_teamspaces_out_of_sight_are_not_named(house: House) -> None:
    client = house.client()
    for url in (LIST, change_url(house.both), reverse("admin:auth_user_add")):
        page = client.get(url).content.decode()
        assert "Alpha" in page
        assert "Beta" not in page
    assert "others that you do not see" in client.get(LIST).content.decode()


def test_the_filters_offer_and_use_only_what_one_sees(house: House) -> None:
    client = house.client()
    assert listed(client, f"?teamspace={house.a.pk}") == {"adele", "agnes", "carla"}
    assert listed(client, f"?teamspace={house.b.pk}") == set()
    assert listed(client, "?teamspace=none") == {"nemo"}
    assert listed(client, "?role=Support") == {"agnes"}
    assert listed(client, "?role=none") == {"nemo"}
    house.agent.is_active = False
    house.agent.save()
    assert listed(client, "?is_active__exact=0") == {"agnes"}


def test_the_list_is_not_asked_about_passwords_or_foreign_teamspaces(house: House) -> None:
    client = house.client()
    for query in ("password__startswith=p", f"teamspaces={house.b.pk}", f"groups={1}", "is_superuser__exact=1"):
        assert client.get(f"{LIST}?{query}").status_code == 400, query


def test_the_list_finds_by_name_username_and_mail(house: House) -> None:
    User.objects.filter(pk=house.agent.pk).update(first_name="Agnes", last_name="Varda", email="av@example.com")
    for words in ("varda", "agnes", "av@example"):
        assert listed(house.client(), f"?q={words}") == {"agnes"}
    assert listed(house.client(), "?q=boris") == set()


def test_the_list_asks_as_often_for_many_people_as_for_few(
    house: House, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    client = house.client()
    client.get(LIST)
    with django_assert_max_num_queries(25) as few:
        client.get(LIST)
    assert isinstance(few, CaptureQueriesContext)
    for number in range(12):
        new_person(f"p{number}", SUPPORT, teamspaces=(house.a, house.b))
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(LIST)


def test_django_s_group_page_is_gone(house: House) -> None:
    assert client_of(house.root).get("/admin/auth/group/").status_code == 404
