"""Send what is due: the loop that workers run, one call at a time."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils import timezone

from protoadmin.clients.transport import ApiError, Client, NotSendable, Request
from protoadmin.connections.models import ConnectionUnusable
from protoadmin.outbox import settling
from protoadmin.outbox.claiming import claim_look_up, claim_next
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.policy import decide_after_death
from protoadmin.outbox.registry import CannotSend, Operation, find_operation
from protoadmin.workers.identity import is_surely_dead

logger = logging.getLogger(__name__)

# A call that was taken longer ago than this is given back unsent: somebody else may be about to take it.
TOO_LATE_TO_SEND = 10.0
SETTLE_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
DATABASE_AWAY = (OperationalError, InterfaceError)
UNBUILDABLE = "The request could not be built, so nothing was sent. The log of the workers tells more."


def send_due(seconds: float = 20.0) -> int:
    """Recover, send and look up what is due, for at most about `seconds`; return the number of requests made."""
    end = time.monotonic() + seconds
    recover_dead()
    made = 0
    while time.monotonic() < end:
        if call := claim_next():
            attempt(call)
        if doubtful := claim_look_up():
            look_up(doubtful)
        if not call and not doubtful:
            break
        made += bool(call) + bool(doubtful)
    return made


def attempt(call: Call) -> None:
    """Send one claimed call and settle it."""
    operation = find_operation(call.operation)
    started = time.monotonic()
    prepared = _prepared(call, operation)
    if operation is None or prepared is None:
        return
    request, client = prepared
    if time.monotonic() - started > TOO_LATE_TO_SEND:
        _insist(partial(settling.give_back, call))
        return
    try:
        answer = client.send(request)
    except ApiError as error:
        _insist(partial(settling.settle_error, call, operation, error, request))
    except NotSendable as error:
        _insist(partial(settling.settle_unsendable, call, str(error)))
    else:
        _insist(partial(settling.settle_answer, call, operation, answer, request))


def _prepared(call: Call, operation: Operation | None) -> tuple[Request, Client] | None:
    """Return the request and who sends it; None when it was settled already, surely unsent."""
    try:
        if operation is None:
            raise CannotSend(f"This version of the product knows no operation named {call.operation}.")
        # The operation, not the HTTP method, knows whether a repetition is harmless.
        request = replace(operation.build(call), idempotent=operation.idempotent)
        return request, operation.client(call)
    except DATABASE_AWAY:
        logger.exception("call %s could not be read; it is given back", call.pk)
        _insist(partial(settling.give_back, call))
    except (CannotSend, ConnectionUnusable, ValueError) as error:
        _insist(partial(settling.settle_unsendable, call, str(error)))
    except Exception:
        logger.exception("call %s (%s) could not be built", call.pk, call.operation)
        _insist(partial(settling.settle_unsendable, call, UNBUILDABLE))
    return None


def _insist(write: Callable[[], None]) -> None:
    """Write what came of an attempt, also when the database is away for a moment: the answer exists only here."""
    for pause in (*SETTLE_PAUSES, None):
        try:
            return write()
        except DATABASE_AWAY:
            if pause is None:
                raise
            logger.exception("the database did not take the outcome of a call; trying again in %s s", pause)
            connections.close_all()
            time.sleep(pause)


def recover_dead() -> int:
    """Take up the calls whose worker died; return how many."""
    sending = Call.objects.filter(state=CallState.SENDING).only("pk", "worker", "leased_until")
    return sum(_recover(call.pk) for call in sending if _is_dead(call))


def _is_dead(call: Call) -> bool:
    return call.leased_until is None or call.leased_until < timezone.now() or is_surely_dead(call.worker)


@transaction.atomic
def _recover(pk: int) -> bool:
    call = Call.objects.locked().get(pk=pk)
    if call.state != CallState.SENDING or not _is_dead(call):
        return False
    operation = find_operation(call.operation)
    call.deaths += 1
    call.save(update_fields=["deaths"])
    decision = decide_after_death(
        idempotent=operation is not None and operation.idempotent,
        is_read=operation is not None and operation.is_read,
        deaths=call.deaths,
    )
    logger.warning("the worker that sent call %s (%s) died: %s", call.pk, call.operation, decision.verdict.value)
    settling.write_decision(
        call, operation, decision, "The worker that sent this request died before the answer was written."
    )
    return True


def look_up(call: Call) -> None:
    """Look at the remote whether an unconfirmed request went through, and settle it if so."""
    operation = find_operation(call.operation)
    if operation is None or not operation.can_confirm:
        settling.stop_looking_up(call)
        return
    try:
        answer = operation.client(call).send(operation.confirm_request(call))
    except ApiError as error:
        logger.warning("call %s could not be looked up: %s", call.pk, error)
        settling.settle_failed_look_up(call, error)
        return
    except (CannotSend, ConnectionUnusable, ValueError) as error:
        logger.warning("call %s cannot be looked up: %s", call.pk, error)
        settling.stop_looking_up(call)
        return
    try:
        settling.settle_look_up(call, operation, answer)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("what was found about call %s (%s) could not be stored", call.pk, call.operation)
        settling.stop_looking_up(call)
