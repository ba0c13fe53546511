"""The first page after login: what waits for this person, the figures, and whether the product is well; by role."""

import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from conversations.figures.reading import MOST, Scope, waiting
from conversations.models import Chat
from customers.models import Customer
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.dashboard.health import health
from protoadmin.dashboard.reports.admin import freshness, numbered
from protoadmin.dashboard.reports.asking import Asked
from protoadmin.dashboard.reports.tables import overview
from protoadmin.dashboard.reports.tiles import tiles
from protoadmin.outbox.models import OPEN_STATES, Call, CallState
from protoadmin.outbox.services import visible_to
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.screens.people import person

SHOWN = 8
COUNTED = 1000
# Who wrote longer ago than this has given up; the inbox has them still.
WAITING_WITHIN = datetime.timedelta(days=7)


def _counted(rows: Any) -> str:
    count = rows.order_by()[: COUNTED + 1].count()
    return f"{count:,}" if count <= COUNTED else f"more than {COUNTED:,}"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the index page what this person may see."""
    user = person(request)
    asked = Asked()
    sees_chats, sees_figures = user.has_perm("conversations.view_chat"), user.has_perm("dashboard.view_report")
    if sees_chats or sees_figures:
        scope = asked.scope(user)
        waits = waiting(scope)
        context.update(_waiting(scope.teamspaces, waits) if sees_chats else {})
        context.update(_figures(asked, scope, waits) if sees_figures else {})
    if user.has_perm("outbox.view_call"):
        calls = visible_to(Call.objects.all(), user, teamspace_ids(user))
        open_calls = calls.filter(state__in=OPEN_STATES)
        context["open_calls"] = list(open_calls.select_related("requested_by").order_by("-id")[:SHOWN])
        context["open_count"] = _counted(open_calls)
        context["queued_count"] = _counted(calls.filter(state=CallState.QUEUED))
    if user.has_perm("customers.view_customer"):
        people = only_visible(Customer.objects.defer("remote_data").prefetch_related("teamspace"), user)
        context["recent_people"] = list(people.order_by("-updated_at", "-id")[:SHOWN])
    if user.has_perm("runs.view_run"):
        runs = only_visible(Run.objects.all(), user) | Run.objects.filter(requested_by=user)
        context["active_runs"] = list(runs.filter(state__in=ACTIVE_STATES).order_by("-id")[:SHOWN])
    if user.has_perm("connections.view_teamspace"):
        context.update(health(user))
    return context


def _waiting(teamspaces: tuple[int, ...], number: int) -> dict[str, Any]:
    """Return who waits for an answer, the longest first, and how many; each teamspace's by its index."""
    since = timezone.now() - WAITING_WITHIN
    found: list[Chat] = []
    for teamspace in teamspaces[:SHOWN]:
        rows = Chat.objects.filter(
            teamspace=teamspace, active=True, last_author_type="human", last_message_at__gte=since
        )
        rows = rows.select_related("human__customer", "channel").defer("data", "remote_data", "chat_token")
        found += rows.order_by("last_message_at", "pk")[:SHOWN]
    return {
        "waiting_chats": sorted(found, key=lambda chat: chat.last_message_at)[:SHOWN],
        "waiting_count": f"{number:,}" if number <= MOST else f"more than {MOST:,}",
    }


def _figures(asked: Asked, scope: Scope, waits: int) -> dict[str, Any]:
    """Return the figures of the last seven days, and how many wait now."""
    span = asked.days()
    (table,) = overview(asked, scope, span)
    return {
        "tiles": tiles(asked, scope, span, waits),
        "charts": numbered(table.charts),
        "reports_url": reverse("admin:reports"),
        **freshness(),
    }
