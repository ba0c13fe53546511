"""The Developer API requests about people and custom fields: how each is built, and what its answer means here."""

from typing import Any

from django.db.models import Exists
from django.utils import timezone

from customers.fields_sync import field_values, take_over_list
from customers.models import Customer, CustomField, SyncState
from customers.taking_over import take_over
from protoadmin.clients import platform
from protoadmin.clients.errors import ApiError, NotFound
from protoadmin.clients.transport import Request
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.registry import CannotSend, Operation
from protoadmin.storable import storable_text, to_storable


def teamspace_of(call: Call) -> Teamspace:
    """Return the teamspace whose API a call goes to; raises CannotSend."""
    if not isinstance(call.connection, Teamspace):
        raise CannotSend("The teamspace of this call was removed.")
    return call.connection


def unique_id_of(call: Call) -> str:
    """Return the key under which Proto knows the person; raises CannotSend."""
    customer = call.target
    if not isinstance(customer, Customer):
        raise CannotSend("The local copy of this person was removed before the request went out.")
    if not customer.provided_unique_id:
        raise CannotSend("This person has no unique id, so Proto cannot be told of them. Enter one and save.")
    return customer.provided_unique_id


def shown_state(call: Call) -> SyncState:
    """Return a call's state as that of its record: what was dismissed is only here."""
    return SyncState.LOCAL if call.state == CallState.DISMISSED else SyncState(call.state)


class SaveCustomer(Operation):
    """The upsert of a person: all six documented fields, an emptied one as ""."""

    name = "save_customer"
    label = "Save person"
    replaces_older = True

    def build(self, call: Call) -> Request:
        """Return the upsert of exactly what was asked for."""
        return platform.save_customer(teamspace_of(call).subcompany_id, unique_id_of(call), **call.payload)

    def apply(self, call: Call, data: Any) -> None:
        """Keep Proto's answer; what was changed here since stays."""
        if isinstance(call.target, Customer):
            take_over(call.target, data, by=None, sent=call.payload)

    def changed(self, call: Call) -> None:
        """Show the state of the newest save as the person's."""
        newer = Call.objects.filter(
            operation=self.name, target_type=call.target_type_id, target_id=call.target_id, pk__gt=call.pk
        )
        Customer.objects.filter(~Exists(newer), pk=call.target_id or 0).update(sync_state=shown_state(call))


class GetCustomer(Operation):
    """Refresh from Proto: read one person and take over what differs."""

    name = "get_customer"
    label = "Refresh from Proto"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the read of one person."""
        return platform.get_customer(teamspace_of(call).subcompany_id, unique_id_of(call))

    def apply(self, call: Call, data: Any) -> None:
        """Take over what Proto has otherwise, and remember it for the page."""
        if not isinstance(call.target, Customer):
            return
        differences = take_over(call.target, data, by=None)
        call.context = {**call.context, "differences": differences}
        call.save(update_fields=["context"])
        # A person that Proto has is not "only here", whoever told it.
        Customer.objects.filter(pk=call.target_id or 0, sync_state=SyncState.LOCAL).update(sync_state=SyncState.DONE)


class AddTags(Operation):
    """Add tags to a person; the API cannot take one away."""

    name = "add_tags"
    label = "Add tags"

    def build(self, call: Call) -> Request:
        """Return the request with the chosen names."""
        return platform.add_tags(
            teamspace_of(call).subcompany_id,
            unique_id_of(call),
            tags=call.payload["tags"],
            create_if_not_exists=bool(call.payload.get("create_if_not_exists")),
        )


class SetCustomFields(Operation):
    """Set custom field values; each field by its id at Proto, or by its name while that is not known."""

    name = "set_custom_fields"
    label = "Set custom fields"

    def build(self, call: Call) -> Request:
        """Return the request; a field whose id has become known since goes by its id."""
        entries = call.payload["custom_fields"]
        ids = dict(
            CustomField.objects.filter(pk__in=[entry.get("field") for entry in entries])
            .exclude(remote_id="")
            .values_list("pk", "remote_id")
        )
        body = [_field_entry(entry, ids.get(entry.get("field"), entry.get("id", ""))) for entry in entries]
        return platform.set_custom_fields(teamspace_of(call).subcompany_id, unique_id_of(call), custom_fields=body)


def _field_entry(entry: dict[str, Any], remote_id: str) -> dict[str, Any]:
    key = {"id": remote_id} if remote_id else {"name": entry["name"]}
    return {**key, "value": entry["value"]}


class ListCustomFields(Operation):
    """Sync from Proto: the fields of a teamspace."""

    name = "list_custom_fields"
    label = "Sync custom fields"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the list request."""
        return platform.list_custom_fields(teamspace_of(call).subcompany_id)

    def apply(self, call: Call, data: Any) -> None:
        """Take the list over and remember what was different."""
        call.context = {**call.context, "changes": take_over_list(teamspace_of(call), data)}
        call.save(update_fields=["context"])


class CreateCustomField(Operation):
    """Make a custom field. Not idempotent; the list can tell whether a lost request went through."""

    name = "create_custom_field"
    label = "Add custom field"
    idempotent = False

    def build(self, call: Call) -> Request:
        """Return the request; options go out for a select alone."""
        payload = call.payload
        return platform.create_custom_field(
            teamspace_of(call).subcompany_id,
            name=payload["name"],
            type=payload["type"],
            select_options=payload.get("select_options"),
        )

    def apply(self, call: Call, data: Any) -> None:
        """Keep the id that Proto gave it."""
        remote_id = storable_text(str(data.get("id") or "")) if isinstance(data, dict) else ""
        CustomField.objects.filter(pk=call.target_id or 0).update(
            remote_id=remote_id, remote_data=to_storable(data), seen_at=timezone.now()
        )

    def changed(self, call: Call) -> None:
        """Show the call's state as the field's."""
        CustomField.objects.filter(pk=call.target_id or 0).update(sync_state=shown_state(call))

    def remember(self, call: Call) -> dict[str, Any]:
        """Return the ids that were known before the attempt."""
        known = CustomField.objects.filter(teamspace=call.teamspace).exclude(remote_id="")
        return {"ids": list(known.values_list("remote_id", flat=True))}

    def confirm_request(self, call: Call) -> Request:
        """Return the list request."""
        return platform.list_custom_fields(teamspace_of(call).subcompany_id)

    def confirmed(self, call: Call, data: Any) -> Any | None:
        """Return the one field that was not known before and is ours by name, type and options."""
        known = set(call.context.get("known", {}).get("ids", []))
        wanted = {
            "name": call.payload["name"],
            "type": call.payload["type"],
            "select_options": call.payload.get("select_options") or [],
        }
        matches = [
            item for item in data if str(item.get("id")) not in known and wanted.items() <= field_values(item).items()
        ]
        return matches[0] if len(matches) == 1 else None


class DeleteCustomField(Operation):
    """Delete a field at Proto, and then here with its values; one that is gone already counts as deleted."""

    name = "delete_custom_field"
    label = "Delete custom field"

    def build(self, call: Call) -> Request:
        """Return the request; raises CannotSend for a field that Proto never confirmed."""
        remote_id = call.payload.get("remote_id") or getattr(call.target, "remote_id", "")
        if not remote_id:
            raise CannotSend("Proto never gave this field an id. Sync from Proto, then delete it again.")
        return platform.delete_custom_field(teamspace_of(call).subcompany_id, remote_id)

    def accepts(self, call: Call, error: ApiError) -> bool:
        """Take 404 for done: it is not there any more."""
        return isinstance(error, NotFound)

    def apply(self, call: Call, data: Any) -> None:
        """Remove our row and the values that go with it."""
        CustomField.objects.filter(pk=call.target_id or 0).delete()


OPERATIONS = (
    SaveCustomer,
    GetCustomer,
    AddTags,
    SetCustomFields,
    ListCustomFields,
    CreateCustomField,
    DeleteCustomField,
)
