"""The settings in a process of their own: what they refuse to start with, and their defaults."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"SECRET_KEY": "k" * 50, "FIELD_ENCRYPTION_KEYS": "dGVzdHMtYWxvbmUtdGVzdHMtYWxvbmUtdGVzdHMtYWw="}


def load(tmp_path: Path, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings with these variables and nothing else, and run a line of code."""
    program = f"from django.conf import settings; settings.SECRET_KEY; {code}"
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "protoadmin.settings"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env | variables, capture_output=True, text=True, check=False
    )


def shown(tmp_path: Path, expression: str, **variables: str) -> str:
    """Return what an expression prints under these variables."""
    done = load(tmp_path, f"print(({expression}))", **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_refuses_to_start_without_a_key(tmp_path: Path, missing: str) -> None:
    done = load(tmp_path, **{name: key for name, key in KEYS.items() if name != missing})
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {missing} is not set." in done.stderr
    assert "make serve" in done.stderr


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_debug_has_to_be_asked_for(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, DEBUG=value or "False").returncode != 0


def test_debug_alone_is_enough(tmp_path: Path) -> None:
    assert shown(tmp_path, "settings.DEBUG", DEBUG="1") == "True"


def test_keys_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("".join(f"{name}={key}\n" for name, key in KEYS.items()))
    assert shown(tmp_path, "settings.DEBUG, settings.FIELD_ENCRYPTION_KEYS") == str(
        (False, [KEYS["FIELD_ENCRYPTION_KEYS"]])
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("SECRET_KEY=from-the-file\nFIELD_ENCRYPTION_KEYS=a\n")
    assert shown(tmp_path, "settings.SECRET_KEY", SECRET_KEY="from-the-environment") == "from-the-environment"


def test_several_keys_newest_first(tmp_path: Path) -> None:
    assert shown(tmp_path, "settings.FIELD_ENCRYPTION_KEYS", SECRET_KEY="k", FIELD_ENCRYPTION_KEYS=" new, old ,") == (
        "['new', 'old']"
    )


@pytest.mark.parametrize(
    ("url", "secure"), [("https://admin.example.com", "True"), ("http://127.0.0.1:8000", "False"), ("", "False")]
)
def test_https_makes_cookies_secure(tmp_path: Path, url: str, secure: str) -> None:
    variables = {**KEYS, **({"PUBLIC_URL": url} if url else {})}
    code = "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0"
    assert shown(tmp_path, code, **variables) == f"({secure}, {secure}, {secure})"


def test_a_setting_of_sqlite_that_does_not_exist(tmp_path: Path) -> None:
    done = load(tmp_path, SQLITE_SYNCHRONOUS="OFF", **KEYS)
    assert done.returncode != 0
    assert "FULL or NORMAL" in done.stderr


def test_sqlite_is_set_up_for_a_server(tmp_path: Path) -> None:
    code = (
        "import django\ndjango.setup()\nfrom django.db import connection as c\n"
        "print([c.cursor().execute('PRAGMA ' + name).fetchone()[0] for name in ('journal_mode', 'synchronous')])\n"
        "print(settings.DATABASES['default']['OPTIONS']['transaction_mode'])"
    )
    done = load(tmp_path, code, **KEYS)
    assert done.stdout.split("\n")[:2] == ["['wal', 2]", "IMMEDIATE"], done.stderr
