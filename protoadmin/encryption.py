"""Secrets at rest: one model field over cryptography's MultiFernet, keys from FIELD_ENCRYPTION_KEYS."""

import functools
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models


class LockedSecret(str):
    """A stored secret that none of the present keys opens: an empty string that keeps its ciphertext.

    Saving the row writes the ciphertext back unchanged, so nothing is lost while the key is looked for.
    """

    ciphertext: str

    def __new__(cls, ciphertext: str) -> "LockedSecret":
        secret = super().__new__(cls, "")
        secret.ciphertext = ciphertext
        return secret


@functools.lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS must be url-safe base64 keys of 32 bytes, newest first, separated by commas."
        ) from error


def cipher() -> MultiFernet:
    """Return the cipher for the keys in force; raises ImproperlyConfigured when one is malformed."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


def with_newest_key(ciphertext: str) -> str:
    """Return a stored secret encrypted with the newest key: itself when it is so already.

    Raises ValueError, which never holds the content, when none of the keys opens it.
    """
    try:
        token = ciphertext.encode("ascii")
        cipher().decrypt(token)
    except (InvalidToken, UnicodeEncodeError):
        raise ValueError("none of the keys opens it") from None
    try:
        _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS[:1])).decrypt(token)
    except InvalidToken:
        return cipher().rotate(token).decode("ascii")
    return ciphertext


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text that is encrypted in the database. It cannot be searched: every lookup but isnull is refused."""

    def get_prep_value(self, value: Any) -> str | None:
        """Encrypt with the newest key; an empty value stays empty."""
        if isinstance(value, LockedSecret):
            return value.ciphertext
        if value is None or value == "":
            return None if value is None else ""
        encrypted: str = cipher().encrypt(str(value).encode()).decode("ascii")
        return encrypted

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt with any of the keys; LockedSecret when none fits."""
        if not value:
            return value
        try:
            return cipher().decrypt(value.encode("ascii")).decode()
        except (InvalidToken, UnicodeEncodeError):
            return LockedSecret(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow isnull alone: ciphertext never equals anything that one could ask for."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name}.")


def encrypted_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    """Return the encrypted fields that `model` itself stores."""
    return [field for field in model._meta.local_concrete_fields if isinstance(field, EncryptedTextField)]
