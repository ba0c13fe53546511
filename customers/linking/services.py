"""What people decide about who is who: link, unlink, not the same person; each in the history, each to be undone.

A person's word wins: what they said not to be the same is neither linked nor suggested again by itself.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from customers.history import note_changes
from customers.linking.kinds import Kind, Record, keys_of_person, kind_of
from customers.linking.looking import look_again
from customers.models import Customer, NotSame
from protoadmin.refusals import Refused


@transaction.atomic
def record_link(*, customer: Customer, record: Record, by: User) -> None:
    """Link a record to a person; what was said against it before is taken back with that."""
    kind, row = _locked(customer, record)
    if row.customer_id == customer.pk:
        return
    if row.customer_id is not None:
        raise Refused(f"{row} is linked to {row.customer} by now. Unlink it there first.")
    kind.model._default_manager.filter(pk=row.pk).update(customer=customer)
    NotSame.objects.filter(customer=customer, **{kind.name: row.pk}).delete()
    note_changes(customer, by, [(kind.label, "", f"linked: {named(kind, row)}")])
    _look_again(kind, customer, row)


@transaction.atomic
def record_unlink(*, customer: Customer, record: Record, by: User) -> None:
    """Unlink a record from a person; nothing links the two again by itself."""
    kind, row = _locked(customer, record)
    if row.customer_id != customer.pk:
        raise Refused(f"{row} is not linked to {customer} any more.")
    kind.model._default_manager.filter(pk=row.pk).update(customer=None)
    _remember(kind, customer, row, by)
    note_changes(customer, by, [(kind.label, f"linked: {named(kind, row)}", "no longer linked")])
    _look_again(kind, customer, row)


@transaction.atomic
def record_relink(*, customer: Customer, record: Record, instead_of: Customer, by: User) -> None:
    """Link a record that is linked to somebody else by now: unlinked from them, which is remembered, and then linked.

    Refused when it is not linked to whom the page named.
    """
    if customer == instead_of:
        return
    record_unlink(customer=instead_of, record=record, by=by)
    record_link(customer=customer, record=record, by=by)


@transaction.atomic
def record_not_same(*, customer: Customer, record: Record, by: User) -> None:
    """Remember that a record is somebody else."""
    kind, row = _locked(customer, record)
    if row.customer_id == customer.pk:
        raise Refused(f"{row} is linked to {customer}. Unlink it: that is remembered, too.")
    if not _remember(kind, customer, row, by):
        return
    note_changes(customer, by, [(kind.label, "", f"not the same person: {named(kind, row)}")])
    _look_again(kind, customer, row)


@transaction.atomic
def record_may_be_same(*, customer: Customer, record: Record, by: User) -> None:
    """Take back that a record is somebody else: it may be suggested again, and linked where an id says so."""
    kind, row = _locked(customer, record)
    gone, _ = NotSame.objects.filter(customer=customer, **{kind.name: row.pk}).delete()
    if not gone:
        return
    said = f"not the same person: {named(kind, row)}"
    note_changes(customer, by, [(kind.label, said, "taken back")])
    _look_again(kind, customer, row)


def keep_decisions(gone: Record, taken: Record) -> None:
    """Let what was said of a row that goes hold for the one that takes its place, but against its own person."""
    name = kind_of(gone).name
    known = NotSame.objects.filter(**{name: taken}).values_list("customer", flat=True)
    decided = NotSame.objects.filter(**{name: gone}).exclude(customer__in=list(known))
    decided.exclude(customer=taken.customer_id).update(**{name: taken})


def named(kind: Kind, record: Any) -> str:
    """Return a record's name and where it is from."""
    return f"{record} ({getattr(record, kind.connection)})"


def _locked(customer: Customer, record: Record) -> tuple[Kind, Any]:
    """Return the record's kind and its row, locked; Refused across teamspaces, and for a record that went meanwhile."""
    kind = kind_of(record)
    rows = kind.model._default_manager.select_related(kind.connection).select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=record.pk).first()
    if row is None:
        raise Refused("This record was removed meanwhile.")
    if kind.teamspace_of(row) != customer.teamspace_id:
        raise Refused(f"{row} belongs to another teamspace.")
    return kind, row


def _remember(kind: Kind, customer: Customer, row: Any, by: User) -> bool:
    _, is_new = NotSame.objects.get_or_create(customer=customer, **{kind.name: row}, defaults={"by": by})
    return is_new


def _look_again(kind: Kind, customer: Customer, row: Any) -> None:
    look_again(customer.teamspace_id, kind.keys_of(row), keys_of_person(customer))
