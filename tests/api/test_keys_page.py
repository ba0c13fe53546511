"""The page API keys: made, shown once, revoked."""

from __future__ import annotations

import html
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from protoadmin.api.models import ApiKey
from tests.access.people import client_of, new_person, new_teamspace
from tests.api.house import House, new_house, new_key

LIST = "/admin/api/apikey/"
ADD = f"{LIST}add/"
TOKEN = re.compile(r"pak_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")


def filled(house: House, **changes: Any) -> dict[str, Any]:
    """Return the form as a person sends it."""
    fields = {
        "name": "the data warehouse",
        "owner": house.owner.pk,
        "teamspaces": [house.teamspace.pk],
        "expires_at_0": (timezone.now() + timedelta(days=30)).date().isoformat(),
        "expires_at_1": "12:00:00",
        "requests_per_minute": 50,
    }
    return {**fields, **changes}


def errors_in(response: Any) -> str:
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_a_key_is_made_and_opens(house: House) -> None:
    client = client_of(house.owner)
    response = client.post(ADD, filled(house))
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    tokens = set(TOKEN.findall(response.content.decode()))
    assert len(tokens) == 1
    (token,) = tokens
    key = ApiKey.objects.latest("pk")
    assert (key.name, key.owner, key.requests_per_minute) == ("the data warehouse", house.owner, 50)
    assert [*key.teamspaces.all()] == [house.teamspace]
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)
    assert house.get("/companies", token).status_code == 200


def test_a_key_is_shown_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(house.owner)
    with caplog.at_level(logging.DEBUG):
        response = client.post(ADD, filled(house))
        (token,) = set(TOKEN.findall(response.content.decode()))
        key = ApiKey.objects.latest("pk")
        pages = [client.get(f"{LIST}{key.pk}/{end}/") for end in ("change", "history", "live/key")]
        pages += [client.get(LIST), client.get("/admin/"), client.get(ADD)]
    assert [page.status_code for page in pages] == [200] * 6
    secret = token[13:]
    kept = [page.content.decode() for page in pages]
    kept += [caplog.text, str(client.cookies)]
    kept += [str(entry.change_message) + entry.object_repr for entry in LogEntry.objects.all()]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [str(value) for value in ApiKey.objects.values_list()]
    assert not [place for place in kept if secret in place]
    assert key.prefix in kept[0]


def test_a_key_is_revoked_with_a_click(house: House) -> None:
    client = client_of(house.owner)
    page = f"{LIST}{house.key.pk}/change/"
    assert "do/revoke/" in client.get(page).content.decode()
    address = f"{LIST}{house.key.pk}/do/revoke/"
    assert client.get(address).status_code == 405
    assert house.get("/companies").status_code == 200
    response = client.post(address, follow=True)
    assert "is revoked" in response.content.decode()
    assert house.get("/companies").status_code == 401
    assert "do/revoke/" not in client.get(page).content.decode()
    assert "Revoked." in client.get(f"{LIST}{house.key.pk}/history/").content.decode()
    assert "was revoked before" in client.post(address, follow=True).content.decode()


def test_only_ones_own_teamspaces_can_be_given(house: House) -> None:
    hidden = new_teamspace("Hidden")
    client = client_of(house.owner)
    assert "Hidden" not in client.get(ADD).content.decode()
    said = errors_in(client.post(ADD, filled(house, teamspaces=[house.teamspace.pk, hidden.pk])))
    assert "not one of the available choices" in said
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "required"),
        ({"teamspaces": []}, "required"),
        ({"owner": ""}, "required"),
        ({"owner": "999999"}, "valid choice"),
        ({"expires_at_0": ""}, "required"),
        ({"expires_at_0": "2020-01-01"}, "in the past"),
        ({"expires_at_0": "soon"}, "valid date"),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"requests_per_minute": "9" * 30}, "less than or equal"),
    ],
)
def test_what_cannot_be_made(changes: dict[str, Any], words: str, house: House) -> None:
    said = errors_in(client_of(house.owner).post(ADD, filled(house, **changes)))
    assert words in said
    assert not TOKEN.search(said)
    assert ApiKey.objects.count() == 1


def test_an_owner_is_a_member(house: House) -> None:
    second = new_teamspace("Second")
    second.members.add(house.owner)
    colleague = new_person("colleague", "Support", teamspaces=(house.teamspace,))
    client = client_of(house.owner)
    said = errors_in(client.post(ADD, filled(house, owner=colleague.pk, teamspaces=[house.teamspace.pk, second.pk])))
    assert "not a member of all of these" in said
    response = client.post(ADD, filled(house, owner=colleague.pk))
    assert TOKEN.search(response.content.decode())
    assert ApiKey.objects.latest("pk").owner == colleague


def test_keys_out_of_sight(house: House) -> None:
    other = new_house("Faraway")
    client = client_of(house.owner)
    listed = client.get(LIST).content.decode()
    assert house.key.prefix in listed
    assert other.key.prefix not in listed
    assert client.post(f"{LIST}{other.key.pk}/do/revoke/").status_code == 404
    other.key.refresh_from_db()
    assert other.key.revoked_at is None


def test_a_key_that_opens_more_than_one_sees(house: House) -> None:
    other = new_house("Faraway")
    root = new_person("root", "superuser")
    key, _ = new_key(root, house.teamspace, other.teamspace)
    client = client_of(house.owner)
    for page in (client.get(LIST), client.get(f"{LIST}{key.pk}/change/")):
        said = page.content.decode()
        assert "others that you do not see" in said
        assert "Faraway" not in said
    assert "Faraway" in client_of(root).get(LIST).content.decode()


def test_the_states_in_words(house: House) -> None:
    client = client_of(house.owner)
    for changes, word in (
        ({"expires_at": timezone.now() - timedelta(days=1)}, "Expired"),
        ({"revoked_at": timezone.now()}, "Revoked"),
    ):
        ApiKey.objects.update(**changes)
        assert f">{word}</span>" in client.get(LIST).content.decode()


def test_where_it_is_found(house: House) -> None:
    page = client_of(house.owner).get("/admin/").content.decode()
    assert page.index("API keys") < page.index("/admin/auth/user/")
    support = new_person("support", "Support", teamspaces=(house.teamspace,))
    assert "API keys" not in client_of(support).get("/admin/").content.decode()
    assert client_of(support).get(LIST).status_code == 403
    assert Client().get(LIST).status_code == 302
