"""Protocol's customers: what goes over the wire, against the curl lines of seed 002."""

from __future__ import annotations

from typing import Any

import pytest

from protoadmin.clients import errors, protocol
from protoadmin.clients.transport import Request
from tests.clients.sending import failure
from tests.clients.server import Server, answer, says, says_json

FRANK = {
    "id": "WAz8eIbvDR60rouK",
    "username": "FrankMcCallister",
    "phone_number": "1-800-759-3000",
    "avatar_url": "https://assets.protocol.chat/avatars/frank.jpg",
    "display_name": None,
    "conversation_id": "xgQQXg3hrtjh7AvZ",
    "last_active_at": 705103200,
    "created_at": 692233200,
}
FORM = "application/x-www-form-urlencoded"


def exchange(request: Request, reply: Any) -> tuple[str, str, dict[str, str], Any]:
    """Send a request to a server that says `reply`; return its line, its body, its headers and what was read."""
    with Server(says_json(reply)) as server:
        data = protocol.client(server.url, "t0k3n").send(request).data
        received = server.received[0]
    return received.line, received.body.decode(), received.headers, data


def test_list_all_customers() -> None:
    page = {"has_more": False, "data": [FRANK]}
    line, body, headers, data = exchange(protocol.list_customers(limit=10, active=True), page)
    assert line == "GET /v1/customers?limit=10&active=true HTTP/1.1"
    assert (body, headers["authorization"], data) == ("", "Bearer t0k3n", page)


def test_a_page_behind_another() -> None:
    line = exchange(protocol.list_customers(starting_after="a/b&c"), {"has_more": False, "data": []})[0]
    assert line == "GET /v1/customers?limit=100&starting_after=a%2Fb%26c HTTP/1.1"
    assert "active=false" in exchange(protocol.list_customers(active=False), {"data": []})[0]


def test_create_a_customer() -> None:
    request = protocol.create_customer(
        username="FrankMcCallister",
        phone_number="1-800-759-3000",
        avatar_url="https://assets.protocol.chat/avatars/frank.jpg",
    )
    line, body, headers, data = exchange(request, FRANK)
    assert line == "POST /v1/customers HTTP/1.1"
    assert headers["content-type"] == FORM
    assert body == (
        "username=FrankMcCallister&phone_number=1-800-759-3000"
        "&avatar_url=https%3A%2F%2Fassets.protocol.chat%2Favatars%2Ffrank.jpg"
    )
    assert data == FRANK
    assert not request.idempotent


def test_retrieve_a_customer() -> None:
    line, body, _, data = exchange(protocol.get_customer("WAz8eIbvDR60rouK"), FRANK)
    assert (line, body, data) == ("GET /v1/customers/WAz8eIbvDR60rouK HTTP/1.1", "", FRANK)
    assert exchange(protocol.get_customer("a/b"), FRANK)[0] == "GET /v1/customers/a%2Fb HTTP/1.1"


def test_update_a_customer() -> None:
    line, body, headers, _ = exchange(protocol.update_customer("WAz8eIbvDR60rouK", display_name="UncleFrank"), FRANK)
    assert line == "PATCH /v1/customers/WAz8eIbvDR60rouK HTTP/1.1"
    assert (body, headers["content-type"]) == ("display_name=UncleFrank", FORM)
    assert exchange(protocol.update_customer("W", display_name=""), FRANK)[1] == "display_name="


@pytest.mark.parametrize("reply", [b"", b"{}", b"[]", b'"deleted"'])
def test_delete_a_customer(reply: bytes) -> None:
    with Server(says(answer(reply))) as server:
        protocol.client(server.url, "t").send(protocol.delete_customer("WAz8eIbvDR60rouK"))
        assert server.lines == ["DELETE /v1/customers/WAz8eIbvDR60rouK HTTP/1.1"]


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (protocol.list_customers(), []),
        (protocol.list_customers(), {"has_more": False}),
        (protocol.list_customers(), {"data": [{"username": "no id"}]}),
        (protocol.list_customers(), {"data": ["text"]}),
        (protocol.get_customer("W"), {"id": 7}),
        (protocol.get_customer("W"), None),
        (protocol.create_customer(username="a", phone_number="1"), {"id": ""}),
    ],
)
def test_answers_of_another_shape(request_: Request, reply: Any) -> None:
    with Server(says_json(reply)) as server:
        error = failure(protocol.client(server.url, "t").send, request_)
    assert type(error) is errors.UnexpectedShape


def test_the_words_of_a_refusal() -> None:
    body = {"type": "invalid_request", "message": "username is required.", "documentation_url": "https://x/y"}
    with Server(says_json(body, status="400 Bad Request")) as server:
        error = failure(protocol.client(server.url, "t").send, protocol.list_customers())
    assert (error.status, error.words) == (400, "username is required.")


def test_what_is_refused_before_anything_is_sent() -> None:
    for limit in (0, 101):
        with pytest.raises(ValueError, match="limit"):
            protocol.list_customers(limit=limit)
    for username, phone in (("", "1"), ("a", " ")):
        with pytest.raises(ValueError, match="needs"):
            protocol.create_customer(username=username, phone_number=phone)
    for wrong in ("", ".", ".."):
        with pytest.raises(errors.UnsafeIdentifier):
            protocol.get_customer(wrong)
