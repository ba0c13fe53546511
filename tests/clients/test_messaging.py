"""The Messaging API's list of chats."""

from __future__ import annotations

from typing import Any

import pytest

from protoadmin.clients import errors, messaging
from tests.clients.sending import failure
from tests.clients.server import Server, says_json

CHAT = {"id": "e0fd", "active": True, "human": {"id": "human_1"}}


def test_list_chats() -> None:
    with Server(says_json([CHAT])) as server:
        client = messaging.client(server.url, "token-of-anna")
        assert client.send(messaging.list_chats("ch/1", human_id="human 1", maximum=1)).data == [CHAT]
        client.send(messaging.list_chats("ch", chat_id="e0fd"))
        sent = server.received
    assert [received.line for received in sent] == [
        "GET /webhook/ch%2F1/chats?humanId=human+1&max=1 HTTP/1.1",
        "GET /webhook/ch/chats?chatId=e0fd HTTP/1.1",
    ]
    assert sent[0].headers["x-proto-token"] == "token-of-anna"
    assert "authorization" not in sent[0].headers


@pytest.mark.parametrize("reply", [{}, None, [1], [{"id": None}], [{"id": ""}], "x"])
def test_other_shapes(reply: Any) -> None:
    with Server(says_json(reply)) as server:
        client = messaging.client(server.url, "token-of-anna")
        assert type(failure(client.send, messaging.list_chats("ch", chat_id="x"))) is errors.UnexpectedShape


def test_token_is_masked() -> None:
    with Server(says_json({"message": "bad token-of-anna"}, "401 No")) as server:
        error = failure(messaging.client(server.url, "token-of-anna").send, messaging.list_chats("ch", chat_id="x"))
    assert type(error) is errors.Unauthorized
    assert error.words == "bad ***"


def test_an_id_is_needed() -> None:
    with pytest.raises(ValueError, match="must be given"):
        messaging.list_chats("ch", human_id="")
    with pytest.raises(ValueError, match="at least 1"):
        messaging.list_chats("ch", human_id="x", maximum=0)
