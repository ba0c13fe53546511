"""Webhooks that misbehave, and what is sent exactly as told."""

import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.gateway import Gateway
from tests.sandbox.receiver import Receiver, digest, eventually, is_signed


@pytest.fixture(autouse=True)
def _no_profiles(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", profile_url="")


@pytest.mark.parametrize("style", ["hex", "HEX", "prefixed", "base64"])
def test_the_signature_comes_in_the_wanted_style(gateway: Gateway, receiver: Receiver, style: str) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", signature=style)
    gateway.send(gateway.chat())
    assert is_signed(receiver.wait(1)[0], gateway.secret, style)


def test_the_signature_may_be_wrong_or_missing(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/channels/all", signature="wrong")
    gateway.send(gateway.chat())
    post = receiver.wait(1)[0]
    right = digest(gateway.secret, post.body)
    assert post.signature is not None
    assert bin(int(post.signature, 16) ^ int(right, 16)).count("1") == 1
    gateway.remote.control("/channels/all", signature="none")
    gateway.send(gateway.chat())
    assert receiver.wait(2)[1].signature is None
    gateway.remote.control("/faults/clear")
    gateway.send(gateway.chat())
    assert is_signed(receiver.wait(3)[2], gateway.secret)


def test_each_delivery_twice(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", repeat=1)
    chat = gateway.chat()
    gateway.send(chat, "hello")
    gateway.send(chat, "order")
    posts = receiver.wait(4)
    assert posts[0].body == posts[1].body != posts[2].body == posts[3].body
    assert len(gateway.messages(chat)) == 5


def test_late(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", late=0.7)
    chat = gateway.chat()
    began = time.time()
    gateway.send(chat)
    assert len(gateway.messages(chat)) == 2
    assert receiver.wait(1)[0].at - began >= 0.7


def test_out_of_order(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", shuffle=4)
    chat = gateway.chat()
    for n in range(4):
        gateway.remote.control(f"/chats/{chat['id']}/say", text=f"number {n}")
    heard = [post.texts[0] for post in receiver.wait(4)]
    assert sorted(heard) == [f"number {n}" for n in range(4)]
    assert heard != sorted(heard)
    assert [text for _, text in gateway.said(chat)] == sorted(heard)


def test_what_is_held_goes_out_in_the_end(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", bulk=100)
    gateway.send(gateway.chat())
    assert gateway.remote.get("/webhooks")["deliveries"] == {"held": 1}
    receiver.wait(1)
    gateway.send(gateway.chat())
    gateway.remote.control("/webhooks", bulk=0)
    receiver.wait(2)


@pytest.mark.parametrize("shape", ["events", "messages"])
def test_in_bulk(gateway: Gateway, receiver: Receiver, shape: str) -> None:
    gateway.remote.control("/webhooks", bulk=6, bulk_as=shape)
    chats = [gateway.chat() for _ in range(2)]
    for n in range(3):
        for chat in chats:
            gateway.remote.control(f"/chats/{chat['id']}/say", text=f"number {n}")
    (post,) = receiver.wait(1)
    events = post.json["events"]
    ids = [chat["id"] for chat in chats]
    if shape == "events":
        assert [event["chat"]["id"] for event in events] == ids * 3
    else:
        assert [event["chat"]["id"] for event in events] == ids
        assert [len(event["messages"]) for event in events] == [3, 3]
    assert sorted(post.texts) == sorted(f"number {n % 3}" for n in range(6))
    assert is_signed(post, gateway.secret)


def test_several_manners_at_once(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", repeat=1, shuffle=3, late=0.1)
    chat = gateway.chat()
    for n in range(3):
        gateway.remote.control(f"/chats/{chat['id']}/say", text=str(n))
    heard = [post.texts[0] for post in receiver.wait(6)]
    assert sorted(heard) == ["0", "0", "1", "1", "2", "2"]
    assert heard[0::2] == heard[1::2]
    assert heard[0::2] != ["0", "1", "2"]


def test_one_delivery_of_many_messages(gateway: Gateway, receiver: Receiver) -> None:
    told = gateway.remote.control(f"/channels/{gateway.id}/bulk", messages=1000, events=7)
    (post,) = receiver.wait(1)
    events = post.json["events"]
    assert [event["chat"]["id"] for event in events] == told["chats"]
    assert len(events) == 7
    assert len(post.texts) == len(set(post.texts)) == 1000
    for event in events:
        listed = gateway.messages({"id": event["chat"]["id"]})[-len(event["messages"]) :]
        assert [each["message"]["data"] for each in listed] == [each["data"] for each in event["messages"]]


# --- exactly as told


def test_this_exact_body(gateway: Gateway, receiver: Receiver) -> None:
    body = '{ "events" : [] ,\n "é": "\\ud800" }'
    gateway.remote.control(f"/channels/{gateway.id}/deliver", body=body)
    eventually(lambda: bool(receiver.posts))
    assert receiver.posts[0].body == body.encode()
    assert is_signed(receiver.posts[0], gateway.secret)


def test_events_and_json_as_told(gateway: Gateway, receiver: Receiver) -> None:
    for payload in ({"events": [{"chat": {"id": "x"}}, 5]}, {"json": {"human": "h"}}, {"json": None}):
        gateway.remote.control(f"/channels/{gateway.id}/deliver", **payload)
    eventually(lambda: len(receiver.posts) == 3)
    found = sorted(json.dumps(post.json) for post in receiver.posts)
    assert found == sorted(['{"events": [{"chat": {"id": "x"}}, 5]}', '{"human": "h"}', "null"])


def test_signature_times_and_delay_as_told(gateway: Gateway, receiver: Receiver) -> None:
    told: dict[str, Any] = {"body": "x", "signature": "none", "times": 3, "delay": 0.5}
    began = time.time()
    made = gateway.remote.control(f"/channels/{gateway.id}/deliver", **told)
    assert len(made["deliveries"]) == 3
    eventually(lambda: len(receiver.posts) == 3)
    assert all(post.signature is None and post.at - began >= 0.5 for post in receiver.posts)


def test_a_profile_request_as_told(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", profile_url=f"{receiver.url}/p/profile/")
    gateway.remote.control(f"/channels/{gateway.id}/deliver", json={"human": "nobody"}, kind="profile")
    eventually(lambda: bool(receiver.profiles))
    assert receiver.profiles[0].json == {"human": "nobody"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/channels/{c}", {"signature": "md5"}),
        ("/channels/{c}", {"webhook_url": 5}),
        ("/channels/{c}/deliver", {}),
        ("/channels/{c}/deliver", {"events": {}}),
        ("/channels/{c}/deliver", {"body": 5}),
        ("/channels/{c}/deliver", {"body": "x", "signature": "rot13"}),
        ("/channels/{c}/deliver", {"body": "x", "times": 0}),
        ("/channels/{c}/deliver", {"body": "x", "delay": -1}),
        ("/channels/{c}/deliver", {"body": "x", "kind": "x"}),
        ("/channels/{c}/bulk", {"messages": 0}),
        ("/channels/{c}/bulk", {"messages": 10**9}),
        ("/webhooks", {"repeat": -1}),
        ("/webhooks", {"repeat": "often"}),
        ("/webhooks", {"late": True}),
        ("/webhooks", {"shuffle": 10**6}),
        ("/webhooks", {"bulk_as": "x"}),
        ("/webhooks", {"reply_delay": [2, 1]}),
        ("/webhooks", {"reply_delay": [1]}),
        ("/webhooks", {"reply_delay": None}),
        ("/traffic", {"per_minute": -1}),
        ("/traffic", {"per_minute": "many"}),
        ("/traffic", {"per_minute": 10**9}),
        ("/chats", {}),
        ("/chats", {"channel_id": "{c}", "human": 5}),
        ("/chats", {"channel_id": "{c}", "lang": "xx"}),
        ("/chats", {"channel_id": "{c}", "messages": "x"}),
    ],
)
def test_what_cannot_be_told_is_refused_and_changes_nothing(gateway: Gateway, path: str, body: Any) -> None:
    before = (gateway.remote.get("/webhooks"), gateway.remote.get("/chats"))
    told = {key: gateway.id if value == "{c}" else value for key, value in body.items()}
    with pytest.raises(requests.HTTPError, match="422"):
        gateway.remote.control(path.replace("{c}", gateway.id), **told)
    assert (gateway.remote.get("/webhooks"), gateway.remote.get("/chats")) == before


def test_unknown_channels_and_chats_are_404(gateway: Gateway) -> None:
    for path in ("/channels/no", "/channels/no/deliver", "/channels/no/bulk", "/chats/no", "/chats/no/say"):
        with pytest.raises(requests.HTTPError, match="404"):
            gateway.remote.control(path, body="x", text="x")
