"""What goes out: the documented shape, the signature, the profile request, and trying again (seed 004)."""

import subprocess
import time
from typing import Any

import pytest
import requests

from protoadmin.sandbox import Options, SandboxServer
from tests.sandbox.conftest import QUICK
from tests.sandbox.gateway import ANN, Gateway
from tests.sandbox.receiver import PROFILE, Receiver, digest, eventually, is_signed
from tests.sandbox.remote import Remote


def deliveries(remote: Remote, **params: Any) -> list[dict[str, Any]]:
    """What the sandbox says of its deliveries."""
    found: list[dict[str, Any]] = remote.get("/deliveries", **params)["deliveries"]
    return found


def test_an_answer_has_the_shape_of_the_sample(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", newer_keys=False)
    chat = gateway.chat(human={"name": "Customer's Name"}, chatToken="chat-token")
    gateway.send(chat, "Hello", replyToken="reply-token")
    (post,) = receiver.wait(1)
    assert post.path == f"/webhooks/{gateway.id}/"
    assert list(post.json) == ["events"]
    (event,) = post.json["events"]
    assert list(event) == ["chat", "chatToken", "replyToken", "messages"]
    assert event["chat"] == {"id": chat["id"], "human": {"id": chat["human"]["id"], "name": "Customer's Name"}}
    assert (event["chatToken"], event["replyToken"]) == ("chat-token", "reply-token")
    (message,) = event["messages"]
    assert list(message) == ["author", "type", "data"]
    assert list(message["author"]) == ["type", "id", "name"]
    assert (message["author"]["type"], message["type"]) == ("bot", "text")
    assert all(set(each) == {"title", "text"} for each in message["data"]["quickReplies"])


def test_the_newer_keys_say_type_and_channel(gateway: Gateway, receiver: Receiver) -> None:
    gateway.send(gateway.chat())
    event = receiver.wait(1)[0].json["events"][0]
    assert (event["type"], event["channel"]) == ("new_messages", {"id": gateway.id})
    assert "chatToken" not in event
    assert "replyToken" not in event


def test_tokens_that_were_given_come_back(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat(human=ANN, chatToken="c")
    for token in ("one", None, "two"):
        gateway.send(chat, "Hello", **({"replyToken": token} if token else {}))
    events = [post.json["events"][0] for post in receiver.wait(3)]
    assert [event["replyToken"] for event in events] == ["one", "one", "two"]
    assert {event["accessToken"] for event in events} == {"ann-access-token"}


def test_the_signature_is_what_openssl_makes_of_the_raw_body(gateway: Gateway, receiver: Receiver) -> None:
    gateway.send(gateway.chat(lang="ar"), "مرحبا")
    (post,) = receiver.wait(1)
    made = subprocess.run(
        ["openssl", "dgst", "-sha1", "-hmac", gateway.secret], input=post.body, capture_output=True, check=True
    )
    assert post.signature == made.stdout.decode().strip().rpartition(" ")[2]
    assert post.signature == digest(gateway.secret, post.body)


def test_each_channel_signs_with_its_own_secret(gateway: Gateway, receiver: Receiver) -> None:
    other = Gateway(gateway.remote, 1)
    gateway.remote.control(f"/channels/{other.id}", webhook_url=f"{receiver.url}/other/")
    other.send(other.chat())
    (post,) = receiver.wait(1)
    assert post.path == "/other/"
    assert is_signed(post, other.secret)
    assert not is_signed(post, gateway.secret)


def test_what_is_delivered_is_what_is_listed(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat()
    for text in ("hello", "order", "plans", "picture", "file", "agent", "it is broken", "bye"):
        gateway.send(chat, text)
    receiver.wait(9)
    delivered = [message for post in receiver.messages for message in post.json["events"][0]["messages"]]
    listed = [each for each in gateway.messages(chat) if each["author"]["type"] != "human"]
    assert [(each["author"]["id"], each["type"], each["data"]) for each in delivered] == [
        (each["author"]["id"], each["message"]["type"], each["message"]["data"]) for each in listed
    ]


def test_customers_own_messages_are_never_delivered(gateway: Gateway, receiver: Receiver) -> None:
    gateway.send(gateway.chat(), "something that only I say")
    receiver.wait(1)
    authors = [
        message["author"]["type"]
        for post in receiver.messages
        for event in post.json["events"]
        for message in event["messages"]
    ]
    assert set(authors) == {"bot"}
    assert b"something that only I say" not in b"".join(post.body for post in receiver.posts)


# --- the profile request


def test_the_profile_is_asked_for_once_for_a_human(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat(human={}, chatToken="c")
    human_id = chat["human"]["id"]
    gateway.send(chat, "one")
    eventually(lambda: gateway.remote.get(f"/chats/{chat['id']}")["profile"] is not None)
    gateway.send(chat, "two")
    gateway.send(gateway.chat(human={"id": human_id}), "three")
    receiver.wait(3)
    (post,) = receiver.profiles
    assert post.path == f"/webhooks/{gateway.id}/profile/"
    assert post.json == {"human": human_id, "chatToken": "c"}
    assert is_signed(post, gateway.secret)
    kept = gateway.remote.get(f"/chats/{chat['id']}")
    assert kept["profile"] == {"status": 200, "result": PROFILE["result"]}
    assert kept["human"]["name"] == "Ann Profile"
    assert gateway.call("GET", f"/human/{human_id}").json()["email"] == "ann@example.com"


def test_the_profile_is_asked_for_by_the_platforms_own_id(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat(human=ANN)
    gateway.send(chat)
    eventually(lambda: gateway.remote.get(f"/chats/{chat['id']}")["profile"] is not None)
    assert receiver.profiles[0].json == {"human": "cust-ann"}
    assert gateway.remote.get(f"/chats/{chat['id']}")["human"]["name"] == ANN["name"]


@pytest.mark.parametrize("status", [401, 404])
def test_a_profile_that_is_not_there_is_noted(gateway: Gateway, receiver: Receiver, status: int) -> None:
    chat = gateway.chat()
    receiver.answers = [status]
    assert gateway.remote.control(f"/chats/{chat['id']}/profile")["deliveries"]
    eventually(lambda: gateway.remote.get(f"/chats/{chat['id']}")["profile"] is not None)
    assert gateway.remote.get(f"/chats/{chat['id']}")["profile"]["status"] == status
    assert len(receiver.posts) == 1


# --- trying again


@pytest.mark.parametrize("status", [500, 503, 404, 429])
def test_a_delivery_that_was_not_taken_comes_again(gateway: Gateway, receiver: Receiver, status: int) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", profile_url="")
    receiver.answers = [status, status]
    chat = gateway.chat()
    gateway.send(chat, "hello")
    gateway.send(chat, "order")
    posts = receiver.wait(4)
    assert posts[0].body == posts[1].body == posts[2].body != posts[3].body
    eventually(lambda: deliveries(gateway.remote)[-1]["state"] == "done")
    first, second = deliveries(gateway.remote)
    assert [attempt["status"] for attempt in first["tries"]] == [status, status, 200]
    assert [attempt["status"] for attempt in second["tries"]] == [200]
    assert (first["state"], first["attempts"], first["status"]) == ("done", 3, 200)


@pytest.mark.parametrize("status", [400, 401, 405, 413, 302])
def test_a_delivery_that_was_refused_does_not_come_again(gateway: Gateway, receiver: Receiver, status: int) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", profile_url="")
    receiver.answers = [status]
    chat = gateway.chat()
    gateway.send(chat, "hello")
    gateway.send(chat, "order")
    posts = receiver.wait(2)
    assert posts[0].body != posts[1].body
    eventually(lambda: [each["state"] for each in deliveries(gateway.remote)] == ["failed", "done"])


def test_a_delivery_is_given_up_after_the_last_pause(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [500] * 100
    gateway.remote.control(f"/channels/{gateway.id}/deliver", body="x")
    eventually(lambda: deliveries(gateway.remote)[-1]["state"] == "failed")
    assert len(receiver.posts) == len(QUICK.retry_pauses) + 1


def test_the_product_may_start_later_than_the_sandbox(gateway: Gateway) -> None:
    with Receiver() as once:
        port = once.port
    url = f"http://127.0.0.1:{port}/webhooks/{gateway.id}/"
    options = Options(reply_delay=(0, 0), retry_pauses=(0.2,) * 200)
    with SandboxServer(options=options) as sandbox, Remote(sandbox.url) as remote:
        remote.control(f"/channels/{gateway.id}", webhook_url=url)
        early = Gateway(remote)
        chats = [early.chat() for _ in range(5)]
        for text in ("hello", "order", "bye"):
            for chat in chats:
                early.send(chat, text)
        eventually(lambda: any(each["error"] == "connection refused" for each in deliveries(remote)))
        with Receiver(port) as late:
            late.wait(15)
            for chat in chats:
                said = [text for who, text in early.said(chat) if who == "bot"]
                mine = [post for post in late.messages if post.json["events"][0]["chat"]["id"] == chat["id"]]
                heard = [text for post in mine for text in post.texts]
                assert heard == said
            eventually(lambda: remote.get("/webhooks")["deliveries"] == {"done": 15})


def test_a_receiver_that_never_answers_does_not_hold_up_the_others(gateway: Gateway, receiver: Receiver) -> None:
    other = Gateway(gateway.remote, 1)
    with Receiver() as stuck:
        stuck.slow = 30
        gateway.remote.control(f"/channels/{other.id}", webhook_url=f"{stuck.url}/")
        other.send(other.chat())
        eventually(lambda: bool(stuck.posts))
        began = time.monotonic()
        gateway.send(gateway.chat())
        receiver.wait(1)
        assert time.monotonic() - began < 15


def test_a_chunked_answer_is_read(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control(f"/channels/{gateway.id}", webhook_url=f"{receiver.url}/chunked/", profile_url="")
    gateway.send(gateway.chat())
    eventually(lambda: bool(deliveries(gateway.remote, state="done")))
    assert deliveries(gateway.remote)[-1]["tries"][-1]["answer"] == "ok"


# --- where to


def test_without_a_url_nothing_goes_out(gateway: Gateway) -> None:
    chat = gateway.chat()
    gateway.send(chat)
    assert deliveries(gateway.remote) == []
    assert len(gateway.messages(chat)) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "https://127.0.0.1@example.com/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "http:///x",
        "http://2130706433/",
    ],
)
def test_it_connects_to_this_machine_only(gateway: Gateway, url: str) -> None:
    for key in ("webhook_url", "profile_url"):
        with pytest.raises(requests.HTTPError, match="422"):
            gateway.remote.control(f"/channels/{gateway.id}", **{key: url})
    assert gateway.remote.get(f"/channels/{gateway.id}")["webhook_url"] == ""


def test_the_start_option_points_every_channel_at_the_product() -> None:
    with Receiver() as receiver:
        options = Options(webhook_base=f"{receiver.url}/", reply_delay=(0, 0))
        with SandboxServer(options=options) as sandbox, Remote(sandbox.url) as remote:
            for number in (0, 1):
                gateway = Gateway(remote, number)
                gateway.send(gateway.chat())
                assert receiver.wait(number + 1)[number].path == f"/webhooks/{gateway.id}/"
            eventually(lambda: len(receiver.profiles) == 2)
            remote.control(f"/channels/{gateway.id}", webhook_url="")
            remote.control("/reset")
            assert remote.get(f"/channels/{gateway.id}")["webhook_url"] == f"{receiver.url}/webhooks/{gateway.id}/"


def test_the_base_of_the_product_may_be_another_machine() -> None:
    with SandboxServer(options=Options(webhook_base="https://admin.example.com")) as sandbox, Remote(sandbox.url) as to:
        channel = Gateway(to).id
        assert to.get(f"/channels/{channel}")["webhook_url"] == f"https://admin.example.com/webhooks/{channel}/"
        to.control(f"/channels/{channel}", webhook_url="https://admin.example.com/elsewhere/")
        for wrong in ("http://admin.example.com/", "https://admin.example.com:444/", "https://admin.example.com.evil/"):
            with pytest.raises(requests.HTTPError, match="422"):
                to.control(f"/channels/{channel}", webhook_url=wrong)
