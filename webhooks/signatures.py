"""The signature of a delivery (seed 004, "Signature"): HMAC-SHA1 over the raw body with the channel's secret.

The documents do not say how it is written, so hex in either case, hex after `sha1=`, and base64 are all accepted.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "HTTP_X_PROTO_SIGNATURE"
LONGEST = 64


def sign(secret: bytes, body: bytes) -> str:
    """Return the signature in hex, as we write it ourselves."""
    return hmac.new(secret, body, hashlib.sha1).hexdigest()


def is_good(given: str, body: bytes, secrets: Iterable[bytes]) -> bool:
    """Tell whether `given` (the header as WSGI decodes it) signs the body with one of the secrets, in constant time."""
    if not given or len(given) > LONGEST or not given.isascii():
        return False
    value = given.strip()
    if value[:5].lower() == "sha1=":
        value = value[5:]
    as_hex, as_base64 = value.lower().encode(), value.rstrip("=").encode()
    good = False
    for secret in secrets:
        digest = hmac.digest(secret, body, "sha1")
        good |= hmac.compare_digest(as_hex, digest.hex().encode())
        good |= hmac.compare_digest(as_base64, base64.b64encode(digest).rstrip(b"="))
    return good
