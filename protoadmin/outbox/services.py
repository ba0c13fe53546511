"""What a person or a program can ask of the outbox: queue a call, send it again, settle it, dismiss it."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from protoadmin.connections.models import Connection
from protoadmin.outbox.models import BULK, OPEN_STATES, PERSON_FIRST, Call, CallState, Gate
from protoadmin.outbox.registry import Operation, find_operation
from protoadmin.outbox.transitions import move
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run
from protoadmin.workers.wake import wake

SEND_TASK = "protoadmin.outbox.tasks.send_due_calls"


@transaction.atomic(savepoint=False)
def call_queue(
    *,
    operation: str,
    connection: Connection,
    target: models.Model,
    payload: dict[str, Any],
    by: User | None,
    request_key: str | None = None,
    depends_on: Call | None = None,
    run: Run | None = None,
    label: str = "",
    in_background: bool = False,
) -> Call:
    """Record a request and wake a worker when the present transaction commits.

    With a `request_key` that was used before, the call made then is returned and nothing new is queued.
    A full save replaces an older one of the same record that has not gone out, and takes its place. The calls of a
    run, and those that are asked for `in_background`, let those of people pass.
    """
    rule = find_operation(operation)
    if rule is None:
        raise ValueError(f"no operation is named {operation}")
    if request_key and (existing := Call.objects.filter(request_key=request_key).first()):
        return existing
    call = Call(
        operation=operation,
        connection=connection,
        target=target,
        target_label=(label or str(target))[:200],
        lane=rule.lane(target)[:100],
        payload=payload,
        requested_by=by,
        request_key=request_key,
        depends_on=depends_on,
        run=run,
        priority=BULK if run or in_background else PERSON_FIRST,
    )
    older = _older(call) if rule.replaces_older else []
    if older:
        call.place = older[0].place or older[0].pk
    if existing := _save_new(call):
        return existing
    for each in older:
        each.replaced_by, each.error = call, "A newer save of the same record took its place."
        each.save(update_fields=["replaced_by", "error"])
        move(each, CallState.DISMISSED)
    rule.changed(call)
    wake(SEND_TASK)
    return call


def _save_new(call: Call) -> Call | None:
    """Save a new call; when the same form was sent at the same moment and was quicker, return that call instead."""
    if not call.request_key:
        call.save()
        return None
    try:
        with transaction.atomic():
            call.save()
    except IntegrityError:
        if existing := Call.objects.filter(request_key=call.request_key).first():
            return existing
        raise
    return None


def _older(call: Call) -> list[Call]:
    """Return the unsent calls that a newer full save makes pointless, oldest first, locked.

    One that somebody else has locked is about to be sent, or to be settled by a person: it keeps its own way, and the
    newer one comes after it. Waiting for it here, with the record locked, would be the other half of a deadlock.
    """
    return list(
        Call.objects.locked(skip_locked=True)
        .filter(lane=call.lane, operation=call.operation, state=CallState.QUEUED)
        .filter(target_type=call.target_type, target_id=call.target_id)
        .order_by("id")
    )


def _locked(call: Call) -> tuple[Call, Operation | None]:
    fresh = Call.objects.locked().get(pk=call.pk)
    return fresh, find_operation(fresh.operation)


@transaction.atomic
def call_send_again(*, call: Call, by: User) -> Call:
    """Queue the same row anew; raises Refused unless it failed, is unconfirmed or was dismissed.

    A full save that is older than one which went out since is not sent: it would undo the newer one.
    """
    call, rule = _locked(call)
    if call.state not in (*OPEN_STATES, CallState.DISMISSED):
        raise Refused(f"This call is {call.get_state_display().lower()}; there is nothing to send again.")
    if call.replaced_by_id is not None:
        raise Refused(f"Call {call.replaced_by_id} took its place: it carries the newer data.")
    newer = _newer_save(call) if rule and rule.replaces_older else None
    if newer is not None:
        raise Refused(
            f"A newer save of this record (call {newer.pk}) was asked for since; sending this older one would undo it."
        )
    now = timezone.now()
    call.settled_by, call.settled_at = by, now
    call.queued_at, call.next_attempt_at, call.deaths = now, now, 0
    call.priority = PERSON_FIRST
    # The pauses between attempts begin anew with the first one.
    call.context = {**call.context, "attempts_before": call.attempts}
    call.save(
        update_fields=["settled_by", "settled_at", "queued_at", "next_attempt_at", "deaths", "priority", "context"]
    )
    move(call, CallState.QUEUED)
    wake(SEND_TASK)
    return call


def _newer_save(call: Call) -> Call | None:
    """Return the newest later save of the record, unless it was dismissed before it ever went out."""
    return (
        Call.objects.filter(
            operation=call.operation, target_type=call.target_type, target_id=call.target_id, pk__gt=call.pk
        )
        .exclude(state=CallState.DISMISSED, attempts=0)
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def call_went_through(*, call: Call, by: User) -> Call:
    """Make an unconfirmed (or failed) call done on a person's word; raises Refused otherwise."""
    call, _ = _locked(call)
    if call.state not in OPEN_STATES:
        raise Refused(f"This call is {call.get_state_display().lower()}; it needs no word from you.")
    _end(call, by, CallState.DONE)
    return call


@transaction.atomic
def call_dismiss(*, call: Call, by: User) -> Call:
    """End a call that is not under way; raises Refused when it is being sent or has ended."""
    call, _ = _locked(call)
    if call.state not in (*OPEN_STATES, CallState.QUEUED):
        raise Refused(f"This call is {call.get_state_display().lower()}; it cannot be dismissed.")
    _end(call, by, CallState.DISMISSED)
    return call


def _end(call: Call, by: User | None, state: CallState) -> None:
    call.settled_by, call.settled_at, call.next_attempt_at = by, timezone.now(), None
    call.save(update_fields=["settled_by", "settled_at", "next_attempt_at"])
    move(call, state)


def calls_dismiss_of_run(*, run: Run) -> int:
    """Dismiss what a stopped run has not sent yet, inside the caller's transaction; return how many.

    What a worker takes at this very moment goes out.
    """
    calls = Call.objects.locked(skip_locked=True).filter(run=run, state=CallState.QUEUED).order_by("pk")
    count = 0
    for call in calls.iterator(chunk_size=500):
        _end(call, run.requested_by, CallState.DISMISSED)
        count += 1
    return count


def gate_of(connection: Connection) -> Gate | None:
    """Return the gate of a connection, if it ever had a call."""
    kind = ContentType.objects.get_for_model(connection)
    return Gate.objects.filter(connection_type=kind, connection_id=connection.pk).first()


def gate_resume(*, connection: Connection) -> None:
    """End a pause that the remote asked for (an administrator knows better)."""
    kind = ContentType.objects.get_for_model(connection)
    Gate.objects.filter(connection_type=kind, connection_id=connection.pk).update(paused_until=None, pause_reason="")
    Call.objects.filter(connection_type=kind, connection_id=connection.pk, state=CallState.QUEUED).update(
        next_attempt_at=timezone.now()
    )
    wake(SEND_TASK)


def remove_old_calls(*, older_than: datetime.timedelta, batch: int = 500) -> int:
    """Delete one batch of calls that ended longer ago than `older_than`; return how many went."""
    ended = Q(state__in=[CallState.DONE, CallState.DISMISSED], finished_at__lt=timezone.now() - older_than)
    ids = list(Call.objects.filter(ended).order_by("finished_at").values_list("pk", flat=True)[:batch])
    Call.objects.filter(pk__in=ids).delete()
    return len(ids)


def visible_to(calls: "models.QuerySet[Call]", user: User, teamspace_ids: Iterable[int]) -> "models.QuerySet[Call]":
    """Narrow to what `user` may see: own calls, or everybody's of their teamspaces with that permission."""
    if user.is_superuser:
        return calls
    calls = calls.filter(teamspace__in=list(teamspace_ids))
    return calls if user.has_perm("outbox.view_all_calls") else calls.filter(requested_by=user)
