"""The base of every admin screen: whose rows, which buttons, live panels, bounded lists. The theme is changed here."""

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from protoadmin.connections.scoping import only_visible
from protoadmin.refusals import Refused
from protoadmin.screens.buttons import Button, ButtonForm, contributed_buttons
from protoadmin.screens.ordering import is_list_of, turned_round, visible_in_order
from protoadmin.screens.pagination import CappedPaginator
from protoadmin.screens.panels import contributed_panels

STATES_AT_ONCE = 200


class ProtoChangeList(ChangeList):  # type: ignore[misc]  # the theme has no types
    """A list that offers no "show all": the count is the count of what matches."""

    def get_results(self, request: HttpRequest) -> None:
        """Take the capped count for the full one."""
        super().get_results(request)
        self.full_result_count = self.result_count

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        """Turn the whole order round, also among rows with the same value: an index is read from either end."""
        ordering: list[Any] = super().get_ordering(request, queryset)
        return turned_round(ordering)


class ProtoModelAdmin(ModelAdmin):  # type: ignore[misc]  # the theme has no types
    """A ModelAdmin that shows only the rows of the person's teamspaces, and whose buttons are POST forms."""

    # The way from a row to its teamspace; None for what belongs to no teamspace.
    teamspace_path: ClassVar[str | None] = "teamspace"
    buttons: ClassVar[tuple[Button, ...]] = ()
    list_buttons: ClassVar[tuple[Button, ...]] = ()
    # Live panels: their names, each with the template that shows it.
    panels: ClassVar[dict[str, str]] = {}
    # The field whose badge the list keeps up to date.
    state_field: ClassVar[str | None] = None
    # Those that come after what other apps added.
    closing_panels: ClassVar[dict[str, str]] = {}
    # Whether each order of the list has an index without the teamspace, for who sees several (screens/ordering.py).
    has_indexed_orders: ClassVar[bool] = False
    # Whether the page says so when no worker is running.
    waits_for_workers: ClassVar[bool] = True
    # A page that is read and never edited: its panels take the whole width, and there is no form.
    read_only_page: ClassVar[bool] = False
    paginator = CappedPaginator
    show_full_result_count = False
    # Facets count every choice over the whole table.
    show_facets = admin.ShowFacets.NEVER
    show_add_link = False
    list_per_page = 50
    list_max_show_all = 0
    list_fullwidth = True
    compressed_fields = True
    # A button above the form leaves the page, and with it what was typed.
    warn_unsaved_form = True
    change_form_template = "admin/proto_change_form.html"
    change_list_template = "admin/proto_change_list.html"

    # --- whose rows ---------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows that this person may see."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        if self.teamspace_path is None:
            return rows
        narrow = visible_in_order if self.has_indexed_orders and is_list_of(request) else only_visible
        return narrow(rows, request.user, self.teamspace_path)

    def _choices_for(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any] | None:
        related = self.admin_site._registry.get(db_field.remote_field.model)
        return related.get_queryset(request) if related is not None else None

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that this person may see, and choose where there is no choice."""
        if "queryset" not in kwargs and (choices := self._choices_for(db_field, request)) is not None:
            kwargs["queryset"] = choices
            if len(only := choices.order_by("pk")[:2]) == 1:
                kwargs.setdefault("initial", only[0].pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that this person may see."""
        if "queryset" not in kwargs and (choices := self._choices_for(db_field, request)) is not None:
            kwargs["queryset"] = choices
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProtoChangeList]:
        """Lists that count no further than a person pages."""
        return ProtoChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the form of a page that is only read."""
        return [] if self.read_only_page else super().get_fieldsets(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse what cannot be made by hand."""
        return not self.read_only_page and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what is only read."""
        return not self.read_only_page and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what is only read."""
        return not self.read_only_page and super().has_delete_permission(request, obj)

    # --- buttons ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons' and the live panels' addresses."""
        view, info = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("do/<slug:name>/", view(self.list_button_view), name=f"{info}_list_button"),
            path("states/", view(self.states_view), name=f"{info}_states"),
            path("<path:object_id>/do/<slug:name>/", view(self.button_view), name=f"{info}_button"),
            path("<path:object_id>/live/<slug:name>/", view(self.panel_view), name=f"{info}_panel"),
            *super().get_urls(),
        ]

    def all_buttons(self) -> list[Button]:
        """Return this page's buttons with those that other apps added."""
        found = [*self.buttons, *contributed_buttons(self.opts.label)]
        return sorted(found, key=lambda button: button.order)

    def buttons_for(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        """Return the buttons that this person may press now, each with its address and an unbound form."""
        return [
            {
                "button": button,
                "url": self.button_url(record, button.name),
                "form": button.form(record=record, user=request.user) if button.form else None,
            }
            for button in self.all_buttons()
            if button.allowed(request, record) and button.shown(request, record)
        ]

    def button_url(self, record: Any, name: str) -> str:
        """Return the address to which a button posts."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"admin:{info}_button", args=[record.pk, name], current_app=self.admin_site.name)

    def change_url(self, record: Any) -> str:
        """Return the address of a record's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])

    def list_url(self) -> str:
        """Return the address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def visible_record(self, request: HttpRequest, object_id: str) -> Any:
        """Return a record that this person may view; 404 for one that is not theirs, 403 without the permission."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        return record

    def button_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Press a button of a record's page."""
        button = next((button for button in self.all_buttons() if button.name == name), None)
        if button is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        record = self.visible_record(request, object_id)
        return self._press(request, button, record, self._back(request) or self.change_url(record))

    def list_button_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Press a button of the list page."""
        button = next((button for button in self.list_buttons if button.name == name), None)
        if button is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._press(request, button, None, self.list_url())

    def _back(self, request: HttpRequest) -> str:
        """Return the page of ours that asked for it, if it says so."""
        wanted = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith(reverse("admin:index"))
        return wanted if safe else ""

    def _press(self, request: HttpRequest, button: Button, record: Any, back: str) -> HttpResponse:
        if not button.allowed(request, record):
            raise PermissionDenied
        form = button.form(request.POST, request.FILES, record=record, user=request.user) if button.form else None
        if form is not None and not form.is_valid():
            return self._refused_form(request, button, record, form, back)
        try:
            with transaction.atomic():
                said = button.perform(request, record, form)
        except Refused as error:
            if form is not None:
                form.add_error(None, str(error))
                return self._refused_form(request, button, record, form, back)
            messages.error(request, str(error))
            return redirect(back)
        if isinstance(said, HttpResponse):
            return said
        if said:
            messages.success(request, said)
        return redirect(back)

    def _refused_form(
        self, request: HttpRequest, button: Button, record: Any, form: ButtonForm, back: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": button.label,
            "opts": self.opts,
            "button": button,
            "form": form,
            "record": record,
            "back": back,
        }
        return TemplateResponse(request, "admin/button_form.html", context, status=422)

    # --- live panels --------------------------------------------------------------------------

    def all_panels(self) -> dict[str, str]:
        """Return this page's panels with those that other apps added."""
        added = contributed_panels(self.opts.label)
        return {**self.panels, **{name: panel.template for name, panel in added.items()}, **self.closing_panels}

    def panel_context(self, request: HttpRequest, record: Any, name: str) -> dict[str, Any]:
        """Return what the template of a panel needs, and `live`: whether something is still on its way."""
        return {}

    def render_panel(self, request: HttpRequest, record: Any, name: str) -> tuple[str, str]:
        """Return a panel's HTML and its version.

        The token and the version are filled in last: neither is part of what makes a version. Their place holders are
        made anew for each rendering, so that nobody's name can be one.
        """
        csrf_place, version_place = secrets.token_hex(16), secrets.token_hex(16)
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        context = {
            "record": record,
            "record_page": self.change_url(record),
            "panel_name": name,
            "panel_url": reverse(f"admin:{info}_panel", args=[record.pk, name]),
            "csrf_place": csrf_place,
            "version_place": version_place,
            # What belongs to other places of the page comes along when the panel is fetched anew.
            "out_of_band": bool(request.headers.get("HX-Request")),
            **self.panel_context(request, record, name),
        }
        if panel := contributed_panels(self.opts.label).get(name):
            context.update(panel.context(request, record))
        html = render_to_string(self.all_panels()[name], context, request=request)
        # A page that was opened while a worker ran says so too when none runs any more.
        no_workers = render_to_string("admin/includes/no_workers.html", {"out_of_band": True}, request=request)
        lasting = (html + no_workers).replace(csrf_place, "").replace(version_place, "")
        version = hashlib.sha256(lasting.encode()).hexdigest()[:16]
        if context["out_of_band"]:
            html += no_workers
        # Rendered by Django's engine with its escaping; only the two place holders are filled in here.
        return mark_safe(html.replace(version_place, version).replace(csrf_place, get_token(request))), version  # noqa: S308

    def panel_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Return a panel, or 204 when it is what the page shows already (`v` is the version there)."""
        if name not in self.all_panels():
            raise Http404
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        record = self.visible_record(request, object_id)
        html, version = self.render_panel(request, record, name)
        if request.GET.get("v") == version:
            return HttpResponse(status=204)
        return HttpResponse(html)

    def states_view(self, request: HttpRequest) -> HttpResponse:
        """Return the states of up to 200 listed rows, for the badges of a list: `{"12": "done"}`."""
        if self.state_field is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        ids = [
            int(pk) for pk in request.GET.get("ids", "").split(",")[:STATES_AT_ONCE] if pk.isdecimal() and len(pk) < 19
        ]
        rows = self.get_queryset(request).filter(pk__in=ids).order_by().values_list("pk", self.state_field)
        return JsonResponse({str(pk): state for pk, state in rows})

    # --- pages --------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Give the page its buttons and panels."""
        # Save stays on the page: one button, one meaning.
        extra = {
            "waits_for_workers": self.waits_for_workers,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            **(extra_context or {}),
        }
        if object_id is not None:
            record = self.get_object(request, unquote(object_id))
            if record is not None and self.has_view_permission(request, record):
                extra["proto_buttons"] = self.buttons_for(request, record)
                extra["proto_panels"] = {
                    name: self.render_panel(request, record, name)[0] for name in self.all_panels()
                }
                extra["record"] = record
                extra["wide_panels"] = self.read_only_page
        return super().changeform_view(request, object_id, form_url, extra)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay on the page."""
        return redirect(self.change_url(obj))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Go to the page of what was added: what comes next is done there."""
        return redirect(self.change_url(obj))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Give the list its buttons."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        listed = [
            {
                "button": button,
                "url": reverse(f"admin:{info}_list_button", args=[button.name]),
                "form": button.form(user=request.user) if button.form else None,
            }
            for button in self.list_buttons
            if button.allowed(request, None)
        ]
        extra = {
            "waits_for_workers": self.waits_for_workers,
            **(extra_context or {}),
            "proto_buttons": listed,
            "add_url": reverse(f"admin:{info}_add"),
        }
        return super().changelist_view(request, extra)


def may(permission: str) -> Any:
    """Return an `allowed` for buttons: the person has this permission."""

    def check(request: HttpRequest, record: Any = None) -> bool:
        return request.user.has_perm(permission)

    return check


register = admin.register
