"""The Messaging API: good and bad answers of every endpoint (seed 004)."""

import re
from typing import Any

import pytest

from tests.sandbox.gateway import ANN, Gateway

EVERY_ENDPOINT = [
    ("POST", "/human"),
    ("GET", "/human/human_x"),
    ("POST", "/chat"),
    ("GET", "/chats?humanId=human_x"),
    ("POST", "/chat/x/message"),
    ("GET", "/chat/x/message"),
]
BAD_MAX = ("0", "-1", "two", "1.5", "9" * 14)
TEXT = {"type": "text", "data": {"text": "I can't see my deposit in my account"}}
CODES = "en zh_CN zh_TW id ja pt th tl vi es fr de ms yo ha ig hi mr bn sw rw tw ceb bem ny ar kqn loz lue lun ton"
LANGUAGES = CODES.split()


def refused(answer: Any, status: int = 400) -> str:
    """The sentence of a refusal, which all have in the same place."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["detail"]
    assert isinstance(body["detail"], str)
    assert body["detail"]
    return str(body["detail"])


# --- who may


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
@pytest.mark.parametrize("token", [None, "", "wrong", "Bearer {token}", "{token}x"])
def test_every_endpoint_wants_the_token_of_the_channel(
    gateway: Gateway, method: str, path: str, token: str | None
) -> None:
    known = gateway.headers["X-PROTO-TOKEN"]
    headers = {} if token is None else {"X-PROTO-TOKEN": token.format(token=known)}
    refused(gateway.call(method, path, {} if method == "POST" else None, headers=headers), 401)


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
def test_a_token_opens_its_own_channel_alone(gateway: Gateway, method: str, path: str) -> None:
    body: dict[str, Any] | None = {} if method == "POST" else None
    other = Gateway(gateway.remote, 1)
    refused(gateway.call(method, path, body, headers=other.headers), 401)
    assert "nowhere" in refused(gateway.call(method, path, body, channel="nowhere"), 404)


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
def test_another_method_is_405(gateway: Gateway, method: str, path: str) -> None:
    for wrong in {"GET", "POST", "PUT", "DELETE"} - {method}:
        answer = gateway.call(wrong, path)
        if path.endswith("/message"):
            assert (answer.status_code == 405) == (wrong in ("PUT", "DELETE"))
        else:
            refused(answer, 405)
            assert method in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/human", "/chat", "/chat/{chat}/message"])
@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'"x"', b"null", b"7", b'{"a": NaN}', b"\xff{}", b"[" * 100_000, b'{"a": 1e999}']
)
def test_a_body_that_is_no_json_object_is_400(gateway: Gateway, path: str, data: bytes) -> None:
    chat = gateway.chat()
    headers = gateway.headers | {"Content-Type": "application/json"}
    refused(gateway.call("POST", path.replace("{chat}", chat["id"]), data=data, headers=headers))


# --- humans


def test_a_human_is_made_and_read(gateway: Gateway) -> None:
    answer = gateway.call("POST", "/human", ANN | {"unknown": 1})
    assert answer.status_code == 200
    assert list(answer.json()) == ["human"]
    assert list(answer.json()["human"]) == ["id"]
    human_id = answer.json()["human"]["id"]
    assert re.fullmatch(r"human_[0-9a-f]{13}", human_id)
    assert gateway.call("GET", f"/human/{human_id}").json() == ANN | {"id": human_id}


def test_a_human_needs_nothing_and_two_are_two(gateway: Gateway) -> None:
    first, second = (gateway.call("POST", "/human", {}).json()["human"]["id"] for _ in range(2))
    assert first != second
    assert gateway.call("GET", f"/human/{first}").json() == {"id": first, "tags": []}
    assert gateway.call("POST", "/human", dict.fromkeys(ANN)).status_code == 200


def test_an_unknown_human_is_404(gateway: Gateway) -> None:
    human_id = gateway.human()
    assert "human_no" in refused(gateway.call("GET", "/human/human_no"), 404)
    refused(Gateway(gateway.remote, 1).call("GET", f"/human/{human_id}"), 404)


@pytest.mark.parametrize("key", ["name", "email", "phoneNumber", "profilePicUrl", "accessToken", "externalId"])
@pytest.mark.parametrize("value", [5, ["a"], {"a": 1}, True, "\ud800"])
def test_the_fields_of_a_human_are_strings(gateway: Gateway, key: str, value: Any) -> None:
    assert key in refused(gateway.call("POST", "/human", {key: value}))
    assert f"human.{key}" in refused(gateway.call("POST", "/chat", {"human": {key: value}}))


@pytest.mark.parametrize("tags", ["VIP", {"VIP": 1}, ["VIP"], [{}], [{"id": 5}], [{"name": "x", "value": {}}]])
def test_tags_have_the_documented_shape(gateway: Gateway, tags: Any) -> None:
    assert "tags" in refused(gateway.call("POST", "/human", {"tags": tags}))


def test_a_human_may_be_called_anything(gateway: Gateway) -> None:
    for name in ("", "\0", "ع" * 10_000, "<script>alert(1)</script>", "😀 ' \" \\"):
        human_id = gateway.human(name=name)
        assert gateway.call("GET", f"/human/{human_id}").json()["name"] == name


# --- chats


def test_a_chat_with_a_known_human_changes_what_is_given(gateway: Gateway) -> None:
    human_id = gateway.human()
    answer = gateway.call("POST", "/chat", {"human": {"id": human_id, "name": "Ann B"}, "chatToken": "t", "data": {}})
    assert answer.status_code == 200
    chat = answer.json()["chat"]
    assert list(answer.json()) == ["chat"]
    assert set(chat) == {"id", "active", "createdAt", "human"}
    assert re.fullmatch(r"[0-9a-f]{32}", chat["id"])
    assert chat["active"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", chat["createdAt"])
    assert chat["human"] == {"id": human_id, "name": "Ann B"}
    assert gateway.call("GET", f"/human/{human_id}").json() == ANN | {"id": human_id, "name": "Ann B"}


def test_a_chat_makes_a_human_on_the_fly_or_by_itself(gateway: Gateway) -> None:
    made = gateway.call("POST", "/chat", {"human": {"name": "Bea", "tags": ANN["tags"]}}).json()["chat"]["human"]
    assert gateway.call("GET", f"/human/{made['id']}").json()["name"] == "Bea"
    nobody = gateway.call("POST", "/chat", {}).json()["chat"]["human"]
    assert nobody["name"] is None
    assert gateway.call("GET", f"/human/{nobody['id']}").status_code == 200


def test_a_chat_speaks_one_of_31_languages_or_the_channels(gateway: Gateway) -> None:
    assert len(set(LANGUAGES)) == 31
    for lang in LANGUAGES:
        chat = gateway.chat(lang=lang)
        assert gateway.remote.get(f"/chats/{chat['id']}")["lang"] == lang
    other = Gateway(gateway.remote, 1)
    assert gateway.remote.get(f"/chats/{other.chat()['id']}")["lang"] == other.channel["default_language"] == "tl"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"lang": "xx"}, "lang"),
        ({"lang": "EN"}, "lang"),
        ({"lang": 5}, "lang"),
        ({"human": "human_1"}, "human"),
        ({"human": {"id": 5}}, "human.id"),
        ({"human": {"id": ""}}, "human.id"),
        ({"data": "x"}, "data"),
        ({"data": []}, "data"),
        ({"chatToken": 5}, "chatToken"),
    ],
)
def test_a_chat_that_cannot_be_is_refused(gateway: Gateway, body: Any, word: str) -> None:
    before = gateway.remote.get("/chats")["total"]
    assert word in refused(gateway.call("POST", "/chat", body))
    assert gateway.remote.get("/chats")["total"] == before


def test_a_chat_with_an_unknown_human_is_404_and_makes_nothing(gateway: Gateway) -> None:
    before = gateway.remote.get("/chats")["total"]
    refused(gateway.call("POST", "/chat", {"human": {"id": "human_no", "name": "x"}}), 404)
    assert gateway.remote.get("/chats")["total"] == before


def test_the_data_for_the_bot_are_kept(gateway: Gateway) -> None:
    data = {"ip": "123.45.67.89", "nested": {"a": [1, None, 2.5, "\ud83d"]}, "": "x"}
    chat = gateway.chat(data=data)
    assert gateway.remote.get(f"/chats/{chat['id']}")["data"] == data


def test_chats_are_listed_newest_first_five_unless_asked(gateway: Gateway) -> None:
    human = {"id": gateway.human()}
    made = [gateway.chat(human=human)["id"] for _ in range(7)]
    assert [chat["id"] for chat in gateway.chats(humanId=human["id"])] == made[::-1][:5]
    assert [chat["id"] for chat in gateway.chats(humanId=human["id"], max=2)] == made[::-1][:2]
    assert len(gateway.chats(humanId=human["id"], max=100)) == 7
    (one,) = gateway.chats(chatId=made[3])
    assert one["id"] == made[3]
    assert gateway.chats(humanId=human["id"], chatId=made[3]) == [one]
    assert gateway.chats(humanId="human_other", chatId=made[3]) == []
    assert Gateway(gateway.remote, 1).chats(chatId=made[3]) == []


def test_a_listed_chat_shows_its_last_message(gateway: Gateway) -> None:
    chat = gateway.chat()
    assert gateway.chats(chatId=chat["id"]) == [chat]
    gateway.send(chat, TEXT)
    (listed,) = gateway.chats(chatId=chat["id"])
    assert listed == chat | {"lastMsg": gateway.messages(chat)[-1]}
    assert listed["lastMsg"]["author"]["type"] == "bot"


@pytest.mark.parametrize("query", ["", "max=3", "humanId=&chatId=", *(f"chatId=x&max={n}" for n in BAD_MAX)])
def test_listing_wants_an_id_and_a_sensible_max(gateway: Gateway, query: str) -> None:
    refused(gateway.call("GET", f"/chats?{query}"))


def test_an_id_that_nobody_has_lists_nothing(gateway: Gateway) -> None:
    assert gateway.chats(humanId="proto-admin-connection-test", max=1) == []
    assert gateway.chats(chatId="' OR 1=1 --") == []


# --- messages

KINDS: list[dict[str, Any]] = [
    TEXT,
    {"type": "button", "data": {"payload": "the-postback-string"}},
    {"type": "manual_trigger", "data": {"trigger_name": "WELCOME"}},
    {"type": "media", "data": {"attachment": {"filename": "image.png", "url": "https://www.example.com/image.png"}}},
]


@pytest.mark.parametrize("message", KINDS, ids=lambda message: message["type"])
def test_a_customer_sends_each_kind(gateway: Gateway, message: dict[str, Any]) -> None:
    chat = gateway.chat()
    answer = gateway.send(chat, message, replyToken="r")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    first = gateway.messages(chat)[0]
    assert first == {"author": {"type": "human", "id": chat["human"]["id"]}, "message": message}
    assert set(gateway.messages(chat)[1]) == {"author", "message"}
    assert set(gateway.messages(chat)[1]["author"]) == {"type", "id"}
    assert set(gateway.messages(chat)[1]["message"]) == {"type", "data"}


def test_messages_are_listed_in_order_from_nothing(gateway: Gateway) -> None:
    chat = gateway.chat()
    assert gateway.messages(chat) == []
    texts = [f"number {i}" for i in range(20)]
    for text in texts:
        gateway.send(chat, text)
    assert [text for who, text in gateway.said(chat) if who == "human"] == texts
    assert [who for who, _ in gateway.said(chat)] == ["human", "bot"] * 20


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (None, "message"),
        ([], "message"),
        ({}, "type"),
        ({"type": "image", "data": {}}, "type"),
        ({"type": "text"}, "data"),
        ({"type": "text", "data": "x"}, "data"),
        ({"type": "text", "data": {}}, "data.text"),
        ({"type": "text", "data": {"text": ""}}, "data.text"),
        ({"type": "text", "data": {"text": 5}}, "data.text"),
        ({"type": "text", "data": {"text": "\ud800"}}, "data.text"),
        ({"type": "button", "data": {"text": "x"}}, "data.payload"),
        ({"type": "manual_trigger", "data": {"name": "x"}}, "data.trigger_name"),
        ({"type": "media", "data": {"url": "https://example.com"}}, "attachment"),
        ({"type": "media", "data": {"attachment": {"url": "https://example.com"}}}, "filename"),
        ({"type": "media", "data": {"attachment": {"filename": "x"}}}, "url"),
        ({"type": "media", "data": {"attachment": {"filename": "x", "url": "file:///x"}}}, "url"),
    ],
)
def test_a_message_that_cannot_be_is_refused(gateway: Gateway, message: Any, word: str) -> None:
    chat = gateway.chat()
    body = {"author": {"type": "human", "id": chat["human"]["id"]}, "message": message}
    assert word in refused(gateway.call("POST", f"/chat/{chat['id']}/message", body))
    assert gateway.messages(chat) == []


def test_only_the_customer_of_the_chat_speaks(gateway: Gateway) -> None:
    chat = gateway.chat()
    human_id = chat["human"]["id"]
    for author in (
        None,
        human_id,
        {},
        {"type": "human"},
        {"id": human_id},
        {"type": "bot", "id": human_id},
        {"type": "human", "id": gateway.human()},
        {"type": "human", "id": None},
    ):
        assert "author" in refused(gateway.send(chat, TEXT, author=author)), author
    assert "replyToken" in refused(gateway.send(chat, TEXT, replyToken=7))
    assert gateway.messages(chat) == []


def test_an_unknown_chat_is_404(gateway: Gateway) -> None:
    chat = gateway.chat()
    refused(gateway.send({"id": "nowhere", "human": chat["human"]}), 404)
    refused(gateway.call("GET", "/chat/nowhere/message"), 404)
    other = Gateway(gateway.remote, 1)
    refused(other.send(chat), 404)
    refused(other.call("GET", f"/chat/{chat['id']}/message"), 404)
