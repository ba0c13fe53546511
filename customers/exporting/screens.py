"""The actions Export CSV, Export JSON Lines and Export XLSX of a list."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from customers.exporting.engine import Export
from customers.exporting.formats import FORMATS
from customers.exporting.people import PEOPLE
from protoadmin.runs.services import run_start
from protoadmin.screens.people import person

Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse]


def export_actions(export: Export) -> tuple[Action, ...]:
    """Return an action for each format; the list's admin is an Exporting with the same export."""
    return tuple(_action(export, name, each.label) for name, each in FORMATS.items())


class Exporting:
    """For a list's admin: who sees the actions."""

    export: Export

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the person may export these rows."""
        return request.user.has_perm(self.export.permission)


def _action(export: Export, format: str, label: str) -> Action:
    def action(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
        if not request.user.has_perm(export.permission):
            raise PermissionDenied
        run = run_start(
            kind=export.name,
            by=person(request),
            title=export.label,
            # In the order of the list.
            ids=rows.values_list("pk", flat=True).iterator(chunk_size=2000),
            parameters={
                "format": format,
                "zone": timezone.get_current_timezone_name(),
                "words": _words(request),
            },
        )
        return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))

    action.__name__ = f"export_{format}"
    return admin.action(description=f"Export {label}", permissions=["export"])(action)


def _words(request: HttpRequest) -> list[str]:
    """Return which rows of the list, in words: its own address says the rest."""
    if request.POST.get("select_across") != "1":
        return ["Selected rows"]
    searched = request.GET.get("q", "").strip()
    filtered = [
        f"{name}={value}" for name, value in request.GET.items() if name not in {"q", "p", "o", "all"} and value
    ]
    return [*([f"“{searched}”"] if searched else []), *filtered] or ["All rows"]


PEOPLE_ACTIONS = export_actions(PEOPLE)
