"""The page Tickets, and what conversations add to a person's page."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from conversations.exporting.lists import TICKETS
from conversations.inbox.admin import ChatAdmin as ChatAdmin
from conversations.models import Ticket
from conversations.services import identifiers_of, ticket_create
from conversations.starting import StartChatForm as StartChatForm
from conversations.visitors.admin import VisitorConversationAdmin as VisitorConversationAdmin
from customers.exporting.screens import Exporting, export_actions
from customers.filters import TeamspaceFilter
from customers.models import MOVING, Customer, at_proto
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import visible_to
from protoadmin.screens.base import ProtoModelAdmin, may
from protoadmin.screens.buttons import Button, ButtonForm, contribute_button
from protoadmin.screens.links import link
from protoadmin.screens.panels import Panel, contribute_panel
from protoadmin.screens.people import person
from protoadmin.screens.templatetags.proto import moment, row_badge

SHOWN = 10
IDENTIFIER_WORDS = {
    "provided_unique_id": "Unique id",
    "customer_id": "Proto id",
    "external_customer_id": "External id",
    "gateway_profile_id": "Gateway profile id",
}


class TicketForm(ButtonForm):
    """A ticket's subject, and by which id Proto is told who it is about."""

    subject = forms.CharField(max_length=500)
    identifier = forms.ChoiceField(label="Tell Proto who it is by", widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = identifiers_of(self.record)
        self.fields["identifier"].choices = [  # type: ignore[attr-defined]
            (name, f"{IDENTIFIER_WORDS[name]}: {value}") for name, value in known.items()
        ]
        self.initial.setdefault("identifier", next(iter(known), None))


def _create_ticket(request: HttpRequest, customer: Customer, form: Any) -> str:
    ticket = ticket_create(
        customer=customer,
        subject=form.cleaned_data["subject"],
        identifier=form.cleaned_data["identifier"],
        by=person(request),
        request_key=form.cleaned_data["request_key"],
    )
    return f"Ticket “{ticket.subject}” is on its way to Proto."


def _tickets(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    tickets = list(customer.tickets.order_by("-id")[: SHOWN + 1])
    calls = _newest_calls(tickets)
    return {
        "tickets": [(ticket, calls.get(ticket.pk)) for ticket in tickets[:SHOWN]],
        "more": len(tickets) > SHOWN,
        "live": any(ticket.sync_state in MOVING for ticket in tickets) or any(c.is_pending for c in calls.values()),
    }


def _newest_calls(tickets: list[Ticket]) -> dict[int, Call]:
    calls = Call.objects.filter(operation="create_ticket", target_id__in=[ticket.pk for ticket in tickets])
    return {call.target_id: call for call in calls.order_by("id") if call.target_id is not None}


contribute_button(
    "customers.Customer",
    Button(
        "create-ticket",
        "Create ticket",
        _create_ticket,
        may("conversations.add_ticket"),
        form=TicketForm,
        shown=lambda request, customer: bool(identifiers_of(customer)),
        icon="confirmation_number",
        order=10,
        style="pa-primary",
    ),
)
contribute_panel("customers.Customer", Panel("tickets", "admin/panels/customer_tickets.html", _tickets))


@admin.register(Ticket)
class TicketAdmin(Exporting, ProtoModelAdmin):
    """Tickets made from here, and what Proto made of them."""

    read_only_page = True
    actions = export_actions(TICKETS)
    export = TICKETS
    state_field = "sync_state"
    panels: ClassVar[dict[str, str]] = {"ticket": "admin/panels/ticket.html"}
    list_display = ("subject", "who", "remote_id", "at_proto", "made")
    list_filter = (TeamspaceFilter, "sync_state", "created_at")
    list_select_related = ("customer", "teamspace")
    search_fields = ("subject", "remote_id")

    def panel_context(self, request: HttpRequest, record: Ticket, name: str) -> dict[str, Any]:
        """Everything about one ticket."""
        calls = Call.objects.for_target(record).prefetch_related("connection")
        return {
            "ticket": record,
            "calls": visible_to(calls, person(request), teamspace_ids(request.user)).order_by("-id")[:SHOWN],
            "may_settle_all": request.user.has_perm("outbox.settle_all_calls"),
            "may_settle_own": request.user.has_perm("outbox.change_call"),
            "live": record.sync_state in MOVING or calls.pending().exists(),
        }

    @admin.display(description="Person", ordering="customer__name")
    def who(self, ticket: Ticket) -> SafeString | str:
        """The person, with a link."""
        if ticket.customer is None:
            return "-"
        return link(self.admin_site._registry[Customer].change_url(ticket.customer), str(ticket.customer))

    @admin.display(description="At Proto")
    def at_proto(self, ticket: Ticket) -> SafeString | str:
        """Whether Proto has it; the ticket's page tells more."""
        return row_badge(at_proto(ticket), ticket.pk)

    @admin.display(description="Made", ordering="created_at")
    def made(self, ticket: Ticket) -> SafeString | str:
        """When it was made here."""
        return moment(ticket.created_at)
