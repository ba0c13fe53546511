"""The page of past exports: who took what along, how large it is, when it goes; and who may have the files."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from protoadmin.ids import as_id
from protoadmin.runs.models import ACTIVE_STATES, Run, RunFile
from protoadmin.runs.registry import kinds, run_kind
from protoadmin.screens.people import person
from protoadmin.screens.pressing import ButtonAdmin

RESULT = "result"
PAGE = 50


def may_steer(by: User, run: Run) -> bool:
    """Whether somebody may stop a run: who started it, and who may settle everybody's calls."""
    return run.requested_by_id == by.pk or by.has_perm("outbox.settle_all_calls")


def may_fetch(by: User, run: Run) -> bool:
    """Whether somebody may have the files of a run: they may steer it, and its kind has nothing against it."""
    kind = run_kind(run.kind)
    return may_steer(by, run) and (kind is None or kind.may_fetch is None or kind.may_fetch(by, run))


def is_export(run: Run) -> bool:
    """Whether a run makes a file for somebody to take along."""
    kind = run_kind(run.kind)
    return kind is not None and kind.exports


@dataclass
class Row:
    """An export as the page shows it."""

    run: Run
    label: str
    words: str
    format: str
    file: RunFile | None
    expires: datetime.datetime | None
    may_fetch: bool
    may_delete: bool


class Exports(ButtonAdmin):
    """The part of the admin of runs that tells of exports."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.exports_view)
        return [path("exports/", view, name="runs_run_exports"), *super().get_urls()]

    @method_decorator(require_safe)
    def exports_view(self, request: HttpRequest) -> HttpResponse:
        """Show the exports of one's teamspaces and one's own, the newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        names = [kind.name for kind in kinds() if kind.exports]
        runs = self.get_queryset(request).filter(kind__in=names).select_related("requested_by", "teamspace")
        if before := as_id(request.GET.get("before")):
            runs = runs.filter(pk__lt=before)
        found = list(runs.prefetch_related("files").order_by("-pk")[: PAGE + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": "Exports",
            "opts": self.opts,
            "rows": [self._row(person(request), run) for run in found[:PAGE]],
            "older": found[PAGE - 1].pk if len(found) > PAGE else None,
            "is_first": not before,
            "kept_days": settings.RUN_FILE_RETENTION_DAYS,
            "here": request.get_full_path(),
            "is_moving": any(run.state in ACTIVE_STATES for run in found[:PAGE]),
            "runs_url": reverse("admin:runs_run_changelist"),
        }
        return TemplateResponse(request, "admin/runs/exports.html", context)

    def _row(self, by: User, run: Run) -> Row:
        kind = run_kind(run.kind)
        file = next((file for file in run.files.all() if file.purpose == RESULT), None)
        words: Any = run.parameters.get("words") or []
        return Row(
            run,
            (kind.label if kind else run.kind).removeprefix("Export ").capitalize(),
            " · ".join(map(str, words)),
            str(run.parameters.get("format", "csv")).upper().replace("JSONL", "JSON Lines"),
            file,
            file.created_at + datetime.timedelta(days=settings.RUN_FILE_RETENTION_DAYS) if file else None,
            file is not None and may_fetch(by, run),
            file is not None and may_steer(by, run),
        )
