"""The bot, the agents, the simulated customers, the demo chats, and chats by the control API."""

import re
import time
from typing import Any

import pytest
import requests

from protoadmin.sandbox import Options, SandboxServer
from protoadmin.sandbox.bot import PHRASES
from tests.sandbox.gateway import Gateway
from tests.sandbox.receiver import Receiver, eventually
from tests.sandbox.remote import Remote

SPOKEN = {"en", "es", "ar", "th", "zh_CN", "ja", "tl", "hi", "fr", "de"}


def answer(gateway: Gateway, words: str, lang: str = "en") -> list[dict[str, Any]]:
    """What the bot says to something in the middle of a conversation."""
    chat = gateway.chat(lang=lang)
    gateway.send(chat, "hello")
    before = len(gateway.messages(chat)) + 1
    gateway.send(chat, words)
    return [each["message"] for each in gateway.messages(chat)[before:]]


# --- the bot


def test_it_greets_by_name_and_offers_what_to_say(gateway: Gateway) -> None:
    chat = gateway.chat(human={"name": "Zoë"})
    gateway.send(chat, "…")
    greeting = gateway.messages(chat)[1]["message"]
    assert greeting["data"]["text"].startswith("Hi Zoë!")
    assert len(greeting["data"]["quickReplies"]) == 4


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("Where is my ORDER?", ["text", "hyperlink"]),
        ("a picture please", ["text", "image"]),
        ("send me the file", ["text", "media"]),
        ("plans", ["text", "carousel"]),
        ("link", ["hyperlink"]),
        ("refund", ["text"]),
        ("xyzzy", ["text"]),
        ("agent", ["text", "thirdparty_agent_takeover", "text"]),
        ("human", ["text", "thirdparty_agent_takeover", "text"]),
    ],
)
def test_it_answers_words_by_each_kind_of_message(gateway: Gateway, words: str, kinds: list[str]) -> None:
    assert [message["type"] for message in answer(gateway, words)] == kinds


def test_a_carousel_has_cards_with_buttons(gateway: Gateway) -> None:
    cards = answer(gateway, "plans")[1]["data"]["cards"]
    assert 0 < len(cards) <= 10
    for card in cards:
        assert set(card) == {"title", "text", "imageUrl", "buttons"}
        assert [set(button) for button in card["buttons"]] == [{"text", "payload"}, {"text", "url"}]


def test_every_quick_reply_is_understood_in_every_language(gateway: Gateway) -> None:
    for lang in SPOKEN:
        chat = gateway.chat(lang=lang)
        gateway.send(chat, PHRASES[lang]["hi"])
        for reply in gateway.messages(chat)[1]["message"]["data"]["quickReplies"]:
            (first, *_) = answer(gateway, reply["text"], lang)
            assert first["data"]["text"] != PHRASES[lang]["fallback"], (lang, reply)


def test_it_speaks_english_where_it_has_no_words(gateway: Gateway) -> None:
    assert set(PHRASES) == SPOKEN
    assert answer(gateway, "order", "kqn") == answer(gateway, "order", "en")


def test_buttons_media_and_triggers_are_answered(gateway: Gateway) -> None:
    chat = gateway.chat()
    gateway.send(chat, {"type": "manual_trigger", "data": {"trigger_name": "WELCOME"}})
    gateway.send(chat, {"type": "button", "data": {"payload": "Plus"}})
    attachment = {"filename": "a.png", "url": "https://example.com/a.png"}
    gateway.send(chat, {"type": "media", "data": {"attachment": attachment}})
    texts = [text for who, text in gateway.said(chat) if who == "bot"]
    assert texts[0].startswith("Hi Ann!")
    assert "Plus" in texts[1]
    assert texts[2] == PHRASES["en"]["received"]


def test_an_agent_takes_over_and_stays_until_the_end(gateway: Gateway) -> None:
    chat = gateway.chat()
    for words in ("hello", "agent", "It does not work", "order", "thanks"):
        gateway.send(chat, words)
    said = gateway.said(chat)
    assert [who for who, _ in said] == [
        *("human", "bot", "human", "bot", "bot", "agent"),
        *("human", "agent") * 3,
    ]
    agents = {each["author"]["id"] for each in gateway.messages(chat) if each["author"]["type"] == "agent"}
    assert len(agents) == 1
    assert re.fullmatch(r"user_\w+", agents.pop())
    assert gateway.chats(chatId=chat["id"])[0]["active"] is False
    gateway.send(chat, "one more thing")
    assert gateway.chats(chatId=chat["id"])[0]["active"] is True


def test_the_agent_is_named_in_the_webhook(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat()
    gateway.send(chat, "hello")
    gateway.send(chat, "agent")
    author = receiver.wait(3)[2].json["events"][0]["messages"][0]["author"]
    assert author["type"] == "agent"
    assert author["name"] in PHRASES["en"]["agents"]


def test_it_takes_a_moment(gateway: Gateway, receiver: Receiver) -> None:
    gateway.remote.control("/webhooks", reply_delay=[0.4, 0.6])
    chat = gateway.chat()
    began = time.time()
    gateway.send(chat, "hello")
    gateway.send(chat, "order")
    assert len(gateway.messages(chat)) == 2
    posts = receiver.wait(2)
    assert posts[0].at - began >= 0.4
    assert [who for who, _ in gateway.said(chat)] == ["human", "human", "bot", "bot", "bot"]
    assert posts[0].texts[0].startswith("Hi Ann!")


# --- by the control API


def test_a_chat_with_a_transcript(gateway: Gateway, receiver: Receiver) -> None:
    said: list[dict[str, Any]] = [
        {"author_type": "human", "text": "Hi"},
        {"author_type": "bot", "author_name": "Robo", "text": "Hello"},
        {"author_type": "agent", "author_name": "Kim", "message": {"type": "unheard_of", "data": [1]}},
    ]
    made = gateway.remote.control(
        "/chats", channel_id=gateway.id, human={"name": "Bo", "email": "b@example.com"}, lang="fr", messages=said
    )
    assert (made["lang"], made["human"]["name"], len(made["messages"])) == ("fr", "Bo", 3)
    assert [each["author"]["type"] for each in gateway.messages(made)] == ["human", "bot", "agent"]
    assert gateway.chats(humanId=made["human"]["id"])[0]["id"] == made["id"]
    again = gateway.remote.control("/chats", channel_id=gateway.id, human={"id": made["human"]["id"]})
    assert again["human"]["id"] == made["human"]["id"]
    new = gateway.remote.control("/chats", channel_id=gateway.id, human={"id": "human_chosen", "name": "X"})
    assert (new["human"]["id"], new["human"]["name"]) == ("human_chosen", "X")
    with pytest.raises(requests.HTTPError, match="409"):
        gateway.remote.control("/chats", channel_id=Gateway(gateway.remote, 1).id, human={"id": "human_chosen"})
    assert receiver.posts == []
    gateway.remote.control(f"/chats/{made['id']}/deliver")
    (post,) = receiver.wait(1)
    assert [message["type"] for message in post.json["events"][0]["messages"]] == ["text", "unheard_of"]
    assert post.json["events"][0]["messages"][1]["author"]["name"] == "Kim"


def test_somebody_is_made_to_say_something(gateway: Gateway, receiver: Receiver) -> None:
    chat = gateway.chat()
    path = f"/chats/{chat['id']}/say"
    gateway.remote.control(path, text="as the bot")
    gateway.remote.control(path, author_type="agent", author_name="Kim", messages=[{"text": "a"}, {"text": "b"}])
    gateway.remote.control(path, author_type="human", text="as the customer")
    posts = receiver.wait(3)
    assert [post.texts for post in posts][:2] == [["as the bot"], ["a", "b"]]
    assert posts[1].json["events"][0]["messages"][0]["author"]["name"] == "Kim"
    assert posts[2].json["events"][0]["messages"][0]["author"]["name"] == "Kim"
    assert [who for who, _ in gateway.said(chat)] == ["bot", "agent", "agent", "human", "agent"]
    cannot_be: list[dict[str, Any]] = [
        {},
        {"text": 5},
        {"text": "\ud800"},
        {"message": {}},
        {"author_type": "cat", "text": "x"},
        {"messages": [5]},
        {"message": {"type": "\ud800", "data": {}}},
    ]
    for wrong in cannot_be:
        with pytest.raises(requests.HTTPError, match="422"):
            gateway.remote.control(path, **wrong)


def test_a_chat_is_ended_and_handed_over(gateway: Gateway) -> None:
    chat = gateway.chat()
    gateway.remote.control(f"/chats/{chat['id']}", active=False, agent="Kim")
    assert gateway.chats(chatId=chat["id"])[0]["active"] is False
    gateway.send(chat, "hello")
    assert gateway.said(chat)[-1][0] == "agent"
    gateway.remote.control(f"/chats/{chat['id']}", agent=None)
    gateway.send(chat, "hello")
    assert gateway.said(chat)[-1][0] == "bot"


def test_all_demo_chats_can_be_delivered(gateway: Gateway, receiver: Receiver) -> None:
    told = gateway.remote.control("/chats/all/deliver")["chats"]
    here = [chat["id"] for chat in gateway.remote.get("/chats", channel_id=gateway.id)["chats"]]
    assert set(here) <= set(told)
    posts = receiver.wait(len(here))
    assert {post.json["events"][0]["chat"]["id"] for post in posts} == set(here)


# --- simulated customers


def test_customers_write_at_a_rate_and_stop(gateway: Gateway, receiver: Receiver) -> None:
    channels = [each["channel_id"] for each in gateway.remote.get("/webhooks")["channels"]]
    for channel in channels:
        gateway.remote.control(f"/channels/{channel}", webhook_url=f"{receiver.url}/webhooks/{channel}/")
    before = gateway.remote.get("/chats")["total"]
    gateway.remote.control("/traffic", per_minute=3000, messages=40)
    eventually(lambda: gateway.remote.get("/webhooks")["traffic"] == {"on": False, "per_minute": 3000, "left": 0})
    assert gateway.remote.get("/chats", limit=200)["total"] > before
    written = [each for each in simulated_messages(gateway) if each["author"]["type"] == "human"]
    assert len(written) == 40
    eventually(lambda: {each.json["events"][0]["chat"]["id"] for each in receiver.messages} >= answered_chats(gateway))


def simulated_messages(gateway: Gateway) -> list[dict[str, Any]]:
    """What was said in the chats of simulated customers, with the chat's id."""
    whole = [gateway.remote.get(f"/chats/{each['id']}") for each in gateway.remote.get("/chats", limit=200)["chats"]]
    return [
        {**message, "chat_id": chat["id"]}
        for chat in whole
        if chat["data"].get("simulated")
        for message in chat["messages"]
    ]


def answered_chats(gateway: Gateway) -> set[str]:
    """The chats of simulated customers in which bot or agent has said something; at least one."""
    found = {str(each["chat_id"]) for each in simulated_messages(gateway) if each["author"]["type"] != "human"}
    assert found
    return found


def test_customers_can_be_stopped_and_started_again(gateway: Gateway) -> None:
    gateway.remote.control("/traffic", per_minute=6)
    assert gateway.remote.get("/webhooks")["traffic"]["on"]
    gateway.remote.control("/traffic", per_minute=0)
    assert gateway.remote.get("/webhooks")["traffic"] == {"on": False, "per_minute": 0, "left": 0}
    gateway.remote.control("/traffic", per_minute=1200, messages=3)
    eventually(lambda: gateway.remote.get("/webhooks")["traffic"]["left"] == 0)


def test_the_start_option_makes_it_lively_within_seconds() -> None:
    with Receiver() as receiver:
        options = Options(webhook_base=receiver.url, traffic=60)
        with SandboxServer(options=options) as sandbox, Remote(sandbox.url):
            receiver.wait(2, seconds=15)


# --- demo data


def test_the_demo_chats_are_of_demo_people_in_ten_languages(remote: Remote) -> None:
    found = remote.get("/chats", limit=100)
    assert 40 <= found["total"] <= 45
    chats = [remote.get(f"/chats/{chat['id']}") for chat in found["chats"]]
    assert {chat["lang"] for chat in chats} == SPOKEN
    assert {len(chat["messages"]) > 1 for chat in chats} == {True}
    assert {chat["active"] for chat in chats} == {True, False}
    assert sum(1 for chat in chats if chat["agent"]) > 5
    assert {chat["messages"][-1]["author"]["type"] for chat in chats} == {"human", "bot", "agent"}
    people = {person["provided_unique_id"]: person for person in remote.get("/people", limit=1000)["people"]}
    for chat in chats:
        person = people[chat["human"]["externalId"]]
        assert chat["human"].get("name") == person["name"]
        if person["gateway_profile_id"]:
            assert chat["human"]["id"] == person["gateway_profile_id"]
        assert chat["createdAt"] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_the_demo_data_are_the_same_every_time(remote: Remote) -> None:
    def shown() -> list[Any]:
        chats = remote.get("/chats", limit=100)["chats"]
        return sorted((chat["id"], chat["human"]["id"], chat["human"]["name"] or "") for chat in chats)

    first = shown()
    remote.control("/reset")
    assert shown() == first


def test_it_starts_within_a_second() -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        with SandboxServer():
            times.append(time.perf_counter() - began)
    assert min(times) < 1
