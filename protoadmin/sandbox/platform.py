"""The Developer API of the platform: seeds 000 and 001, strict about what they say.

Where they leave a body open (add-tags, add-custom-fields, create-custom-field) the reading is the one of docs and
client: `tags` and `create_if_not_exists`; `custom_fields` of `{id|name, value}`; `name, type, select_options`.
"""

import hmac
import re
import sqlite3
from typing import Any

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.fields import TYPES, field_json, misfit
from protoadmin.sandbox.problems import MISSING, ApiError, Check, Loc, read_object, refuse
from protoadmin.sandbox.records import IDENTIFIERS, WRITABLE
from protoadmin.sandbox.wire import Answer, Request, json_answer

BASE = "/api/platform"
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
ONE_OF = f"Value error, One of {', '.join(IDENTIFIERS)} must be provided"


def authorize(backend: Backend, request: Request, subcompany_id: str) -> None:
    """The bearer token has to be the teamspace's takeover secret (seed 000, Authentication)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(401, "Not authenticated", [("WWW-Authenticate", "Bearer")])
    given = token.strip().encode()
    teamspaces = backend.records.teamspaces
    known = teamspaces.get(subcompany_id)
    allowed = [known] if known else list(teamspaces.values())
    if not any(hmac.compare_digest(given, row["takeover_secret"].encode()) for row in allowed):
        raise ApiError(401, "Invalid authentication credentials", [("WWW-Authenticate", "Bearer")])
    if known is None:
        raise ApiError(404, f"Subcompany {subcompany_id} not found")


def create_ticket(backend: Backend, request: Request, subcompany_id: str) -> Answer:
    """Create a conversation for a person who is known by one of four identifiers (seed 000, Create ticket)."""
    authorize(backend, request, subcompany_id)
    check = Check(read_object(request))
    subject = check.string("subject", required=True, filled=True)
    given = {key: check.string(key, nullable=True) for key in IDENTIFIERS}
    given = {key: value for key, value in given.items() if value}
    if not given and not check.problems:
        check.fail("value_error", [], ONE_OF, check.body)
    check.done()
    found: set[str] = set()
    for key, value in given.items():
        person = backend.records.find_person(subcompany_id, key, value or "")
        if person is None:
            raise ApiError(404, f"Customer with {key} {value} not found")
        found.add(person["id"])
    if len(found) > 1:
        raise refuse("value_error", ["body"], "Value error, The identifiers belong to different customers", given)
    ticket_id = backend.records.add_ticket(subcompany_id, found.pop(), subject or "")
    return json_answer({"id": ticket_id}, effect=True)


def get_customer(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """All information of a person other than custom field values (seed 000, Get customer)."""
    authorize(backend, request, subcompany_id)
    return json_answer(backend.records.person_json(_person(backend, subcompany_id, provided_unique_id)))


def upsert_customer(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """Insert a person or change the given ones of six fields (seed 000, Insert customer)."""
    authorize(backend, request, subcompany_id)
    check = Check(read_object(request))
    values = {key: check.string(key) for key in WRITABLE if key in check.body}
    email = values.get("email")
    if email and not EMAIL.fullmatch(email):
        reason = "It must have one @-sign with a domain behind it."
        check.fail("value_error", ["email"], f"value is not a valid email address: {reason}", email, {"reason": reason})
    check.done()
    backend.records.save_person(subcompany_id, provided_unique_id, values)
    person = _person(backend, subcompany_id, provided_unique_id)
    return json_answer(backend.records.person_json(person), effect=True)


def add_tags(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """Add tags to a person, all or none; unknown ones only with create_if_not_exists (seed 000, Add tags)."""
    authorize(backend, request, subcompany_id)
    check = Check(read_object(request))
    names = check.strings("tags") or []
    create = check.flag("create_if_not_exists")
    check.done()
    person = _person(backend, subcompany_id, provided_unique_id)
    unknown = backend.records.unknown_tags(subcompany_id, names)
    if unknown and not create:
        raise ApiError(404, f"Tag not found: {', '.join(unknown)}")
    backend.records.add_tags(subcompany_id, person["id"], names)
    return json_answer(backend.records.person_json(person), effect=True)


def add_custom_fields(backend: Backend, request: Request, subcompany_id: str, provided_unique_id: str) -> Answer:
    """Set values of custom fields, each named by id or name, all or none (seed 000, Add custom fields)."""
    authorize(backend, request, subcompany_id)
    check = Check(read_object(request))
    items = [_field_item(check, item, i) for i, item in enumerate(check.items("custom_fields") or [])]
    check.done()
    person = _person(backend, subcompany_id, provided_unique_id)
    fields = [_named_field(backend, subcompany_id, item) for item in items]
    for i, (field, item) in enumerate(zip(fields, items, strict=True)):
        if wrong := misfit(field, item["value"]):
            check.fail(wrong[0], ["custom_fields", i, "value"], wrong[1], item["value"])
    check.done()
    for field, item in zip(fields, items, strict=True):
        backend.fields.set_value(person["id"], field["id"], item["value"])
    return json_answer(backend.records.person_json(person), effect=True)


def list_custom_fields(backend: Backend, request: Request, subcompany_id: str) -> Answer:
    """The definitions of a teamspace's custom fields (seed 000, List custom fields)."""
    authorize(backend, request, subcompany_id)
    return json_answer([field_json(field) for field in backend.fields.all(subcompany_id)])


def create_custom_field(backend: Backend, request: Request, subcompany_id: str) -> Answer:
    """Define a custom field; select_options if and only if the type is select (seed 001)."""
    authorize(backend, request, subcompany_id)
    check = Check(read_object(request))
    name = check.string("name", required=True, filled=True)
    type = check.string("type", required=True)
    options = check.strings("select_options", required=False, nullable=True)
    description = check.string("description", nullable=True)
    if type is not None and type not in TYPES:
        check.fail("enum", ["type"], f"Input should be {' or '.join(repr(word) for word in TYPES)}", type)
    elif type is not None and not check.problems and (type == "select") != bool(options):
        check.fail(
            "value_error",
            ["select_options"],
            "Value error, select_options must be provided if and only if type is select",
            options,
        )
    elif options is not None and (type != "select" or len(set(options)) < len(options)):
        check.fail("value_error", ["select_options"], "Value error, select_options must be unique", options)
    check.done()
    if backend.fields.by_name(subcompany_id, name or ""):
        raise ApiError(409, f"Custom field {name} already exists")
    field_id = backend.fields.add(
        subcompany_id, name=name or "", type=type or "", select_options=options, description=description
    )
    return json_answer(field_json(_field(backend, subcompany_id, field_id)), effect=True)


def delete_custom_field(backend: Backend, request: Request, subcompany_id: str, custom_field_id: str) -> Answer:
    """Delete a custom field with everybody's values (seed 000, Delete custom fields)."""
    authorize(backend, request, subcompany_id)
    field = _field(backend, subcompany_id, custom_field_id)
    backend.fields.delete(field["id"])
    return json_answer({"id": field["id"]}, effect=True)


def _person(backend: Backend, subcompany_id: str, provided_unique_id: str) -> sqlite3.Row:
    person = backend.records.person(subcompany_id, provided_unique_id)
    if person is None:
        raise ApiError(404, f"Customer {provided_unique_id} not found")
    return person


def _field(backend: Backend, subcompany_id: str, field_id: str) -> sqlite3.Row:
    field = backend.fields.by_id(field_id, subcompany_id)
    if field is None:
        raise ApiError(404, f"Custom field {field_id} not found")
    return field


def _field_item(check: Check, item: Any, i: int) -> dict[str, Any]:
    loc: Loc = [*check.loc, "custom_fields", i]
    if not isinstance(item, dict):
        check.fail("model_attributes_type", ["custom_fields", i], "Input should be a valid dictionary", item)
        return {}
    inner = Check(item, loc)
    keys = [inner.string(key, nullable=True) for key in ("id", "name")]
    if item.get("value", MISSING) is MISSING:
        inner.missing("value")
    if not any(keys) and not inner.problems:
        inner.fail("value_error", [], "Value error, One of id or name must be provided", item)
    check.problems += inner.problems
    return item


def _named_field(backend: Backend, subcompany_id: str, item: dict[str, Any]) -> sqlite3.Row:
    if item.get("id"):
        return _field(backend, subcompany_id, item["id"])
    field = backend.fields.by_name(subcompany_id, item["name"])
    if field is None:
        raise ApiError(404, f"Custom field {item['name']} not found")
    return field


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/v1/conversations/{subcompany_id}/create-ticket", create_ticket),
    ("GET", "/v1/customers/{subcompany_id}/customer/{provided_unique_id}/get-customer", get_customer),
    ("PUT", "/v1/customers/{subcompany_id}/create-customer/{provided_unique_id}", upsert_customer),
    ("PUT", "/v1/customers/{subcompany_id}/customer/{provided_unique_id}/add-tags", add_tags),
    ("PUT", "/v1/customers/{subcompany_id}/customer/{provided_unique_id}/add-custom-fields", add_custom_fields),
    ("GET", "/v1/custom-fields/{subcompany_id}/list-custom-fields", list_custom_fields),
    ("POST", "/v1/custom-fields/{subcompany_id}/create-custom-field", create_custom_field),
    (
        "DELETE",
        "/v1/custom-fields/{subcompany_id}/custom-field/{custom_field_id}/delete-custom-fields",
        delete_custom_field,
    ),
]
