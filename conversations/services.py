"""What the product can do with conversations, in verbs."""

from django.contrib.auth.models import User
from django.db import transaction

from conversations.chat_services import chat_pull, chat_start, chats_pull, message_send
from conversations.models import Ticket
from conversations.operations import IDENTIFIERS
from customers.history import note_changes
from customers.models import Customer
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import call_queue
from protoadmin.refusals import Refused


def identifiers_of(customer: Customer) -> dict[str, str]:
    """Return the identifiers by which Proto can be told of a person, the preferred one first."""
    return {name: value for name, column in IDENTIFIERS.items() if (value := getattr(customer, column))}


@transaction.atomic
def ticket_create(
    *, customer: Customer, subject: str, identifier: str, by: User | None, request_key: str | None = None
) -> Ticket:
    """Make a ticket here and queue it for Proto; the same `request_key` gives the same ticket again.

    Raises Refused when the person has no such identifier or the subject is empty.
    """
    if request_key:
        # The person's row is locked, so that two clicks at the same moment come one after the other.
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        existing = Call.objects.filter(request_key=request_key).first()
        if existing is not None and isinstance(existing.target, Ticket):
            return existing.target
    value = identifiers_of(customer).get(identifier)
    if not value:
        raise Refused("Choose an identifier that this person has; Proto needs one of the four.")
    if not subject.strip():
        raise Refused("A ticket needs a subject.")
    ticket = Ticket.objects.create(teamspace=customer.teamspace, customer=customer, subject=subject.strip()[:500])
    note_changes(customer, by, [("Ticket", "", ticket.subject)])
    call_queue(
        operation="create_ticket",
        connection=customer.teamspace,
        target=ticket,
        payload={"subject": ticket.subject, "identifier": identifier, "value": value},
        by=by,
        request_key=request_key,
    )
    return ticket


__all__ = ["chat_pull", "chat_start", "chats_pull", "identifiers_of", "message_send", "ticket_create"]
