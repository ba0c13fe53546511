"""The page Reports, and its download."""

import csv
import io
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from unfold.admin import ModelAdmin

from conversations.figures.reading import behind, waiting
from customers.spreadsheets import BOM, harmless
from protoadmin.clients.messaging import LANGUAGES
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible, visible_teamspaces
from protoadmin.dashboard.models import Report
from protoadmin.dashboard.reports.asking import BY, SPANS, VIEWS, Asked
from protoadmin.dashboard.reports.tables import BUILDERS, Table
from protoadmin.dashboard.reports.tiles import tiles
from protoadmin.screens.people import person

OFFERED = 200
ONLY_READ = method_decorator(require_safe)


@admin.register(Report)
class ReportAdmin(ModelAdmin):  # type: ignore[misc]  # the theme has no types
    """One page, which is read; there are no rows behind it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The page and its download alone."""
        view: Any = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="reports"),
            path("csv/", view(self.csv_view), name="reports_csv"),
        ]

    @ONLY_READ
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the figures that the address asks for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = Asked.read(request.GET)
        span, scope = asked.days(), asked.scope(person(request))
        tables = BUILDERS[asked.view](asked, scope, span)
        context = {
            **self.admin_site.each_context(request),
            "title": "Reports",
            "is_fullwidth": "1",
            "asked": asked,
            "span": span,
            "tables": [_shown(table) for table in tables],
            "charts": numbered([chart for table in tables for chart in table.charts]),
            "tiles": tiles(asked, scope, span, waiting(scope)) if asked.view == "overview" else [],
            "views": [(name, words, asked.query(view=name)) for name, words in VIEWS.items()],
            "spans": [(name, words, asked.query(span=name)) for name, words in SPANS.items() if name != "own"],
            "groupings": BY.items() if asked.view in {"overview", "answers"} else [],
            "grouped": asked.grouped(span),
            "choices": _choices(request, asked),
            "csv_url": f"{reverse('admin:reports_csv')}?{asked.query()}",
            "may_export": request.user.has_perm("dashboard.export_report"),
            **freshness(),
        }
        return TemplateResponse(request, "admin/reports/page.html", context)

    @ONLY_READ
    def csv_view(self, request: HttpRequest) -> HttpResponse:
        """Return the tables of the page as a file."""
        if not request.user.has_perm("dashboard.export_report"):
            raise PermissionDenied
        asked = Asked.read(request.GET)
        span = asked.days()
        tables = BUILDERS[asked.view](asked, asked.scope(person(request)), span)
        name = f"report-{asked.view}-{span.first:%Y-%m-%d}-{span.last:%Y-%m-%d}.csv"
        LogEntry.objects.create(
            user=person(request),
            content_type=ContentType.objects.get_for_model(Report),
            object_id="",
            object_repr="Reports",
            action_flag=CHANGE,
            change_message=f"Downloaded {name}.",
        )
        response = HttpResponse(BOM + as_csv(tables), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def numbered(charts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each chart the name of the element with its numbers."""
    return [{**chart, "id": f"rp-chart-{number}"} for number, chart in enumerate(charts)]


def as_csv(tables: list[Table]) -> str:
    """Return tables one below the other; texts are made harmless for spreadsheet programs, numbers stay numbers."""
    text = io.StringIO()
    writer = csv.writer(text)
    for number, table in enumerate(tables):
        if number:
            writer.writerow([])
        writer.writerow([harmless(name) for name in table.columns])
        for row in table.rows:
            values = [cell.value for cell in row]
            writer.writerow([harmless(value) if isinstance(value, str) else value for value in values])
    return text.getvalue()


def _shown(table: Table) -> dict[str, Any]:
    """Return a table for its template, in a heat map each number's share of the greatest in per cent."""
    greatest = max((cell.value for row in table.rows for cell in row[1:]), default=0) if table.is_heat_map else 0
    rows = [
        [(cell, round(100 * cell.value / greatest) if greatest and place else 0) for place, cell in enumerate(row)]
        for row in table.rows
    ]
    return {"table": table, "rows": rows}


def freshness() -> dict[str, Any]:
    """Return what the page says when the workers have not counted everything yet."""
    due, even_at = behind()
    return {"due": due, "due_words": f"{due:,}" if due <= 1_000 else "more than 1,000", "even_at": even_at}


def _choices(request: HttpRequest, asked: Asked) -> list[dict[str, Any]]:
    user = person(request)
    teamspaces = [(str(pk), name) for pk, name in visible_teamspaces(user).order_by("name").values_list("pk", "name")]
    channels = only_visible(Channel.objects.order_by("name"), user).values_list("pk", "name")[:OFFERED]
    langs = sorted({**LANGUAGES, **({asked.lang: asked.lang} if asked.lang else {})}.items(), key=lambda each: each[1])
    found = [
        {
            "name": "channel",
            "label": "Channel",
            "value": asked.channel,
            "options": [(str(pk), n) for pk, n in channels],
        },
        {"name": "lang", "label": "Language", "value": asked.lang, "options": langs},
    ]
    if len(teamspaces) > 1:
        offered = teamspaces[:OFFERED]
        found.insert(0, {"name": "teamspace", "label": "Teamspace", "value": asked.teamspace, "options": offered})
    return found
