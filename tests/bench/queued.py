"""Calls to be drained, queued through the product's own services. Runs inside the product's database."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from conversations.services import ticket_create
from customers.models import Customer
from customers.services import customer_push
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import PENDING_STATES, Call, CallState, Gate
from protoadmin.outbox.services import gate_of, gate_resume

_known: dict[str, int] = {}


def _teamspace() -> Teamspace:
    return Teamspace.objects.order_by("pk")[:1].get()


def sendable_people() -> list[int]:
    """Return people whom Proto knows."""
    return list(Customer.objects.filter(teamspace=_teamspace(), sync_state="done").values_list("pk", flat=True)[:200])


def queue(number: int) -> None:
    """Queue saves of new people and tickets of known ones, half and half, while the connection rests."""
    teamspace = _teamspace()
    gate = gate_of(teamspace)
    assert gate is not None, "the demo data has made a call"
    Gate.objects.filter(pk=gate.pk).update(paused_until=timezone.now() + datetime.timedelta(hours=1))
    _known["before"] = Call.objects.aggregate(last=Max("pk"))["last"] or 0
    known = list(Customer.objects.filter(teamspace=teamspace, sync_state="done").order_by("pk")[: number - number // 2])
    with transaction.atomic():
        for position in range(number // 2):
            unique_id = f"drained-{_known['before']}-{position}"
            person = Customer.objects.create(
                teamspace=teamspace, provided_unique_id=unique_id, name=f"Person {position}"
            )
            customer_push(customer=person, by=None)
        for person in known:
            ticket_create(customer=person, subject="Question", identifier="provided_unique_id", by=None)


def resume() -> None:
    """Let the connection go on, as the button on its page does."""
    gate_resume(connection=_teamspace())


def progress() -> dict[str, Any]:
    """Return how many of the queued calls are on their way or done, and the seconds from the first to the last."""
    calls = Call.objects.filter(pk__gt=_known["before"])
    times = calls.aggregate(first=Min("sent_at"), last=Max("finished_at"))
    seconds = (times["last"] - times["first"]).total_seconds() if times["first"] and times["last"] else 0.0
    return {
        "left": calls.filter(state__in=PENDING_STATES).count(),
        "done": calls.filter(state=CallState.DONE).count(),
        "seconds": seconds,
        "otherwise": list(calls.exclude(state=CallState.DONE).values_list("operation", "state", "error")[:3]),
    }
