"""Filters of the list Protocol customers."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from customers.models import ProtocolCustomer
from protoadmin.connections.models import ProtocolProject
from protoadmin.connections.scoping import only_visible
from protoadmin.ids import as_id
from protoadmin.screens.filters import TeamspaceChoice

OFFERED = 200
STATUSES_OFFERED = 20
ACTIVE = "active"
# What Protocol says of who is in use; everything else is inactive.
IN_USE = ("", ACTIVE)


class ProjectFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By project."""

    title = "project"
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the person's projects."""
        return [(str(row.pk), row.name) for row in only_visible(ProtocolProject.objects.all(), request.user)[:OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProtocolCustomer]) -> QuerySet[ProtocolCustomer]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(project=chosen)


class ProjectTeamspaceFilter(TeamspaceChoice):
    """By the teamspace of the project."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProtocolCustomer]) -> QuerySet[ProtocolCustomer]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(project__teamspace=chosen)


class _YesOrNo(DropdownFilter):  # type: ignore[misc]
    """Yes or No; `condition` is what Yes means."""

    words = ("Yes", "No")

    def condition(self) -> Q:
        """Return the condition of Yes."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        return [("1", self.words[0]), ("0", self.words[1])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProtocolCustomer]) -> QuerySet[ProtocolCustomer]:
        """Narrow the list."""
        if self.value() not in {"0", "1"}:
            return queryset
        return queryset.filter(self.condition()) if self.value() == "1" else queryset.exclude(self.condition())


class FlaggedFilter(_YesOrNo):
    """Who is flagged."""

    title = "flagged"
    parameter_name = "flagged"

    def condition(self) -> Q:
        """Return the condition of Yes."""
        return Q(is_flagged=True)


class TerminatedFilter(_YesOrNo):
    """Whose account was terminated."""

    title = "terminated"
    parameter_name = "terminated"

    def condition(self) -> Q:
        """Return the condition of Yes."""
        return Q(terminated_at__isnull=False)


class GoneFilter(_YesOrNo):
    """Whom Protocol does not list any more."""

    title = "gone"
    parameter_name = "gone"

    def condition(self) -> Q:
        """Return the condition of Yes."""
        return Q(gone_at__isnull=False)


class InactiveFilter(_YesOrNo):
    """Whose status is another than active."""

    title = "inactive"
    parameter_name = "inactive"

    def condition(self) -> Q:
        """Return the condition of Yes: the other statuses by name, so that their index is used."""
        return Q(status__in=[status for status in statuses() if status.lower() not in IN_USE])


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """By status, as Protocol writes it."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the statuses that there are."""
        mine = only_visible(ProtocolCustomer.objects.all(), request.user, "project__teamspace")
        return [(status, status) for status in statuses() if status and mine.filter(status=status).exists()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ProtocolCustomer]) -> QuerySet[ProtocolCustomer]:
        """Narrow the list."""
        return queryset.filter(status=self.value()) if self.value() else queryset


def statuses() -> list[str]:
    """Return the first twenty different statuses, each found by one look into the index."""
    found: list[str] = []
    rows = ProtocolCustomer.objects.order_by("status").values_list("status", flat=True)
    status = rows.first()
    while status is not None and len(found) < STATUSES_OFFERED:
        found.append(status)
        status = rows.filter(status__gt=status).first()
    return found
