"""The first page after login: what waits for this person, and whether the product is well."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from customers.models import Customer
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.outbox.models import OPEN_STATES, Call, CallState, Gate
from protoadmin.outbox.services import visible_to
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.screens.people import person

SHOWN = 8
COUNTED = 1000


def _counted(rows: Any) -> str:
    count = rows.order_by()[: COUNTED + 1].count()
    return f"{count:,}" if count <= COUNTED else f"more than {COUNTED:,}"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the index page what this person may see."""
    user = person(request)
    if user.has_perm("outbox.view_call"):
        calls = visible_to(Call.objects.all(), user, teamspace_ids(user))
        open_calls = calls.filter(state__in=OPEN_STATES)
        context["open_calls"] = list(open_calls.select_related("requested_by").order_by("-id")[:SHOWN])
        context["open_count"] = _counted(open_calls)
        context["queued_count"] = _counted(calls.filter(state=CallState.QUEUED))
    if user.has_perm("customers.view_customer"):
        people = only_visible(Customer.objects.defer("remote_data").select_related("teamspace"), user)
        context["recent_people"] = list(people.order_by("-updated_at", "-id")[:SHOWN])
    if user.has_perm("runs.view_run"):
        runs = only_visible(Run.objects.all(), user) | Run.objects.filter(requested_by=user)
        context["active_runs"] = list(runs.filter(state__in=ACTIVE_STATES).order_by("-id")[:SHOWN])
    if user.has_perm("connections.view_teamspace"):
        context.update(_connections(request))
    return context


def _connections(request: HttpRequest) -> dict[str, Any]:
    teamspaces = only_visible(Teamspace.objects.all(), request.user, "pk")[:SHOWN]
    channels = only_visible(Channel.objects.all(), request.user)[:SHOWN]
    paused = Gate.objects.filter(paused_until__gt=timezone.now()).prefetch_related("connection")
    visible = {(type(row), row.pk) for row in (*teamspaces, *channels)}
    return {
        "teamspaces": teamspaces,
        "channels": channels,
        "paused_gates": [gate for gate in paused if (type(gate.connection), gate.connection_id) in visible],
    }
