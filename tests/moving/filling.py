"""Something of everything that the product keeps: rows of every model, with values that are easily spoilt."""

import datetime
import decimal
import itertools
import uuid
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django_q.models import Schedule

from conversations.models import Chat, Message, ReadMark, SavedView
from customers.models import Customer, CustomerChange
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.runs.models import Run, RunChunk, RunError, RunFile, RunState
from protoadmin.storable import storable_text, to_storable
from tests.access.rows import MAKERS
from tests.access.world import new_world
from webhooks.models import Delivery, DeliveryState

NASTY = "tab\t, line\n, \\N, \\., 'quotes\", José, 你好, ที่, 🎉, \u2028, end\\"
BYTES = b"\x00\\x00\xff\xfe\n\t\\"
ODD = {
    "nul": "a\x00b",
    "half": "\ud800",
    "big": 2**70,
    "small": 1e-7,
    "float": 1.0,
    "pair": "\U0001f389",
    "deep": [[{}]],
}
MICROSECONDS = datetime.datetime(2024, 2, 29, 23, 59, 59, 999_999, datetime.UTC)
LONG_AGO = datetime.datetime(1969, 12, 31, 23, 59, 59, 1, datetime.UTC)
_numbers = itertools.count(1)


def fill() -> None:
    """Fill an empty, migrated database."""
    world = new_world()
    for make in MAKERS.values():
        make(world.own, world.people["A"])
        make(world.foreign, world.stranger)
    _people(world.own, world.people["A"])
    _calls(world.own, world.people["A"])
    _deliveries()
    _runs(world.own, world.people["A"])
    _chats(world.people["A"])
    _django_tables(world.people["A"])
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy and not model._base_manager.exists():
            new_row(model)
    # No worker is to look for these at their addresses.
    for connection in (Teamspace, Channel, ProtocolProject, HelpdeskAccount):
        connection._base_manager.update(is_active=False)
    _gone()


def _people(place: Teamspace, by: User) -> None:
    person = Customer.objects.create(
        teamspace=place, name=NASTY, provided_unique_id="nasty", email="José@example.com", remote_data=to_storable(ODD)
    )
    CustomerChange.objects.create(customer=person, by=by, what="name", before=NASTY, after="", at=LONG_AGO)


def _calls(place: Teamspace, by: User) -> None:
    person = Customer.objects.get(provided_unique_id="nasty")
    for state in CallState:
        call = Call.objects.create(
            connection=place,
            operation="save_customer",
            target=person,
            requested_by=by,
            state=state,
            attempts=2,
            payload=to_storable(ODD),
            response=None if state == CallState.QUEUED else to_storable([1.5, 1e300, NASTY]),
            created_at=MICROSECONDS,
            # Nobody is to send these: what is tried afterwards has to be alone on its way.
            next_attempt_at=timezone.now() + datetime.timedelta(days=300),
            leased_until=timezone.now() + datetime.timedelta(days=300) if state == CallState.SENDING else None,
            worker="elsewhere:1:1" if state == CallState.SENDING else "",
        )
        Call.objects.filter(pk=call.pk).update(place=call.pk, request_key=f"key-{state}")


def _deliveries() -> None:
    for state in DeliveryState:
        Delivery.objects.create(
            body=BYTES,
            # Nothing that a worker would process or remove while the copy is looked at.
            state=state if state != DeliveryState.RECEIVED else DeliveryState.REPEAT,
            error=storable_text("a\x00b\ud800"),
            headers=NASTY,
            received_at=MICROSECONDS if state == DeliveryState.FAILED else timezone.now(),
        )


def _runs(place: Teamspace, by: User) -> None:
    run = Run.objects.create(kind="nobody's", teamspace=place, connection=place, requested_by=by, state=RunState.DONE)
    RunError.objects.create(run=run, row=NASTY, message=NASTY)
    RunChunk.objects.create(run=run, position=0, ids=[1, 2, 3])
    for purpose, content in {"result": BYTES * 100_000, "empty": b""}.items():
        RunFile.objects.create(run=run, purpose=purpose, name=NASTY, content=ContentFile(content, f"{purpose}.bin"))


def _chats(by: User) -> None:
    chat = Chat.objects.order_by("pk")[0]
    Message.objects.create(chat=chat, author_type="human", text=NASTY, data=to_storable(ODD), reply_token="reply-token")
    ReadMark.objects.create(user=by, chat=chat, sequence=2**40)
    SavedView.objects.create(owner=by, name=NASTY[:60], query="q=%F0%9F%8E%89", shared=True)


def _django_tables(by: User) -> None:
    by.user_permissions.add(Permission.objects.order_by("-pk")[0])
    kind = ContentType.objects.get_for_model(Customer)
    LogEntry.objects.create(user=by, content_type=kind, object_id="1", object_repr=NASTY, action_flag=ADDITION)
    Schedule.objects.create(name="never", func="math.copysign", args="2,-2", repeats=0, next_run=MICROSECONDS)


def _gone() -> None:
    """Make people whose ids were given and are not there any more: the last ones of all."""
    place = Teamspace.objects.order_by("pk")[0]
    Customer.objects.bulk_create([Customer(teamspace=place, name="gone") for _ in range(50)])
    Customer.objects.filter(name="gone").delete()


def new_row(model: type[models.Model]) -> models.Model:
    """Make a row of any model, each column filled as far as its type tells."""
    values = {
        field.attname: value
        for field in model._meta.concrete_fields
        if not field.has_default() and (value := _value_of(field)) is not None
    }
    optional = [field.attname for field in model._meta.concrete_fields if field.is_relation and field.null]
    # All of them, or, where a row is about one of several things, one at a time.
    for kept in (optional, *([name] for name in optional)):
        chosen = {name: value for name, value in values.items() if name not in optional or name in kept}
        with suppress(IntegrityError), transaction.atomic():
            return model._base_manager.create(**chosen)
    raise AssertionError(f"no row of {model._meta.label} could be made; make one by hand")


def _value_of(field: Any) -> Any:
    if field.primary_key and isinstance(field, models.AutoField | models.BigAutoField):
        return None
    if field.is_relation:
        there = field.related_model._base_manager.order_by("pk").first()
        if there is None and not field.null:
            there = new_row(field.related_model)
        return there and there.pk
    if field.choices:
        return field.choices[0][0]
    return _plain(field)


def _plain(field: Any) -> Any:
    number = next(_numbers)
    text = f"{number} {NASTY}"
    made: dict[type[Any], Any] = {
        models.CharField: text[: field.max_length or 1],
        models.TextField: text,
        models.JSONField: to_storable(ODD),
        models.BinaryField: BYTES + str(number).encode(),
        models.BooleanField: True,
        models.DateTimeField: MICROSECONDS,
        models.DateField: MICROSECONDS.date(),
        models.DecimalField: decimal.Decimal("1.50"),
        models.FloatField: 0.1,
        models.IntegerField: number,
        models.UUIDField: uuid.uuid4(),
    }
    return next((value for kind, value in made.items() if isinstance(field, kind)), None)
