"""The page API keys: make one, see it once, revoke it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from protoadmin.api import services
from protoadmin.api.forms import ApiKeyForm
from protoadmin.api.models import ApiKey
from protoadmin.connections.scoping import teamspace_ids, visible_teamspaces
from protoadmin.screens.base import ProtoModelAdmin, may
from protoadmin.screens.buttons import Button
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment

GIVEN = ApiKey.teamspaces.through.objects
STATE_STYLES = {"active": "done", "revoked": "failed", "expired": "failed", "owner inactive": "unconfirmed"}


def _revoke(request: HttpRequest, key: ApiKey, form: Any) -> str:
    if not services.key_revoke(key=key):
        return f"{key} was revoked before."
    admin.site.get_model_admin(ApiKey).log_change(request, key, "Revoked.")
    return f"{key} is revoked: from now on it opens nothing."


@admin.register(ApiKey)
class ApiKeyAdmin(ProtoModelAdmin):
    """Keys that open something of one's own teamspaces. A key is made and revoked, and never changed."""

    teamspace_path = None
    read_only_page = True
    waits_for_workers = False
    form = ApiKeyForm
    actions = None
    panels: ClassVar[dict[str, str]] = {"key": "admin/api/key_panel.html"}
    change_list_template = "admin/api/change_list.html"
    list_display = ("name", "shown_prefix", "shown_state", "owner", "shown_teamspaces", "shown_expiry", "shown_use")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    search_help_text = "Name, beginning of the key or owner"
    buttons = (
        Button(
            "revoke",
            "Revoke",
            _revoke,
            may("api.change_apikey"),
            shown=lambda request, key: key.revoked_at is None,
            icon="key_off",
            style="pa-danger",
        ),
    )

    # --- whose page -----------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Return the keys that open something of this person's teamspaces, with those of them that they see."""
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        given = GIVEN.filter(apikey=OuterRef("pk"))
        if not person(request).is_superuser:
            keys = keys.filter(Exists(given.filter(teamspace__in=teamspace_ids(request.user))))
        shown = Prefetch("teamspaces", visible_teamspaces(request.user), to_attr="teamspaces_shown")
        others = given.exclude(teamspace__in=visible_teamspaces(request.user))
        return keys.annotate(has_others=Exists(others)).prefetch_related(shown)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Administrators make keys."""
        return request.user.has_perm("api.add_apikey")

    # --- making one -----------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """A form for a new key alone."""
        return [(None, {"fields": ApiKeyForm.Meta.fields})] if obj is None else []

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form whose page it is on."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor": request.user})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer as owner the active people whom this person sees, and themselves."""
        if db_field.name == "owner":
            people = self._choices_for(db_field, request)
            seen: QuerySet[Any] = User.objects.none() if people is None else people
            own = Q(pk__in=seen.values("pk")) | Q(pk=person(request).pk)
            kwargs["queryset"] = User.objects.filter(own, is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the ways from the owner to the page Staff: they would lose what was typed."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "owner":
            field.widget.can_add_related = field.widget.can_change_related = field.widget.can_view_related = False
        return field

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool) -> None:
        """Make it through its service; the key itself goes no further than this request's answer."""
        wanted = form.cleaned_data
        made, form.token = services.key_create(  # type: ignore[attr-defined]  # for response_add alone
            name=wanted["name"],
            owner=wanted["owner"],
            teamspaces=wanted["teamspaces"],
            expires_at=wanted["expires_at"],
            requests_per_minute=wanted["requests_per_minute"],
            by=person(request),
        )
        obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()
        obj.token_to_show = form.token  # type: ignore[attr-defined]

    def save_related(self, request: HttpRequest, form: ApiKeyForm, formsets: Any, change: bool) -> None:
        """The service has given it its teamspaces."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key, in the answer to the request that made it: nothing keeps it for a second page."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key made",
            "opts": self.opts,
            "key": obj,
            "token": obj.token_to_show,
            "page": self.change_url(obj),
            "address": request.build_absolute_uri("/api/v1"),
        }
        response = TemplateResponse(request, "admin/api/made.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    # --- what is shown --------------------------------------------------------------------------

    def panel_context(self, request: HttpRequest, record: ApiKey, name: str) -> dict[str, Any]:
        """Everything about one key, but the key."""
        return {
            "key": record,
            "state": self.shown_state(record),
            "teamspaces": self.shown_teamspaces(record),
            "expires": self.shown_expiry(record),
            "address": request.build_absolute_uri("/api/v1"),
        }

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Call the page by its name."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "API keys"})

    @admin.display(description="Begins with")
    def shown_prefix(self, key: ApiKey) -> SafeString:
        """The first characters, by which its holder knows it."""
        return format_html('<span class="pa-mono">{}…</span>', key.prefix)

    @admin.display(description="State")
    def shown_state(self, key: ApiKey) -> SafeString:
        """Whether it opens anything."""
        return format_html(
            '<span class="pa-badge pa-state-{}">{}</span>', STATE_STYLES[key.state], key.state.capitalize()
        )

    @admin.display(description="Teamspaces")
    def shown_teamspaces(self, key: Any) -> str:
        """Those that the reader sees, and that there are others."""
        names = [teamspace.name for teamspace in key.teamspaces_shown]
        return ", ".join([*names, "others that you do not see"] if key.has_others else names)

    @admin.display(description="Expires", ordering="expires_at")
    def shown_expiry(self, key: ApiKey) -> str:
        """Until when: the day, since "next year" says little."""
        return timezone.localtime(key.expires_at).strftime("%Y-%m-%d %H:%M") if key.expires_at else "never"

    @admin.display(description="Last used", ordering="last_used_at")
    def shown_use(self, key: ApiKey) -> SafeString | str:
        """When somebody last read with it, to the minute."""
        return moment(key.last_used_at) or "never"
