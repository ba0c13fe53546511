"""Looking at the customers of Protocol projects and changing them behind the product's back, under `/_sandbox/`."""

from time import time
from typing import Any

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.guard import done, given, is_form
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.protocol_records import COLUMNS, customer_json
from protoadmin.sandbox.wire import Answer, Request, json_answer

PROJECT = "/_sandbox/protocol/{project_id}"
CHANGEABLE = {*COLUMNS} - {"id", "project_id"}
MOST_ADDED = 10_000


def list_customers(backend: Backend, request: Request, project_id: str) -> Answer:
    """All customers of a Protocol project, newest first."""
    _project(backend, project_id)
    found = backend.protocol.listed(project_id, limit=-1, before=None, active=None)
    return json_answer({"customers": [customer_json(row, project_id) for row in found]})


def add_customers(backend: Backend, request: Request, project_id: str) -> Answer:
    """Add `number` customers to a Protocol project, named `username` with a number behind."""
    _project(backend, project_id)
    body = given(request)
    try:
        number = int(body.get("number", 1))
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= MOST_ADDED:
        raise ApiError(422, f"number has to be a whole number from 1 to {MOST_ADDED}")
    name = str(body.get("username") or "Customer")
    first = backend.state.count("SELECT coalesce(max(n), 0) + 1 FROM protocol_customers")
    ids = [
        backend.protocol.add(project_id, {"username": f"{name}{n}", "phone_number": f"+49 30 {23_125_000 + n}"})
        for n in range(first, first + number)
    ]
    return done(request, {"ids": ids}, status=201)


def change_customer(backend: Backend, request: Request, project_id: str, customer_id: str) -> Answer:
    """Change a Protocol customer, whatever the API allows."""
    _customer(backend, project_id, customer_id)
    values: dict[str, Any] = {key: value for key, value in given(request, keep_empty=True).items() if key in CHANGEABLE}
    if is_form(request):
        values = _of_form(values)
    backend.protocol.change(project_id, customer_id, values)
    return done(request, _customer(backend, project_id, customer_id))


def _of_form(values: dict[str, str]) -> dict[str, Any]:
    """Return what a form of the page says as columns: an empty name is none, and who is terminated was so now."""
    found: dict[str, Any] = {key: value or None for key, value in values.items()}
    if "is_flagged" in found:
        found["is_flagged"] = found["is_flagged"] == "true"
    if "status" in found:
        found["terminated_at"] = int(time()) if found["status"] == "terminated" else None
    return found


def delete_customer(backend: Backend, request: Request, project_id: str, customer_id: str) -> Answer:
    """Remove a Protocol customer."""
    _customer(backend, project_id, customer_id)
    backend.protocol.delete(project_id, customer_id)
    return done(request, {"id": customer_id})


def _project(backend: Backend, project_id: str) -> None:
    if all(project["project_id"] != project_id for project in backend.protocol.projects()):
        raise ApiError(404, "No such Protocol project")


def _customer(backend: Backend, project_id: str, customer_id: str) -> dict[str, Any]:
    row = backend.protocol.one(project_id, customer_id)
    if row is None:
        raise ApiError(404, f"No Protocol customer {customer_id} in {project_id}")
    return customer_json(row, project_id)


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", PROJECT + "/customers", list_customers),
    ("POST", PROJECT + "/customers", add_customers),
    ("POST", PROJECT + "/customers/{customer_id}", change_customer),
    ("POST", PROJECT + "/customers/{customer_id}/delete", delete_customer),
]
