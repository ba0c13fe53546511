"""The environment of the tests, set before the settings are read. Free of Django."""

import os
import tempfile
from pathlib import Path

# Of the machine's own environment only DATABASE_URL and REDIS_URL count: they name the servers to test with.
FOREIGN = (
    "DEBUG",
    "PORT",
    "SANDBOX_PORT",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "TRUSTED_PROXIES",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "COLLECTING_STATIC",
    "LOG_LEVEL",
    "WORKERS",
    "WEB_WORKERS",
    "WEB_THREADS",
    "PROTOADMIN_SERVE_MARK",
    "PHONE_DEFAULT_REGION",
    "CALL_RETENTION_DAYS",
    "RUN_FILE_RETENTION_DAYS",
)
KEYS = {
    "SECRET_KEY": "a-key-for-the-tests-alone-and-nothing-else-0123456789",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtYWxvbmUtdGVzdHMtYWxvbmUtdGVzdHMtYWw=",
}


def prepare() -> tempfile.TemporaryDirectory[str]:
    """Set the environment; return the folder that stands for var/, to be removed at the end."""
    folder = tempfile.TemporaryDirectory(prefix="proto-admin-tests-")
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(KEYS)
    os.environ["VAR_DIR"] = folder.name
    os.environ["DJANGO_SETTINGS_MODULE"] = "protoadmin.settings"
    # Tests are no place to wait for the disk; what FULL is for is tested by its own test, which sets it.
    os.environ.setdefault("SQLITE_SYNCHRONOUS", "NORMAL")
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder.name) / 'proto-admin.sqlite3'}")
    return folder
