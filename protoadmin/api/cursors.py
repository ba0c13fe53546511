"""The `after` of a page: a place in the walk that is ours, and of this very list."""

import base64
import hmac
from hashlib import sha256

from django.conf import settings

from protoadmin.api.sources import Place

_SEAL = 9


def cursor_of(place: Place, purpose: str) -> str:
    """Return the cursor behind which the next page begins."""
    plain = ".".join(str(part) for part in place).encode()
    return base64.urlsafe_b64encode(_seal(plain, purpose) + plain).decode().rstrip("=")


def place_of(cursor: str, purpose: str) -> Place | None:
    """Return the place of a cursor; None for what was not given out for this list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        return None
    seal, plain = raw[:_SEAL], raw[_SEAL:]
    if not hmac.compare_digest(seal, _seal(plain, purpose)):
        return None
    source, scope, row = plain.split(b".")
    return int(source), int(scope), int(row)


def _seal(plain: bytes, purpose: str) -> bytes:
    key = f"api.cursor:{purpose}:{settings.SECRET_KEY}".encode("utf-8", "backslashreplace")
    return hmac.digest(key, plain, sha256)[:_SEAL]
