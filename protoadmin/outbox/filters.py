"""Filters of the API calls list."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible, visible_teamspaces
from protoadmin.ids import as_id
from protoadmin.outbox.models import Call
from protoadmin.outbox.registry import operations
from protoadmin.screens.people import person

LISTED = 200


class ConnectionFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By connection: `type:id`."""

    title = "connection"
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the connections of the person's teamspaces."""
        found: list[tuple[str, str]] = []
        for rows in (visible_teamspaces(request.user), only_visible(Channel.objects.all(), request.user)):
            kind = ContentType.objects.get_for_model(rows.model)
            found += [(f"{kind.pk}:{row.pk}", str(row)) for row in rows[:LISTED]]
        return found

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Narrow the list."""
        kind, _, pk = (self.value() or "").partition(":")
        if (kind_id := as_id(kind)) is not None and (connection_id := as_id(pk)) is not None:
            return queryset.filter(connection_type_id=kind_id, connection_id=connection_id)
        return queryset


class OperationFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By operation."""

    title = "operation"
    parameter_name = "operation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every operation that is known."""
        return sorted(((name, operation.label) for name, operation in operations().items()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Narrow the list."""
        return queryset.filter(operation=self.value()) if self.value() else queryset


class PersonFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By who asked for it."""

    title = "who asked"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the members of the person's teamspaces, or themselves alone."""
        people = User.objects.filter(pk=person(request).pk)
        if request.user.has_perm("outbox.view_all_calls"):
            people = User.objects.filter(teamspaces__in=visible_teamspaces(request.user)).distinct() | people.distinct()
        return [(str(person.pk), person.get_full_name() or person.username) for person in people[:LISTED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(requested_by_id=chosen)


class OpenFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """What waits for a person."""

    title = "needs an answer"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer one choice."""
        return [("1", "Failed or Unconfirmed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Narrow the list."""
        return queryset.open_failures() if self.value() == "1" else queryset  # type: ignore[attr-defined]
