"""Ask for things, let time pass, work: the words in which the outbox' tests are written."""

import uuid
from datetime import timedelta
from typing import Any

import requests
from django.contrib.auth.models import User
from django.utils import timezone

from conversations.services import ticket_create
from customers.models import Customer, CustomField
from customers.services import customer_change, customer_push, customer_refresh, field_create
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState, Gate
from protoadmin.outbox.sending import send_due
from protoadmin.outbox.services import call_queue

OPERATIONS = ("create_ticket", "save_customer", "create_custom_field", "get_customer", "test_connection")
PATHS = {
    "create_ticket": "create-ticket",
    "save_customer": "create-customer",
    "create_custom_field": "create-custom-field",
    "get_customer": "get-customer",
    "test_connection": "list-custom-fields",
}


def save(person: Customer, by: User | None = None, **values: str) -> Call:
    """Change a person as the form does, and queue the upsert."""
    customer_change(customer=person, values=values, by=by)
    call = customer_push(customer=person, by=by)
    assert call is not None
    return call


def ticket(person: Customer, subject: str = "Help", by: User | None = None, key: str | None = None) -> Call:
    """Ask for a ticket; return its call."""
    made = ticket_create(customer=person, subject=subject, identifier="provided_unique_id", by=by, request_key=key)
    return Call.objects.for_target(made).get(operation="create_ticket")


def field(teamspace: Teamspace, name: str = "", by: User | None = None, **values: Any) -> Call:
    """Ask for a custom field; return its call."""
    row = CustomField.objects.create(teamspace=teamspace, name=name or f"Field {uuid.uuid4().hex[:8]}", **values)
    return field_create(field=row, by=by)


def ask(operation: str, person: Customer, by: User | None = None) -> Call:
    """Ask for one of OPERATIONS."""
    if operation == "create_ticket":
        return ticket(person, by=by)
    if operation == "save_customer":
        return save(person, by=by, name=f"Ann {uuid.uuid4().hex[:6]}")
    if operation == "create_custom_field":
        return field(person.teamspace, by=by)
    if operation == "get_customer":
        return customer_refresh(customer=person, by=by)
    place = person.teamspace
    return call_queue(operation=operation, connection=place, target=place, payload={}, by=by)


def known_to_proto(person: Customer) -> None:
    """Make the person known at the sandbox without the outbox having to do with it."""
    place = person.teamspace
    answer = requests.put(
        f"{place.base_url}/v1/customers/{place.subcompany_id}/create-customer/{person.provided_unique_id}",
        json={"name": person.name},
        headers={"Authorization": f"Bearer {place.takeover_secret}"},
        timeout=10,
    )
    answer.raise_for_status()


def wait_is_over() -> None:
    """Let every pause come to its end: of calls, of look-ups and of connections."""
    now = timezone.now()
    Call.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=now)
    Gate.objects.update(paused_until=None, next_slot_at=None)


def work(rounds: int = 1) -> None:
    """Do what is due, so many times with the pauses skipped."""
    for turn in range(rounds):
        if turn:
            wait_is_over()
        send_due()


def fresh(call: Call) -> Call:
    """Return the call as the database has it now."""
    return Call.objects.get(pk=call.pk)


def state_of(call: Call) -> CallState:
    """Return the state that the database has."""
    return CallState(fresh(call).state)


def lease_over(call: Call) -> None:
    """Let the lease of a call that is being sent have run out, its worker on a host that nobody can look at."""
    Call.objects.filter(pk=call.pk).update(
        leased_until=timezone.now() - timedelta(seconds=1), worker="another-host:7:7"
    )
