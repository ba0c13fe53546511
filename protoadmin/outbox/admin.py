"""The page API calls: every request to a remote system, and what a person can do about it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from protoadmin.connections.admin import contribute_facts
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.outbox import filters, services
from protoadmin.outbox.bulk import SETTLE
from protoadmin.outbox.connection_pages import facts_of
from protoadmin.outbox.models import OPEN_STATES, Call, CallState
from protoadmin.outbox.registry import operation_label
from protoadmin.refusals import Refused
from protoadmin.runs.services import run_start
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.buttons import Button
from protoadmin.screens.links import link, record_url
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

contribute_facts(facts_of)

AT_ONCE = 200
LABELS = {"send-again": "Send again", "it-went-through": "It went through", "dismiss": "Dismiss"}


def may_settle(request: HttpRequest, call: Call | None = None) -> bool:
    """Tell whether the person may settle this call: their own, or everybody's with that permission."""
    user = request.user
    if user.has_perm("outbox.settle_all_calls"):
        return True
    own = call is None or call.requested_by_id == user.pk
    return own and user.has_perm("outbox.change_call")


def _settler(name: str) -> Callable[[HttpRequest, Call, Any], str]:
    def perform(request: HttpRequest, call: Call, form: Any) -> str:
        SETTLE[name](call=call, by=person(request))
        return f"{LABELS[name]}: call {call.pk} ({operation_label(call.operation)})."

    return perform


def _is_open(request: HttpRequest, call: Call) -> bool:
    return call.state in OPEN_STATES


BUTTONS = (
    Button(
        "send-again",
        "Send again",
        _settler("send-again"),
        may_settle,
        shown=lambda request, call: call.state in (*OPEN_STATES, CallState.DISMISSED) and not call.replaced_by_id,
        icon="redo",
    ),
    Button("it-went-through", "It went through", _settler("it-went-through"), may_settle, shown=_is_open, icon="check"),
    Button(
        "dismiss",
        "Dismiss",
        _settler("dismiss"),
        may_settle,
        shown=lambda request, call: call.state in (*OPEN_STATES, CallState.QUEUED),
        icon="close",
    ),
)


@admin.register(Call)
class CallAdmin(ProtoModelAdmin):
    """Read every call; settle those that wait for a person."""

    read_only_page = True
    state_field = "state"
    buttons = BUTTONS
    panels: ClassVar[dict[str, str]] = {"call": "admin/panels/call.html"}
    list_display = (
        "shown_state",
        "shown_operation",
        "shown_record",
        "who",
        "asked",
        "attempts",
        "took",
        "status_code",
        "shown_error",
    )
    list_display_links = ("shown_operation",)
    list_filter = (
        filters.OpenFilter,
        ("state", ChoicesDropdownFilter),
        filters.ConnectionFilter,
        filters.OperationFilter,
        filters.PersonFilter,
        ("created_at", RangeDateTimeFilter),
    )
    search_fields = ("target_label",)
    search_help_text = "Record"
    list_select_related = ("requested_by",)
    list_filter_submit = True
    ordering = ("-id",)
    actions = ("send_again", "it_went_through", "dismiss")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        """Own calls, or everybody's of one's teamspaces with that permission."""
        calls = super().get_queryset(request).prefetch_related("connection")
        return services.visible_to(calls, person(request), teamspace_ids(request.user))

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer the three only to who may settle anything."""
        found = super().get_actions(request)
        return found if may_settle(request) else {}

    def panel_context(self, request: HttpRequest, record: Call, name: str) -> dict[str, Any]:
        """Everything about one call; live while it is on its way."""
        return {
            "call": record,
            "record_url": record_url(record.target_type_id, record.target_id) if record.target is not None else "",
            "connection_url": record_url(record.connection_type_id, record.connection_id),
            "live": record.is_pending or (record.state == CallState.UNCONFIRMED and record.next_attempt_at is not None),
        }

    @admin.display(description="State", ordering="state")
    def shown_state(self, call: Call) -> SafeString:
        """The state, and what took its place."""
        badge = row_badge(call.state, call.pk)
        return format_html("{} by {}", badge, call.replaced_by_id) if call.replaced_by_id else badge

    @admin.display(description="What", ordering="operation")
    def shown_operation(self, call: Call) -> str:
        """The operation in words."""
        return operation_label(call.operation)

    @admin.display(description="Record", ordering="target_label")
    def shown_record(self, call: Call) -> SafeString | str:
        """The record as it was called when this was asked for, with a link to it."""
        return link(record_url(call.target_type_id, call.target_id), call.target_label or "-")

    @admin.display(description="Who", ordering="requested_by__username")
    def who(self, call: Call) -> str:
        """Who asked for it."""
        person = call.requested_by
        return (person.get_full_name() or person.username) if person else "the product"

    @admin.display(description="When", ordering="created_at")
    def asked(self, call: Call) -> SafeString | str:
        """When it was asked for."""
        return moment(call.created_at)

    @admin.display(description="Took", ordering="duration_ms")
    def took(self, call: Call) -> str:
        """How long the last attempt took."""
        return "" if call.duration_ms is None else f"{call.duration_ms} ms"

    @admin.display(description="Error")
    def shown_error(self, call: Call) -> str:
        """The error, shortened, or why it waits."""
        words = call.held_back or call.error
        return words if len(words) <= 120 else f"{words[:117]}…"

    def _settle_many(self, request: HttpRequest, calls: QuerySet[Call], name: str) -> None:
        label, settle = LABELS[name], SETTLE[name]
        ids = calls.prefetch_related(None).order_by("id").values_list("pk", flat=True)
        if len(ids[: AT_ONCE + 1]) > AT_ONCE:
            run = run_start(
                kind="calls_settle",
                by=person(request),
                title=f"{label}: many calls",
                ids=ids.iterator(),
                parameters={"settle": name},
            )
            messages.info(
                request,
                format_html(
                    "This goes on in the background: {}.",
                    link(reverse("admin:runs_run_change", args=[run.pk]), str(run)),
                ),
            )
            return
        done = 0
        for call in calls:
            if not may_settle(request, call):
                messages.error(request, f"Call {call.pk} is not yours to settle.")
                continue
            try:
                settle(call=call, by=person(request))
                done += 1
            except Refused as error:
                messages.warning(request, f"Call {call.pk}: {error}")
        if done:
            messages.success(request, f"{label}: {done} call{'s' if done != 1 else ''}.")

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, calls: QuerySet[Call]) -> None:
        """Queue the chosen ones anew."""
        self._settle_many(request, calls, "send-again")

    @admin.action(description="It went through")
    def it_went_through(self, request: HttpRequest, calls: QuerySet[Call]) -> None:
        """Make the chosen ones done."""
        self._settle_many(request, calls, "it-went-through")

    @admin.action(description="Dismiss")
    def dismiss(self, request: HttpRequest, calls: QuerySet[Call]) -> None:
        """End the chosen ones."""
        self._settle_many(request, calls, "dismiss")
