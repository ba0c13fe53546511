"""Remove deliveries that are old enough: few at a time, so that receivers and pages hardly notice."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from conversations.models import Message
from webhooks.models import Delivery, DeliveryState

BATCH = 500
PAUSE = 0.2


def remove_expired_deliveries(seconds: float = 20.0) -> int:
    """Remove what is older than DELIVERY_RETENTION_DAYS (0: nothing), for at most about `seconds` (sweeper)."""
    if settings.DELIVERY_RETENTION_DAYS <= 0:
        return 0
    end = time.monotonic() + seconds
    before = timezone.now() - timedelta(days=settings.DELIVERY_RETENTION_DAYS)
    removed = 0
    while _has_old(before):
        removed += (count := _remove_batch(before))
        if not count or time.monotonic() >= end:
            break
        time.sleep(PAUSE)
    return removed


def _has_old(before: datetime) -> bool:
    return any(received_at < before for _, received_at in _lowest())


def _lowest() -> list[tuple[int, datetime]]:
    """Return the lowest ids that may go, with their times.

    No index on the time is needed (receiving would pay for it): ids grow with time, so the old ones come first.
    What still waits to be processed stays, however old.
    """
    rows = Delivery.objects.exclude(state=DeliveryState.RECEIVED).order_by("pk")
    return list(rows.values_list("pk", "received_at")[:BATCH])


@transaction.atomic
def _remove_batch(before: datetime) -> int:
    """Remove the old ones among the lowest ids; their messages stay. Return how many went."""
    lowest = [pk for pk, received_at in _lowest() if received_at < before]
    # Another worker may be at the same rows, and one may have been replayed this very moment.
    old = Delivery.objects.select_for_update(skip_locked=True).exclude(state=DeliveryState.RECEIVED)
    ids = list(old.filter(pk__in=lowest).order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(delivery__in=ids).update(delivery=None)
    Delivery.objects.filter(pk__in=ids).only("pk").delete()
    return len(ids)
