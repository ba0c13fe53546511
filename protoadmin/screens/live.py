"""The live panels of a page: rendered with a version, and asked for again by the page until nothing moves."""

import hashlib
import secrets
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe

from protoadmin.screens.panels import contributed_panels
from protoadmin.screens.pressing import ButtonAdmin

STATES_AT_ONCE = 200


class PanelAdmin(ButtonAdmin):
    """The part of a ModelAdmin that has live panels, and badges that change in its list."""

    # Live panels: their names, each with the template that shows it.
    panels: ClassVar[dict[str, str]] = {}
    # Those that come after what other apps added.
    closing_panels: ClassVar[dict[str, str]] = {}
    # The field whose badge the list keeps up to date.
    state_field: ClassVar[str | None] = None

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
