"""Write what came of an attempt: the answer and its effect on our rows, in one transaction."""

import datetime
import logging
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from protoadmin.clients.redaction import redact
from protoadmin.clients.transport import Answer, ApiError, Request
from protoadmin.connections.models import Connection
from protoadmin.outbox.models import Call, CallState, Gate
from protoadmin.outbox.policy import CONFIRM_PAUSES, Decision, Verdict, decide
from protoadmin.outbox.registry import Operation
from protoadmin.outbox.transitions import move
from protoadmin.storable import storable_text, to_storable

logger = logging.getLogger(__name__)

KEPT_RESPONSE = 64 * 1024
UNSTORABLE = (
    "The request went through, but its answer could not be stored here (the workers' log says why). "
    "If the record is right at Proto, press It went through."
)
UNSTORABLE_READ = "The answer came, but could not be stored here (the workers' log says why)."
ATTEMPT_FIELDS = ["status_code", "error", "error_fields", "request", "response", "duration_ms", "next_attempt_at"]


def _lock(call: Call, *states: CallState) -> Call | None:
    """Return the call, locked, if it is still the same attempt in one of these states."""
    fresh = Call.objects.locked().get(pk=call.pk)
    return fresh if fresh.attempts == call.attempts and fresh.state in states else None


def give_back(call: Call) -> None:
    """Queue a claimed call again unsent: the attempt did not happen."""
    with transaction.atomic():
        fresh = _lock(call, CallState.SENDING)
        if fresh is not None:
            fresh.attempts -= 1
            fresh.next_attempt_at = timezone.now()
            fresh.save(update_fields=["attempts", "next_attempt_at"])
            move(fresh, CallState.QUEUED)


def settle_answer(call: Call, operation: Operation, answer: Answer, request: Request) -> None:
    """Make the call done. A late answer still settles a call that was given up as unconfirmed meanwhile."""
    try:
        with transaction.atomic():
            fresh = _lock(call, CallState.SENDING, CallState.UNCONFIRMED, CallState.QUEUED)
            if fresh is None:
                logger.warning("a late answer to call %s was not used", call.pk)
                return
            _note_answer(fresh, answer, request)
            # First done, then applied: a save that has been answered is none that waits to go out.
            move(fresh, CallState.DONE, *ATTEMPT_FIELDS)
            operation.apply(fresh, answer.data)
    except (OperationalError, InterfaceError):
        # The database is away: the call stays `sending` until its lease ends, and is then judged as a death.
        raise
    except Exception:
        logger.exception("the answer to call %s (%s) could not be stored", call.pk, call.operation)
        _settle_unstorable(call, operation, answer, request)


def _note_answer(call: Call, answer: Answer, request: Request) -> None:
    call.status_code, call.error, call.error_fields, call.next_attempt_at = answer.status, "", {}, None
    call.duration_ms = round(answer.seconds * 1000)
    call.request = shown_request(request, _secrets(call))
    call.response = _shown_response(answer.data, answer.excerpt, _secrets(call))


def _secrets(call: Call) -> tuple[str, ...]:
    connection = call.connection
    if not isinstance(connection, Connection):
        return ()
    return tuple(filter(None, (getattr(connection, name) for name in connection.secret_names())))


def shown_request(request: Request, secrets: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a request as the API calls page shows it, credentials masked."""
    shown = {"method": request.method, "path": request.path}
    for part in ("params", "json", "form"):
        if (value := getattr(request, part)) is not None:
            shown[part] = to_storable(redact(value, secrets))
    return shown


def _shown_response(data: Any, excerpt: str, secrets: tuple[str, ...]) -> Any:
    if len(excerpt) < 2000 or len(repr(data)) <= KEPT_RESPONSE:
        return to_storable(redact(data, secrets))
    return {"excerpt": storable_text(excerpt)}


@transaction.atomic
def _settle_unstorable(call: Call, operation: Operation, answer: Answer, request: Request) -> None:
    fresh = _lock(call, CallState.SENDING)
    if fresh is None:
        return
    _note_answer(fresh, answer, request)
    fresh.error = UNSTORABLE_READ if operation.is_read else UNSTORABLE
    move(fresh, CallState.FAILED if operation.is_read else CallState.UNCONFIRMED, *ATTEMPT_FIELDS)


def settle_unsendable(call: Call, message: str) -> None:
    """Fail a call whose request cannot be built: nothing was sent."""
    with transaction.atomic():
        fresh = _lock(call, CallState.SENDING)
        if fresh is not None:
            fresh.error, fresh.next_attempt_at = storable_text(message), None
            fresh.save(update_fields=["error", "next_attempt_at"])
            move(fresh, CallState.FAILED)


def settle_error(call: Call, operation: Operation, error: ApiError, request: Request) -> None:
    """Retry, fail or leave unconfirmed, as the policy says."""
    decision = decide(
        error,
        idempotent=operation.idempotent,
        attempt=call.attempts - call.context.get("attempts_before", 0),
        age=timezone.now() - call.queued_at,
        tries_once=operation.tries_once,
    )
    if decision.for_connection and not operation.goes_elsewhere:
        _pause_connection(call, decision, error)
    with transaction.atomic():
        fresh = _lock(call, CallState.SENDING)
        if fresh is None:
            return
        fresh.status_code, fresh.error_fields = error.status, to_storable(error.fields)
        fresh.duration_ms = round(error.seconds * 1000)
        fresh.request = shown_request(request, _secrets(fresh))
        fresh.response = {"excerpt": storable_text(error.excerpt)} if error.excerpt else None
        fresh.save(update_fields=["status_code", "error_fields", "duration_ms", "request", "response"])
        if operation.accepts(fresh, error):
            fresh.error, fresh.next_attempt_at = storable_text(error.words), None
            fresh.save(update_fields=["error", "next_attempt_at"])
            move(fresh, CallState.DONE)
            operation.apply(fresh, None)
            return
        write_decision(fresh, operation, decision, error_text(error))


def error_text(error: ApiError) -> str:
    """Return our sentence about an error, and the remote's own words when it has any."""
    words = error.words.strip()
    text = error.explanation if not words or words in error.explanation else f"{error.explanation} It said: {words}"
    return storable_text(text)


def _pause_connection(call: Call, decision: Decision, error: ApiError) -> None:
    until = timezone.now() + datetime.timedelta(seconds=decision.pause)
    with transaction.atomic():
        gate = Gate.objects.select_for_update(of=("self",), no_key=True).get(pk=call.gate_id or 0)
        if gate.paused_until is None or gate.paused_until < until:
            gate.paused_until, gate.pause_reason = until, storable_text(error.explanation)[:200]
            gate.save(update_fields=["paused_until", "pause_reason"])


def write_decision(call: Call, operation: Operation | None, decision: Decision, message: str) -> None:
    """Write a decision on a locked call, inside the caller's transaction."""
    now = timezone.now()
    call.error, call.next_attempt_at = message, None
    if decision.verdict is Verdict.RETRY:
        call.next_attempt_at = now + datetime.timedelta(seconds=decision.pause)
        state = CallState.QUEUED
    elif decision.verdict is Verdict.UNCONFIRMED:
        if operation is not None and operation.can_confirm:
            call.context = {**call.context, "confirms": 0, "failed_look_ups": 0}
            call.next_attempt_at = now + datetime.timedelta(seconds=CONFIRM_PAUSES[0])
        state = CallState.UNCONFIRMED
    else:
        state = CallState.FAILED
    call.save(update_fields=["error", "next_attempt_at", "context"])
    move(call, state)


def _lock_doubtful(call: Call) -> Call | None:
    """Return the call, locked, if it is still unconfirmed after the same attempt."""
    return _lock(call, CallState.UNCONFIRMED)


@transaction.atomic
def settle_look_up(call: Call, operation: Operation, answer: Answer) -> None:
    """Make an unconfirmed call done if the read found it; otherwise look again later, and at last ask a person."""
    fresh = _lock_doubtful(call)
    if fresh is None:
        return
    item = operation.confirmed(fresh, answer.data)
    if item is not None:
        fresh.error, fresh.next_attempt_at = "The answer was lost; Proto has it: it was looked up.", None
        fresh.response = to_storable(redact(item, _secrets(fresh)))
        fresh.save(update_fields=["error", "next_attempt_at", "response"])
        move(fresh, CallState.DONE)
        operation.apply(fresh, item)
        return
    looked = fresh.context.get("confirms", 0) + 1
    fresh.context = {**fresh.context, "confirms": looked}
    fresh.next_attempt_at = (
        timezone.now() + datetime.timedelta(seconds=CONFIRM_PAUSES[looked]) if looked < len(CONFIRM_PAUSES) else None
    )
    fresh.save(update_fields=["context", "next_attempt_at"])


def settle_failed_look_up(call: Call, error: ApiError) -> None:
    """Look again later when the read itself failed: like any read it is repeated, and says nothing about the call."""
    failed = call.context.get("failed_look_ups", 0) + 1
    age = timezone.now() - (call.sent_at or call.queued_at)
    decision = decide(error, idempotent=True, attempt=failed, age=age)
    if decision.for_connection:
        _pause_connection(call, decision, error)
    if decision.verdict is not Verdict.RETRY:
        stop_looking_up(call)
        return
    with transaction.atomic():
        fresh = _lock_doubtful(call)
        if fresh is not None:
            fresh.context = {**fresh.context, "failed_look_ups": failed}
            fresh.next_attempt_at = timezone.now() + datetime.timedelta(seconds=decision.pause)
            fresh.save(update_fields=["context", "next_attempt_at"])


@transaction.atomic
def stop_looking_up(call: Call) -> None:
    """Leave an unconfirmed call to a person."""
    fresh = _lock_doubtful(call)
    if fresh is not None:
        fresh.next_attempt_at = None
        fresh.save(update_fields=["next_attempt_at"])
