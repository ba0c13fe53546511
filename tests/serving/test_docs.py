"""docs/OPERATIONS.md describes every setting that there is."""

import re

import pytest

from tests.support.product import ROOT

SETTINGS = (ROOT / "protoadmin" / "settings.py").read_text()
SERVING = "\n".join(path.read_text() for path in (ROOT / "protoadmin" / "serving").glob("*.py"))
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()

READ_BY_SETTINGS = set(re.findall(r'(?:\benv\.\w+|\benv|_required_key)\(\s*"([A-Z][A-Z0-9_]*)"', SETTINGS))
READ_BY_SERVING = set(re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z][A-Z0-9_]*)"', SERVING)) - {"PYTHONPATH"}
DESCRIBED = set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", OPERATIONS, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(READ_BY_SETTINGS | READ_BY_SERVING))
def test_every_setting_is_described(name: str) -> None:
    assert name in DESCRIBED


@pytest.mark.parametrize("name", sorted(DESCRIBED - {"LISTEN_HOST", "PYTHON"}))
def test_every_described_setting_exists(name: str) -> None:
    assert name in READ_BY_SETTINGS | READ_BY_SERVING


@pytest.mark.parametrize("name", ["LISTEN_HOST", "PYTHON"])
def test_what_make_reads_exists(name: str) -> None:
    assert name in (ROOT / "Makefile").read_text() + (ROOT / ".ci" / "venv").read_text()


def test_the_settings_that_cannot_be_missing_were_found() -> None:
    assert {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "VAR_DIR"} <= READ_BY_SETTINGS
