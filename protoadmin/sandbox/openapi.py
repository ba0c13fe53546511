"""The OpenAPI document of the Developer API, as a FastAPI service publishes it, and a page that lists it."""

from html import escape
from typing import Any

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.fields import TYPES
from protoadmin.sandbox.records import IDENTIFIERS, WRITABLE
from protoadmin.sandbox.wire import Answer, Request, json_answer, text_answer

TEXT = {"type": "string"}
MAYBE_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}]}
TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
MAYBE_TEXTS = {"anyOf": [{"type": "array", "items": {"type": "string", "minLength": 1}}, {"type": "null"}]}


def _object(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | {"required": list(required)} if required else schema


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, Any] = {
    "CreateConversation": _object(
        {"subject": {"type": "string", "minLength": 1}} | dict.fromkeys(IDENTIFIERS, MAYBE_TEXT), ("subject",)
    ),
    "ConversationCreated": _object({"id": TEXT}, ("id",)),
    "UpsertCustomer": _object({key: TEXT | ({"format": "email"} if key == "email" else {}) for key in WRITABLE}),
    "Customer": _object(
        {
            "id": TEXT,
            "provided_unique_id": TEXT,
            "gateway_profile_id": MAYBE_TEXT,
            "tags": TEXTS,
            "created_at": {"type": "string", "format": "date-time"},
            "updated_at": {"type": "string", "format": "date-time"},
        }
        | dict.fromkeys(WRITABLE, MAYBE_TEXT),
        ("id", "provided_unique_id", "gateway_profile_id", *WRITABLE, "tags", "created_at", "updated_at"),
    ),
    "AddTags": _object({"tags": TEXTS, "create_if_not_exists": {"type": "boolean", "default": False}}, ("tags",)),
    "CustomFieldValue": _object({"id": MAYBE_TEXT, "name": MAYBE_TEXT, "value": {}}, ("value",)),
    "AddCustomFields": _object(
        {"custom_fields": {"type": "array", "items": _ref("CustomFieldValue")}}, ("custom_fields",)
    ),
    "CustomFieldType": {"type": "string", "enum": list(TYPES)},
    "CreateCustomField": _object(
        {
            "name": {"type": "string", "minLength": 1},
            "type": _ref("CustomFieldType"),
            "select_options": MAYBE_TEXTS,
            "description": MAYBE_TEXT,
        },
        ("name", "type"),
    ),
    "CustomField": _object(
        {"id": TEXT, "name": TEXT, "type": TEXT, "select_options": MAYBE_TEXTS, "description": MAYBE_TEXT},
        ("id", "name", "type", "select_options", "description"),
    ),
    "CustomFieldDeleted": _object({"id": TEXT}, ("id",)),
    "HTTPError": _object({"detail": TEXT}, ("detail",)),
    "ValidationError": _object(
        {
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "msg": TEXT,
            "type": TEXT,
        },
        ("loc", "msg", "type"),
    ),
    "HTTPValidationError": _object({"detail": {"type": "array", "items": _ref("ValidationError")}}),
}
CUSTOMER = "/v1/customers/{subcompany_id}/customer/{provided_unique_id}"
FIELDS = "/v1/custom-fields/{subcompany_id}"
# method, path, operationId (those that the links of seed 000 name), summary, body, answer, further statuses
OPERATIONS: tuple[tuple[str, str, str, str, str, dict[str, Any], tuple[int, ...]], ...] = (
    (
        "post",
        "/v1/conversations/{subcompany_id}/create-ticket",
        "create_conversation_v1_conversations__subcompany_id__create_ticket_post",
        "Create Conversation",
        "CreateConversation",
        _ref("ConversationCreated"),
        (401, 404),
    ),
    (
        "get",
        CUSTOMER + "/get-customer",
        "get_customer_v1_customers__subcompany_id__customer__provided_unique_id__get_customer_get",
        "Get Customer",
        "",
        _ref("Customer"),
        (401, 404),
    ),
    (
        "put",
        "/v1/customers/{subcompany_id}/create-customer/{provided_unique_id}",
        "upsert_customer_v1_customers__subcompany_id__create_customer__provided_unique_id__put",
        "Upsert Customer",
        "UpsertCustomer",
        _ref("Customer"),
        (401, 404),
    ),
    (
        "put",
        CUSTOMER + "/add-tags",
        "add_customer_tags_v1_customers__subcompany_id__customer__provided_unique_id__add_tags_put",
        "Add Customer Tags",
        "AddTags",
        _ref("Customer"),
        (401, 404),
    ),
    (
        "put",
        CUSTOMER + "/add-custom-fields",
        "add_customer_custom_fields_v1_customers__subcompany_id__customer__provided_unique_id__add_custom_fields_put",
        "Add Customer Custom Fields",
        "AddCustomFields",
        _ref("Customer"),
        (401, 404),
    ),
    (
        "get",
        FIELDS + "/list-custom-fields",
        "list_custom_fields_v1_custom_fields__subcompany_id__list_custom_fields_get",
        "List Custom Fields",
        "",
        {"type": "array", "items": _ref("CustomField")},
        (401, 404),
    ),
    (
        "post",
        FIELDS + "/create-custom-field",
        "create_custom_fields_v1_custom_fields__subcompany_id__create_custom_field_post",
        "Create Custom Fields",
        "CreateCustomField",
        _ref("CustomField"),
        (401, 404, 409),
    ),
    (
        "delete",
        FIELDS + "/custom-field/{custom_field_id}/delete-custom-fields",
        "delete_custom_fields_v1_custom_fields__subcompany_id__custom_field__custom_field_id__delete_custom_fields_delete",
        "Delete Custom Fields",
        "",
        _ref("CustomFieldDeleted"),
        (401, 404),
    ),
)
MEANINGS = {401: "Unauthorized", 404: "Not Found", 409: "Conflict"}


def document() -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for method, path, operation_id, summary, body, answer, statuses in OPERATIONS:
        operation: dict[str, Any] = {
            "tags": ["v1"],
            "summary": summary,
            "operationId": operation_id,
            "security": [{"HTTPBearer": []}],
            "parameters": _parameters(path),
        }
        if body:
            operation["requestBody"] = {"required": True, "content": _content(_ref(body))}
        operation["responses"] = _responses(answer, statuses)
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Platform API", "version": "0.1.0"},
        "servers": [{"url": "/api/platform"}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": "bearer"}}},
    }


def get_document(backend: Backend, request: Request) -> Answer:
    """`openapi.json` beside the docs (DESIGN.md section 9)."""
    return json_answer(document())


def get_docs(backend: Backend, request: Request) -> Answer:
    """A plain list of the endpoints, where the real service has its interactive docs."""
    rows = "".join(
        f"<tr><td><b>{method.upper()}</b></td><td><code>{escape(path)}</code></td><td>{escape(summary)}</td></tr>"
        for method, path, _, summary, *_rest in OPERATIONS
    )
    return text_answer(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Platform API (sandbox)</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
        '<body><h1>Platform API (sandbox)</h1><p>The schema: <a href="openapi.json">openapi.json</a></p>'
        f"<table>{rows}</table></body></html>",
        "text/html",
    )


def _parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "title": name.replace("_", " ").title()},
        }
        for name in names
    ]


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _responses(answer: dict[str, Any], statuses: tuple[int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"200": {"description": "Successful Response", "content": _content(answer)}}
    for status in statuses:
        found[str(status)] = {"description": MEANINGS[status], "content": _content(_ref("HTTPError"))}
    found["422"] = {"description": "Validation Error", "content": _content(_ref("HTTPValidationError"))}
    return found


ROUTES: list[tuple[str, str, Handler]] = [("GET", "/openapi.json", get_document), ("GET", "/docs", get_docs)]
