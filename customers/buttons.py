"""The buttons of a person's page. Each asks a service; the request itself is made by a worker."""

from typing import Any

from django.http import HttpRequest

from customers import services
from customers.forms import FieldValuesForm, TagsForm
from customers.models import Customer, SyncState
from protoadmin.outbox.models import Call
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button
from protoadmin.screens.people import person


def _key(form: Any) -> str | None:
    return form.cleaned_data["request_key"] if form is not None else None


def _add_tags(request: HttpRequest, customer: Customer, form: TagsForm) -> str:
    call = services.customer_add_tags(
        customer=customer,
        names=form.cleaned_data["names"],
        create=form.may_create,
        by=person(request),
        request_key=_key(form),
    )
    return "Tags added here, and on their way to Proto." if call else f"{customer} has these tags already."


def _set_fields(request: HttpRequest, customer: Customer, form: FieldValuesForm) -> str:
    call = services.customer_set_fields(
        customer=customer, values=form.values, by=person(request), request_key=_key(form)
    )
    return "Values set here, and on their way to Proto." if call else "Nothing was changed, so nothing is sent."


def _refresh(request: HttpRequest, customer: Customer, form: Any) -> None:
    services.customer_refresh(customer=customer, by=person(request))


def _insert(request: HttpRequest, customer: Customer, form: Any) -> str:
    call = services.customer_push(customer=customer, by=person(request))
    return "Saved here, not sent yet: the person is on the way to Proto." if call else "Enter a unique id first."


def unknown_at_proto(customer: Customer) -> bool:
    """Tell whether Proto said, when last asked, that it does not know this person."""
    last = (
        Call.objects.for_target(customer)
        .filter(operation__in=["get_customer", "save_customer"])
        .order_by("-id")
        .values_list("operation", "status_code", "state")
        .first()
    )
    return last == ("get_customer", 404, "failed")


def _can_insert(request: HttpRequest, customer: Customer) -> bool:
    # Of a person whom Proto turned out not to know the panel "At Proto" says so, with this button beside it.
    return customer.can_be_sent and customer.sync_state == SyncState.LOCAL and not unknown_at_proto(customer)


def _can_be_sent(request: HttpRequest, customer: Customer) -> bool:
    return customer.can_be_sent


CHANGE = may("customers.change_customer")

BUTTONS = (
    Button(
        "add-tags",
        "Add tags",
        _add_tags,
        CHANGE,
        form=TagsForm,
        shown=_can_be_sent,
        icon="sell",
        order=20,
        help="Proto's API adds tags; it cannot take one away again.",
    ),
    Button(
        "set-custom-fields",
        "Set custom fields",
        _set_fields,
        CHANGE,
        form=FieldValuesForm,
        shown=_can_be_sent,
        icon="tune",
        order=30,
        help="What stands here was last sent from here: Proto does not tell the values that it has.",
    ),
    Button("refresh", "Refresh from Proto", _refresh, CHANGE, shown=_can_be_sent, icon="sync"),
    Button("insert", "Insert into Proto", _insert, CHANGE, shown=_can_insert, icon="upload", order=60),
)
