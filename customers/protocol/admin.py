"""The page Protocol customers: thin; what it does is in services.py."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from customers.exporting.lists import PROTOCOL
from customers.exporting.screens import Exporting, export_actions
from customers.linking import kinds
from customers.linking.buttons import RECORD_BUTTONS
from customers.linking.by_hand import who_it_is
from customers.models import MOVING, ProtocolCustomer
from customers.protocol import filters, services
from customers.protocol.buttons import BUTTONS, LIST_BUTTONS
from customers.protocol.forms import ProtocolCustomerForm
from customers.protocol.search import search_protocol
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import visible_to
from protoadmin.refusals import Refused
from protoadmin.screens.base import ProtoModelAdmin
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

CALLS_SHOWN = 8
ADDED = ("project", "username", "phone_number", "avatar_url", "display_name")


def marks_of(customer: ProtocolCustomer) -> list[tuple[str, str]]:
    """Return what is out of the ordinary about a customer: words, and the class of the chip that says them."""
    marks = []
    if customer.gone_at is not None:
        marks.append(("Gone", "pa-chip pa-failed"))
    if customer.is_flagged:
        marks.append(("⚑ Flagged", "pa-chip pa-failed"))
    if customer.terminated_at is not None:
        marks.append(("Terminated", "pa-chip pa-failed"))
    status = customer.status.lower()
    if status not in filters.IN_USE and not (status == "terminated" and customer.terminated_at is not None):
        marks.append((customer.status.capitalize(), "pa-chip pa-pending"))
    return marks


@admin.register(ProtocolCustomer)
class ProtocolCustomerAdmin(Exporting, ProtoModelAdmin):
    """Customers of one's Protocol projects: find, create, rename, refresh, delete."""

    form = ProtocolCustomerForm
    teamspace_path = "project__teamspace"
    buttons = (*BUTTONS, *RECORD_BUTTONS)
    list_buttons = LIST_BUTTONS
    state_field = "sync_state"
    panels: ClassVar[dict[str, str]] = {
        "protocol": "admin/panels/protocol_customer.html",
        "person": "admin/panels/record_person.html",
    }
    change_form_template = "admin/customers/protocolcustomer/change_form.html"
    list_display = ("shown_name", "marks", "shown_phone", "project", "shown_state", "last_active")
    list_display_links = ("shown_name",)
    list_filter = (
        filters.ProjectFilter,
        filters.ProjectTeamspaceFilter,
        filters.FlaggedFilter,
        filters.TerminatedFilter,
        filters.InactiveFilter,
        filters.GoneFilter,
        filters.StatusFilter,
    )
    list_filter_submit = True
    list_select_related = ("project",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    search_fields = ("username",)
    search_help_text = "Beginning of the username or display name, a phone number, or an id"
    ordering = ("-id",)
    has_indexed_orders = True
    actions = export_actions(PROTOCOL)
    export = PROTOCOL

    # --- list ---------------------------------------------------------------------------------

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProtocolCustomer], search_term: str
    ) -> tuple[QuerySet[ProtocolCustomer], bool]:
        """Search through the indexed keys."""
        return search_protocol(queryset, search_term), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProtocolCustomer]:
        """The person's rows; the wide JSON of the remote's answer stays in the database."""
        rows: QuerySet[ProtocolCustomer] = super().get_queryset(request)
        return rows.defer("remote_data")

    @admin.display(description="Customer")
    def shown_name(self, customer: ProtocolCustomer) -> SafeString:
        """The display name, and the username where that is another."""
        username = customer.username if customer.display_name else ""
        return format_html(
            '<span><span class="pa-person">{}</span> <span class="pa-sub">{}</span></span>', customer, username
        )

    @admin.display(description="Marks")
    def marks(self, customer: ProtocolCustomer) -> SafeString:
        """Gone, flagged, terminated, inactive."""
        chips = ((kind, words) for words, kind in marks_of(customer))
        return format_html_join(" ", '<span class="{}">{}</span>', chips)

    @admin.display(description="Phone")
    def shown_phone(self, customer: ProtocolCustomer) -> str:
        """The number as Protocol writes it."""
        return customer.phone_number

    @admin.display(description="State")
    def shown_state(self, customer: ProtocolCustomer) -> SafeString:
        """Whether Protocol has what we have."""
        known = customer.protocol_id and customer.sync_state == "local"
        return row_badge("done" if known else customer.sync_state, customer.pk)

    @admin.display(description="Last active")
    def last_active(self, customer: ProtocolCustomer) -> SafeString | str:
        """When they were last active on Protocol."""
        return moment(customer.last_active_at)

    # --- page ---------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go by the buttons Delete (at Protocol) and Remove local copy alone."""
        return False

    def get_fields(self, request: HttpRequest, obj: ProtocolCustomer | None = None) -> Any:
        """What is asked of a new customer; of a known one what can be changed."""
        return ADDED if obj is None else ("display_name", "username", "phone_number", "avatar_url", "project")

    def get_readonly_fields(self, request: HttpRequest, obj: ProtocolCustomer | None = None) -> Any:
        """Of a known customer everything but the display name, and that too once they are gone."""
        if obj is None:
            return ()
        fixed = ("username", "phone_number", "avatar_url", "project")
        return fixed if obj.protocol_id and obj.gone_at is None else ("display_name", *fixed)

    def panel_context(self, request: HttpRequest, record: ProtocolCustomer, name: str) -> dict[str, Any]:
        """What the page tells beside the form."""
        if name == "person":
            return who_it_is(kinds.PROTOCOL, record, request)
        calls = Call.objects.for_target(record)
        shown = visible_to(calls, person(request), teamspace_ids(request.user)).select_related("requested_by")
        return {
            "customer": record,
            "marks": marks_of(record),
            "calls": list(shown.prefetch_related("connection").order_by("-id")[:CALLS_SHOWN]),
            "may_settle_all": request.user.has_perm("outbox.settle_all_calls"),
            "may_settle_own": request.user.has_perm("outbox.change_call"),
            "live": record.sync_state in MOVING or calls.pending().exists(),
        }

    def save_model(self, request: HttpRequest, obj: ProtocolCustomer, form: Any, change: bool) -> None:
        """Write the row and queue the request through its service, in one transaction."""
        if change:
            name = form.cleaned_data.get("display_name", obj.display_name)
            call = services.protocol_rename(customer=obj, display_name=name, by=person(request))
            obj.was_changed = call is not None  # type: ignore[attr-defined]
            return
        values = {name: form.cleaned_data[name] or "" for name in ADDED if name != "project"}
        made = services.protocol_create(project=obj.project, **values, by=person(request))
        obj.pk, obj._state.adding = made.pk, False

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Say in words what a service refuses."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as error:
            messages.error(request, str(error))
            return redirect(request.get_full_path())

    def response_change(self, request: HttpRequest, obj: ProtocolCustomer) -> HttpResponse:
        """Stay on the page and say what happens next."""
        changed = getattr(obj, "was_changed", True)
        said = "Saved here, and on its way to Protocol." if changed else "Nothing was changed, so nothing is sent."
        messages.info(request, said)
        return redirect(self.change_url(obj))

    def response_add(
        self, request: HttpRequest, obj: ProtocolCustomer, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the new customer's page."""
        messages.info(request, "Saved here, and on its way to Protocol.")
        return redirect(
            reverse("admin:customers_protocolcustomer_add") if "_addanother" in request.POST else self.change_url(obj)
        )
