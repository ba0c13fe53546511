"""What is refused is counted, sampled and bounded, and says nothing that was not for us to keep."""

import json
import time

import pytest
from django.db import DatabaseError

from protoadmin.connections.models import Channel
from tests.webhooks.posting import SECRET
from tests.webhooks.ways import Way, ask, path_of, through_view, through_wsgi
from webhooks import refusing
from webhooks.models import Delivery, Refusals
from webhooks.refusing import Refuser

pytestmark = pytest.mark.django_db

WAYS = pytest.mark.parametrize("way", [through_view, through_wsgi])


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The refuser's clock, which stands still until its one item is changed."""
    clock = [1000.0]
    monkeypatch.setattr("webhooks.refusing.time.monotonic", lambda: clock[0])
    return clock


@WAYS
def test_counted_each_time_and_sampled_once_a_second_and_reason(way: Way, channel: Channel, now: list[float]) -> None:
    for moment in (1000.0, 1000.5, 1001.0, 1002.0):
        now[0] = moment
        for _ in range(5):
            ask(way, {"events": []}, secret="wrong")
            ask(way, {"events": []}, channel="nobody")
    assert Delivery.objects.filter(channel=channel).count() == 3
    assert Delivery.objects.filter(channel=None).count() == 3
    counts = {row.reason: row.count for row in Refusals.objects.all()}
    # The last second's others are written with the next refusal.
    assert counts == {"wrong_signature": 16, "no_channel": 16}


@WAYS
def test_neither_body_nor_secret_nor_signature_is_kept(way: Way, channel: Channel) -> None:
    secrets = ["the-body's-secret", SECRET, "ab" * 20]
    body = json.dumps({"events": [secrets[0]]}).encode()
    hush = {
        "X-PROTO-SIGNATURE": secrets[2].encode(),
        "Authorization": b"Bearer the-token",
        "Cookie": b"session=the-cookie",
        "User-Agent": b"Curious/1",
    }
    assert way("POST", path_of(), body, hush).status == 401
    assert way("POST", path_of("nobody"), body, hush).status == 404
    for row in Delivery.objects.values():
        said = repr(row)
        assert "Curious/1" in said
        assert not [word for word in (*secrets, "the-token", "the-cookie") if word in said]
        assert (bytes(row["body"]), row["body_sha256"], row["size"]) == (b"", "", len(body))


@WAYS
def test_bounded_in_number(way: Way, channel: Channel, now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusing, "MOST_KEPT", 10)
    ask(way, {"events": []})
    for number in range(25):
        now[0] += 1
        ask(way, {"events": []}, channel=f"nobody-{number}")
    kept = Delivery.objects.filter(state="rejected").order_by("pk")
    assert kept.count() == 10
    assert "'nobody-24'" in kept[9].error
    assert Delivery.objects.filter(state="processed").count() == 1
    assert Refusals.objects.get().count == 25


def test_memory_is_bounded_however_many_channels_are_guessed(channel: Channel) -> None:
    refuser = Refuser()
    for number in range(50):
        refuser.note("no_channel", channel_pk=None, size=1, remote_addr="", headers="", asked=f"guess-{number}")
    assert len(refuser._counts) <= 1
    assert len(refuser._next_at) == 1


def test_what_could_not_be_noted_is_counted_later(
    channel: Channel, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuser = Refuser()
    about = {"channel_pk": channel.pk, "size": 1, "remote_addr": "", "headers": "", "asked": ""}

    def fails(*args: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patched:
        patched.setattr(refuser, "_write", fails)
        refuser.note("wrong_signature", **about)  # type: ignore[arg-type]
    now[0] += 2
    refuser.note("wrong_signature", **about)  # type: ignore[arg-type]
    assert Refusals.objects.get().count == 2


@WAYS
@pytest.mark.parametrize(
    ("proxies", "forwarded", "kept"),
    [
        ([], "203.0.113.9", "127.0.0.1"),
        (["10.0.0.0/8"], "203.0.113.9", "127.0.0.1"),
        (["127.0.0.1"], "203.0.113.9", "203.0.113.9"),
        (["127.0.0.1", "10.0.0.0/8"], "6.6.6.6, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        (["127.0.0.1"], "", "127.0.0.1"),
        (["127.0.0.1"], "x" * 500, "x" * 45),
        (["127.0.0.1"], "2001:db8::1", "2001:db8::1"),
    ],
)
def test_forwarded_addresses_count_from_trusted_proxies_alone(
    way: Way, channel: Channel, settings: object, proxies: list[str], forwarded: str, kept: str
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    headers = {"X-Forwarded-For": forwarded.encode()}
    ask(way, {"events": []}, headers=headers)
    ask(way, {"events": []}, headers=headers, secret="wrong")
    assert list(Delivery.objects.values_list("remote_addr", flat=True)) == [kept, kept]


def test_a_flood_costs_little(channel: Channel) -> None:
    """Not a benchmark: a second of refusals must not become a second's worth of rows."""
    began = time.monotonic()
    for _ in range(300):
        ask(through_wsgi, {"events": []}, secret="wrong")
    seconds = time.monotonic() - began
    assert Delivery.objects.count() <= seconds + 2
