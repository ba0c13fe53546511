"""The helpdesk's companies, contacts and conversations. Documented in seed 003; only the three lists are.

The answers are bare arrays of any length, without paging.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from protoadmin.clients.auth import BearerAuth, usable_secret
from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.transport import Client, Request, Timeouts

RESOURCES = ("companies", "contacts", "conversations")
# Seed 003, "Base URL": what every base URL ends with.
PATH = "/api/v1"
# Seed 003, "Rate Limits": "no more than 100 requests per minute".
REQUESTS_PER_MINUTE = 100


def client(base_url: str, api_key: str, **timeouts: float) -> Client:
    """Return a client for one account: `Authorization: Bearer {api_key}` (seed 003, Authentication).

    `base_url` ends with `/api/v1`. `timeouts` are seconds. Raises InvalidBaseUrl and UnusableSecret.
    """
    secret = usable_secret(api_key)
    return Client(base_url, auth=BearerAuth(secret), secrets=(secret,), timeouts=Timeouts(**timeouts))


def listing(resource: str, *, company_id: str | None = None) -> Request:
    """List one of RESOURCES (seed 003, API Endpoints); contacts and conversations of one company if asked.

    Reads a list of objects with `id`. ValueError for another resource, or companies of a company.
    """
    if resource not in RESOURCES:
        raise ValueError(f"{resource} is none of {', '.join(RESOURCES)}.")
    if company_id and resource == "companies":
        raise ValueError("Companies cannot be narrowed to a company.")
    params = {"companyId": company_id} if company_id else None
    return Request(resource, "GET", f"/{resource}", params=params, read=_rows(resource))


def probe() -> Request:
    """List companies and read the first one alone: the API has nothing smaller, and the list may be of any length."""
    return replace(listing("companies"), only_beginning=True)


def _rows(resource: str) -> Callable[[Any], list[dict[str, Any]]]:
    def read(data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list) or not all(isinstance(item, dict) and item.get("id") for item in data):
            raise UnexpectedShape(f"a list of {resource} with ids was expected")
        return data

    return read
