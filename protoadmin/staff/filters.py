"""Filters of the Staff list."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.ids import as_id
from protoadmin.staff.roles import ROLES

LISTED = 200
NONE = "none"


class RoleFilter(SimpleListFilter):
    """By role."""

    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the three roles."""
        return [*((role, role) for role in ROLES), (NONE, "No role")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Narrow the list."""
        if self.value() == NONE:
            return queryset.exclude(groups__name__in=ROLES)
        return queryset.filter(groups__name=self.value()) if self.value() in ROLES else queryset


class TeamspaceFilter(SimpleListFilter):
    """By teamspace."""

    title = "teamspace"
    parameter_name = "teamspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the teamspaces that the reader sees."""
        return [*((str(row.pk), row.name) for row in visible_teamspaces(request.user)[:LISTED]), (NONE, "No teamspace")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Narrow the list; a teamspace that the reader does not see narrows it to nothing."""
        value = self.value() or ""
        if value == NONE:
            return queryset.filter(teamspaces=None)
        if as_id(value) is not None:
            return queryset.filter(pk__in=_members(request, value))
        return queryset


def _members(request: HttpRequest, teamspace: str) -> QuerySet[Any]:
    return visible_teamspaces(request.user).filter(pk=int(teamspace)).values("members")
