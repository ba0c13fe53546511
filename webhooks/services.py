"""What a person can ask of deliveries: replay one, or many."""

from collections.abc import Iterable

from django.db import transaction

from protoadmin.refusals import Refused
from webhooks.models import Delivery, DeliveryState

# What can be made of a body again: a rejected one was not kept, one that waits is on its way.
REPLAYABLE = (DeliveryState.PROCESSED, DeliveryState.FAILED, DeliveryState.REPEAT)


@transaction.atomic
def delivery_replay(*, delivery: Delivery) -> None:
    """Have a delivery processed again; what is there already stays as it is. Raises Refused."""
    if not deliveries_replay(ids=[delivery.pk]):
        raise Refused("Only a delivery that was processed, or failed, can be replayed.")


def deliveries_replay(*, ids: Iterable[int]) -> int:
    """Have those of these deliveries that can be processed again; return how many."""
    rows = Delivery.objects.filter(pk__in=list(ids), state__in=REPLAYABLE)
    return rows.update(state=DeliveryState.RECEIVED, attempts=0, error="", traceback="")
