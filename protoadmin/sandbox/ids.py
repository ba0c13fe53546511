"""Ids and times in the form that the platform uses."""

import os
from datetime import UTC, datetime
from random import Random
from time import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(*, at: float | None = None, rng: Random | None = None) -> str:
    """A ULID: 48 bits of milliseconds and 80 random bits, 26 characters. With `rng` it is deterministic."""
    milliseconds = int((time() if at is None else at) * 1000)
    noise = int.from_bytes(os.urandom(10)) if rng is None else rng.getrandbits(80)
    number = milliseconds << 80 | noise
    return "".join([ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)])


def timestamp(at: float | None = None) -> str:
    """A UTC time as the platform writes it."""
    moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
