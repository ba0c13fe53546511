"""The Developer API request about conversations: create-ticket."""

from typing import Any

from django.db import models

from conversations import chat_operations
from conversations.models import Ticket
from customers.operations import shown_state
from protoadmin.clients import platform
from protoadmin.clients.transport import Request
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, lane_of
from protoadmin.outbox.registry import CannotSend, Operation
from protoadmin.storable import storable_text, to_storable

# The four ways to say who a ticket is about (seed 000, "Create ticket"), by the column that holds each.
IDENTIFIERS = {
    "provided_unique_id": "provided_unique_id",
    "customer_id": "proto_id",
    "external_customer_id": "external_customer_id",
    "gateway_profile_id": "gateway_profile_id",
}


class CreateTicket(Operation):
    """Create a ticket. Not idempotent, and no read can tell: a lost answer is for a person to judge."""

    name = "create_ticket"
    label = "Create ticket"
    idempotent = False

    def lane(self, target: models.Model) -> str:
        """Return the person's lane: their save goes out before their ticket."""
        if isinstance(target, Ticket) and target.customer is not None:
            return lane_of(target.customer)
        return lane_of(target)

    def build(self, call: Call) -> Request:
        """Return the request with the subject and the chosen identifier."""
        teamspace = call.connection
        if not isinstance(teamspace, Teamspace):
            raise CannotSend("The teamspace of this ticket was removed.")
        identifier, value = call.payload["identifier"], call.payload["value"]
        if identifier not in IDENTIFIERS:
            raise CannotSend(f"{identifier} is none of the identifiers that Proto takes.")
        return platform.create_ticket(teamspace.subcompany_id, subject=call.payload["subject"], **{identifier: value})

    def changed(self, call: Call) -> None:
        """Show the call's state as the ticket's."""
        Ticket.objects.filter(pk=call.target_id or 0).update(sync_state=shown_state(call))

    def apply(self, call: Call, data: Any) -> None:
        """Keep the id that Proto gave the ticket."""
        ticket = Ticket.objects.filter(pk=call.target_id or 0).first()
        if ticket is not None:
            ticket.remote_id, ticket.remote_data = storable_text(str(data["id"]))[:200], to_storable(data)
            ticket.save(update_fields=["remote_id", "remote_data"])


OPERATIONS = (CreateTicket, *chat_operations.OPERATIONS)
