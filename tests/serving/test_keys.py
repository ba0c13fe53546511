"""The keys are made once, readable by their owner alone, and never touched again."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from protoadmin.serving.keys import KEYS, ensure_keys
from tests.support.product import ROOT


@pytest.fixture(autouse=True)
def no_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)


def entries(var_dir: Path) -> dict[str, str]:
    lines = (var_dir / "secrets.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_both_keys_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    assert ensure_keys(tmp_path / "var") == ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"]
    made = entries(tmp_path / "var")
    Fernet(made["FIELD_ENCRYPTION_KEYS"])
    assert len(made["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((tmp_path / "var" / "secrets.env").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secrets.env"]


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    before = (tmp_path / "secrets.env").read_bytes()
    assert ensure_keys(tmp_path) == []
    assert (tmp_path / "secrets.env").read_bytes() == before


def test_a_missing_one_is_added_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("# mine\nSECRET_KEY=kept\nFIELD_ENCRYPTION_KEYS=\nOTHER=1")
    (tmp_path / "secrets.env").chmod(0o644)
    assert ensure_keys(tmp_path) == ["FIELD_ENCRYPTION_KEYS"]
    lines = (tmp_path / "secrets.env").read_text().splitlines()
    assert lines[:3] == ["# mine", "SECRET_KEY=kept", "OTHER=1"]
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


def test_what_the_environment_gives_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEYS", "from outside")
    assert ensure_keys(tmp_path) == []
    assert not (tmp_path / "secrets.env").exists()


def test_many_starts_at_once_make_one_set(tmp_path: Path) -> None:
    env = {**os.environ, "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "protoadmin.serving.keys"]
    starts = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = [start.communicate()[0] for start in starts]
    assert [start.returncode for start in starts] == [0] * 8
    assert len([text for text in said if text]) == 1
    assert set(entries(tmp_path)) == set(KEYS)


def test_new_keys_beside_an_old_database_are_warned_about(tmp_path: Path) -> None:
    (tmp_path / "proto-admin.sqlite3").touch()
    env = {**os.environ, "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "protoadmin.serving.keys"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "cannot be read" in done.stdout
    for key in entries(tmp_path).values():
        assert key not in done.stdout
