"""The action Export CSV of the list of people."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from customers.exporting.working import NAME, PERMISSION
from customers.models import Customer
from protoadmin.runs.services import run_start


class MayExport:
    """For the list's admin: who sees the action."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Whether the person may export people."""
        return request.user.has_perm(PERMISSION)


@admin.action(description="Export CSV", permissions=["export"])
def export_action(modeladmin: Any, request: HttpRequest, people: QuerySet[Customer]) -> HttpResponse:
    """Start an export of the selection, or of all rows that match, in the order of the list."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    ids = people.values_list("pk", flat=True)
    run = run_start(
        kind=NAME,
        by=request.user,  # type: ignore[arg-type]  # the admin lets only people in
        title="Export people",
        ids=ids.iterator(chunk_size=2000),
    )
    return HttpResponseRedirect(reverse("admin:runs_run_change", args=[run.pk]))
