"""What the receivers answer, and what they keep: through Django's view and through the WSGI application."""

import hashlib
import json
from urllib.parse import unquote_to_bytes

import pytest
from django.conf import settings as live
from django.utils import timezone

from conversations.models import Message
from customers.models import Customer, Human
from protoadmin.connections.models import Channel, Teamspace
from tests.webhooks.posting import SECRET, signature
from tests.webhooks.ways import Way, ask, path_of, through_view, through_wsgi
from webhooks.draining import drain
from webhooks.models import Delivery, Refusals
from webhooks.services import deliveries_replay

pytestmark = pytest.mark.django_db

WAYS = pytest.mark.parametrize("way", [through_view, through_wsgi])


@WAYS
def test_a_delivery_is_stored_byte_for_byte(way: Way, channel: Channel) -> None:
    body = b' {"events": [ {"chat": {"id": "c"}} ], "odd": "\xc3\xa9\\u0000\\ud800", "events2": 1}\n'
    began = timezone.now()
    reply = ask(way, body, headers={"User-Agent": b"Proto/1 \xe9\x00"})
    assert (reply.status, reply.json) == (200, {"status": "stored"})
    kept = Delivery.objects.get()
    assert (bytes(kept.body), kept.size, kept.channel, kept.kind) == (body, len(body), channel, "messages")
    assert (kept.state, kept.attempts, kept.processed_at, kept.error) == ("received", 0, None, "")
    assert began <= kept.received_at <= timezone.now()
    assert kept.body_sha256 == hashlib.sha256(body).hexdigest()
    assert kept.headers.splitlines() == ["Content-Type: application/json", "User-Agent: Proto/1 é\ufffd"]
    assert "PROTO" not in kept.headers
    assert SECRET not in kept.headers


@WAYS
def test_no_cookie_no_session_and_nothing_that_varies(way: Way, channel: Channel) -> None:
    for reply in (ask(way, {"events": []}), ask(way, {"events": []}, secret="wrong"), ask(way, b"[]")):
        assert not {"set-cookie", "location"} & set(reply.headers)
        if way is through_wsgi:
            assert set(reply.headers) == {"content-type", "content-length"}


@WAYS
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("profile", [False, True])
def test_only_post_is_allowed(way: Way, channel: Channel, method: str, profile: bool) -> None:
    reply = way(method, path_of(profile=profile), b"", {})
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert not Delivery.objects.exists()


@WAYS
@pytest.mark.parametrize("profile", [False, True])
def test_an_unknown_channel(way: Way, channel: Channel, profile: bool) -> None:
    reply = ask(way, {"events": [], "human": "x"}, channel="nobody", profile=profile)
    assert reply.status == 404
    assert "error" in reply.json
    kept = Delivery.objects.get()
    assert (kept.state, kept.channel, bytes(kept.body)) == ("rejected", None, b"")
    assert "'nobody'" in kept.error


@WAYS
@pytest.mark.parametrize("odd", ["%00", "%ff%fe", "%ED%A0%80", "a" * 3000, "ünï", "..%2f..", "%0d%0aX: y"])
def test_odd_channel_ids_are_unknown(way: Way, channel: Channel, odd: str) -> None:
    path = odd if way is through_view else unquote_to_bytes(odd).decode("latin-1")
    reply = ask(way, {"events": []}, channel=path)
    assert reply.status == 404


@WAYS
def test_too_large_is_said_before_the_body_is_read(way: Way, channel: Channel) -> None:
    limit = live.WEBHOOK_MAX_BODY_BYTES
    signed = {"X-PROTO-SIGNATURE": b"0" * 40, "Content-Length": str(limit + 1).encode()}
    reply = way("POST", path_of(), b"", signed)
    assert reply.status == 413
    huge = way("POST", path_of(), b"", {**signed, "Content-Length": b"9" * 4000})
    assert huge.status == 413
    kept = Delivery.objects.get()
    assert (kept.state, bytes(kept.body), kept.size) == ("rejected", b"", limit + 1)
    assert Refusals.objects.get().reason == "too_large"


@WAYS
def test_the_limit_itself_is_taken_and_one_byte_more_is_not(way: Way, channel: Channel) -> None:
    limit = live.WEBHOOK_MAX_BODY_BYTES
    start = b'{"events": []}'
    assert ask(way, start.ljust(limit)).status == 200
    assert ask(way, start.ljust(limit + 1)).status == 413
    assert Delivery.objects.filter(state="processed").get().size == limit


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"+5", b"0x10", "٣".encode()])
def test_a_length_that_is_none(channel: Channel, length: bytes) -> None:
    assert ask(through_wsgi, {"events": []}, headers={"Content-Length": length}).status == 411


def test_a_body_shorter_than_its_length_is_not_the_one_that_was_signed(channel: Channel) -> None:
    body = b'{"events": []}'
    assert ask(through_wsgi, body, headers={"Content-Length": b"20"}).status == 200
    longer = through_wsgi(
        "POST",
        path_of(),
        body[:-2],
        {"Content-Length": str(len(body)).encode(), "X-PROTO-SIGNATURE": signature(body).encode()},
    )
    assert longer.status == 401


NOT_UNDERSTOOD = {
    "empty": (b"", "not JSON"),
    "no UTF-8": (b'{"events": ["\xff"]}', "not UTF-8"),
    "UTF-16": ('{"events": []}'.encode("utf-16"), "not UTF-8"),
    "no JSON": (b'{"events": [}', "not JSON"),
    "two values": (b'{"events": []} {}', "not JSON"),
    "a form": (b"events=1", "not JSON"),
    "nested 65 deep": (b'{"events": ' + b"[" * 64 + b"]" * 64 + b"}", "nested deeper than 64"),
    "nested without end": (b"[" * 100_000, "nested deeper than 64"),
    "a list": (b"[]", "not an object"),
    "a string": (b'"events"', "not an object"),
    "null": (b"null", "not an object"),
    "neither": (b'{"Events": [], "person": "x"}', "not an object"),
    "events is no list": (b'{"events": {}}', "not an object"),
    "human is no string": (b'{"human": 5}', "not an object"),
}


@WAYS
@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
@pytest.mark.parametrize("profile", [False, True])
def test_signed_but_not_understood_is_kept_and_says_why(way: Way, channel: Channel, name: str, profile: bool) -> None:
    body, words = NOT_UNDERSTOOD[name]
    reply = ask(way, body, profile=profile)
    assert reply.status == 400
    assert words in reply.json["error"]
    kept = Delivery.objects.get()
    assert (kept.state, kept.kind, bytes(kept.body), kept.error) == ("failed", "unknown", body, reply.json["error"])
    assert kept.processed_at is not None
    assert drain() == 0


@WAYS
def test_nested_64_deep_is_taken(way: Way, channel: Channel) -> None:
    body = b'{"events": ' + b"[" * 63 + b"]" * 63 + b', "text": "' + b"[{" * 100 + b'\\"["}'
    assert ask(way, body).status == 200


@WAYS
def test_brackets_in_text_nest_nothing(way: Way, channel: Channel) -> None:
    body = json.dumps({"events": [], "text": "[" * 1000 + '\\"' + "{" * 1000, "\\": "\\"}).encode()
    assert ask(way, body).status == 200


@WAYS
def test_no_events_is_good_and_done(way: Way, channel: Channel) -> None:
    assert ask(way, {"events": []}).json == {"status": "stored"}
    kept = Delivery.objects.get()
    assert (kept.state, kept.kind) == ("processed", "messages")
    assert kept.processed_at is not None


@WAYS
def test_events_win_over_human(way: Way, channel: Channel) -> None:
    assert ask(way, {"human": "human_1", "events": []}).json == {"status": "stored"}
    assert ask(way, {"human": "human_1", "events": None}).status == 404
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == ["messages", "profile"]


@WAYS
def test_the_profile_address_takes_a_profile_alone(way: Way, channel: Channel) -> None:
    assert ask(way, {"events": []}, profile=True).status == 400
    assert "a `human` string" in Delivery.objects.get().error


@WAYS
def test_a_byte_order_mark_is_no_reason(way: Way, channel: Channel) -> None:
    assert ask(way, b'\xef\xbb\xbf{"events": []}').status == 200


# --- profile ------------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("at_profile", [False, True])
def test_a_profile_by_human_id_and_by_our_own_id(way: Way, channel: Channel, at_profile: bool) -> None:
    person = Customer.objects.create(
        teamspace=channel.teamspace, name="Ann Lee", email="ann@example.com", provided_unique_id="crm-7"
    )
    Human.objects.create(channel=channel, human_id="human_1", name="", customer=person)
    wanted = {"name": "Ann Lee", "email": "ann@example.com", "tags": []}
    for identifier in ("human_1", "crm-7"):
        reply = ask(way, {"human": identifier, "chatToken": "t"}, profile=at_profile)
        assert (reply.status, reply.json) == (200, {"result": wanted})
    assert set(Delivery.objects.values_list("kind", "state", "error")) == {("profile", "processed", "")}


@WAYS
@pytest.mark.parametrize("identifier", ["human_2", "", "\x00", "\ud800", "x" * 5000])
def test_nobody_with_this_id(way: Way, channel: Channel, identifier: str) -> None:
    reply = ask(way, {"human": identifier}, profile=True)
    assert (reply.status, list(reply.json)) == (404, ["error"])
    kept = Delivery.objects.get()
    assert (kept.state, kept.kind) == ("processed", "profile")
    assert "404" in kept.error


@WAYS
def test_people_of_another_teamspace_or_channel_are_unknown(way: Way, channel: Channel) -> None:
    elsewhere = Teamspace.objects.create(name="Elsewhere", subcompany_id="01ELSE")
    other = Channel.objects.create(name="Other", channel_id="channel-2", teamspace=elsewhere, secret="s")
    Customer.objects.create(teamspace=elsewhere, name="Not yours", provided_unique_id="crm-8", gateway_profile_id="g")
    Human.objects.create(channel=other, human_id="human_8", name="Not yours")
    for identifier in ("crm-8", "human_8", "g"):
        assert ask(way, {"human": identifier}, profile=True).status == 404
        assert ask(way, {"human": identifier}, channel="channel-2", secret="s", profile=True).status == 200


@WAYS
def test_events_beside_a_profile_request_are_not_made_into_messages_by_a_replay(way: Way, channel: Channel) -> None:
    Human.objects.create(channel=channel, human_id="human_1", name="Ann")
    both = {"human": "human_1", "events": [{"chat": {"id": "c"}, "messages": [{"text": "hi"}]}]}
    assert ask(way, both, profile=True).status == 200
    assert deliveries_replay(ids=Delivery.objects.values_list("pk", flat=True)) == 1
    drain()
    assert Delivery.objects.get().state == "processed"
    assert not Message.objects.exists()
