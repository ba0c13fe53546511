"""The pages Connections: write-only secrets, members, whose rows, deactivation."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import Settings

from protoadmin.connections.models import Channel, Teamspace
from protoadmin.outbox.models import Call, Gate
from protoadmin.staff.roles import ADMINISTRATOR, SUPPORT
from tests.access.people import client_of, new_person
from tests.base.acme import Acme, listing, page, panel, text_of

NEW_SECRET = "brand-new-secret"


def teamspace_fields(place: Teamspace | None = None, **changes: Any) -> dict[str, Any]:
    """Return what a teamspace's page posts, with changes; None leaves a field out."""
    fields: dict[str, Any] = {
        "name": place.name if place else "New",
        "subcompany_id": place.subcompany_id if place else "new-id",
        "takeover_secret": "",
        "base_url": place.base_url if place else "https://example.com/api",
        "requests_per_minute": "",
        "is_active": "on",
        "members": list(place.members.values_list("pk", flat=True)) if place else [],
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def channel_fields(place: Teamspace, **changes: Any) -> dict[str, Any]:
    """Return what the page of a new channel posts, with changes."""
    return {
        "name": "Web chat",
        "teamspace": place.pk,
        "channel_id": "channel-1",
        "access_token": "channel-token",
        "secret": "channel-signing",
        "previous_secret": "",
        "base_url": "https://gw.example.com",
        "default_language": "en",
        "requests_per_minute": "",
        "is_active": "on",
    } | changes


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_the_secret_is_in_no_page(acme: Acme) -> None:
    secret, client = acme.teamspace.takeover_secret, acme.administrator()
    shown = client.get(page(acme.teamspace))
    refused = client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, name="", takeover_secret=NEW_SECRET))
    assert errors_of(refused)["name"]
    for response in (
        shown,
        refused,
        client.get(listing(Teamspace)),
        client.get(panel(acme.teamspace, "connection")),
        client.get(reverse("admin:connections_teamspace_history", args=[acme.teamspace.pk])),
    ):
        body = response.content.decode()
        assert response.status_code == 200
        assert secret not in body
        assert NEW_SECRET not in body
        assert "gAAAA" not in body


def test_the_secrets_of_a_new_channel_are_not_echoed(acme: Acme) -> None:
    client = acme.administrator()
    refused = client.post(reverse("admin:connections_channel_add"), channel_fields(acme.teamspace, channel_id=""))
    assert errors_of(refused)["channel_id"]
    assert "channel-token" not in refused.content.decode()
    assert "channel-signing" not in refused.content.decode()


def test_a_new_secret_is_kept_and_an_empty_one_keeps_it(acme: Acme) -> None:
    client = acme.administrator()
    assert (
        client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, takeover_secret=NEW_SECRET)).status_code
        == 302
    )
    assert Teamspace.objects.get(pk=acme.teamspace.pk).takeover_secret == NEW_SECRET
    set_at = Teamspace.objects.get(pk=acme.teamspace.pk).secrets_set_at["takeover_secret"]
    assert client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, name="Renamed")).status_code == 302
    after = Teamspace.objects.get(pk=acme.teamspace.pk)
    assert (after.name, after.takeover_secret) == ("Renamed", NEW_SECRET)
    assert after.secrets_set_at["takeover_secret"] == set_at


@pytest.mark.parametrize("value", [" ", "\t", None])
def test_blanks_and_a_missing_input_keep_the_secret(acme: Acme, value: str | None) -> None:
    before = acme.teamspace.takeover_secret
    fields = teamspace_fields(acme.teamspace, takeover_secret=value)
    assert acme.administrator().post(page(acme.teamspace), fields).status_code == 302
    after = Teamspace.objects.get(pk=acme.teamspace.pk)
    assert after.takeover_secret == before
    assert after.secrets_set_at == {}


def test_the_page_says_when_it_was_last_set(acme: Acme) -> None:
    client = acme.administrator()
    assert "Set before times were kept. Empty keeps it." in text_of(client.get(page(acme.teamspace)))
    client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, takeover_secret=NEW_SECRET))
    set_at = Teamspace.objects.get(pk=acme.teamspace.pk).secrets_set_at["takeover_secret"]
    assert f"Set {set_at[:10]} {set_at[11:16]} UTC. Empty keeps it." in text_of(client.get(page(acme.teamspace)))
    assert "Not set yet." in text_of(client.get(reverse("admin:connections_teamspace_add")))


def test_a_locked_secret_says_so_and_survives(acme: Acme, settings: Settings) -> None:
    keys = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    client = acme.administrator()
    assert "It cannot be read" in text_of(client.get(page(acme.teamspace)))
    assert client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, name="Renamed")).status_code == 302
    settings.FIELD_ENCRYPTION_KEYS = keys
    after = Teamspace.objects.get(pk=acme.teamspace.pk)
    assert (after.name, after.takeover_secret) == ("Renamed", acme.teamspace.takeover_secret)


def test_the_history_tells_that_a_secret_was_set_and_no_more(acme: Acme) -> None:
    client = acme.administrator()
    client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, name="Renamed", takeover_secret=NEW_SECRET))
    said = LogEntry.objects.latest("id").get_change_message()
    assert "→ Renamed" in said
    assert "Takeover secret: set anew" in said
    client.post(page(acme.teamspace), teamspace_fields(Teamspace.objects.get(pk=acme.teamspace.pk)))
    client.post(reverse("admin:connections_teamspace_add"), teamspace_fields(takeover_secret="another-new-one"))
    everything = " ".join(f"{entry.change_message} {entry.object_repr}" for entry in LogEntry.objects.all())
    assert NEW_SECRET not in everything
    assert "another-new-one" not in everything
    assert acme.teamspace.takeover_secret not in everything


def test_who_makes_a_teamspace_becomes_its_member(acme: Acme) -> None:
    client = acme.administrator()
    assert client.post(reverse("admin:connections_teamspace_add"), teamspace_fields()).status_code == 302
    made = Teamspace.objects.get(subcompany_id="new-id")
    assert list(made.members.all()) == [acme.user(ADMINISTRATOR)]
    assert client.get(page(made)).status_code == 200


def test_members_are_shown_and_changed_under_staff_alone(acme: Acme) -> None:
    administrator, root = acme.user(ADMINISTRATOR), new_person("the-root", "superuser")
    acme.teamspace.members.add(root)
    before = set(acme.teamspace.members.all())
    client = acme.administrator()
    shown = text_of(client.get(page(acme.teamspace)))
    assert administrator.username in shown
    assert "the-root" not in shown
    stranger = new_person("stranger", SUPPORT)
    fields = teamspace_fields(acme.teamspace, members=[stranger.pk])
    assert client.post(page(acme.teamspace), fields).status_code == 302
    assert set(acme.teamspace.members.all()) == before
    assert "the-root" in text_of(client_of(root).get(page(acme.teamspace)))


def test_what_belongs_to_others_is_not_there(acme: Acme, other_teamspace: Teamspace) -> None:
    theirs = Channel.objects.create(name="Theirs", channel_id="theirs", teamspace=other_teamspace)
    client = acme.administrator()
    for record in (other_teamspace, theirs):
        assert client.get(page(record)).status_code == 302
        assert client.get(panel(record, "connection")).status_code == 404
        assert client.post(page(record), teamspace_fields(name="Taken")).status_code == 302
        assert record.name not in text_of(client.get(listing(type(record))))
    other_teamspace.refresh_from_db()
    assert other_teamspace.name == "Others"


def test_a_channel_goes_to_a_teamspace_of_ones_own(acme: Acme, other_teamspace: Teamspace) -> None:
    client = acme.administrator()
    address = reverse("admin:connections_channel_add")
    assert "teamspace" in errors_of(client.post(address, channel_fields(other_teamspace)))
    assert client.post(address, channel_fields(acme.teamspace)).status_code == 302
    made = Channel.objects.get()
    assert (made.access_token, made.secret, made.previous_secret) == ("channel-token", "channel-signing", "")
    assert set(made.secrets_set_at) == {"access_token", "secret"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com", "in the clear"),
        ("https://example.com/?x=1", "no ? or # part"),
        ("https://me:pw@example.com", "user name and password"),
        ("nonsense", "full URL"),
    ],
)
def test_a_bad_base_url_is_refused_in_words(acme: Acme, url: str, words: str) -> None:
    response = acme.administrator().post(page(acme.teamspace), teamspace_fields(acme.teamspace, base_url=url))
    assert words in " ".join(errors_of(response)["base_url"])


def test_an_id_is_taken_once(acme: Acme, other_teamspace: Teamspace) -> None:
    fields = teamspace_fields(subcompany_id=other_teamspace.subcompany_id)
    response = acme.administrator().post(reverse("admin:connections_teamspace_add"), fields)
    assert "subcompany_id" in errors_of(response)


def test_connections_are_not_deleted(acme: Acme) -> None:
    address = reverse("admin:connections_teamspace_delete", args=[acme.teamspace.pk])
    assert acme.administrator().post(address, {"post": "yes"}).status_code == 403
    assert client_of(new_person("root", "superuser")).post(address, {"post": "yes"}).status_code == 403


def test_an_inactive_connection_holds_its_calls(acme: Acme) -> None:
    client = acme.administrator()
    assert client.post(page(acme.teamspace), teamspace_fields(acme.teamspace, is_active=None)).status_code == 302
    person = acme.person()
    agent = acme.client()
    agent.post(
        page(person), {**person.remote_values(), "provided_unique_id": person.provided_unique_id, "name": "Anna"}
    )
    acme.send()
    call = Call.objects.get(operation="save_customer")
    assert (call.state, call.attempts) == ("queued", 0)
    assert acme.remote.requests() == []
    shown = text_of(client.get(panel(acme.teamspace, "connection")))
    assert "Not active: what is asked for waits" in shown
    assert "1 request waiting" in shown
    client.post(page(acme.teamspace), teamspace_fields(acme.teamspace))
    Gate.objects.update(paused_until=None)
    acme.send()
    call.refresh_from_db()
    assert call.state == "done"
    assert acme.at_proto(person)["name"] == "Anna"


@pytest.mark.parametrize("role", ["Support", "Manager"])
def test_connections_are_for_administrators(acme: Acme, role: str) -> None:
    client = acme.client(role)
    assert client.get(listing(Teamspace)).status_code == 403
    assert client.get(page(acme.teamspace)).status_code == 403
    assert User.objects.get(username=role.lower()) in acme.teamspace.members.all()
