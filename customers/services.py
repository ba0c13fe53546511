"""What the product can do with people, in verbs. Each queues its request in the transaction of the local change."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from customers.history import note_changes
from customers.linking.kinds import ENTERED, keys_of_person
from customers.linking.looking import look_again
from customers.models import REMOTE_FIELDS, Customer, CustomField, CustomFieldValue, Tag, value_text
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import PENDING_STATES, Call
from protoadmin.outbox.services import call_queue
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run

LOCAL_FIELDS = ("provided_unique_id", "gateway_profile_id", *REMOTE_FIELDS)


@transaction.atomic(savepoint=False)
def customer_create(
    *, teamspace: Teamspace, values: Mapping[str, str], by: User | None, run: Run | None = None, link: bool = True
) -> Customer:
    """Make a person here, without telling Proto (customer_push does).

    Who makes many looks once for all of them who is who, with `link` False (customers.linking.looking).
    """
    customer = Customer(teamspace=teamspace, **values)
    customer.save()
    note_changes(customer, by, [("Person", "", f"created ({run})" if run else "created")])
    if link:
        look_again(customer.teamspace_id, keys_of_person(customer))
    return customer


@transaction.atomic
def customer_change(*, customer: Customer, values: Mapping[str, str], by: User | None, link: bool = True) -> list[str]:
    """Write changed details, and only those; return the names of the fields that really changed."""
    row = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    changed = {name: value for name, value in values.items() if (getattr(row, name) or "") != (value or "")}
    if not changed:
        return []
    if "provided_unique_id" in changed and row.sent_at is not None:
        raise Refused("The unique id is the key at Proto; it cannot be changed once the person was sent there.")
    note_changes(row, by, [(name, getattr(row, name) or "", value or "") for name, value in changed.items()])
    before = keys_of_person(row)
    for name, value in changed.items():
        setattr(row, name, value)
        setattr(customer, name, value)
    row.updated_at = timezone.now()
    row.save(update_fields=[*changed, "updated_at"])
    if link and not ENTERED.isdisjoint(changed):
        look_again(row.teamspace_id, before, keys_of_person(row))
    return list(changed)


@transaction.atomic(savepoint=False)
def customer_push(
    *, customer: Customer, by: User | None, request_key: str | None = None, run: Run | None = None
) -> Call | None:
    """Queue the upsert of what we have; None for a person without a unique id, who stays local."""
    row = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    if not row.can_be_sent:
        return None
    if row.teamspace_id == customer.teamspace_id:
        row.teamspace = customer.teamspace
    if row.sent_at is None:
        row.sent_at = timezone.now()
        row.save(update_fields=["sent_at"])
    return call_queue(
        operation="save_customer",
        connection=row.teamspace,
        target=row,
        payload=row.remote_values(),
        by=by,
        request_key=request_key,
        run=run,
    )


def _require_sendable(customer: Customer) -> None:
    if not customer.can_be_sent:
        raise Refused(f"{customer} has no unique id, so Proto cannot be told of them. Enter one and save first.")


@transaction.atomic
def customer_refresh(
    *, customer: Customer, by: User | None, request_key: str | None = None, run: Run | None = None
) -> Call:
    """Ask Proto for a person; what differs is taken over when the answer comes. One that waits already is enough."""
    _require_sendable(customer)
    if run is None:
        waiting = Call.objects.for_target(customer).filter(operation="get_customer", state__in=PENDING_STATES).first()
        if waiting is not None:
            return waiting
    return call_queue(
        operation="get_customer",
        connection=customer.teamspace,
        target=customer,
        payload={},
        by=by,
        request_key=request_key,
        run=run,
    )


@transaction.atomic
def customer_add_tags(
    *,
    customer: Customer,
    names: Iterable[str],
    create: bool,
    by: User | None,
    request_key: str | None = None,
    run: Run | None = None,
) -> Call | None:
    """Add tags here and at Proto; None when the person has them all. Refused for an unknown tag unless `create`."""
    _require_sendable(customer)
    wanted = list(dict.fromkeys(name.strip()[:100] for name in names if name.strip()))
    known = {tag.name: tag for tag in Tag.objects.filter(teamspace=customer.teamspace, name__in=wanted)}
    unknown = [name for name in wanted if name not in known]
    if unknown and not create:
        raise Refused(
            f"There is no tag named {', '.join(unknown)} in {customer.teamspace}. An administrator can make it."
        )
    for name in unknown:
        known[name], _ = Tag.objects.get_or_create(teamspace=customer.teamspace, name=name)
    present = set(customer.tags.values_list("name", flat=True))
    missing = [name for name in wanted if name not in present]
    if not missing:
        return None
    customer.tags.add(*(known[name] for name in missing))
    note_changes(customer, by, [("Tags", ", ".join(sorted(present)), ", ".join(sorted({*present, *missing})))])
    return call_queue(
        operation="add_tags",
        connection=customer.teamspace,
        target=customer,
        payload={"tags": missing, "create_if_not_exists": create},
        by=by,
        request_key=request_key,
        run=run,
    )


@transaction.atomic
def customer_set_fields(
    *,
    customer: Customer,
    values: Mapping[CustomField, Any],
    by: User | None,
    request_key: str | None = None,
    run: Run | None = None,
) -> Call | None:
    """Set custom field values here and at Proto; unchanged ones are left out, None when nothing is left.

    Raises Refused when one is emptied: the API documents no way to empty a value.
    """
    _require_sendable(customer)
    present = {value.field_id: value for value in customer.field_values.all()}
    changed: dict[CustomField, Any] = {}
    for field, value in values.items():
        if field.teamspace_id != customer.teamspace_id:
            raise Refused(f"{field} is a field of another teamspace.")
        before = present[field.pk].value if field.pk in present else None
        if value in (None, ""):
            if before not in (None, ""):
                raise Refused(
                    f"{field} cannot be emptied: Proto's API has no way to remove a value. Enter another one."
                )
        elif value != before:
            changed[field] = value
    if not changed:
        return None
    for field, value in changed.items():
        CustomFieldValue.objects.update_or_create(
            customer=customer, field=field, defaults={"value": value, "updated_at": timezone.now()}
        )
    note_changes(
        customer,
        by,
        [(f.name, present[f.pk].text if f.pk in present else "", value_text(v)) for f, v in changed.items()],
    )
    entries = [{"field": f.pk, "id": f.remote_id, "name": f.name, "value": v} for f, v in changed.items()]
    return call_queue(
        operation="set_custom_fields",
        connection=customer.teamspace,
        target=customer,
        payload={"custom_fields": entries},
        by=by,
        request_key=request_key,
        run=run,
    )


@transaction.atomic
def fields_sync(*, teamspace: Teamspace, by: User | None, request_key: str | None = None) -> Call:
    """Ask Proto for a teamspace's custom fields."""
    return call_queue(
        operation="list_custom_fields",
        connection=teamspace,
        target=teamspace,
        payload={},
        by=by,
        request_key=request_key,
    )


@transaction.atomic
def field_create(*, field: CustomField, by: User | None, request_key: str | None = None) -> Call:
    """Queue the creation of a custom field whose row was just made here."""
    payload: dict[str, Any] = {"name": field.name, "type": field.type}
    if field.type == "select":
        payload["select_options"] = field.options
    return call_queue(
        operation="create_custom_field",
        connection=field.teamspace,
        target=field,
        payload=payload,
        by=by,
        request_key=request_key,
    )


@transaction.atomic
def field_delete(*, field: CustomField, by: User | None, request_key: str | None = None) -> Call | None:
    """Delete a field at Proto and then here; one that Proto never took is removed at once (None).

    While its creation is still on its way, the deletion waits for that.
    """
    creation = Call.objects.for_target(field).filter(operation="create_custom_field").order_by("-id").first()
    may_exist = creation is not None and creation.state not in ("failed", "dismissed")
    if not field.remote_id and not may_exist:
        field.delete()
        return None
    return call_queue(
        operation="delete_custom_field",
        connection=field.teamspace,
        target=field,
        payload={"remote_id": field.remote_id},
        by=by,
        request_key=request_key,
        depends_on=creation if creation is not None and creation.is_pending else None,
    )
