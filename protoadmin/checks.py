"""System checks: settings that would fail later, somewhere else, or silently. Each has an id and a hint."""

from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from protoadmin import encryption
from protoadmin.connections.base_urls import is_loopback


def check_encryption_keys(**kwargs: Any) -> list[CheckMessage]:
    """Find malformed keys before the first secret is written or read."""
    try:
        encryption.cipher()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Make a key: python -c 'from cryptography.fernet import Fernet; "
                "print(Fernet.generate_key().decode())'. Keep the old ones behind it.",
                id="protoadmin.E001",
            )
        ]
    return []


def check_public_url(**kwargs: Any) -> list[CheckMessage]:
    """Find a public address that is none, or over which logins would travel in the clear."""
    try:
        parts = urlsplit(settings.PUBLIC_URL)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        return [
            Error(
                "PUBLIC_URL is not a web address.",
                hint="Give the address under which people reach the product, such as https://admin.example.com.",
                id="protoadmin.E002",
            )
        ]
    if parts.scheme == "http" and not settings.DEBUG and not is_loopback(host):
        return [
            Warning(
                "PUBLIC_URL is not https: passwords and webhooks would travel in the clear.",
                hint="Put a TLS proxy before the product and give its https address. Cookies are then kept to https.",
                id="protoadmin.W001",
            )
        ]
    return []


def check_database(**kwargs: Any) -> list[CheckMessage]:
    """Find an SQLite database that web server and workers could not share."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3") and ":memory:" in str(database["NAME"]):
        return [
            Error(
                "DATABASE_URL is an SQLite database in memory: every process would have one of its own.",
                hint="Leave DATABASE_URL empty for a file in var/, or give the URL of a PostgreSQL database.",
                id="protoadmin.E003",
            )
        ]
    return []


def check_phone_region(**kwargs: Any) -> list[CheckMessage]:
    """Find a region that no phone number would be read in."""
    region = settings.PHONE_DEFAULT_REGION
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        return [
            Error(
                f"PHONE_DEFAULT_REGION is {region!r}, which is no region.",
                hint="Give two capital letters, such as AT or PH, or leave it empty.",
                id="protoadmin.E004",
            )
        ]
    return []


CHECKS = (check_encryption_keys, check_public_url, check_database, check_phone_region)
