"""The Proto Developer API (v3). Documented in seeds 000 and 001; what is read into them is marked at its place.

Every function returns a request and sends nothing. The answers that they read are plain JSON objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from protoadmin.clients.auth import BearerAuth, usable_secret
from protoadmin.clients.endpoints import Endpoint, Property
from protoadmin.clients.errors import UnexpectedShape
from protoadmin.clients.transport import Client, Request, Timeouts

DEFAULT_BASE_URL = "https://v3-api.proto.cx/api/platform"
CUSTOMER_FIELDS = ("external_customer_id", "name", "location", "email", "phone_number", "avatar")
CUSTOMER_IDENTIFIERS = ("customer_id", "external_customer_id", "gateway_profile_id", "provided_unique_id")
SELECT = "select"

_CUSTOMERS = "/v1/customers/{subcompany_id}"
_ONE_CUSTOMER = _CUSTOMERS + "/customer/{provided_unique_id}"
_FIELDS = "/v1/custom-fields/{subcompany_id}"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "create_ticket",
        "POST",
        "/v1/conversations/{subcompany_id}/create-ticket",
        (Property("subject", required=True), *(Property(name) for name in CUSTOMER_IDENTIFIERS)),
    ),
    Endpoint("get_customer", "GET", _ONE_CUSTOMER + "/get-customer"),
    Endpoint(
        "save_customer",
        "PUT",
        _CUSTOMERS + "/create-customer/{provided_unique_id}",
        tuple(Property(name) for name in CUSTOMER_FIELDS),
    ),
    Endpoint(
        "add_tags",
        "PUT",
        _ONE_CUSTOMER + "/add-tags",
        (
            Property("tags", "array", required=True, items="string"),
            Property("create_if_not_exists", "boolean", required=True),
        ),
    ),
    Endpoint(
        "set_custom_fields",
        "PUT",
        _ONE_CUSTOMER + "/add-custom-fields",
        (
            Property(
                "custom_fields",
                "array",
                required=True,
                items="object",
                parts=(Property("id"), Property("name"), Property("value", "", required=True)),
            ),
        ),
    ),
    Endpoint("list_custom_fields", "GET", _FIELDS + "/list-custom-fields"),
    Endpoint(
        "create_custom_field",
        "POST",
        _FIELDS + "/create-custom-field",
        (
            Property("name", required=True),
            Property("type", required=True),
            Property("select_options", "array", items="string"),
        ),
    ),
    Endpoint("delete_custom_field", "DELETE", _FIELDS + "/custom-field/{custom_field_id}/delete-custom-fields"),
)
_ENDPOINT = {endpoint.operation: endpoint for endpoint in ENDPOINTS}


def client(base_url: str, takeover_secret: str, **timeouts: float) -> Client:
    """Return a client for one teamspace: `Authorization: Bearer {takeover_secret}` (seed 000, Authentication).

    `timeouts` are seconds: connect, read, total. Raises InvalidBaseUrl and UnusableSecret.
    """
    secret = usable_secret(takeover_secret)
    return Client(base_url, auth=BearerAuth(secret), secrets=(secret,), timeouts=Timeouts(**timeouts))


def create_ticket(
    subcompany_id: str,
    *,
    subject: str,
    customer_id: str | None = None,
    external_customer_id: str | None = None,
    gateway_profile_id: str | None = None,
    provided_unique_id: str | None = None,
) -> Request:
    """Create a ticket for a customer (seed 000, Conversations API, Create ticket). Reads `{"id": str, …}`.

    Identifiers that are None or empty are not sent. Raises ValueError without a subject or any identifier.
    """
    given = (customer_id, external_customer_id, gateway_profile_id, provided_unique_id)
    identifiers = {name: value for name, value in zip(CUSTOMER_IDENTIFIERS, given, strict=True) if value}
    if not identifiers:
        raise ValueError(f"One of {', '.join(CUSTOMER_IDENTIFIERS)} must be given.")
    if not subject.strip():
        raise ValueError("A ticket needs a subject.")
    body = {"subject": subject, **identifiers}
    return _ENDPOINT["create_ticket"].request({"subcompany_id": subcompany_id}, body, _object_with_id)


def get_customer(subcompany_id: str, provided_unique_id: str) -> Request:
    """Read a customer (seed 000, Customers API, Get customer). Reads an object: all but the custom field values."""
    return _ENDPOINT["get_customer"].request(_customer(subcompany_id, provided_unique_id), read=_an_object)


def save_customer(
    subcompany_id: str,
    provided_unique_id: str,
    *,
    external_customer_id: str | None = None,
    name: str | None = None,
    location: str | None = None,
    email: str | None = None,
    phone_number: str | None = None,
    avatar: str | None = None,
) -> Request:
    """Insert or update a customer (seed 000, Customers API, Insert customer). Reads the customer, an object.

    Sends exactly what is not None; an empty text is sent.
    """
    body = {
        "external_customer_id": external_customer_id,
        "name": name,
        "location": location,
        "email": email,
        "phone_number": phone_number,
        "avatar": avatar,
    }
    return _ENDPOINT["save_customer"].request(_customer(subcompany_id, provided_unique_id), body, _an_object)


def add_tags(
    subcompany_id: str, provided_unique_id: str, *, tags: Sequence[str], create_if_not_exists: bool
) -> Request:
    """Add tags, by name, to a customer (seed 000, Customers API, Add tags). The answer may be anything.

    Raises ValueError without tags or with an empty one.
    """
    if isinstance(tags, str) or not tags or not all(isinstance(tag, str) and tag.strip() for tag in tags):
        raise ValueError("At least one tag must be given, and none may be empty.")
    body = _tags_body(tags, create_if_not_exists)
    return _ENDPOINT["add_tags"].request(_customer(subcompany_id, provided_unique_id), body)


def _tags_body(tags: Sequence[str], create_if_not_exists: bool) -> dict[str, Any]:
    """Read into the documents: they name `create_if_not_exists` and no more; `tags` as a list of names is ours."""
    return {"tags": list(tags), "create_if_not_exists": create_if_not_exists}


def set_custom_fields(
    subcompany_id: str, provided_unique_id: str, *, custom_fields: Sequence[Mapping[str, Any]]
) -> Request:
    """Set custom field values of a customer (seed 000, Customers API, Add custom fields). The answer may be anything.

    Each element has `id` or `name` (or both), and `value`. Raises ValueError for any other, and for none.
    """
    if not custom_fields:
        raise ValueError("At least one custom field must be given.")
    for element in custom_fields:
        if not (element.get("id") or element.get("name")):
            raise ValueError("Each custom field needs an id or a name.")
        if "value" not in element or element.keys() - {"id", "name", "value"}:
            raise ValueError("A custom field has an id or a name, and a value, and nothing else.")
    body = _custom_fields_body(custom_fields)
    return _ENDPOINT["set_custom_fields"].request(_customer(subcompany_id, provided_unique_id), body)


def _custom_fields_body(custom_fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Read into the documents: they say "id or name for each custom field element"; `custom_fields` around the
    elements and `value` in each are ours."""
    return {"custom_fields": [_without_empty_identifier(element) for element in custom_fields]}


def _without_empty_identifier(element: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in element.items() if name == "value" or value}


def list_custom_fields(subcompany_id: str) -> Request:
    """List the custom fields of people (seed 000, Custom Fields API, List custom fields).

    Reads a list of objects, each with `id` (text) and `name`; the rest is as it came (`type`, `select_options`, …).
    The shape of the answer is not documented: a list, or a list under `custom_fields`, `data` or `items`.
    """
    return _ENDPOINT["list_custom_fields"].request({"subcompany_id": subcompany_id}, read=_custom_field_list)


def create_custom_field(
    subcompany_id: str, *, name: str, type: str, select_options: Sequence[str] | None = None
) -> Request:
    """Create a custom field (seeds 000 and 001, Custom Fields API, Create custom fields). Reads `{"id": str, …}`.

    Raises ValueError without a name or type, and unless `select_options` are given if and only if type is `select`.
    """
    if not name.strip() or not type.strip():
        raise ValueError("A custom field needs a name and a type.")
    if (type == SELECT) != bool(select_options):
        raise ValueError("select_options must be given if and only if the type is select.")
    body = _custom_field_body(name, type, select_options)
    return _ENDPOINT["create_custom_field"].request({"subcompany_id": subcompany_id}, body, _created_field)


def _custom_field_body(name: str, type: str, select_options: Sequence[str] | None) -> dict[str, Any]:
    """Read into the documents: they name `type` and `select_options`; `name`, and options as plain texts, are ours."""
    return {"name": name, "type": type, "select_options": list(select_options) if select_options else None}


def delete_custom_field(subcompany_id: str, custom_field_id: str) -> Request:
    """Delete a custom field (seed 000, Custom Fields API, Delete custom fields). The answer may be anything."""
    ids = {"subcompany_id": subcompany_id, "custom_field_id": custom_field_id}
    return _ENDPOINT["delete_custom_field"].request(ids)


def _customer(subcompany_id: str, provided_unique_id: str) -> dict[str, str]:
    return {"subcompany_id": subcompany_id, "provided_unique_id": provided_unique_id}


def _an_object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UnexpectedShape("an object was expected")
    return data


def _object_with_id(data: Any) -> dict[str, Any]:
    """Return the object with its id as text; whole numbers are taken for ids as well."""
    found = _an_object(data)
    identifier = found.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    if not isinstance(identifier, str) or not identifier:
        raise UnexpectedShape("an object with an id was expected")
    return {**found, "id": identifier}


def _custom_field_of(data: Any) -> dict[str, Any]:
    found = _object_with_id(data)
    if not isinstance(found.get("name"), str):
        raise UnexpectedShape("a custom field without a name")
    return found


def _custom_field_list(data: Any) -> list[dict[str, Any]]:
    found = _unwrapped(data, ("custom_fields", "data", "items"), lambda value: isinstance(value, list))
    if not isinstance(found, list):
        raise UnexpectedShape("a list of custom fields was expected")
    return [_custom_field_of(item) for item in found]


def _created_field(data: Any) -> dict[str, Any]:
    """Return the created field; a list of exactly one is taken as well: the operation is called "custom fields"."""
    found = _unwrapped(data, ("custom_field", "custom_fields", "data"), lambda value: isinstance(value, dict | list))
    return _object_with_id(found[0] if isinstance(found, list) and len(found) == 1 else found)


def _unwrapped(data: Any, keys: Sequence[str], fits: Callable[[Any], bool]) -> Any:
    """Return what an object holds under the first of the keys that fits; anything else unchanged."""
    if isinstance(data, dict) and "id" not in data:
        return next((data[key] for key in keys if fits(data.get(key))), data)
    return data
