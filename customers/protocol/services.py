"""What can be asked for about Protocol customers: pull, create, rename, refresh, delete, and remove the copy here."""

from django.contrib.auth.models import User
from django.db import transaction

from customers.linking.kinds import PROTOCOL
from customers.linking.looking import look_again
from customers.models import ProtocolCustomer, SyncState
from customers.protocol.pulling import NAME
from protoadmin.clients.paths import path_segment
from protoadmin.connections.models import ProtocolProject
from protoadmin.outbox.models import PENDING_STATES, Call
from protoadmin.outbox.services import call_queue
from protoadmin.refusals import Refused
from protoadmin.runs.models import OPEN_STATES, Run
from protoadmin.runs.services import run_start
from protoadmin.storable import to_storable

CREATED_WITH = ("username", "phone_number", "avatar_url", "display_name")


@transaction.atomic
def protocol_pull(*, project: ProtocolProject, by: User | None) -> Run:
    """Start a run that mirrors all customers of a project; Refused while one is under way."""
    project = ProtocolProject.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    runs = Run.objects.filter(kind=NAME, teamspace=project.teamspace, state__in=OPEN_STATES)
    if any(run.parameters.get("project") == project.pk for run in runs):
        raise Refused(f"The customers of {project} are being pulled already: see Background runs.")
    run = run_start(
        kind=NAME,
        by=by,
        title=f"Pull customers of {project}",
        teamspace=project.teamspace,
        parameters={"project": project.pk},
    )
    run.connection = project
    run.save(update_fields=["connection_type", "connection_id"])
    return run


@transaction.atomic
def protocol_read_newest(*, project: ProtocolProject, by: User | None, active: bool | None = None) -> Call:
    """Ask for the newest hundred customers; one request that waits already is enough."""
    waiting = Call.objects.for_target(project).filter(operation="protocol_list", state__in=PENDING_STATES).first()
    payload = {} if active is None else {"active": active}
    return waiting or call_queue(operation="protocol_list", connection=project, target=project, payload=payload, by=by)


@transaction.atomic
def protocol_create(
    *,
    project: ProtocolProject,
    username: str,
    phone_number: str,
    avatar_url: str = "",
    display_name: str = "",
    by: User | None,
    request_key: str | None = None,
) -> ProtocolCustomer:
    """Make a customer here and ask Protocol to make them; Refused for what Protocol would refuse."""
    if not username.strip() or not phone_number.strip():
        raise Refused("A Protocol customer needs a username and a phone number.")
    customer = ProtocolCustomer.objects.create(
        project=project,
        username=username,
        phone_number=phone_number,
        avatar_url=avatar_url,
        display_name=display_name,
        created_at=None,
    )
    look_again(project.teamspace_id, PROTOCOL.keys_of(customer))
    protocol_send(customer=customer, by=by, request_key=request_key)
    return customer


@transaction.atomic
def protocol_send(*, customer: ProtocolCustomer, by: User | None, request_key: str | None = None) -> Call:
    """Ask Protocol to make a customer who is only here."""
    if customer.protocol_id:
        raise Refused("Protocol has this customer already.")
    given = {name: getattr(customer, name) for name in CREATED_WITH}
    return call_queue(
        operation="protocol_create",
        connection=customer.project,
        target=customer,
        payload={name: to_storable(value) for name, value in given.items() if value},
        by=by,
        request_key=request_key,
    )


@transaction.atomic
def protocol_rename(*, customer: ProtocolCustomer, display_name: str, by: User | None) -> Call | None:
    """Change the display name here and at Protocol; None when nothing changes. Empty: Protocol shows the username."""
    customer = _locked(customer)
    _require_there(customer)
    if customer.display_name == display_name:
        return None
    customer.display_name = display_name
    customer.save(update_fields=["display_name"])
    payload = {"display_name": to_storable(display_name)}
    return call_queue(operation="protocol_update", connection=customer.project, target=customer, payload=payload, by=by)


@transaction.atomic
def protocol_refresh(*, customer: ProtocolCustomer, by: User | None) -> Call:
    """Ask Protocol for a customer; one request that waits already is enough."""
    _require_id(customer)
    waiting = Call.objects.for_target(customer).filter(operation="protocol_get", state__in=PENDING_STATES).first()
    return waiting or call_queue(
        operation="protocol_get", connection=customer.project, target=customer, payload={}, by=by
    )


@transaction.atomic
def protocol_delete(*, customer: ProtocolCustomer, by: User | None, request_key: str | None = None) -> Call:
    """Ask Protocol to delete a customer and the conversation with them; our copy stays, marked gone."""
    customer = _locked(customer)
    _require_there(customer)
    return call_queue(
        operation="protocol_delete",
        connection=customer.project,
        target=customer,
        payload={},
        by=by,
        request_key=request_key,
    )


@transaction.atomic
def protocol_remove(*, customer: ProtocolCustomer) -> None:
    """Remove the copy here of a customer who is gone at Protocol, or was never there."""
    customer = _locked(customer)
    if not may_be_removed(customer):
        raise Refused("Protocol still has this customer. Delete them there first, or wait for what is on its way.")
    keys = PROTOCOL.keys_of(customer)
    customer.delete()
    look_again(customer.project.teamspace_id, keys)


def may_be_removed(customer: ProtocolCustomer) -> bool:
    """Tell whether nothing at Protocol belongs to this copy any more."""
    if customer.gone_at is not None:
        return True
    undecided = (SyncState.QUEUED, SyncState.SENDING, SyncState.UNCONFIRMED)
    return not customer.protocol_id and customer.sync_state not in undecided


def _locked(customer: ProtocolCustomer) -> ProtocolCustomer:
    rows = ProtocolCustomer.objects.select_related("project").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=customer.pk)


def _require_id(customer: ProtocolCustomer) -> None:
    if not customer.protocol_id:
        raise Refused("Protocol has not given this customer an id yet.")
    try:
        path_segment(customer.protocol_id)
    except ValueError as error:
        raise Refused(f"Protocol cannot be asked about this customer: {error}") from error


def _require_there(customer: ProtocolCustomer) -> None:
    _require_id(customer)
    if customer.gone_at is not None:
        raise Refused("Protocol does not have this customer any more.")
