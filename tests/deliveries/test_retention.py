"""Old deliveries go, few at a time; what waits stays, and so do messages."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Message
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.tasks import remove_expired_calls
from tests.deliveries.house import House
from tests.deliveries.test_page import event
from webhooks import retention
from webhooks.draining import drain
from webhooks.models import Delivery, DeliveryState
from webhooks.retention import remove_expired_deliveries


@pytest.fixture(autouse=True)
def ninety_days(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep them for 90 days, and do not pause."""
    settings.DELIVERY_RETENTION_DAYS = 90
    monkeypatch.setattr(retention, "PAUSE", 0.0)


def old(house: House, days: float = 91, **fields: Any) -> Delivery:
    """Make a delivery that arrived so many days ago."""
    return house.arrived(received_at=timezone.now() - timedelta(days=days), **fields)


def left() -> list[int]:
    """Return the ids that are there."""
    return list(Delivery.objects.order_by("pk").values_list("pk", flat=True))


def test_what_goes_and_what_stays(house: House) -> None:
    waiting = old(house, state=DeliveryState.RECEIVED)
    for state in (DeliveryState.PROCESSED, DeliveryState.FAILED, DeliveryState.REPEAT, DeliveryState.REJECTED):
        old(house, state=state)
    young = old(house, days=89)
    assert remove_expired_deliveries() == 4
    assert left() == [waiting.pk, young.pk]


def test_messages_stay(house: House) -> None:
    delivery = old(house, body={"events": [event("Hello")]}, state=DeliveryState.RECEIVED)
    drain()
    assert Message.objects.get().delivery_id == delivery.pk
    assert remove_expired_deliveries() == 1
    message = Message.objects.get()
    assert (message.text, message.delivery_id) == ("Hello", None)


def test_in_batches_and_for_so_long(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        old(house)
    assert remove_expired_deliveries(seconds=0) == 2
    assert remove_expired_deliveries() == 3
    assert remove_expired_deliveries() == 0


def test_one_with_a_later_time_before_them_does_not_keep_the_others(house: House) -> None:
    young = house.arrived()
    old(house)
    assert remove_expired_deliveries() == 1
    assert left() == [young.pk]


def test_zero_keeps_for_ever(house: House, settings: Any) -> None:
    settings.DELIVERY_RETENTION_DAYS = 0
    old(house, days=4000)
    assert remove_expired_deliveries() == 0


def test_looking_for_old_ones_reads_the_lowest_ids_alone(house: House) -> None:
    for _ in range(3):
        house.arrived()
    with CaptureQueriesContext(connection) as queries:
        assert remove_expired_deliveries() == 0
    (query,) = queries
    assert "LIMIT 500" in query["sql"]
    assert "received_at" not in query["sql"].partition("WHERE")[2]


def test_calls_are_kept_for_ever_with_zero_too(house: House, settings: Any) -> None:
    settings.CALL_RETENTION_DAYS = 0
    Call.objects.create(
        connection=house.acme,
        target=house.acme,
        operation="test_connection",
        state=CallState.DONE,
        finished_at=timezone.now() - timedelta(days=4000),
    )
    assert remove_expired_calls() == 0
    settings.CALL_RETENTION_DAYS = 1
    assert remove_expired_calls() == 1
