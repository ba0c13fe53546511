"""What the schema check says about a document like FastAPI's, and about one in which one thing is different."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoadmin.clients import errors
from protoadmin.clients.platform import ENDPOINTS
from protoadmin.clients.schema import compare, find_document
from tests.clients.sending import failure
from tests.clients.server import Server, answer, says, says_json

TEXT = {"type": "string"}
OPTIONAL_TEXT = {"anyOf": [TEXT, {"type": "null"}], "title": "x"}
NULLABLE_TEXT = {"type": ["string", "null"]}


def texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, OPTIONAL_TEXT)


SCHEMAS: dict[str, Any] = {
    "create_ticket": {
        "properties": {
            "subject": TEXT,
            **texts("customer_id", "external_customer_id", "gateway_profile_id", "provided_unique_id"),
        },
        "type": "object",
        "required": ["subject"],
    },
    "save_customer": {
        "allOf": [
            {"type": "object", "properties": texts("external_customer_id", "name", "location")},
            {"properties": {"email": NULLABLE_TEXT, "phone_number": NULLABLE_TEXT, "avatar": NULLABLE_TEXT}},
        ]
    },
    "add_tags": {
        "properties": {"tags": {"items": TEXT, "type": "array"}, "create_if_not_exists": {"type": "boolean"}},
        "required": ["tags"],
        "additionalProperties": False,
    },
    "set_custom_fields": {
        "properties": {"custom_fields": {"items": {"$ref": "#/components/schemas/Element"}, "type": "array"}},
        "required": ["custom_fields"],
    },
    "create_custom_field": {
        "anyOf": [
            {"type": "array", "items": TEXT},
            {
                "properties": {
                    "name": TEXT,
                    "type": {"$ref": "#/components/schemas/Kind"},
                    "select_options": {"anyOf": [{"type": "array", "items": TEXT}, {"type": "null"}]},
                },
                "required": ["name", "type"],
            },
        ]
    },
    "Element": {
        "properties": {**texts("id", "name"), "value": {}, "more": {"$ref": "#/components/schemas/Element"}},
        "required": ["value"],
    },
    "Kind": {"type": "string", "title": "Kind"},
}


def document(prefix: str = "") -> dict[str, Any]:
    """Return the document of a platform that is exactly as we think."""
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        operation: dict[str, Any] = {"security": [{"HTTPBearer": []}], "parameters": []}
        if endpoint.body:
            reference = {"$ref": f"#/components/schemas/{endpoint.operation}"}
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
        paths[prefix + endpoint.path] = {endpoint.method.lower(): operation}
    schemes = {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    return copy.deepcopy(
        {"openapi": "3.1.0", "paths": paths, "components": {"schemas": SCHEMAS, "securitySchemes": schemes}}
    )


def found(changed: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(difference.operation, difference.severity, difference.sentence) for difference in compare(changed)]


def test_document_that_fits() -> None:
    assert found(document()) == []


def test_prefix_is_noted() -> None:
    got = found(document("/api/platform"))
    assert [(operation, severity) for operation, severity, _ in got] == [(e.operation, "note") for e in ENDPOINTS]
    assert "/api/platform;" in got[0][2]


def test_prefix_that_the_base_url_has_is_no_difference() -> None:
    assert compare(document("/api/platform"), base_url="https://host.example/api/platform/") == []
    assert compare(document("/other"), base_url="https://host.example/api/platform")


def path_of(operation: str) -> str:
    return next(endpoint.path for endpoint in ENDPOINTS if endpoint.operation == operation)


def operation_of(doc: dict[str, Any], operation: str) -> dict[str, Any]:
    (only,) = doc["paths"][path_of(operation)].values()
    return cast("dict[str, Any]", only)


def _missing(doc: dict[str, Any]) -> None:
    del doc["paths"][path_of("add_tags")]


def _moved(doc: dict[str, Any]) -> None:
    item = doc["paths"].pop(path_of("add_tags"))
    doc["paths"]["/v2/people/{subcompany_id}/{provided_unique_id}/add-tags"] = item


def _slash(doc: dict[str, Any]) -> None:
    doc["paths"][path_of("add_tags") + "/"] = doc["paths"].pop(path_of("add_tags"))


def _renamed_id(doc: dict[str, Any]) -> None:
    path = path_of("add_tags")
    doc["paths"][path.replace("{provided_unique_id}", "{uid}")] = doc["paths"].pop(path)


def _method(doc: dict[str, Any]) -> None:
    doc["paths"][path_of("add_tags")] = {"post": doc["paths"][path_of("add_tags")]["put"]}


def _property_closed(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["add_tags"]["properties"].pop("create_if_not_exists")


def _property_unknown(doc: dict[str, Any]) -> None:
    _property_closed(doc)
    doc["components"]["schemas"]["add_tags"].pop("additionalProperties")


def _requires_another(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["add_tags"]["required"].append("tag_ids")


def _requires_optional(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["create_ticket"]["required"].append("customer_id")


def _type(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["add_tags"]["properties"]["create_if_not_exists"] = {"type": "string"}


def _items(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["add_tags"]["properties"]["tags"]["items"] = {"type": "object"}


def _element(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["Element"]["required"] = ["values"]


def _kind(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["Kind"]["enum"] = ["text", "select"]


def _list_body(doc: dict[str, Any]) -> None:
    doc["components"]["schemas"]["add_tags"] = {"type": "array", "items": TEXT}


def _query(doc: dict[str, Any]) -> None:
    parameter = {"name": "create_if_not_exists", "in": "query", "required": False}
    doc["components"]["parameters"] = {"create": parameter}
    operation_of(doc, "add_tags")["parameters"] = [{"$ref": "#/components/parameters/create"}]
    _property_closed(doc)


def _header(doc: dict[str, Any]) -> None:
    doc["paths"][path_of("add_tags")]["parameters"] = [{"name": "X-Team", "in": "header", "required": True}]


def _no_body(doc: dict[str, Any]) -> None:
    operation_of(doc, "add_tags").pop("requestBody")


def _form(doc: dict[str, Any]) -> None:
    operation_of(doc, "add_tags")["requestBody"]["content"] = {"multipart/form-data": {}}


def _body_needed(doc: dict[str, Any]) -> None:
    operation_of(doc, "delete_custom_field")["requestBody"] = {"required": True, "content": {}}


def _key(doc: dict[str, Any]) -> None:
    doc["components"]["securitySchemes"]["Key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
    operation_of(doc, "add_tags")["security"] = [{"Key": []}]


def _no_security(doc: dict[str, Any]) -> None:
    operation_of(doc, "add_tags").pop("security")


CHANGES: list[tuple[Callable[[dict[str, Any]], None], str, str, str]] = [
    (_missing, "add_tags", "breaks", "missing"),
    (_moved, "add_tags", "breaks", "/v2/people/"),
    (_slash, "add_tags", "breaks", "slash"),
    (_renamed_id, "add_tags", "note", "uid"),
    (_method, "add_tags", "breaks", "POST; we send PUT"),
    (_property_closed, "add_tags", "breaks", 'not allow "create_if_not_exists"'),
    (_property_unknown, "add_tags", "differs", 'not know "create_if_not_exists"'),
    (_requires_another, "add_tags", "breaks", 'requires "tag_ids"'),
    (_requires_optional, "create_ticket", "differs", 'requires "customer_id"'),
    (_type, "add_tags", "breaks", "expected as string; we send boolean"),
    (_items, "add_tags", "breaks", "expected as object; we send string"),
    (_element, "set_custom_fields", "breaks", 'requires "values"'),
    (_kind, "create_custom_field", "note", "text, select"),
    (_list_body, "add_tags", "breaks", "expected as array; we send object"),
    (_query, "add_tags", "breaks", "in the query"),
    (_header, "add_tags", "breaks", "X-Team"),
    (_no_body, "add_tags", "breaks", "No body is published"),
    (_form, "add_tags", "breaks", "multipart/form-data"),
    (_body_needed, "delete_custom_field", "breaks", "A body is required"),
    (_key, "add_tags", "breaks", "X-Key"),
    (_no_security, "add_tags", "note", "No authentication"),
]


@pytest.mark.parametrize(("change", "operation", "severity", "words"), CHANGES)
def test_one_difference(change: Callable[[dict[str, Any]], None], operation: str, severity: str, words: str) -> None:
    doc = document()
    change(doc)
    got = found(doc)
    assert [(one[0], one[1]) for one in got] == [(operation, severity)]
    assert words in got[0][2]
    assert got[0][2].endswith(".")


def test_security_of_the_whole_document_and_other_bearers() -> None:
    doc = document()
    for item in doc["paths"].values():
        for operation in item.values():
            del operation["security"]
    doc["security"] = [{"HTTPBearer": []}]
    assert found(doc) == []
    doc["components"]["securitySchemes"]["HTTPBearer"] = {"type": "oauth2"}
    assert found(doc) == []
    del doc["security"]
    doc["paths"] = {
        path: {**item, "parameters": [{"name": "authorization", "in": "header", "required": True}]}
        for path, item in doc["paths"].items()
    }
    assert found(doc) == []


@pytest.mark.parametrize(
    "doc", [{}, [], None, "x", {"swagger": "2.0", "paths": {"/": {}}}, {"openapi": "3.0", "paths": []}]
)
def test_no_document(doc: Any) -> None:
    assert [(operation, severity) for operation, severity, _ in found(doc)] == [("document", "breaks")]


def test_schema_that_contains_itself() -> None:
    doc = document()
    itself = {"$ref": "#/components/schemas/add_tags"}
    doc["components"]["schemas"]["add_tags"] = {"anyOf": [itself] * 4, "allOf": [itself] * 4}
    doc["components"]["schemas"]["create_ticket"] = {"$ref": "#/components/schemas/create_ticket"}
    compare(doc)


def test_damaged_documents_never_raise() -> None:
    """Any part of a good document replaced by any JSON."""
    junk: st.SearchStrategy[Any] = st.sampled_from(
        [None, True, 1, "x", [], [1], {}, {"$ref": "#/x"}, {"$ref": 1}, {"type": 5}, [[]], {"a": []}]
    )

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        doc = document()
        node: Any = doc
        for _ in range(data.draw(st.integers(0, 9))):
            keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            parent, node = node, node[key]
        else:
            if node is not doc:
                parent[key] = data.draw(junk)
        for difference in compare(doc):
            assert difference.severity in ("breaks", "differs", "note")
            assert difference.sentence

    check()


def test_find_document() -> None:
    large = {**document(), "padding": "x" * 6_000_000}
    with Server(says(answer(json.dumps(large)))) as server:
        assert compare(find_document(f"{server.url}/api/platform/")) == []
        assert server.lines == ["GET /api/platform/openapi.json HTTP/1.1"]
        assert "authorization" not in server.received[0].headers


@pytest.mark.parametrize("reply", [[], {"paths": 1}, None])
def test_find_something_else(reply: Any) -> None:
    with Server(says_json(reply)) as server:
        assert type(failure(find_document, server.url)) is errors.UnexpectedShape
