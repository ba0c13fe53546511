"""The one suite of signatures that every receiver passes, whatever way a request takes to it."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.webhooks.posting import SECRET
from tests.webhooks.ways import CHANNEL, Headers, Reply, Way, path_of

BEFORE = "the-one-before"
OTHER_CHANNEL, OTHER_SECRET = "channel-2", "the-secret-of-another"
MESSAGES = b'{"events": []}'
PROFILE = b'{"human": "human_1"}'
SIGNATURE = "X-PROTO-SIGNATURE"
OK, REFUSED = 200, 401


@dataclass(frozen=True)
class Case:
    """A way to sign, and what it is answered; `header` makes the value from the body, None sends none."""

    name: str
    header: Callable[[bytes], bytes] | None
    status: int

    def ask(self, way: Way, *, profile: bool) -> Reply:
        """Send a body that is good but for its signature, if anything."""
        body = PROFILE if profile else MESSAGES
        headers: Headers = {"Content-Type": b"application/json"}
        if self.header is not None:
            headers[SIGNATURE] = self.header(body)
        return way("POST", path_of(CHANNEL, profile=profile), body, headers)


def digest(body: bytes, secret: str = SECRET) -> bytes:
    """Return the bare digest."""
    return hmac.new(secret.encode(), body, hashlib.sha1).digest()


def _flipped(given: bytes) -> bytes:
    """Return a digest with its last bit turned over."""
    return given[:-1] + bytes([given[-1] ^ 1])


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "hex": lambda given: given.hex().encode(),
    "HEX": lambda given: given.hex().upper().encode(),
    "prefixed": lambda given: b"sha1=" + given.hex().encode(),
    "prefixed HEX": lambda given: b"SHA1=" + given.hex().upper().encode(),
    "base64": base64.b64encode,
}


def _signed(write: Callable[[bytes], bytes], secret: str, flip: bool) -> Callable[[bytes], bytes]:
    return lambda body: write(_flipped(digest(body, secret)) if flip else digest(body, secret))


def _each_spelling() -> Iterator[Case]:
    for how, write in WRITTEN.items():
        yield Case(how, _signed(write, SECRET, flip=False), OK)
        yield Case(f"{how}, one bit flipped", _signed(write, SECRET, flip=True), REFUSED)
        yield Case(f"{how}, previous secret", _signed(write, BEFORE, flip=False), OK)
        yield Case(f"{how}, previous secret, one bit flipped", _signed(write, BEFORE, flip=True), REFUSED)


CASES = (
    *_each_spelling(),
    Case("missing", None, REFUSED),
    Case("empty", lambda body: b"", REFUSED),
    Case("blank", lambda body: b"   ", REFUSED),
    Case("only a prefix", lambda body: b"sha1=", REFUSED),
    Case("of another channel", lambda body: digest(body, OTHER_SECRET).hex().encode(), REFUSED),
    Case("of another body", lambda body: digest(body + b" ").hex().encode(), REFUSED),
    Case("with an empty secret", lambda body: digest(body, "").hex().encode(), REFUSED),
    Case("prefixed by another algorithm", lambda body: b"sha256=" + digest(body).hex().encode(), REFUSED),
    Case("SHA-256", lambda body: hmac.new(SECRET.encode(), body, "sha256").hexdigest().encode(), REFUSED),
    Case("SHA-1 without a key", lambda body: hashlib.sha1(SECRET.encode() + body).hexdigest().encode(), REFUSED),  # noqa: S324
    Case("base64, its case changed", lambda body: base64.b64encode(digest(body)).swapcase(), REFUSED),
    Case("cut short", lambda body: digest(body).hex().encode()[:-1], REFUSED),
    Case("doubled", lambda body: digest(body).hex().encode() * 2, REFUSED),
    Case("non-ASCII", lambda body: "sïgnatüre ✓".encode(), REFUSED),
    Case("good, then non-ASCII", lambda body: digest(body).hex().encode() + b"\xff", REFUSED),
    Case("very long", lambda body: digest(body).hex().encode() + b"0" * 8000, REFUSED),
)
