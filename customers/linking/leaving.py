"""What has to be looked at again when rows are deleted by hand, or a connection moves to another teamspace."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import transaction
from django.db.models.signals import pre_save

from customers.linking.kinds import KINDS, Sort, keys_of_person, kind_of, merged
from customers.linking.looking import look_again
from customers.linking.working import link_people
from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.refusals import Refused


@contextmanager
def leaving(rows: Iterable[Any]) -> Iterator[None]:
    """Delete people, or records of one kind, inside this block: who else they may have been is looked at after it."""
    found: dict[int, dict[Sort, set[str]]] = {}
    for teamspace_id, keys in _keys_of(list(rows)):
        found[teamspace_id] = merged(found.get(teamspace_id, {}), keys)
    with transaction.atomic():
        yield
        for teamspace_id, keys in found.items():
            look_again(teamspace_id, keys)


def _keys_of(rows: list[Any]) -> Iterator[tuple[int, dict[Sort, set[str]]]]:
    people = {row.pk: row.teamspace_id for row in rows if isinstance(row, Customer)}
    for row in rows:
        if isinstance(row, Customer):
            yield row.teamspace_id, keys_of_person(row)
        else:
            kind = kind_of(row)
            yield kind.teamspace_of(row), kind.keys_of(row)
    # What was linked to them is nobody's then.
    for kind in KINDS if people else ():
        linked = kind.model._default_manager.filter(customer__in=people).order_by()
        for record in linked.only("pk", "customer", *kind.columns.values()):
            yield people[record.customer_id], kind.keys_of(record)


def watch_moves() -> None:
    """Have whatever came through a connection let go of its people when the connection gets another teamspace."""
    for kind in KINDS:
        connection = kind.model._meta.get_field(kind.connection).related_model
        pre_save.connect(_moves, sender=connection, dispatch_uid=f"customers.linking.{kind.name}")


def _moves(sender: type[Any], instance: Any, update_fields: Any = None, **kwargs: Any) -> None:
    if instance.pk is None or (update_fields is not None and "teamspace" not in update_fields):
        return
    before = sender._default_manager.filter(pk=instance.pk).values_list("teamspace", flat=True).first()
    if before is None or before == instance.teamspace_id:
        return
    kind = next(kind for kind in KINDS if kind.model._meta.get_field(kind.connection).related_model is sender)
    with transaction.atomic():
        rows = kind.model._default_manager.filter(**{kind.connection: instance.pk}).exclude(customer=None)
        rows.exclude(customer__teamspace=instance.teamspace_id).update(customer=None)
        for teamspace in Teamspace.objects.filter(pk__in={before, instance.teamspace_id}):
            # One that is under way may have passed these people: it can be started again by hand.
            with suppress(Refused):
                link_people(teamspace=teamspace, by=None)
