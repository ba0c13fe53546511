"""From times to ids: ids grow with time, so a span of time is a range of ids, found without an index on the time."""

import statistics
from datetime import datetime, timedelta

from django.db.models import QuerySet

from webhooks.models import Delivery

# Deliveries that arrive at once get their ids and their times in different order, and clocks differ a little.
SLACK = timedelta(minutes=10)
# No closer than this; and each look takes the middle of so many times, so that single wrong ones mislead nobody.
NEAR = 1000
LOOKED_AT = 21


def received_between(rows: QuerySet[Delivery], since: datetime | None, until: datetime | None) -> QuerySet[Delivery]:
    """Narrow to what was received in this span; either end may be open."""
    if since is not None:
        rows = rows.filter(received_at__gte=since, pk__gte=_ids_around(since - SLACK)[0])
    if until is not None:
        rows = rows.filter(received_at__lte=until, pk__lte=_ids_around(until + SLACK)[1])
    return rows


def _ids_around(moment: datetime) -> tuple[int, int]:
    """Return two ids: what came before the moment has lower ones than the second, what came later than the first."""
    ids = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    low, high = ids.first() or 0, ids.last() or 0
    while high - low > NEAR:
        middle = (low + high) // 2
        times = ids.filter(pk__gte=middle).values_list("received_at", flat=True)[:LOOKED_AT]
        if statistics.median_low(times) >= moment:
            high = middle + NEAR // 4
        else:
            low = middle - NEAR // 4
    return low, high
