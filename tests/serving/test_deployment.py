"""docs/DEPLOYMENT.md and the files beside it hold together, with the settings, the commands and the metrics."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from protoadmin.health.metrics import exposition
from tests.serving.test_docs import READ_BY_SERVING, READ_BY_SETTINGS
from tests.support.product import ROOT
from tests.support.servers import free_port

FOLDER = ROOT / "docs" / "deploy"
GUIDE = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
FILES = sorted(path.name for path in FOLDER.iterdir())
UNITS = sorted(FOLDER.glob("*.service")) + sorted(FOLDER.glob("*.timer"))
NGINX = shutil.which("nginx")
CADDY = shutil.which("caddy")
SYSTEMD = shutil.which("systemd-analyze")


def settings_in(text: str) -> set[str]:
    """Return the settings that a unit or an environment file sets, also those that are commented out."""
    lines = re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE)
    return {*lines, *re.findall(r"(?:/usr/bin/env|\S=\S+) ([A-Z][A-Z_]+)=", text)}


def commands_in(text: str) -> list[list[str]]:
    """Return the management commands in a text, with their arguments."""
    found = re.findall(r"(?:manage\.py|proto-admin-manage) ([a-z_]+[^`\n|;)\"]*)", text)
    return [shlex.split(line.split(" > ")[0]) for line in found]


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_spoken_of(name: str) -> None:
    # The backup's two are installed by one pattern.
    stem = name.rpartition(".")[0] if name.startswith("proto-admin-backup") else name
    assert stem in GUIDE


def test_every_file_that_is_spoken_of_is_there() -> None:
    links = re.findall(r"\]\((deploy/[^)]+)\)", GUIDE) + re.findall(r"docs/(deploy/[\w.-]+\w)(?=\s)", GUIDE)
    assert len(links) > 5
    for link in links:
        assert (ROOT / "docs" / link).exists(), link


@pytest.mark.parametrize("name", ["proto-admin.env", *(path.name for path in UNITS)])
def test_every_setting_exists(name: str) -> None:
    found = settings_in((FOLDER / name).read_text())
    assert found <= READ_BY_SETTINGS | READ_BY_SERVING
    assert found or name not in {"proto-admin.env", "proto-admin-webhooks.service"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_no_unit_sets_what_its_file_would_overrule(path: Path) -> None:
    assert "\nEnvironment=" not in path.read_text()


@pytest.mark.parametrize("name", ["DEPLOYMENT.md", *(f"deploy/{path.name}" for path in UNITS)])
def test_every_command_and_option_exists(name: str) -> None:
    apps = get_commands()
    for command, *arguments in commands_in((ROOT / "docs" / name).read_text()):
        app = apps[command]
        parser = load_command_class(app, command).create_parser("manage.py", command) if isinstance(app, str) else None
        options = set() if parser is None else {text for action in parser._actions for text in action.option_strings}
        assert {word for word in arguments if word.startswith("--")} <= options, (command, arguments)


def test_commands_were_found_at_all() -> None:
    found = {command for command, *_ in commands_in(GUIDE)}
    assert {"copy_database", "backup_database", "serve", "migrate", "reencrypt_secrets"} <= found
    serves = [words for path in UNITS for words in commands_in(path.read_text()) if words[0] == "serve"]
    assert ["serve", "--worker-only"] in serves
    assert len(serves) == 4


@pytest.mark.django_db
def test_alarms_are_about_metrics_that_exist() -> None:
    wanted = set(re.findall(r"\bproto_admin_\w+", (FOLDER / "proto-admin-alerts.yml").read_text()))
    there = set(re.findall(r"^# HELP (\w+)", exposition().decode(), re.MULTILINE))
    assert len(wanted) > 4
    assert wanted <= there


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(path: Path, tmp_path: Path) -> None:
    assert SYSTEMD is not None
    for unit in UNITS:
        # Programs have to be there: any one will do.
        text = unit.read_text().replace("/srv/proto-admin/.venv/bin/python", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    command = [SYSTEMD, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / path.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
def test_caddy_takes_its_file() -> None:
    assert CADDY is not None
    command = [CADDY, "validate", "--adapter", "caddyfile", "--config", str(FOLDER / "Caddyfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    assert NGINX is not None
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subject = ["-subj", "/CN=admin.example.com", "-days", "1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=True)
    site = (FOLDER / "nginx.conf").read_text().replace("/etc/letsencrypt/live/admin.example.com", str(tmp_path))
    # It tries to listen: on ports that anybody may have.
    for port in ("80", "443"):
        site = re.sub(rf"listen (\[::\]:)?{port}\b", rf"listen \g<1>{free_port()}", site)
    (tmp_path / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {tmp_path / kind};" for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include site.conf; }}\n"
    )
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
