"""The page Background runs: how far each long job is, what went wrong, and a stop button."""

from typing import Any, ClassVar

from django.contrib import admin
from django.forms import Media
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from protoadmin.refusals import Refused
from protoadmin.runs.exports import RESULT, Exports, is_export, may_fetch, may_steer
from protoadmin.runs.models import ACTIVE_STATES, OPEN_STATES, Run, RunState
from protoadmin.runs.registry import kinds, run_kind
from protoadmin.runs.services import run_continue, run_file_delete, run_stop
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.buttons import Button
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

ERRORS_SHOWN = 100
PUBLIC_FILES = {"refused", "result", "upload"}


def _may_steer(request: HttpRequest, run: Run | None = None) -> bool:
    return run is None or may_steer(person(request), run)


def _may_start(request: HttpRequest, run: Run) -> bool:
    """Only who asked for it says that it may begin: it is done in their name."""
    kind = run_kind(run.kind)
    if kind is None or not kind.asks or run.requested_by_id != request.user.pk:
        return False
    return not kind.permission or request.user.has_perm(kind.permission)


def _start(request: HttpRequest, run: Run, form: Any) -> str:
    if not run_continue(run=run):
        raise Refused("It is not waiting (any more): it was started, or it has ended.")
    return "It has started. You can leave this page; it goes on by itself."


def _delete_file(request: HttpRequest, run: Run, form: Any) -> str:
    if not run_file_delete(run=run, by=person(request)):
        raise Refused("The file is gone already.")
    return "The file is deleted."


def _is_open_ended(run: Run) -> bool:
    """Tell whether it reads from outside, and nobody knows yet how much there is."""
    kind = run_kind(run.kind)
    return run.state in ACTIVE_STATES and run.total is None and kind is not None and kind.read is not None


def _stop(request: HttpRequest, run: Run, form: Any) -> str:
    if not run_stop(run=run, by=person(request)):
        raise Refused("It has ended already.")
    return "It stops as soon as what is under way has ended."


@admin.register(Run)
class RunAdmin(Exports, ProtoModelAdmin):
    """Read a run, stop it, fetch its files."""

    read_only_page = True
    change_list_template = "admin/runs/change_list.html"
    state_field = "state"
    panels: ClassVar[dict[str, str]] = {"run": "admin/panels/run.html"}
    buttons = (
        Button(
            "start",
            "Start",
            _start,
            _may_start,
            shown=lambda request, run: run.state == RunState.WAITING,
            icon="play_arrow",
            style="pa-primary",
            order=10,
        ),
        Button(
            "stop",
            "Stop",
            _stop,
            _may_steer,
            shown=lambda request, run: run.state in OPEN_STATES and not run.stop_requested,
            icon="stop_circle",
            style="pa-danger",
        ),
        Button(
            "delete-file",
            "Delete the file now",
            _delete_file,
            _may_steer,
            shown=lambda request, run: is_export(run) and run.files.filter(purpose=RESULT).exists(),
            icon="delete",
            style="pa-danger",
        ),
    )
    list_display = ("shown_state", "__str__", "progress", "done", "failed", "who", "asked")
    list_display_links = ("__str__",)
    list_filter = ("state", "created_at")
    list_select_related = ("requested_by",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Runs of one's teamspaces, and one's own."""
        rows = super(ProtoModelAdmin, self).get_queryset(request)
        if request.user.is_superuser:
            return rows
        scoped = super().get_queryset(request)
        return scoped | rows.filter(requested_by=person(request))

    @property
    def media(self) -> Media:
        """Bring the stylesheets of what the kinds tell on the page."""
        styles = [kind.panel_style for kind in kinds() if kind.panel_style]
        media: Media = super().media + Media(css={"all": styles})
        return media

    def get_urls(self) -> list[URLPattern]:
        """Add the download of a run's files."""
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:object_id>/file/<slug:purpose>/", view, name="runs_run_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, object_id: int, purpose: str) -> FileResponse:
        """Send a file of a run to who may see the run; always as a download, never shown in place."""
        run = self.visible_record(request, str(object_id))
        file = run.files.filter(purpose=purpose).first() if purpose in PUBLIC_FILES else None
        if file is None or not may_fetch(person(request), run):
            raise Http404
        try:
            content = file.content.open("rb")
        except FileNotFoundError:
            raise Http404 from None
        return FileResponse(content, as_attachment=True, filename=file.name)

    def panel_context(self, request: HttpRequest, record: Run, name: str) -> dict[str, Any]:
        """Return the progress, the first errors and the files."""
        kind = run_kind(record.kind)
        total = record.total or 0
        return {
            "run": record,
            "kind": kind.label if kind else record.kind,
            "errors": record.errors.all()[:ERRORS_SHOWN],
            "errors_shown": ERRORS_SHOWN,
            "files": [file for file in record.files.all() if file.purpose in PUBLIC_FILES],
            "may_steer": _may_steer(request, record),
            "may_fetch": may_fetch(person(request), record),
            "asks": kind is not None and kind.asks,
            "words": record.parameters.get("words", ()),
            "is_open_ended": _is_open_ended(record),
            "done_percent": record.done * 100 // total if total else 0,
            "failed_percent": -(-record.failed * 100 // total) if total else 0,
            "live": record.state in ACTIVE_STATES,
            "extra_template": kind.panel_template if kind else "",
            "extra": kind.panel_context(record) if kind and kind.panel_context else {},
        }

    @admin.display(description="State", ordering="state")
    def shown_state(self, run: Run) -> SafeString:
        """The state as a badge."""
        return row_badge(run.state, run.pk)

    @admin.display(description="Progress")
    def progress(self, run: Run) -> SafeString | str:
        """How far it is."""
        if _is_open_ended(run):
            return f"{run.done:,} so far"
        if run.percent is None:
            return ""
        return format_html('<progress max="100" value="{}">{} %</progress>', run.percent, run.percent)

    @admin.display(description="Who", ordering="requested_by__username")
    def who(self, run: Run) -> str:
        """Who started it."""
        person = run.requested_by
        return (person.get_full_name() or person.username) if person else "the product"

    @admin.display(description="When", ordering="created_at")
    def asked(self, run: Run) -> SafeString | str:
        """When it was started."""
        return moment(run.created_at)
