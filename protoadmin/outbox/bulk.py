"""Settling many calls, as a run."""

from collections.abc import Callable

from protoadmin.outbox import services
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from protoadmin.runs.chunks import next_ids
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_note_errors

PER_SLICE = 100
SETTLE: dict[str, Callable[..., Call]] = {
    "send-again": services.call_send_again,
    "it-went-through": services.call_went_through,
    "dismiss": services.call_dismiss,
}


def _settle(run: Run) -> Slice:
    ids = next_ids(run, size=PER_SLICE)
    if ids is None:
        return Slice.FINISHED
    person = run.requested_by
    if person is None:
        raise RunFailed("Whoever asked for this is no longer known.")
    settle = SETTLE[run.parameters["settle"]]
    for call in Call.objects.filter(pk__in=ids).order_by("pk"):
        try:
            if call.requested_by_id != person.pk and not person.has_perm("outbox.settle_all_calls"):
                raise Refused("This call is not yours to settle.")
            settle(call=call, by=person)
            run.done += 1
        except Refused as error:
            run.failed += 1
            run_note_errors(run_id=run.pk, errors=[(f"Call {call.pk}", str(error))])
    run.save(update_fields=["done", "failed"])
    return Slice.MORE


KINDS = (RunKind("calls_settle", "Settle calls", _settle),)
