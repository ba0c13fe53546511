"""The buttons of Protocol customers, of their list, and of a project's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from customers.models import ProtocolCustomer
from customers.protocol import services
from customers.protocol.forms import DeleteForm, PullForm
from protoadmin.connections.models import ProtocolProject
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm, contribute_button
from protoadmin.screens.people import person

CHANGE = may("customers.change_protocolcustomer")
DELETE = may("customers.delete_protocolcustomer")
LIST = "admin:customers_protocolcustomer_changelist"


def _refresh(request: HttpRequest, customer: ProtocolCustomer, form: Any) -> None:
    services.protocol_refresh(customer=customer, by=person(request))


def _delete(request: HttpRequest, customer: ProtocolCustomer, form: DeleteForm) -> str:
    key = form.cleaned_data["request_key"]
    services.protocol_delete(customer=customer, by=person(request), request_key=key)
    return f"{customer} is being deleted at Protocol. This page stays, and says when they are gone."


def _remove(request: HttpRequest, customer: ProtocolCustomer, form: Any) -> HttpResponse:
    services.protocol_remove(customer=customer)
    return redirect(reverse(LIST))


def _pull(request: HttpRequest, project: ProtocolProject) -> HttpResponse:
    run = services.protocol_pull(project=project, by=person(request))
    return redirect(reverse("admin:runs_run_change", args=[run.pk]))


def _pull_chosen(request: HttpRequest, record: Any, form: PullForm) -> HttpResponse:
    return _pull(request, form.cleaned_data["project"])


def _pull_this(request: HttpRequest, project: ProtocolProject, form: Any) -> HttpResponse:
    return _pull(request, project)


def _read_newest(request: HttpRequest, project: ProtocolProject, form: Any) -> str:
    services.protocol_read_newest(project=project, by=person(request))
    return "The newest hundred customers are being read."


def _is_there(request: HttpRequest, customer: ProtocolCustomer) -> bool:
    return bool(customer.protocol_id) and customer.gone_at is None


def _has_id(request: HttpRequest, customer: ProtocolCustomer) -> bool:
    return bool(customer.protocol_id)


def _may_be_removed(request: HttpRequest, customer: ProtocolCustomer) -> bool:
    return services.may_be_removed(customer)


BUTTONS = (
    Button("refresh", "Refresh", _refresh, CHANGE, shown=_has_id, icon="sync"),
    Button(
        "delete",
        "Delete",
        _delete,
        DELETE,
        form=DeleteForm,
        shown=_is_there,
        icon="delete",
        style="pa-danger",
        order=80,
        help="Protocol deletes the customer and the whole conversation with them; nobody can bring either back. "
        "The copy here stays for the record, marked gone.",
    ),
    Button(
        "remove-local-copy",
        "Remove local copy",
        _remove,
        DELETE,
        form=ButtonForm,
        shown=_may_be_removed,
        icon="delete_forever",
        style="pa-danger",
        order=90,
        help="Protocol does not have this customer any more. This removes what is kept of them here, too.",
    ),
)
LIST_BUTTONS = (Button("pull-customers", "Pull customers", _pull_chosen, CHANGE, form=PullForm, icon="sync"),)


def contribute() -> None:
    """Add the buttons of a project's page."""
    label = ProtocolProject._meta.label
    contribute_button(label, Button("pull-customers", "Pull customers", _pull_this, CHANGE, icon="sync"))
    contribute_button(
        label, Button("read-newest", "Read newest", _read_newest, CHANGE, icon="vertical_align_top", order=60)
    )
