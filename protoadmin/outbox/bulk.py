"""Settling many calls, as a run."""

from collections.abc import Callable

from protoadmin.outbox import services
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run, RunChunk
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_note_errors

PER_SLICE = 100
SETTLE: dict[str, Callable[..., Call]] = {
    "send-again": services.call_send_again,
    "it-went-through": services.call_went_through,
    "dismiss": services.call_dismiss,
}


def _settle(run: Run) -> Slice:
    number, offset = run.cursor.get("chunk", 0), run.cursor.get("offset", 0)
    chunk = RunChunk.objects.filter(run=run, position=number).first()
    if chunk is None:
        return Slice.FINISHED
    person = run.requested_by
    if person is None:
        raise RunFailed("Whoever asked for this is no longer known.")
    settle = SETTLE[run.parameters["settle"]]
    ids = chunk.ids[offset : offset + PER_SLICE]
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
    run.cursor = (
        {"chunk": number + 1, "offset": 0}
        if offset + PER_SLICE >= len(chunk.ids)
        else {"chunk": number, "offset": offset + PER_SLICE}
    )
    return Slice.MORE


KINDS = (RunKind("calls_settle", "Settle calls", _settle),)
