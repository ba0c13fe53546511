"""How connections, workers and queues are, for administrators: every line leads to where one can do something."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from protoadmin.connections.models import Channel, Teamspace
from protoadmin.connections.scoping import only_visible
from protoadmin.health.checks import Check, look
from protoadmin.outbox.models import Call, Gate
from webhooks.models import Delivery, DeliveryState

SHOWN = 8
COUNTED = 1_000
# What is looked at, its words on the page, and where it leads.
LINES = {
    "workers": ("Workers", "admin:runs_run_changelist", ""),
    "calls": ("API calls", "admin:outbox_call_changelist", "?state__exact=queued"),
    "deliveries": ("Webhook deliveries", "admin:webhooks_delivery_changelist", ""),
}


@dataclass(frozen=True)
class Line:
    """One thing that is well, or is not."""

    name: str
    is_well: bool
    words: str
    url: str


def health(user: User) -> dict[str, Any]:
    """Return what the card shows."""
    return {"health": [*map(_line, look(LINES)), *_failed_deliveries(user)], **_connections(user)}


def _line(check: Check) -> Line:
    name, place, query = LINES[check.name]
    words = check.words
    if check.name != "workers" and check.is_well and check.seconds:
        words = f"The oldest has waited for {check.seconds:.0f} s."
    return Line(name, check.is_well, words, reverse(place) + query)


def _failed_deliveries(user: User) -> list[Line]:
    if not user.has_perm("webhooks.view_delivery"):
        return []
    failed = only_visible(Delivery.objects.filter(state=DeliveryState.FAILED), user, "channel__teamspace")
    number = failed.order_by()[: COUNTED + 1].count()
    words = f"{number:,} failed." if number <= COUNTED else f"More than {COUNTED:,} failed."
    url = f"{reverse('admin:webhooks_delivery_changelist')}?state__exact=failed"
    return [Line("Failed deliveries", not number, words if number else "None failed.", url)]


def _connections(user: User) -> dict[str, Any]:
    teamspaces = list(only_visible(Teamspace.objects.all(), user, "pk")[:SHOWN])
    channels = list(only_visible(Channel.objects.all(), user)[:SHOWN])
    paused = Gate.objects.filter(paused_until__gt=timezone.now()).prefetch_related("connection")
    visible = {(type(row), row.pk) for row in (*teamspaces, *channels)}
    return {
        "teamspaces": _with_tests(Teamspace, teamspaces),
        "channels": _with_tests(Channel, channels),
        "paused_gates": [gate for gate in paused if (type(gate.connection), gate.connection_id) in visible],
    }


def _with_tests(model: Any, rows: list[Any]) -> list[tuple[Any, Call | None]]:
    """Return the connections, each with its last test."""
    kind = ContentType.objects.get_for_model(model)
    tests = Call.objects.filter(operation="test_connection", target_type=kind, target_id__in=[row.pk for row in rows])
    newest = tests.order_by().values("target_id").annotate(newest=Max("pk")).values_list("newest", flat=True)
    found = {call.target_id: call for call in Call.objects.filter(pk__in=list(newest))}
    return [(row, found.get(row.pk)) for row in rows]
