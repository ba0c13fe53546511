"""The one place where a call changes its state, so that rows and counts that follow from it stay true."""

from django.utils import timezone

from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.registry import find_operation
from protoadmin.runs.services import run_count, run_note_errors

ENDED = (CallState.DONE, CallState.FAILED, CallState.UNCONFIRMED, CallState.DISMISSED)


def move(call: Call, to: CallState, *also: str) -> None:
    """Write the new state of a locked call (and `also` these fields), count it for its run and tell its operation."""
    before = CallState(call.state)
    call.state = to
    call.finished_at = timezone.now() if to in ENDED else None
    call.leased_until = call.leased_until if to == CallState.SENDING else None
    call.save(update_fields=["state", "finished_at", "leased_until", *also])
    if call.run_id is not None:
        _count(call, call.run_id, before, to)
    operation = find_operation(call.operation)
    if operation is not None:
        operation.changed(call)


def _count(call: Call, run_id: int, before: CallState, to: CallState) -> None:
    done = int(to == CallState.DONE) - int(before == CallState.DONE)
    failed = int(to in ENDED and to != CallState.DONE) - int(before in ENDED and before != CallState.DONE)
    run_count(run_id=run_id, done=done, failed=failed)
    if to in (CallState.FAILED, CallState.UNCONFIRMED):
        run_note_errors(run_id=run_id, errors=[(call.target_label, call.error)])
