"""The pages Connections: teamspaces and channels. Other apps add their buttons (Test connection is the outbox's)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from protoadmin.connections.forms import (
    ChannelForm,
    ConnectionForm,
    HelpdeskAccountForm,
    ProtocolProjectForm,
    TeamspaceForm,
)
from protoadmin.connections.models import Channel, Connection, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.changes import changes_in_words
from protoadmin.screens.filters import TeamspaceFilter
from protoadmin.screens.people import person

MEMBERS_SHOWN = 50


class ConnectionAdmin(ProtoModelAdmin):
    """What the pages of all kinds of connection share."""

    panels: ClassVar[dict[str, str]] = {"connection": "admin/panels/connection.html"}
    change_form_template = "admin/connections/change_form.html"
    change_list_template = "admin/connections/change_list.html"
    search_fields: ClassVar[tuple[str, ...]] = ("name",)
    list_filter: ClassVar[tuple[Any, ...]] = ("is_active",)
    ordering = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Connections are deactivated: what came through them stays theirs."""
        return False

    def construct_change_message(
        self, request: HttpRequest, form: ConnectionForm, formsets: Any, add: bool = False
    ) -> Any:
        """Write old and new values into the history; of a secret only that it was set."""
        if add:
            return super().construct_change_message(request, form, formsets, add)
        return changes_in_words(form, secret=form.changed_secrets, all_secrets=type(form.instance).secret_names())

    def panel_context(self, request: HttpRequest, record: Connection, name: str) -> dict[str, Any]:
        """Return what the connection's panel shows; other apps' facts come through `connection_facts`."""
        return {"connection": record, **connection_facts(record)}


def connection_facts(record: Connection) -> dict[str, Any]:
    """Return what upper apps tell about a connection (its last test, its pauses)."""
    facts: dict[str, Any] = {}
    for source in _fact_sources:
        facts.update(source(record))
    return facts


_fact_sources: list[Any] = []


def contribute_facts(source: Any) -> None:
    """Have the connection pages show what `source(connection)` returns."""
    if source not in _fact_sources:
        _fact_sources.append(source)


@admin.register(Teamspace)
class TeamspaceAdmin(ConnectionAdmin):
    """Teamspaces: a person sees those that they are a member of."""

    form = TeamspaceForm
    teamspace_path = "pk"
    list_display = ("name", "subcompany_id", "base_url", "is_active")
    search_fields = ("name", "subcompany_id")

    def panel_context(self, request: HttpRequest, record: Connection, name: str) -> dict[str, Any]:
        """Add the members that this person may know of; they are changed on the page Staff."""
        members = User.objects.filter(teamspaces=record.pk).order_by("username")
        if not person(request).is_superuser:
            members = members.filter(is_superuser=False)
        return {
            **super().panel_context(request, record, name),
            "members": members[:MEMBERS_SHOWN],
            "shows_members": True,
        }

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Who makes a teamspace becomes its member."""
        super().save_related(request, form, formsets, change)
        if not change:
            form.instance.members.add(person(request))


@admin.register(Channel)
class ChannelAdmin(ConnectionAdmin):
    """Messaging channels of one's teamspaces."""

    form = ChannelForm
    fields = (
        "name",
        "teamspace",
        "channel_id",
        "access_token",
        "secret",
        "previous_secret",
        "forget_previous_secret",
        "base_url",
        "default_language",
        "pull_every",
        "requests_per_minute",
        "is_active",
    )
    list_display = ("name", "teamspace", "channel_id", "base_url", "is_active")
    list_filter = ("is_active", TeamspaceFilter)
    search_fields = ("name", "channel_id")
    list_select_related = ("teamspace",)

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Offer to forget a previous secret where there is one."""
        fields = super().get_fields(request, obj)
        if obj is not None and obj.previous_secret:
            return fields
        return [name for name in fields if name != "forget_previous_secret"]


@admin.register(ProtocolProject)
class ProtocolProjectAdmin(ConnectionAdmin):
    """Protocol projects of one's teamspaces."""

    form = ProtocolProjectForm
    list_display = ("name", "teamspace", "project_id", "base_url", "is_active")
    list_filter = ("is_active", TeamspaceFilter)
    search_fields = ("name", "project_id")
    list_select_related = ("teamspace",)


@admin.register(HelpdeskAccount)
class HelpdeskAccountAdmin(ConnectionAdmin):
    """Helpdesk accounts of one's teamspaces."""

    form = HelpdeskAccountForm
    list_display = ("name", "teamspace", "base_url", "pull_every", "pulled_at", "is_active")
    list_filter = ("is_active", TeamspaceFilter)
    list_select_related = ("teamspace",)
