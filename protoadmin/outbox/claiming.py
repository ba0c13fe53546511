"""Choose the next call and take it: the order within a lane, pauses, pace, and who is at work on what."""

import datetime

from django.db import transaction
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from protoadmin.connections.models import Connection
from protoadmin.outbox.models import PENDING_STATES, Call, CallState, Gate
from protoadmin.outbox.registry import find_operation
from protoadmin.outbox.transitions import move
from protoadmin.workers.identity import this_worker

# Longer than a request may take (transport: 30 s in all), so that nobody else takes a call that is still being sent.
LEASE = datetime.timedelta(seconds=45)
AT_ONCE_PER_CONNECTION = 6
LOOK_UPS_TRIED = 20
INACTIVE_PAUSE = datetime.timedelta(seconds=30)


def claim_next() -> Call | None:
    """Take the next call that may go out, its attempt counted and committed; None when nothing is due.

    Connections take turns, so that one with a long queue or a slow answer does not hold up the others.
    """
    for gate_id in _open_gates(timezone.now()):
        call = _claim_through(gate_id)
        if call is not None:
            return call
    return None


def _open_gates(now: datetime.datetime) -> list[int]:
    due = Call.objects.filter(gate=OuterRef("pk"), state=CallState.QUEUED, next_attempt_at__lte=now)
    return list(
        Gate.objects.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=now))
        .filter(Q(next_slot_at__isnull=True) | Q(next_slot_at__lte=now))
        .filter(Exists(due))
        .order_by(F("claimed_at").asc(nulls_first=True))
        .values_list("pk", flat=True)
    )


@transaction.atomic
def _claim_through(gate_id: int) -> Call | None:
    gate = Gate.objects.select_for_update(of=("self",), no_key=True).get(pk=gate_id)
    now = timezone.now()
    busy = Call.objects.filter(gate=gate, state=CallState.SENDING).count()
    if _is_closed(gate, now) or busy >= AT_ONCE_PER_CONNECTION:
        return None
    call = _heads(gate, now).first()
    if call is None or not _pass(gate, call, now):
        return None
    _take(call, now)
    return call


def _is_closed(gate: Gate, now: datetime.datetime) -> bool:
    return bool((gate.paused_until and gate.paused_until > now) or (gate.next_slot_at and gate.next_slot_at > now))


def _pass(gate: Gate, call: Call, now: datetime.datetime) -> bool:
    """Count one request for the pace of an open, locked gate; False when its connection is not in use."""
    connection = call.connection
    if not isinstance(connection, Connection) or not connection.is_active:
        gate.paused_until = now + INACTIVE_PAUSE
        gate.pause_reason = "The connection is not active."
        gate.save(update_fields=["paused_until", "pause_reason"])
        return False
    gate.claimed_at, gate.paused_until, gate.pause_reason = now, None, ""
    if connection.requests_per_minute:
        gate.next_slot_at = now + datetime.timedelta(seconds=60 / connection.requests_per_minute)
    gate.save(update_fields=["claimed_at", "paused_until", "pause_reason", "next_slot_at"])
    return True


def _heads(gate: Gate, now: datetime.datetime) -> QuerySet[Call]:
    """Return the due calls of a gate that nothing holds back, the next one first."""
    due = Call.objects.locked().filter(gate=gate, state=CallState.QUEUED, next_attempt_at__lte=now)
    return not_held_back(due).order_by("priority", "id")


def not_held_back(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Narrow calls to those that nothing in their lane, and no call they depend on, holds back."""
    lane = Call.objects.filter(lane=OuterRef("lane"), state__in=PENDING_STATES).exclude(lane="")
    before = lane.annotate(order=Coalesce("place", "id", output_field=BigIntegerField())).filter(
        Q(order__lt=Coalesce(OuterRef("place"), OuterRef("id"), output_field=BigIntegerField()))
        | Q(state=CallState.SENDING)
    )
    return calls.filter(
        Q(depends_on__isnull=True) | Q(depends_on__state__in=[CallState.DONE, CallState.DISMISSED])
    ).exclude(Exists(before))


def _take(call: Call, now: datetime.datetime) -> None:
    operation = find_operation(call.operation)
    call.attempts += 1
    call.sent_at = now
    call.leased_until = now + LEASE
    call.worker = this_worker()
    if operation is not None and operation.can_confirm:
        call.context = {**call.context, "known": operation.remember(call)}
    move(call, CallState.SENDING, "attempts", "sent_at", "worker", "context")


def claim_look_up() -> Call | None:
    """Take the next unconfirmed call that is to be looked up at the remote; None when none may be now.

    The read goes through the gate like every other request: it keeps pauses and pace.
    """
    now = timezone.now()
    due = (
        Call.objects.filter(state=CallState.UNCONFIRMED, next_attempt_at__lte=now)
        .exclude(gate__paused_until__gt=now)
        .exclude(gate__next_slot_at__gt=now)
        .order_by("next_attempt_at")
    )
    for call in due[:LOOK_UPS_TRIED]:
        if _take_look_up(call):
            return call
    return None


@transaction.atomic
def _take_look_up(call: Call) -> bool:
    if call.gate_id is None:
        return False
    gate = Gate.objects.select_for_update(of=("self",), no_key=True).get(pk=call.gate_id)
    now = timezone.now()
    still_due = Call.objects.filter(pk=call.pk, state=CallState.UNCONFIRMED, next_attempt_at=call.next_attempt_at)
    if _is_closed(gate, now) or not still_due.exists() or not _pass(gate, call, now):
        return False
    return bool(still_due.update(next_attempt_at=now + LEASE))
