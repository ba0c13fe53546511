"""Filters of the lists of companies, contacts and visitor conversations."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from customers.helpdesk.used import values_in_use
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.connections.scoping import only_visible, visible_teamspaces
from protoadmin.ids import as_id
from protoadmin.screens.filters import OFFERED
from protoadmin.storable import storable_text

YES_NO = [("yes", "Yes"), ("no", "No")]


class UsedValueFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By a value that is in use: the first 200 of them are offered."""

    column: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what the visible accounts have."""
        accounts = only_visible(HelpdeskAccount.objects.all(), request.user).values_list("pk", flat=True)
        return [(value, value) for value in values_in_use(model_admin.model, self.column, list(accounts), OFFERED)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        value = self.value()
        return queryset.filter(**{self.column: storable_text(value)}) if value else queryset


class YesNoFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By a column that says yes or no."""

    column: ClassVar[str] = ""
    # Whether the column holds a time or nothing, and yes means that there is one.
    is_time: ClassVar[bool] = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        return YES_NO

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        if self.value() not in ("yes", "no"):
            return queryset
        is_yes = self.value() == "yes"
        return queryset.filter(**({f"{self.column}__isnull": not is_yes} if self.is_time else {self.column: is_yes}))


class IndustryFilter(UsedValueFilter):
    """By industry."""

    title, parameter_name, column = "industry", "industry", "industry"


class StageFilter(UsedValueFilter):
    """By stage."""

    title, parameter_name, column = "stage", "stage", "stage_id"


class CustomerFilter(YesNoFilter):
    """Customers or not."""

    title, parameter_name, column = "is a customer", "customer", "is_customer"


class PrimaryFilter(YesNoFilter):
    """Primary contacts or not."""

    title, parameter_name, column = "primary", "primary", "is_primary"


class GoneFilter(YesNoFilter):
    """What the helpdesk no longer lists."""

    title, parameter_name, column, is_time = "gone", "gone", "gone_at", True


class AccountFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By helpdesk account."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the accounts of the person's teamspaces."""
        rows = only_visible(HelpdeskAccount.objects.all(), request.user)[:OFFERED]
        return [(str(row.pk), row.name) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(account=chosen)


class AccountTeamspaceFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By the teamspace of the account; offered only to who sees more than one."""

    title = "teamspace"
    parameter_name = "teamspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the person's teamspaces."""
        found = [(str(row.pk), row.name) for row in visible_teamspaces(request.user)[:OFFERED]]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(account__teamspace=chosen)
