"""Short ways to send something from a test."""

from __future__ import annotations

from typing import Any

import pytest

from protoadmin.clients.auth import BearerAuth
from protoadmin.clients.errors import ApiError
from protoadmin.clients.transport import Answer, Client, Request, Timeouts

SECRET = "s3cr3t/t0ken+with=signs"
PATIENT = Timeouts(connect=5, read=5, total=10)
QUICK = Timeouts(connect=0.5, read=0.5, total=1.0)
# Seconds for which the other side keeps its mouth shut: a call that ends by its own timeout ends long before, also on a
# busy machine.
LONG = 20.0


def client_for(url: str, *, timeouts: Timeouts = PATIENT, **more: Any) -> Client:
    return Client(url, auth=BearerAuth(SECRET), secrets=(SECRET,), timeouts=timeouts, **more)


def get(url: str, path: str = "/x", **more: Any) -> Answer:
    return client_for(url, **more).send(Request("read", "GET", path))


def post(url: str, path: str = "/x", **more: Any) -> Answer:
    return client_for(url, **more).send(Request("write", "POST", path, json={"a": 1}))


def failure(call: Any, *args: Any, **more: Any) -> ApiError:
    """Return the ApiError that a call ends with; its kind is exactly what the caller compares."""
    with pytest.raises(ApiError) as caught:
        call(*args, **more)
    return caught.value
