"""The Protocol customers API. Documented in seed 002; every function returns a request and sends nothing.

Requests are form-encoded, as in the document's curl lines. Paging is read into it from the public template that the
document stems from: `limit` up to 100, `starting_after=<last id>`.
"""

from __future__ import annotations

from typing import Any

from protoadmin.clients.auth import BearerAuth, usable_secret
from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.paths import path_segment
from protoadmin.clients.transport import Client, Request, Timeouts

DEFAULT_BASE_URL = "https://api.protocol.chat"
MOST_PER_PAGE = 100
_CUSTOMERS = "/v1/customers"


def client(base_url: str, token: str, **timeouts: float) -> Client:
    """Return a client for one project: `Authorization: Bearer {token}` (seed 002).

    `timeouts` are seconds: connect, read, total. Raises InvalidBaseUrl and UnusableSecret.
    """
    secret = usable_secret(token)
    return Client(base_url, auth=BearerAuth(secret), secrets=(secret,), timeouts=Timeouts(**timeouts))


def list_customers(
    *, limit: int = MOST_PER_PAGE, starting_after: str | None = None, active: bool | None = None
) -> Request:
    """List customers (seed 002, "List all customers"). Reads `{"has_more", "data": [{"id", …}]}`.

    `limit` is 1 to 100 (the remote's default is 10); `starting_after` is the id of the last one of the page before.
    """
    if not 1 <= limit <= MOST_PER_PAGE:
        raise ValueError(f"limit must be 1 to {MOST_PER_PAGE}.")
    params = {"limit": str(limit)}
    if starting_after:
        params["starting_after"] = starting_after
    if active is not None:
        params["active"] = "true" if active else "false"
    return Request("protocol_list", "GET", _CUSTOMERS, params=params, read=_page)


def create_customer(
    *, username: str, phone_number: str, avatar_url: str | None = None, display_name: str | None = None
) -> Request:
    """Create a customer (seed 002, "Create a customer"). Reads a customer; not idempotent.

    ValueError for what is missing.
    """
    if not username.strip() or not phone_number.strip():
        raise ValueError("A Protocol customer needs a username and a phone number.")
    given = {
        "username": username,
        "phone_number": phone_number,
        "avatar_url": avatar_url,
        "display_name": display_name,
    }
    form = {name: value for name, value in given.items() if value}
    return Request("protocol_create", "POST", _CUSTOMERS, form=form, read=_customer)


def get_customer(protocol_id: str) -> Request:
    """Retrieve a customer (seed 002). Reads a customer; raises UnsafeIdentifier."""
    return Request("protocol_get", "GET", _one(protocol_id), read=_customer)


def update_customer(protocol_id: str, *, display_name: str) -> Request:
    """Update a customer: the display name alone can be changed (seed 002). Reads a customer."""
    return Request("protocol_update", "PATCH", _one(protocol_id), form={"display_name": display_name}, read=_customer)


def delete_customer(protocol_id: str) -> Request:
    """Delete a customer and the conversation with them (seed 002). The answer may be anything."""
    return Request("protocol_delete", "DELETE", _one(protocol_id))


def _one(protocol_id: str) -> str:
    return f"{_CUSTOMERS}/{path_segment(protocol_id)}"


def _customer(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"]:
        raise UnexpectedShape("a customer without an id")
    return data


def _page(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise UnexpectedShape("a page without data")
    for item in data["data"]:
        _customer(item)
    return data
