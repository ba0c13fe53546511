"""What has to be true before the product is started: database, static files, a first login."""

import fcntl
import hashlib
import importlib.metadata
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection

from protoadmin.serving.problems import ServeError

FIRST_LOGIN = "admin"
MIGRATION_LOCK = 7_052_019
"""Any number: the same for every `serve` on one PostgreSQL database."""


@contextmanager
def one_at_a_time(var_dir: Path) -> Iterator[None]:
    """Let one `serve` prepare at a time: on this data folder, and on a PostgreSQL shared by several machines."""
    with (var_dir / "prepare.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_database() -> None:
    """Bring the tables up to date."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise ServeError(f"The database does not answer (DATABASE_URL): {str(error).strip()}") from None
    is_shared = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_shared:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            if is_shared:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


class StaticFiles:
    """Collect the static files under hashed names, only when one of them, or a version, has changed."""

    def __init__(self) -> None:
        self._stamp = Path(settings.STATIC_ROOT) / ".sources"
        self._process: subprocess.Popen[str] | None = None
        self._fingerprint = ""

    def start(self, manage: list[str]) -> None:
        """Begin, beside whatever else is to be done."""
        if settings.DEBUG:
            return
        self._fingerprint = _fingerprint_of_sources()
        if self._stamp.is_file() and self._stamp.read_text() == self._fingerprint:
            return
        self._process = subprocess.Popen(
            [*manage, "collectstatic", "--noinput", "--verbosity", "0"],
            env={**os.environ, "COLLECTING_STATIC": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self) -> None:
        """Wait until it is done."""
        if self._process is None:
            return
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise ServeError(f"The static files could not be collected:\n{output.strip()}")
        self._stamp.write_text(self._fingerprint)

    def abandon(self) -> None:
        """Stop it, when the start is given up."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _fingerprint_of_sources() -> str:
    digest = hashlib.sha256()
    for package in ("django", "whitenoise", "django-unfold"):
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            digest.update(path.encode() + b"\0")
            digest.update(hashlib.sha256(Path(storage.path(path)).read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Login:
    """Who can log in, as far as `serve` knows."""

    name: str
    password: str
    is_new: bool


def first_login(var_dir: Path) -> Login:
    """Return the first administrator; made, with a password in var/login.txt, when there is none."""
    users = get_user_model()._default_manager
    path = var_dir / "login.txt"
    known = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if known is not None:
        password = _password_in(path, known.get_username())
        return Login(known.get_username(), password if known.check_password(password) else "", is_new=False)
    password = secrets.token_urlsafe(12)
    # The file first: a login whose password nobody has would be there for ever.
    _write_private(path, f"login: {FIRST_LOGIN}\npassword: {password}\n")
    _make_superuser(password)
    return Login(FIRST_LOGIN, password, is_new=True)


def _make_superuser(password: str) -> None:
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: FIRST_LOGIN}).first() or model()
    if not isinstance(user, AbstractUser):
        raise ServeError("The user model has no superusers; make one by hand.")
    user.username = FIRST_LOGIN
    user.is_superuser = user.is_staff = user.is_active = True
    user.set_password(password)
    user.save()


def _password_in(path: Path, name: str) -> str:
    try:
        lines = dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
    except OSError:
        return ""
    return lines.get("password", "") if lines.get("login") == name else ""


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def manage_command() -> list[str]:
    """Return the start of a command line that runs a management command with this Python."""
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
