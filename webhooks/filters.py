"""Filters of the deliveries list."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible
from protoadmin.ids import as_id
from protoadmin.screens.filters import OFFERED, TeamspaceChoice
from webhooks.models import Delivery, DeliveryKind
from webhooks.searching import newest_of
from webhooks.spans import received_between


class ChannelFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By channel; a superuser also finds what came for no known one."""

    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the channels of the person's teamspaces."""
        rows = only_visible(Channel.objects.only("name"), request.user)
        none = [("none", "No known channel")] if request.user.is_superuser else []
        return none + [(str(row.pk), row.name) for row in rows[:OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list."""
        if self.value() == "none":
            return queryset.filter(channel=None)
        chosen = as_id(self.value())
        return queryset if chosen is None else queryset.filter(channel=chosen)


class TeamspaceFilter(TeamspaceChoice):
    """By the channel's teamspace."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list; the channels are few, and as literals they let the index be used."""
        chosen = as_id(self.value())
        if chosen is None:
            return queryset
        return queryset.filter(channel__in=list(Channel.objects.filter(teamspace=chosen).values_list("pk", flat=True)))


class TimeFilter(RangeDateTimeFilter):  # type: ignore[misc]  # the theme has no types
    """By the time of arrival; a date without a time means the whole day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list."""
        return received_between(queryset, self._moment("from", "00:00:00"), self._moment("to", "23:59:59"))

    def _moment(self, end: str, otherwise: str) -> datetime | None:
        name = f"{self.parameter_name}_{end}"
        day, clock = (str(self.used_parameters.get(f"{name}_{part}") or "") for part in (0, 1))
        try:
            moment = datetime.fromisoformat(f"{day.strip()}T{clock.strip() or otherwise}")
            return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        except (ValueError, OverflowError):
            return None


class KindFilter(DropdownFilter):  # type: ignore[misc]  # the theme has no types
    """By kind: no index helps here, so the newest are looked through. Comes last, after all that narrows by itself."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer the kinds."""
        return DeliveryKind.choices

    def queryset(self, request: Any, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list, and remember how far that looked, for the page to say."""
        if self.value() not in DeliveryKind.values:
            return queryset
        newest, request.looked = newest_of(queryset)
        return newest.filter(kind=self.value())
