"""The Developer API's requests, as a server gets them, and its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protoadmin.clients import errors, platform
from protoadmin.clients.transport import Request, UnsafeIdentifier
from tests.clients.sending import failure
from tests.clients.server import Server, answer, says, says_json

FIELD = {"id": "f1", "name": "Plan", "type": "select", "select_options": ["a", "b"], "later": 1}


def exchange(request: Request, reply: Any = None, status: str = "200 OK") -> tuple[str, Any, Any]:
    """Send a request; return its line, its body (None if it has none) and the data that were read."""
    with Server(says_json(reply, status)) as server:
        data = platform.client(f"{server.url}/api/platform", "secret-of-acme").send(request).data
        sent = server.received[0]
    assert sent.headers["authorization"] == "Bearer secret-of-acme"
    return sent.line.removesuffix(" HTTP/1.1"), json.loads(sent.body) if sent.body else None, data


def test_create_ticket() -> None:
    request = platform.create_ticket("acme", subject="Hi", customer_id="", provided_unique_id="u/1")
    line, body, data = exchange(request, {"id": "t1", "more": 1}, "201 Created")
    assert line == "POST /api/platform/v1/conversations/acme/create-ticket"
    assert body == {"subject": "Hi", "provided_unique_id": "u/1"}
    assert data == {"id": "t1", "more": 1}
    assert request.idempotent is False


@pytest.mark.parametrize("name", platform.CUSTOMER_IDENTIFIERS)
def test_create_ticket_takes_each_identifier(name: str) -> None:
    assert platform.create_ticket("acme", subject="Hi", **{name: "x"}).json == {"subject": "Hi", name: "x"}


def test_create_ticket_takes_a_number_for_an_id() -> None:
    request = platform.create_ticket("acme", subject="Hi", customer_id="c")
    assert exchange(request, {"id": 17})[2] == {"id": "17"}


@pytest.mark.parametrize(
    "reply", [{}, {"id": None}, {"id": True}, {"id": ""}, {"id": 1.5}, {"id": []}, [], "t1", 5, None]
)
def test_create_ticket_needs_an_id_in_the_answer(reply: Any) -> None:
    request = platform.create_ticket("acme", subject="Hi", customer_id="c")
    error = failure(exchange, request, reply)
    assert type(error) is errors.UnexpectedShape
    assert (error.may_have_had_effect, error.status) == (True, 200)


def test_create_ticket_needs_subject_and_identifier() -> None:
    with pytest.raises(ValueError, match="provided_unique_id"):
        platform.create_ticket("acme", subject="Hi", customer_id="", provided_unique_id=None)
    with pytest.raises(ValueError, match="subject"):
        platform.create_ticket("acme", subject=" ", customer_id="c")


def test_get_customer() -> None:
    line, body, data = exchange(platform.get_customer("acme", "u1"), {"name": "Ana", "tags": ["x"]})
    assert (line, body) == ("GET /api/platform/v1/customers/acme/customer/u1/get-customer", None)
    assert data == {"name": "Ana", "tags": ["x"]}
    assert type(failure(exchange, platform.get_customer("acme", "u1"), [])) is errors.UnexpectedShape


def test_save_customer_sends_exactly_what_is_given() -> None:
    request = platform.save_customer("acme", "u1", name="Ana", email="", avatar=None)
    line, body, data = exchange(request, {"id": "c1"})
    assert line == "PUT /api/platform/v1/customers/acme/create-customer/u1"
    assert body == {"name": "Ana", "email": ""}
    assert data == {"id": "c1"}
    everything: dict[str, Any] = {name: f"{name}-value" for name in platform.CUSTOMER_FIELDS}
    assert platform.save_customer("acme", "u1", **everything).json == everything
    assert exchange(platform.save_customer("acme", "u1"), {})[1] == {}
    assert type(failure(exchange, request, None)) is errors.UnexpectedShape


@pytest.mark.parametrize("create", [True, False])
def test_add_tags(create: bool) -> None:
    request = platform.add_tags("acme", "u1", tags=["vip", "ü"], create_if_not_exists=create)
    line, body, _ = exchange(request, "anything")
    assert line == "PUT /api/platform/v1/customers/acme/customer/u1/add-tags"
    assert body == {"tags": ["vip", "ü"], "create_if_not_exists": create}


@pytest.mark.parametrize("tags", [[], [""], ["a", " "], "abc"])
def test_add_tags_needs_tags(tags: Any) -> None:
    with pytest.raises(ValueError, match="tag"):
        platform.add_tags("acme", "u1", tags=tags, create_if_not_exists=False)


def test_set_custom_fields() -> None:
    fields: list[dict[str, Any]] = [
        {"id": "f1", "value": "x"},
        {"name": "Plan", "id": "", "value": ""},
        {"id": "f3", "value": None},
    ]
    line, body, _ = exchange(platform.set_custom_fields("acme", "u1", custom_fields=fields), [])
    assert line == "PUT /api/platform/v1/customers/acme/customer/u1/add-custom-fields"
    assert body == {"custom_fields": [{"id": "f1", "value": "x"}, {"name": "Plan", "value": ""}, fields[2]]}


INCOMPLETE: list[list[dict[str, Any]]] = [
    [],
    [{"value": 1}],
    [{"id": "", "name": "", "value": 1}],
    [{"id": "f"}],
    [{"id": "f", "value": 1, "x": 2}],
]


@pytest.mark.parametrize("fields", INCOMPLETE)
def test_set_custom_fields_needs_id_or_name_and_value(fields: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="custom field"):
        platform.set_custom_fields("acme", "u1", custom_fields=fields)


UNDOCUMENTED = [
    platform.add_tags("acme", "u1", tags=["a"], create_if_not_exists=True),
    platform.set_custom_fields("acme", "u1", custom_fields=[{"id": "f1", "value": "x"}]),
    platform.delete_custom_field("acme", "f1"),
]


@pytest.mark.parametrize("request_", UNDOCUMENTED, ids=lambda request_: request_.operation)
def test_undocumented_answers_may_be_anything_or_nothing(request_: Request) -> None:
    for reply in (answer('{"ok": true}'), answer("[]"), answer(""), answer(status="204 No Content", kind=None)):
        with Server(says(reply)) as server:
            assert platform.client(server.url, "secret").send(request_).status in (200, 204)


@pytest.mark.parametrize("wrap", [None, "custom_fields", "data", "items"])
def test_list_custom_fields(wrap: str | None) -> None:
    reply: Any = [FIELD, {"id": 7, "name": "Age", "type": "number"}]
    line, body, data = exchange(platform.list_custom_fields("acme"), {wrap: reply, "total": 2} if wrap else reply)
    assert (line, body) == ("GET /api/platform/v1/custom-fields/acme/list-custom-fields", None)
    assert data == [FIELD, {"id": "7", "name": "Age", "type": "number"}]


@pytest.mark.parametrize(
    "reply", [None, {}, {"data": {}}, [1], [{"name": "x"}], [{"id": "x"}], [{"id": "x", "name": 1}]]
)
def test_list_custom_fields_of_another_shape(reply: Any) -> None:
    assert type(failure(exchange, platform.list_custom_fields("acme"), reply)) is errors.UnexpectedShape


@pytest.mark.parametrize(
    "reply", [FIELD, [FIELD], {"data": FIELD}, {"custom_field": FIELD}, {"custom_fields": [FIELD]}]
)
def test_create_custom_field(reply: Any) -> None:
    request = platform.create_custom_field("acme", name="Plan", type="select", select_options=["a", "b"])
    line, body, data = exchange(request, reply)
    assert line == "POST /api/platform/v1/custom-fields/acme/create-custom-field"
    assert body == {"name": "Plan", "type": "select", "select_options": ["a", "b"]}
    assert data == FIELD
    assert platform.create_custom_field("acme", name="A", type="text").json == {"name": "A", "type": "text"}
    assert type(failure(exchange, request, [FIELD, FIELD])) is errors.UnexpectedShape


@pytest.mark.parametrize(("kind", "options"), [("select", None), ("select", []), ("text", ["a"]), ("Select", ["a"])])
def test_options_if_and_only_if_select(kind: str, options: list[str] | None) -> None:
    with pytest.raises(ValueError, match="if and only if"):
        platform.create_custom_field("acme", name="A", type=kind, select_options=options)


def test_delete_custom_field() -> None:
    line, body, _ = exchange(platform.delete_custom_field("acme", "f/1"), None)
    expected = "DELETE /api/platform/v1/custom-fields/acme/custom-field/f%2F1/delete-custom-fields"
    assert (line, body) == (expected, None)


def test_unsafe_ids_are_refused_everywhere() -> None:
    for build in (platform.get_customer, platform.save_customer, platform.delete_custom_field):
        for ids in (("..", "u1"), ("acme", "..")):
            with pytest.raises(UnsafeIdentifier):
                build(*ids)


def test_endpoints_refuse_bodies_that_are_not_declared() -> None:
    endpoint = next(endpoint for endpoint in platform.ENDPOINTS if endpoint.operation == "add_tags")
    ids = {"subcompany_id": "a", "provided_unique_id": "b"}
    with pytest.raises(ValueError, match="tags"):
        endpoint.request(ids, {"create_if_not_exists": True})
    with pytest.raises(ValueError, match="other"):
        endpoint.request(ids, {"tags": ["a"], "create_if_not_exists": True, "other": 1})


def test_client_takes_timeouts_in_seconds() -> None:
    with Server(says(b"")) as server:
        client = platform.client(server.url, "secret", connect=0.2, read=0.2, total=0.4)
        # Without them it would be half a minute.
        assert failure(client.send, platform.list_custom_fields("acme")).seconds < 10
