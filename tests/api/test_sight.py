"""A key opens those of its teamspaces that its owner is a member of, and nothing else."""

from __future__ import annotations

import pytest

from protoadmin.refusals import Refused
from tests.access.people import new_person, new_teamspace
from tests.api.house import (
    House,
    example_chat,
    example_company,
    example_contact,
    example_conversation,
    new_house,
    new_key,
)


def fill(house: House) -> None:
    company = example_company(house.account)
    example_contact(company)
    example_conversation(company)
    example_chat(house, f"chat of {house.teamspace}", company=company)


def all_rows(house: House, token: str) -> list[int]:
    return [len(house.get(f"/{name}", token).json()) for name in ("companies", "contacts", "conversations")]


def test_a_key_opens_its_teamspaces_alone(house: House) -> None:
    other = new_house("Faraway")
    fill(house)
    fill(other)
    assert all_rows(house, house.token) == all_rows(other, other.token) == [1, 2, 2]
    ours, theirs = (each.rows("/companies")[0]["id"] for each in (house, other))
    assert ours == theirs, "the ids of others must not show in ours"
    assert len(house.rows(f"/contacts?companyId={other.account.pk}:{theirs}")) == 0


def test_a_key_for_two_teamspaces(house: House) -> None:
    other = new_house("Faraway")
    fill(house)
    fill(other)
    other.teamspace.members.add(house.owner)
    _, token = new_key(house.owner, house.teamspace, other.teamspace)
    assert all_rows(house, token) == [2, 4, 4]
    for name in ("companies", "contacts", "conversations"):
        ids = [row["id"] for row in house.get(f"/{name}", token).json()]
        assert len(set(ids)) == len(ids)


def test_a_key_opens_what_its_owner_still_sees(house: House) -> None:
    fill(house)
    house.teamspace.members.remove(house.owner)
    assert all_rows(house, house.token) == [0, 0, 0]
    house.teamspace.members.add(house.owner)
    assert all_rows(house, house.token) == [1, 2, 2]


def test_a_superusers_key_opens_what_it_was_given(house: House) -> None:
    other = new_house("Faraway")
    fill(house)
    fill(other)
    _, token = new_key(new_person("root", "superuser"), other.teamspace)
    assert all_rows(house, token) == [1, 2, 2]


def test_nobody_gives_what_they_do_not_see(house: House) -> None:
    hidden = new_teamspace("Hidden")
    with pytest.raises(Refused, match="member of"):
        new_key(house.owner, house.teamspace, hidden)
    outsider = new_person("outsider", "Support", teamspaces=(hidden,))
    with pytest.raises(Refused, match="owner"):
        new_key(outsider, house.teamspace, by=house.owner)
    gone = new_person("gone", "Support", teamspaces=(house.teamspace,), is_active=False)
    with pytest.raises(Refused, match="deactivated"):
        new_key(gone, house.teamspace, by=house.owner)
