"""People, teamspaces and clients for the tests of who may what."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from protoadmin.connections.models import Teamspace

PASSWORD = "correct horse battery"


def new_teamspace(name: str) -> Teamspace:
    """Make a teamspace without members."""
    return Teamspace.objects.create(name=name, subcompany_id=f"id-of-{name}", takeover_secret="s3cret-of-a-test")


def new_person(username: str, *roles: str, teamspaces: tuple[Teamspace, ...] = (), **fields: Any) -> User:
    """Make somebody who may log in to the admin; the role `superuser` makes a superuser."""
    fields = {"is_staff": True, "is_superuser": "superuser" in roles, **fields}
    person = User.objects.create(username=username, **fields)
    person.groups.add(*Group.objects.filter(name__in=roles))
    person.teamspaces.add(*teamspaces)
    return person


def client_of(person: User | None, *, enforce_csrf_checks: bool = False) -> Client:
    """Return a client that is logged in as this person, or an anonymous one."""
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    if person is not None:
        client.force_login(person)
    return client
