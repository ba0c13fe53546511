"""Secrets at rest: never in the clear in the database, readable with every key in force, kept when none fits."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from protoadmin import encryption
from protoadmin.connections.models import Channel, Connection, ConnectionUnusable, Teamspace
from protoadmin.encryption import LockedSecret

SECRET = "open-sesame"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored(record: Connection, column: str = "takeover_secret") -> str:
    """Return the column as it is in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {record._meta.db_table} WHERE id = %s", [record.pk])  # noqa: S608
        return str(cursor.fetchone()[0])


def again(teamspace: Teamspace) -> Teamspace:
    return Teamspace.objects.get(pk=teamspace.pk)


def test_ciphertext_in_the_database(teamspace: Teamspace) -> None:
    assert SECRET not in stored(teamspace)
    assert stored(teamspace).startswith("gAAAA")
    assert again(teamspace).takeover_secret == SECRET


def test_the_same_secret_looks_different_each_time(teamspace: Teamspace) -> None:
    other = Teamspace.objects.create(name="B", subcompany_id="b", takeover_secret=SECRET)
    assert stored(teamspace) != stored(other)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_text_comes_back(teamspace: Teamspace, secret: str) -> None:
    teamspace.takeover_secret = secret
    teamspace.save()
    assert again(teamspace).takeover_secret == secret


def test_an_empty_secret_stays_empty(teamspace: Teamspace) -> None:
    Teamspace.objects.filter(pk=teamspace.pk).update(takeover_secret="")
    assert stored(teamspace) == ""
    assert again(teamspace).takeover_secret == ""
    assert not isinstance(again(teamspace).takeover_secret, LockedSecret)


def test_update_and_bulk_write_encrypt_too(teamspace: Teamspace) -> None:
    Teamspace.objects.filter(pk=teamspace.pk).update(takeover_secret="another")
    assert "another" not in stored(teamspace)
    [made] = Teamspace.objects.bulk_create([Teamspace(name="C", subcompany_id="c", takeover_secret="a third")])
    assert "a third" not in stored(made)
    made.takeover_secret = "a fourth"
    Teamspace.objects.bulk_update([made], ["takeover_secret"])
    assert "a fourth" not in stored(made)
    assert again(made).takeover_secret == "a fourth"


def test_old_keys_open_and_the_newest_one_closes(teamspace: Teamspace, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    teamspace.save()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    read = again(teamspace)
    assert read.takeover_secret == SECRET
    read.save()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert again(teamspace).takeover_secret == SECRET
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    assert isinstance(again(teamspace).takeover_secret, LockedSecret)


def test_a_locked_secret_survives_a_save(teamspace: Teamspace, settings: Settings) -> None:
    before, keys = stored(teamspace), settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    locked = again(teamspace)
    assert not locked.takeover_secret
    locked.name = "Renamed"
    locked.full_clean()
    locked.save()
    assert stored(teamspace) == before
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert (again(teamspace).name, again(teamspace).takeover_secret) == ("Renamed", SECRET)


def test_a_locked_secret_says_so_when_it_is_needed(teamspace: Teamspace, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    with pytest.raises(ConnectionUnusable, match="FIELD_ENCRYPTION_KEYS"):
        again(teamspace).reveal("takeover_secret")


def test_a_missing_secret_says_so_when_it_is_needed(teamspace: Teamspace) -> None:
    teamspace.takeover_secret = ""
    with pytest.raises(ConnectionUnusable, match="has no takeover secret"):
        teamspace.client()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda secret: pickle.loads(pickle.dumps(secret))])  # noqa: S301
def test_a_locked_secret_can_be_copied(copied: Any) -> None:
    assert copied(LockedSecret("gAAAA-cipher")).ciphertext == "gAAAA-cipher"


@pytest.mark.django_db
@pytest.mark.parametrize("garbage", ["no ciphertext", "gAAAA", "ключ"])
def test_garbage_in_the_column_is_locked_and_kept(teamspace: Teamspace, garbage: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE connections_teamspace SET takeover_secret = %s", [garbage])
    again(teamspace).save()
    assert stored(teamspace) == garbage


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["exact", "iexact", "contains", "in", "gt", "startswith", "regex"])
def test_lookups_are_refused(lookup: str) -> None:
    value: Any = [SECRET] if lookup == "in" else SECRET
    with pytest.raises(FieldError, match="encrypted"):
        Teamspace.objects.filter(**{f"takeover_secret__{lookup}": value}).exists()


def test_isnull_is_allowed(teamspace: Teamspace) -> None:
    assert Teamspace.objects.filter(takeover_secret__isnull=False).exists()


def test_not_in_repr(teamspace: Teamspace) -> None:
    teamspace.base_url = "https://example.com"
    assert SECRET not in repr(teamspace) + str(teamspace) + repr(teamspace.client())


def test_names_of_the_encrypted_fields() -> None:
    assert Teamspace.secret_names() == ["takeover_secret"]
    assert Channel.secret_names() == ["access_token", "secret", "previous_secret"]


@pytest.mark.parametrize("keys", [[], ["too short"], [OLD, "x"], ["ключ"]])
def test_malformed_keys(settings: Settings, keys: list[str]) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="FIELD_ENCRYPTION_KEYS"):
        encryption.cipher()


def test_rotating_a_ciphertext(settings: Settings) -> None:
    old = Fernet(OLD).encrypt(b"content").decode()
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    new = encryption.with_newest_key(old)
    assert Fernet(NEW).decrypt(new) == b"content"
    assert encryption.with_newest_key(new) == new
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    for unreadable in (old, "ключ", ""):
        with pytest.raises(ValueError, match="none of the keys"):
            encryption.with_newest_key(unreadable)
