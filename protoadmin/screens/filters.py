"""Filters that several lists have."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.ids import as_id

OFFERED = 200


class TeamspaceFilter(SimpleListFilter):
    """By teamspace; offered only to who sees more than one."""

    title = "teamspace"
    parameter_name = "teamspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the person's teamspaces."""
        found = [(str(row.pk), row.name) for row in visible_teamspaces(request.user)[:OFFERED]]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(teamspace=chosen)


class TeamspaceChoice(TeamspaceFilter, DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """The same as a choice of the form: beside an Apply button every filter has to be part of it."""
