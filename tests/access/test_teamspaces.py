"""Teamspaces and their members: who makes one is in it, and its page neither changes nor gives away the others."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from protoadmin.connections.models import Teamspace
from tests.access.people import new_person
from tests.access.world import World

ADD = reverse("admin:connections_teamspace_add")


def fields_of(teamspace: Teamspace, members: list[User]) -> dict[str, Any]:
    """Return what the page of a teamspace posts."""
    return {
        "name": teamspace.name,
        "subcompany_id": teamspace.subcompany_id,
        "base_url": teamspace.base_url,
        "is_active": "on",
        "members": [person.pk for person in members],
    }


@pytest.mark.parametrize("letter", ["A", "R"])
def test_who_makes_a_teamspace_becomes_its_member(world: World, letter: str) -> None:
    new = Teamspace(name="New", subcompany_id="new")
    response = world.client(letter).post(ADD, {**fields_of(new, []), "takeover_secret": "s"})
    assert response.status_code == 302, response.context["adminform"].form.errors
    made = Teamspace.objects.get(name="New")
    assert list(made.members.all()) == [world.people[letter]]
    page = world.client(letter).get(reverse("admin:connections_teamspace_change", args=[made.pk]))
    assert page.status_code == 200


def test_nobody_is_let_in_or_thrown_out_on_its_page(world: World) -> None:
    """That is done on the page Staff, which looks at whom one may touch."""
    url = reverse("admin:connections_teamspace_change", args=[world.own.pk])
    before = set(world.own.members.all())
    for members in ([world.people["A"]], [*before, world.stranger], [*before, new_person("root2", "superuser")]):
        assert world.client("A").post(url, fields_of(world.own, members)).status_code == 302
        assert set(world.own.members.all()) == before


def test_members_out_of_sight_are_not_named(world: World) -> None:
    """The superuser in it is out of an administrator's sight: on the page, and in the history."""
    User.objects.filter(pk=world.people["R"].pk).update(username="hidden-superuser")
    url = reverse("admin:connections_teamspace_change", args=[world.own.pk])
    page = world.client("A").get(url).content.decode()
    assert "colleague" in page
    assert "hidden-superuser" not in page
    assert "hidden-superuser" in world.client("R").get(url).content.decode()
    assert world.client("A").post(url, fields_of(world.own, [world.people["A"]])).status_code == 302
    assert "hidden-superuser" not in LogEntry.objects.get().change_message


def test_the_secret_is_never_shown(world: World) -> None:
    url = reverse("admin:connections_teamspace_change", args=[world.own.pk])
    for letter in "AR":
        assert "s3cret-of-a-test" not in world.client(letter).get(url).content.decode()
    world.client("A").post(url, {**fields_of(world.own, [world.people["A"]]), "takeover_secret": "n3w-s3cret"})
    assert "n3w-s3cret" not in LogEntry.objects.get().change_message
    world.own.refresh_from_db()
    assert world.own.takeover_secret == "n3w-s3cret"
