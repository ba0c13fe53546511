"""System checks: each has an id and a hint, and is silent when all is well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from protoadmin import checks

ROOT = Path(__file__).resolve().parents[2]


def ids(*messages: CheckMessage) -> list[str | None]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


def test_all_is_well() -> None:
    assert [message for message in run_checks() if str(message.id).startswith("protoadmin.")] == []


@pytest.mark.parametrize("keys", [[], ["x"], ["dGVzdA=="]])
def test_malformed_encryption_keys(settings: Settings, keys: list[str]) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert ids(*checks.check_encryption_keys()) == ["protoadmin.E001"]
    assert "protoadmin.E001" in [message.id for message in run_checks()]


@pytest.mark.parametrize(
    ("url", "debug", "found"),
    [
        ("https://admin.example.com", False, []),
        ("http://127.0.0.1:8000", False, []),
        ("http://localhost:8000", False, []),
        ("http://[::1]:8000", False, []),
        ("http://admin.example.com", True, []),
        ("http://admin.example.com", False, ["protoadmin.W001"]),
        ("http://127.0.0.1.example.com", False, ["protoadmin.W001"]),
        ("http://192.168.1.5", False, ["protoadmin.W001"]),
        ("admin.example.com", False, ["protoadmin.E002"]),
        ("", False, ["protoadmin.E002"]),
        ("ftp://example.com", True, ["protoadmin.E002"]),
        ("http://[::1", True, ["protoadmin.E002"]),
    ],
)
def test_public_url(settings: Settings, url: str, debug: bool, found: list[str]) -> None:
    settings.PUBLIC_URL, settings.DEBUG = url, debug
    assert ids(*checks.check_public_url()) == found


@pytest.mark.parametrize(
    ("engine", "name", "found"),
    [
        ("sqlite3", ":memory:", ["protoadmin.E003"]),
        ("sqlite3", "file::memory:?cache=shared", ["protoadmin.E003"]),
        ("sqlite3", "/var/lib/proto.sqlite3", []),
        ("postgresql", "proto", []),
    ],
)
def test_database_in_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, engine: str, name: str, found: list[str]
) -> None:
    default: dict[str, Any] = {"ENGINE": f"django.db.backends.{engine}", "NAME": name}
    monkeypatch.setitem(settings.DATABASES, "default", default)
    assert ids(*checks.check_database()) == found


@pytest.mark.parametrize(
    ("region", "found"), [("", []), ("AT", []), ("at", ["protoadmin.E004"]), ("XX", ["protoadmin.E004"])]
)
def test_phone_region(settings: Settings, region: str, found: list[str]) -> None:
    settings.PHONE_DEFAULT_REGION = region
    assert ids(*checks.check_phone_region()) == found


def test_a_bad_key_stops_every_command(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "SECRET_KEY": "k" * 50, "FIELD_ENCRYPTION_KEYS": "bad"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "protoadmin.E001" in done.stderr
    assert "HINT" in done.stderr
