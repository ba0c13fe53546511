"""The command after a rotation of keys."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from protoadmin.connections.management.commands import reencrypt_secrets
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.encryption import with_newest_key

pytestmark = pytest.mark.django_db

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


def run() -> str:
    """Run the command; return what it says, or raises with it."""
    out = StringIO()
    try:
        call_command("reencrypt_secrets", stdout=out, stderr=out)
    except CommandError as error:
        raise CommandError(out.getvalue() + str(error)) from error
    return out.getvalue()


def make(settings: Settings, key: str, name: str = "A", **more: Any) -> Teamspace:
    """Make a teamspace whose secret is encrypted with this key."""
    settings.FIELD_ENCRYPTION_KEYS = [key]
    return Teamspace.objects.create(name=name, subcompany_id=name, **{"takeover_secret": f"secret-{name}", **more})


def ciphertexts() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT takeover_secret FROM connections_teamspace ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_everything_has_the_newest_key_afterwards(settings: Settings) -> None:
    place = make(settings, OLD)
    Channel.objects.create(
        name="C", channel_id="c", teamspace=place, access_token="token", secret="signing", previous_secret=""
    )
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    said = run()
    assert "connections.Teamspace.takeover_secret: 1 re-encrypted, 0 had the newest key already." in said
    assert "connections.Channel.secret: 1 re-encrypted" in said
    assert "connections.Channel.previous_secret: 0 re-encrypted" in said
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert Teamspace.objects.get().takeover_secret == "secret-A"
    channel = Channel.objects.get()
    assert (channel.access_token, channel.secret, channel.previous_secret) == ("token", "signing", "")


def test_running_it_twice_changes_nothing(settings: Settings) -> None:
    make(settings, OLD)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    run()
    before = ciphertexts()
    assert "takeover_secret: 0 re-encrypted, 1 had the newest key already." in run()
    assert ciphertexts() == before


def test_several_batches(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencrypt_secrets, "BATCH", 3)
    for number in range(8):
        make(settings, OLD, f"A{number}", takeover_secret="" if number == 4 else f"s{number}")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert "takeover_secret: 7 re-encrypted" in run()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    found = Teamspace.objects.order_by("name").values_list("takeover_secret", flat=True)
    assert list(found) == ["s0", "s1", "s2", "s3", "", "s5", "s6", "s7"]


def test_a_secret_that_no_key_opens_is_named_and_kept(settings: Settings) -> None:
    lost, good = make(settings, LOST, "Lost"), make(settings, OLD, "Good")
    before = ciphertexts()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError) as caught:
        run()
    said = str(caught.value)
    assert f"connections.Teamspace.takeover_secret of row {lost.pk}: none of the keys opens it." in said
    assert "1 re-encrypted" in said
    assert "1 not re-encrypted. Keep every key" in said
    assert before[0] not in said
    assert "secret-" not in said
    assert f"row {good.pk}:" not in said
    assert ciphertexts()[0] == before[0]
    assert ciphertexts()[1] != before[1]


def test_a_secret_that_is_entered_meanwhile_is_not_undone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reading and the writing of a row somebody saves a new secret; the new one stays."""
    place = make(settings, OLD)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    rotated: list[str] = []

    def while_somebody_saves(ciphertext: str) -> str:
        if not rotated:
            Teamspace.objects.filter(pk=place.pk).update(takeover_secret="entered meanwhile")
        rotated.append(ciphertext)
        return with_newest_key(ciphertext)

    monkeypatch.setattr(reencrypt_secrets, "with_newest_key", while_somebody_saves)
    run()
    assert len(rotated) == 2
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert Teamspace.objects.get().takeover_secret == "entered meanwhile"
