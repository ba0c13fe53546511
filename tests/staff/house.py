"""Two teamspaces, A and B, and people on either side."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from protoadmin.connections.models import Teamspace
from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, SUPPORT
from tests.access.people import client_of, new_person, new_teamspace

STRONG = "Vh7-quiet-harbour-lamp"


@dataclass
class House:
    """Who is there. `admin` is an administrator of A alone."""

    a: Teamspace
    b: Teamspace
    admin: User
    agent: User
    other_agent: User
    both: User
    nowhere: User
    root: User

    def client(self) -> Client:
        """Return a client of the administrator of A."""
        return client_of(self.admin)


def new_house() -> House:
    """Make a house with two teamspaces."""
    a, b = new_teamspace("Alpha"), new_teamspace("Beta")
    return House(
        a=a,
        b=b,
        admin=new_person("adele", ADMINISTRATOR, teamspaces=(a,)),
        agent=new_person("agnes", SUPPORT, teamspaces=(a,)),
        other_agent=new_person("boris", SUPPORT, teamspaces=(b,)),
        both=new_person("carla", MANAGER, teamspaces=(a, b)),
        nowhere=new_person("nemo"),
        root=new_person("root", "superuser", teamspaces=(a,)),
    )


def change_url(person: User) -> str:
    """Return the address of somebody's page."""
    return reverse("admin:auth_user_change", args=[person.pk])


def fields_of(person: User, **changes: Any) -> dict[str, Any]:
    """Return what the page of a person posts, with changes; None leaves a field out."""
    fields: dict[str, Any] = {
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "roles": list(person.groups.values_list("name", flat=True)),
        "teamspaces": list(person.teamspaces.values_list("pk", flat=True)),
    }
    if person.is_active:
        fields["is_active"] = "on"
    fields |= changes
    return {name: value for name, value in fields.items() if value is not None}


def errors_of(response: Any) -> dict[str, list[str]]:
    """Return the errors of the form that came back."""
    assert response.status_code == 200, response.status_code
    errors: dict[str, list[str]] = response.context["adminform"].form.errors
    return errors


def assert_saved(response: Any) -> None:
    """The form was taken."""
    assert response.status_code == 302, errors_of(response)
