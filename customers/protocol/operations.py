"""The Protocol API requests about customers (seed 002), and what their answers mean here."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from customers.linking.kinds import PROTOCOL
from customers.linking.looking import look_again, look_again_at
from customers.linking.services import keep_decisions
from customers.models import ProtocolCustomer, SyncState
from customers.operations import shown_state
from customers.phones import digits_of, to_e164
from customers.protocol.reading import LONGEST_ID, fill, moment_of, text_of
from customers.protocol.storing import store
from protoadmin.clients import protocol
from protoadmin.clients.errors import ApiError, NotFound
from protoadmin.clients.transport import Request
from protoadmin.connections.models import ProtocolProject
from protoadmin.outbox.models import OPEN_STATES, PENDING_STATES, Call, CallState
from protoadmin.outbox.registry import CannotSend, Operation
from protoadmin.storable import from_storable, storable_text

# A customer whom Protocol made this long before our attempt, by its clock, cannot be of our making.
CLOCKS_DIFFER = timedelta(minutes=5)
# What is sent of a record and has a state that the page shows.
SENDS = ("protocol_create", "protocol_update", "protocol_delete")


def customer_of(call: Call) -> ProtocolCustomer:
    """Return the customer whom a call is about; raises CannotSend."""
    if not isinstance(call.target, ProtocolCustomer):
        raise CannotSend("The local copy of this customer was removed before the request went out.")
    return call.target


def protocol_id_of(call: Call) -> str:
    """Return the id under which Protocol knows the customer; raises CannotSend."""
    if not (protocol_id := customer_of(call).protocol_id):
        raise CannotSend("Protocol has not given this customer an id. See the call that creates them.")
    return protocol_id


class _Sends(Operation):
    """What is sent of a customer: its state is the customer's."""

    def changed(self, call: Call) -> None:
        """Show the state of the newest such call as the customer's; what was dismissed leaves what Protocol has."""
        newer = Call.objects.filter(
            operation__in=SENDS, target_type=call.target_type_id, target_id=call.target_id, pk__gt=call.pk
        )
        rows = ProtocolCustomer.objects.filter(~Exists(newer), pk=call.target_id or 0)
        state = shown_state(call)
        if call.state == CallState.DISMISSED:
            rows.filter(protocol_id=None).update(sync_state=state)
            rows, state = rows.exclude(protocol_id=None), SyncState.DONE
        rows.update(sync_state=state)


class CreateCustomer(_Sends):
    """Create a customer. Not idempotent; the newest page of the list can tell whether a lost request went through."""

    name = "protocol_create"
    label = "Create Protocol customer"
    idempotent = False

    def build(self, call: Call) -> Request:
        """Return the request with what was entered."""
        customer_of(call)
        return protocol.create_customer(**from_storable(call.payload))

    def apply(self, call: Call, data: Any) -> None:
        """Keep the id that Protocol gave the customer, and the rest of the answer."""
        if isinstance(call.target, ProtocolCustomer):
            identified(call.target, data)

    def remember(self, call: Call) -> dict[str, Any]:
        """Return the customers of this username that were known before the attempt, and when it began."""
        username = from_storable(call.payload)["username"]
        known = ProtocolCustomer.objects.filter(project=call.connection_id, username=storable_text(username)[:300])
        ids = known.exclude(protocol_id=None).values_list("protocol_id", flat=True)
        return {"ids": list(ids), "at": timezone.now().isoformat()}

    def confirm_request(self, call: Call) -> Request:
        """Return the newest page of the list: who was just made stands there, if the list is the newest first."""
        return protocol.list_customers(limit=protocol.MOST_PER_PAGE)

    def confirmed(self, call: Call, data: Any) -> Any | None:
        """Return the one customer with our username and phone number, not known before and not older than our attempt.

        A list in another order than the newest first has nobody to show, and an answer without `created_at` proves
        nothing: then a person is asked.
        """
        wanted, known = from_storable(call.payload), call.context.get("known", {})
        if _is_contested(call, wanted["username"]):
            return None
        began = parse_datetime(known.get("at", "")) or call.created_at
        found = [
            item
            for item in data["data"]
            if item.get("username") == wanted["username"]
            and _is_same_number(item.get("phone_number"), wanted["phone_number"])
            and item["id"] not in known.get("ids", [])
            and _is_as_new_as(item, began)
        ]
        return found[0] if len(found) == 1 else None


def _is_contested(call: Call, username: str) -> bool:
    """Tell whether another creation of this username is in doubt too: then one customer proves nothing."""
    others = ProtocolCustomer.objects.filter(project=call.connection_id, username=storable_text(username)[:300])
    others = others.filter(protocol_id=None).exclude(pk=call.target_id or 0)
    return others.filter(sync_state__in=(SyncState.SENDING, SyncState.UNCONFIRMED)).exists()


def _is_same_number(theirs: Any, ours: str) -> bool:
    text = text_of(theirs, 60)
    return (to_e164(text) or digits_of(text)) == (to_e164(ours) or digits_of(ours))


def _is_as_new_as(item: dict[str, Any], began: datetime) -> bool:
    created = moment_of(item.get("created_at"))
    return created is not None and created >= began - CLOCKS_DIFFER


class GetCustomer(Operation):
    """Refresh: read one customer and take over what Protocol has."""

    name = "protocol_get"
    label = "Refresh Protocol customer"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the read of one customer."""
        return protocol.get_customer(protocol_id_of(call))

    def apply(self, call: Call, data: Any) -> None:
        """Take over what is there."""
        if isinstance(call.target, ProtocolCustomer):
            take_over(call.target, data, call)


class UpdateCustomer(_Sends):
    """Change the display name, the only thing that can be changed; a newer change replaces an unsent one."""

    name = "protocol_update"
    label = "Rename Protocol customer"
    replaces_older = True

    def build(self, call: Call) -> Request:
        """Return the request with the name that was asked for."""
        return protocol.update_customer(protocol_id_of(call), display_name=from_storable(call.payload["display_name"]))

    def apply(self, call: Call, data: Any) -> None:
        """Take over the answer; a name that was changed here since stays."""
        if isinstance(call.target, ProtocolCustomer):
            take_over(call.target, data, call)

    def changed(self, call: Call) -> None:
        """Show the state; a change that was dismissed is undone here, unless a newer one is on its way."""
        super().changed(call)
        if (
            call.state == CallState.DISMISSED
            and call.replaced_by_id is None
            and isinstance(call.target, ProtocolCustomer)
        ):
            customer = ProtocolCustomer.objects.select_for_update(of=("self",), no_key=True).get(pk=call.target.pk)
            data = from_storable(customer.remote_data)
            if isinstance(data, dict) and not _renaming(customer, call):
                customer.display_name = text_of(data.get("display_name"), 300)
                customer.save(update_fields=["display_name"])


class DeleteCustomer(_Sends):
    """Delete a customer and the conversation with them; one that Protocol does not know any more is deleted too."""

    name = "protocol_delete"
    label = "Delete Protocol customer"

    def build(self, call: Call) -> Request:
        """Return the request."""
        return protocol.delete_customer(protocol_id_of(call))

    def accepts(self, call: Call, error: ApiError) -> bool:
        """Take 404 for done: it is not there any more."""
        return isinstance(error, NotFound)

    def apply(self, call: Call, data: Any) -> None:
        """Mark our copy gone: it stays for the record until a person removes it."""
        ProtocolCustomer.objects.filter(pk=call.target_id or 0, gone_at=None).update(gone_at=timezone.now())
        if isinstance(call.target, ProtocolCustomer):
            look_again_at(PROTOCOL, PROTOCOL.teamspace_of(call.target), [call.target.pk])


class ListCustomers(Operation):
    """Read the newest hundred customers of a project; only a pull reads all of them and marks who is gone."""

    name = "protocol_list"
    label = "Read newest Protocol customers"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the newest page; `active` in the payload narrows it as the seed's example does."""
        return protocol.list_customers(limit=protocol.MOST_PER_PAGE, active=call.payload.get("active"))

    def apply(self, call: Call, data: Any) -> None:
        """Write who is new or changed."""
        if not isinstance(call.connection, ProtocolProject):
            return
        stored = store(call.connection.pk, data["data"], read_at=call.sent_at or timezone.now())
        call.context = {**call.context, "new": stored.new, "changed": stored.changed}
        call.save(update_fields=["context"])


def identified(customer: ProtocolCustomer, data: dict[str, Any]) -> None:
    """Write what Protocol answered to a creation, inside the caller's transaction.

    A pull may have been quicker and made a row of its own for the same customer: ours takes its place.
    """
    protocol_id = storable_text(data["id"])[:LONGEST_ID]
    customer = ProtocolCustomer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    others = ProtocolCustomer.objects.filter(project=customer.project_id, protocol_id=protocol_id)
    for other in others.exclude(pk=customer.pk).select_for_update(of=("self",)):
        customer.customer_id = customer.customer_id or other.customer_id
        keep_decisions(other, customer)
        other.delete()
    before = PROTOCOL.keys_of(customer)
    fill(customer, data)
    customer.protocol_id, customer.sync_state = protocol_id, SyncState.DONE
    customer.save()
    look_again(PROTOCOL.teamspace_of(customer), before, PROTOCOL.keys_of(customer))


def take_over(customer: ProtocolCustomer, data: dict[str, Any], call: Call) -> None:
    """Write what an answer says of a customer, inside the caller's transaction; a newer name of ours stays."""
    customer = ProtocolCustomer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    before = PROTOCOL.keys_of(customer)
    fill(customer, data, keep_display_name=_renaming(customer, call))
    if customer.sync_state == SyncState.LOCAL:
        customer.sync_state = SyncState.DONE
    customer.save()
    look_again(PROTOCOL.teamspace_of(customer), before, PROTOCOL.keys_of(customer))


def _renaming(customer: ProtocolCustomer, call: Call) -> bool:
    """Tell whether another call than this carries a name that Protocol does not have yet."""
    calls = Call.objects.for_target(customer).filter(operation="protocol_update").exclude(pk=call.pk)
    return calls.filter(state__in=(*PENDING_STATES, *OPEN_STATES), replaced_by=None).exists()


OPERATIONS = (CreateCustomer, GetCustomer, UpdateCustomer, DeleteCustomer, ListCustomers)
