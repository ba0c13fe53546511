"""Deliveries become chats and messages: once each, in order, whatever happens on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.arrivals import Event
from conversations.models import Chat, Message
from conversations.recording import record
from customers.models import Customer, Human
from protoadmin.connections.models import Channel
from tests.webhooks.posting import chat_named, deliver, event, post, texts, unique
from webhooks import draining
from webhooks.draining import drain
from webhooks.models import Delivery, DeliveryState, Drain
from webhooks.services import delivery_replay

pytestmark = pytest.mark.django_db


def test_a_delivery_becomes_a_chat_a_human_and_its_messages(channel: Channel) -> None:
    delivery = deliver(event("Hello", "How may I help?", chatToken="ct", replyToken="rt"))
    chat = chat_named()
    assert texts() == ["Hello", "How may I help?"]
    assert (chat.channel, chat.teamspace, chat.chat_token) == (channel, channel.teamspace, "ct")
    assert (chat.last_text, chat.last_author_type, chat.last_author_name) == ("How may I help?", "bot", "Bot #1")
    assert (chat.message_count, chat.has_agent, chat.last_message_at) == (2, False, delivery.received_at)
    assert Human.objects.get().name == "Ann"
    first = Message.objects.order_by("sequence")[0]
    assert (first.delivery, first.event_index, first.position) == (delivery, 0, 0)
    assert (first.reply_token, first.origin, first.received_at) == ("rt", "webhook", delivery.received_at)
    assert (delivery.state, delivery.attempts, delivery.error) == ("processed", 1, "")
    assert delivery.processed_at is not None


def test_messages_keep_the_order_of_delivery_event_and_position(channel: Channel) -> None:
    for number in range(3):
        post(unique(event(f"{number}a", f"{number}b"), event("elsewhere", chat="chat-2"), event(f"{number}c")))
    drain()
    assert texts() == ["0a", "0b", "0c", "1a", "1b", "1c", "2a", "2b", "2c"]
    assert texts("chat-2") == ["elsewhere"] * 3


def test_processing_twice_changes_nothing(channel: Channel) -> None:
    delivery = deliver(event("one", "two"))
    before = list(Message.objects.values())
    count = chat_named().message_count
    for _ in range(2):
        delivery_replay(delivery=delivery)
        drain()
    assert list(Message.objects.values()) == before
    assert chat_named().message_count == count
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PROCESSED


def test_the_same_bytes_within_the_window_are_folded_away(channel: Channel) -> None:
    body = unique(event("again"))
    for _ in range(3):
        post(body)
        drain()
    post(body)
    drain()
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["processed", "repeat", "repeat", "repeat"]
    first = Message.objects.get(repeat_of=None)
    assert list(Message.objects.exclude(pk=first.pk).values_list("repeat_of", flat=True)) == [first.pk] * 3
    assert chat_named().message_count == 1


def test_a_repeat_in_one_batch_is_found_too(channel: Channel) -> None:
    body = unique(event("again", "and again"))
    for _ in range(3):
        post(body)
    drain()
    assert texts() == ["again", "and again"]
    assert Message.objects.count() == 6


def test_the_same_bytes_later_are_said_again(channel: Channel) -> None:
    body = unique(event("hi"))
    post(body)
    drain()
    Delivery.objects.update(received_at=timezone.now() - timedelta(seconds=61))
    post(body)
    drain()
    assert texts() == ["hi", "hi"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}


def test_the_same_bytes_on_another_channel_are_no_repeat(channel: Channel) -> None:
    Channel.objects.create(name="B", channel_id="b", teamspace=channel.teamspace, secret=channel.secret)
    body = unique(event("hi"))
    post(body)
    post(body, channel="b")
    drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}
    assert Chat.objects.count() == 2


def test_a_delivery_that_comes_late_gets_its_place(channel: Channel) -> None:
    """As when a delivery commits after one with a higher id, or a failed one is replayed."""
    for text in ("a", "b", "c", "d"):
        post(unique(event(text)))
    second, third = Delivery.objects.order_by("pk")[1:3]
    Delivery.objects.filter(pk__in=[second.pk, third.pk]).update(state="failed")
    drain()
    assert texts() == ["a", "d"]
    delivery_replay(delivery=second)
    delivery_replay(delivery=third)
    drain()
    assert texts() == ["a", "b", "c", "d"]
    assert chat_named().last_text == "d"
    assert chat_named().message_count == 4


def test_late_deliveries_find_room_however_many(channel: Channel) -> None:
    many = [f"late {number}" for number in range(30)]
    post(unique(event("first")))
    for text in many:
        post(unique(event(text)))
    post(unique(event("last")))
    late = list(Delivery.objects.order_by("pk")[1:31])
    Delivery.objects.filter(pk__in=[each.pk for each in late]).update(state="failed")
    drain()
    Message.objects.filter(text="last").update(sequence=Message.objects.get(text="first").sequence + 2)  # type: ignore[operator]
    for each in late:
        delivery_replay(delivery=each)
        drain()
    assert texts() == ["first", *many, "last"]


def test_one_that_fails_does_not_hold_up_the_others(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("good", "poison", "better"):
        post(unique(event(text, chat=text)))

    def fails_on_poison(events: list[Event]) -> list[int]:
        if any(each.chat_id == "poison" for each in events):
            raise ValueError("cannot be digested")
        return record(events)

    monkeypatch.setattr("webhooks.draining.record", fails_on_poison)
    drain()
    assert (texts("good"), texts("better"), texts("poison")) == (["good"], ["better"], [])
    failed = Delivery.objects.get(state="failed")
    assert "cannot be digested" in failed.error
    assert "Traceback" in failed.traceback
    monkeypatch.undo()
    delivery_replay(delivery=failed)
    drain()
    assert texts("poison") == ["poison"]
    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.traceback) == ("processed", "", "")


def test_one_that_was_begun_before_is_taken_alone_and_stops_at_the_third_attempt(channel: Channel) -> None:
    for text in ("a", "b", "c"):
        post(unique(event(text, chat=text)))
    first, second, _ = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=first.pk).update(attempts=3)
    Delivery.objects.filter(pk=second.pk).update(attempts=1)
    assert draining._take() == [second.pk]
    assert draining._process([second.pk]) == 1
    drain()
    assert (texts("a"), texts("b"), texts("c")) == ([], ["b"], ["c"])
    first.refresh_from_db()
    assert first.state == "failed"
    assert "never finished" in first.error
    delivery_replay(delivery=first)
    drain()
    assert texts("a") == ["a"]


def test_one_worker_at_a_time_and_a_dead_one_is_replaced(channel: Channel) -> None:
    post(unique(event("hi")))
    host_of_another = "another-host:1:1"
    soon = timezone.now() + timedelta(seconds=30)
    Drain.objects.update_or_create(pk=1, defaults={"holder": host_of_another, "leased_until": soon})
    assert drain() == 0
    assert texts() == []
    Drain.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert drain() == 1
    assert texts() == ["hi"]
    assert Drain.objects.get().holder == ""


def test_a_person_whom_proto_named_is_linked(channel: Channel) -> None:
    customer = Customer.objects.create(teamspace=channel.teamspace, name="Ann", gateway_profile_id="human_1")
    deliver(event("hi"))
    assert Human.objects.get().customer == customer
    deliver(event("hi again", name="Ann B."))
    assert Human.objects.get().name == "Ann B."


@pytest.mark.parametrize(
    "odd",
    [
        {"chat": {"id": "c"}, "messages": [{"text": "no author, no data"}]},
        {"chat": {"id": "c", "human": None}, "messages": [{"author": None, "type": None, "data": None}]},
        {"chat": {"id": "c", "human": {"id": 5, "name": 7}}, "messages": [None, 1, "x", [], {}]},
        {"chat": {"id": "c"}, "type": "feedback", "rating": 5},
        {"chat": {"id": "c"}, "messages": [{"type": "text", "data": {"text": "\x00 \ud800 emoji 🙂 ไทย 中文"}}]},
        {"chat": {"id": "c"}, "messages": [{"type": "new" * 100, "data": {"n": 10**400, "f": float("nan")}}]},
        {"chat": {"id": "c"}, "messages": [{"author": {"type": "robot" * 9, "name": "n" * 999}, "data": "text"}]},
        {"chat": {"id": "c"}},
        {"chat": "c", "messages": [{"type": "text", "data": {"text": 5}}]},
    ],
)
def test_whatever_an_event_holds_is_kept(channel: Channel, odd: dict[str, Any]) -> None:
    delivery = deliver(odd)
    assert delivery.state == "processed", (delivery.error, delivery.traceback)
    messages = odd.get("messages", [None] if "type" in odd else [])
    assert Message.objects.filter(chat__chat_id="c").count() == len(messages)


def test_an_event_of_an_unknown_type_is_shown_as_what_it_is(channel: Channel) -> None:
    deliver({"type": "feedback", "chat": {"id": "c"}, "rating": 5})
    message = Message.objects.get()
    assert (message.type, message.data) == ("feedback", {"rating": 5})


def test_an_event_without_a_chat_is_said_to_be_so_and_the_others_are_kept(channel: Channel) -> None:
    delivery = deliver({"messages": []}, event("hi"))
    assert delivery.state == "failed"
    assert "Event 1 names no chat" in delivery.error
    assert texts() == ["hi"]


def test_ten_thousand_messages_in_one_delivery(channel: Channel) -> None:
    deliver(event(*map(str, range(10_000))))
    assert texts() == list(map(str, range(10_000)))
