"""The Protocol customers API: seed 002. Bodies are forms, tokens are bearer tokens.

A refusal is `{"type", "message", "documentation_url"}`: 401 without a project's token, 404 for a customer that is not
there, 400 for what cannot be.
"""

import hmac
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.protocol_records import customer_json
from protoadmin.sandbox.wire import Answer, Request, json_answer

CUSTOMERS = "/v1/customers"
DOCUMENTATION = "https://protocol.chat/docs/errors"
LISTED, MOST_LISTED = 10, 100
LONGEST = 300
TYPES = {400: "invalid_request", 401: "authentication_error", 404: "not_found", 409: "conflict"}
FORM = "application/x-www-form-urlencoded"
CREATED_WITH = ("username", "phone_number", "avatar_url", "display_name")


def refused_its_way(handler: Callable[..., Answer]) -> Handler:
    """Give what a handler refuses the shape of this API."""

    @wraps(handler)
    def answer(backend: Backend, request: Request, **parameters: str) -> Answer:
        try:
            return handler(backend, request, _project(backend, request), **parameters)
        except ApiError as error:
            body = {
                "type": TYPES.get(error.status, "api_error"),
                "message": str(error.detail),
                "documentation_url": f"{DOCUMENTATION}/{TYPES.get(error.status, 'api_error')}",
            }
            return json_answer(body, status=error.status)

    return answer


def _project(backend: Backend, request: Request) -> str:
    """The project whose token this is."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    for project in backend.protocol.projects():
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), project["token"].encode()):
            return str(project["project_id"])
    raise ApiError(401, "The access token is missing or wrong.")


@refused_its_way
def list_customers(backend: Backend, request: Request, project: str) -> Answer:
    """List all customers, newest first: `limit` (10; at most 100), `starting_after`, `active` (seed 002)."""
    args = request.args()
    after = args.get("starting_after")
    last = _customer(backend, project, after, status=400) if after else None
    limit = _limit(args.get("limit"))
    active = {"true": True, "1": True, "false": False, "0": False}.get(args.get("active", "").lower())
    found = backend.protocol.listed(project, limit=limit + 1, before=last["n"] if last else None, active=active)
    data = [customer_json(row, project) for row in found[:limit]]
    return json_answer({"has_more": len(found) > limit, "data": data})


@refused_its_way
def create_customer(backend: Backend, request: Request, project: str) -> Answer:
    """Create a customer: username and phone number are required, a username is taken once (seed 002)."""
    form = _form(request)
    values = {name: form[name] for name in CREATED_WITH if form.get(name)}
    for name in ("username", "phone_number"):
        if not values.get(name, "").strip():
            raise ApiError(400, f"{name} is required.")
    if backend.protocol.named(project, values["username"]):
        raise ApiError(409, f"There is a customer with the username {values['username']} already.")
    customer_id = backend.protocol.add(project, values)
    return json_answer(customer_json(_customer(backend, project, customer_id), project), effect=True)


@refused_its_way
def get_customer(backend: Backend, request: Request, project: str, customer_id: str) -> Answer:
    """Retrieve a customer (seed 002)."""
    return json_answer(customer_json(_customer(backend, project, customer_id), project))


@refused_its_way
def update_customer(backend: Backend, request: Request, project: str, customer_id: str) -> Answer:
    """Update a customer: the display name, and nothing else, can be changed; an empty one is none (seed 002)."""
    _customer(backend, project, customer_id)
    form = _form(request)
    if unknown := sorted(form.keys() - {"display_name"}):
        raise ApiError(400, f"{', '.join(unknown)} cannot be changed, only display_name can.")
    if "display_name" in form:
        backend.protocol.change(project, customer_id, {"display_name": form["display_name"] or None})
    return json_answer(customer_json(_customer(backend, project, customer_id), project), effect=True)


@refused_its_way
def delete_customer(backend: Backend, request: Request, project: str, customer_id: str) -> Answer:
    """Delete a customer, and the conversation with them (seed 002). The answer has no body: the seed shows none."""
    _customer(backend, project, customer_id)
    backend.protocol.delete(project, customer_id)
    return Answer(204, effect=True)


def _customer(backend: Backend, project: str, customer_id: str, status: int = 404) -> sqlite3.Row:
    row = backend.protocol.one(project, customer_id)
    if row is None:
        raise ApiError(status, f"No such customer: {customer_id}")
    return row


def _limit(text: str | None) -> int:
    if text is None:
        return LISTED
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_LISTED):
        raise ApiError(400, f"limit has to be a whole number from 1 to {MOST_LISTED}.")
    return int(text)


def _form(request: Request) -> dict[str, Any]:
    if request.body and request.media_type != FORM:
        raise ApiError(400, f"The body has to be {FORM}.")
    try:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    except ValueError:
        raise ApiError(400, "The body has to be UTF-8.") from None
    if too_long := [name for name, value in form.items() if len(value) > LONGEST and name != "avatar_url"]:
        raise ApiError(400, f"{too_long[0]} may have {LONGEST} characters.")
    return form


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", CUSTOMERS, list_customers),
    ("POST", CUSTOMERS, create_customer),
    ("GET", CUSTOMERS + "/{customer_id}", get_customer),
    ("PATCH", CUSTOMERS + "/{customer_id}", update_customer),
    ("DELETE", CUSTOMERS + "/{customer_id}", delete_customer),
]
