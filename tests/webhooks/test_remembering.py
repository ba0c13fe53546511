"""What the receivers remember of channels, and for how long."""

from typing import Any

import pytest

from protoadmin.connections.models import Channel
from tests.webhooks.posting import SECRET
from tests.webhooks.ways import Way, ask, through_view, through_wsgi
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db

WAYS = pytest.mark.parametrize("way", [through_view, through_wsgi])


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, which stands still until its one item is changed."""
    clock = [1000.0]
    monkeypatch.setattr("webhooks.channels.time.monotonic", lambda: clock[0])
    return clock


@WAYS
def test_a_channel_made_a_moment_ago_is_known_at_once(way: Way, channel: Channel) -> None:
    assert ask(way, {"events": []}, channel="new").status == 404
    Channel.objects.create(name="New", channel_id="new", teamspace=channel.teamspace, secret="s")
    assert ask(way, {"events": []}, channel="new", secret="s").status == 200


@WAYS
def test_a_new_secret_is_good_at_once_and_an_old_one_for_two_seconds_at_most(
    way: Way, channel: Channel, now: list[float]
) -> None:
    assert ask(way, {"events": []}).status == 200
    Channel.objects.filter(pk=channel.pk).update(secret="rotated", previous_secret=SECRET)
    assert ask(way, {"events": []}, secret="rotated").status == 200
    assert ask(way, {"events": []}).status == 200
    Channel.objects.filter(pk=channel.pk).update(secret="rotated", previous_secret="")
    now[0] += 1.99
    assert ask(way, {"events": []}).status == 200
    now[0] += 0.02
    assert ask(way, {"events": []}).status == 401
    assert ask(way, {"events": []}, secret="rotated").status == 200


@WAYS
def test_a_removed_channel_is_gone_within_two_seconds(way: Way, channel: Channel, now: list[float]) -> None:
    assert ask(way, {"events": []}).status == 200
    Delivery.objects.all().delete()
    channel.delete()
    now[0] += 2.01
    assert ask(way, {"events": []}).status == 404


@WAYS
@pytest.mark.django_db(transaction=True)
def test_a_channel_removed_this_very_moment_is_no_5xx(way: Way, channel: Channel) -> None:
    assert ask(way, {"events": []}).status == 200
    Delivery.objects.all().delete()
    channel.delete()
    assert ask(way, {"events": []}).status == 404


@WAYS
def test_a_flood_of_wrong_ones_may_ask_only_so_often(
    way: Way, channel: Channel, now: list[float], monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("webhooks.channels.LOOK_UPS_A_SECOND", 5)
    monkeypatch.setattr("webhooks.receiving.refuser.note", lambda *args, **more: None)
    assert ask(way, {"events": []}).status == 200
    with django_assert_max_num_queries(5):
        for _ in range(30):
            assert ask(way, {"events": []}, channel="nobody").status == 404
            assert ask(way, {"events": []}, secret="wrong").status == 401
    assert ask(way, {"events": []}).status == 200
