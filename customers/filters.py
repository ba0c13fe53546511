"""Filters of the customer list."""

from typing import Any

from django.core.validators import EMPTY_VALUES
from django.db.models import BigIntegerField, CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat, Substr
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from customers.having import COMMON, having
from customers.models import Customer, CustomField, CustomFieldValue, Tag
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.ids import as_id
from protoadmin.outbox.models import OPEN_STATES, Call
from protoadmin.screens.filters import TeamspaceChoice as TeamspaceChoice
from protoadmin.screens.filters import TeamspaceFilter as TeamspaceFilter

OFFERED = 200
# The calls of a person's lane are those about the person and about their tickets.
LANES = "customers.customer:"


class TagFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By tag."""

    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the tags of the person's teamspaces, with the teamspace where there are several."""
        tags = only_visible(Tag.objects.select_related("teamspace"), request.user)[:OFFERED]
        several = request.user.is_superuser or len(teamspace_ids(request.user)) > 1
        return [(str(tag.pk), f"{tag.name} ({tag.teamspace})" if several else tag.name) for tag in tags]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Narrow the list."""
        tag = as_id(self.value())
        return queryset if tag is None else having(queryset, Customer.tags.through.objects.filter(tag=tag))


class OpenFailuresFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """People with calls that failed or are unconfirmed."""

    title = "open failures"
    parameter_name = "failures"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer one choice."""
        return [("1", "Has Failed or Unconfirmed calls")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Narrow the list."""
        if self.value() != "1":
            return queryset
        failing = Call.objects.filter(state__in=OPEN_STATES, lane__startswith=LANES).order_by()
        if failing[: COMMON + 1].count() > COMMON:
            lane = Concat(Value(LANES), Cast(OuterRef("pk"), CharField()))
            return queryset.filter(Exists(Call.objects.filter(lane=lane, state__in=OPEN_STATES)))
        person = Cast(Substr("lane", len(LANES) + 1), BigIntegerField())
        return queryset.filter(pk__in=failing.annotate(person=person).values("person"))


class SuggestionsFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """People who may be the same as a record of another system."""

    title = "suggestions"
    parameter_name = "suggestions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer one choice."""
        return [("1", "May be the same as a record of another system")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Narrow the list; an index has these people alone."""
        return queryset.filter(has_suggestions=True) if self.value() == "1" else queryset


class FieldValueFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By the value of a custom field: the value is one that is in use."""

    title = "custom field"
    parameter_name = "field"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer each select's options and each toggle's Yes and No; other values are typed into the URL or searched."""
        fields = only_visible(CustomField.objects.filter(gone_at__isnull=True), request.user)[:OFFERED]
        offered = []
        for field in fields:
            values = field.options if field.options else ["Yes", "No"] if field.type == "toggle" else []
            offered += [(f"{field.pk}:{value}", f"{field.name}: {value}") for value in values]
        return offered[:OFFERED]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Narrow the list."""
        field, _, text = (self.value() or "").partition(":")
        if (field_id := as_id(field)) is None:
            return queryset
        return having(queryset, CustomFieldValue.objects.filter(field=field_id, text=text[:500]))


class FieldTextFilter(TextFilter):  # type: ignore[misc]  # the theme has no types
    """By any value of a custom field: `name = value`, as last sent from here."""

    title = "custom field, as name = value"
    parameter_name = "field_text"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        """Narrow the list; what has no = in it names nobody."""
        wanted = self.value() or ""
        if wanted in EMPTY_VALUES:
            return queryset
        name, equals, text = wanted.partition("=")
        if not equals:
            return queryset.none()
        values = CustomFieldValue.objects.filter(field__name__iexact=name.strip(), text=text.strip()[:500])
        return having(queryset, values)
