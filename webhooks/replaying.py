"""Replaying many deliveries, as a run: chosen when the button was pressed, done when each of them was processed."""

from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from customers.run_rights import person_of
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible
from protoadmin.refusals import Refused
from protoadmin.runs.chunks import next_ids
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors, run_start
from webhooks.models import Delivery, DeliveryState
from webhooks.services import REPLAYABLE, deliveries_replay
from webhooks.spans import received_between

PER_SLICE = 500
# So many at once wait to be processed on behalf of a run: what arrives meanwhile does not stand behind all of them.
AT_ONCE = 2000
NOT_KEPT = "A rejected delivery was not kept, so there is nothing to replay."
Row = TypeVar("Row", bound=Model)
GONE = "It was removed, or is not yours to replay."


def visible_to(rows: QuerySet[Row], user: User) -> QuerySet[Row]:
    """Narrow deliveries or refusals to the person's channels; those of no channel are the superusers' alone."""
    if user.is_active and user.is_superuser:
        return rows
    # The ids are few, and as literals they let the database use the index of a channel's deliveries.
    return rows.filter(channel__in=list(only_visible(Channel.objects.all(), user).values_list("pk", flat=True)))


def failed_between(
    *, user: User, since: datetime, until: datetime, channel: Channel | None = None
) -> QuerySet[Delivery]:
    """Return what failed of what arrived in this span and the person may see."""
    rows = visible_to(Delivery.objects.filter(state=DeliveryState.FAILED), user)
    if channel is not None:
        rows = rows.filter(channel=channel)
    return received_between(rows, since, until).order_by("pk")


def replay_many(*, rows: QuerySet[Delivery], by: User, title: str, channel: Channel | None = None) -> Run:
    """Start a run that replays these; raises Refused when there is none."""
    ids = rows.order_by("pk").values_list("pk", flat=True)
    if not ids.exists():
        raise Refused("There is nothing to replay.")
    teamspace = channel.teamspace if channel else None
    return run_start(kind=KIND.name, by=by, title=title, teamspace=teamspace, ids=ids.iterator())


def _work(run: Run) -> Slice:
    person = person_of(run, "webhooks.replay_delivery", "replay deliveries")
    waiting = _count_ended(run, run.cursor.get("waiting", []))
    ids = next_ids(run, size=PER_SLICE) if len(waiting) < AT_ONCE else None
    if ids is not None:
        waiting += _replay(run, ids, person)
    run.cursor = {**run.cursor, "waiting": waiting}
    if ids is not None:
        return Slice.MORE
    return Slice.ASKED if waiting else Slice.FINISHED


def _replay(run: Run, ids: list[int], person: User) -> list[int]:
    """Have these processed again; note those for which that cannot be, and return the others."""
    states = dict(visible_to(Delivery.objects.filter(pk__in=ids), person).values_list("pk", "state"))
    refused = [(f"Delivery {pk}", GONE) for pk in ids if pk not in states]
    refused += [(f"Delivery {pk}", NOT_KEPT) for pk in states if states[pk] == DeliveryState.REJECTED]
    run_note_errors(run_id=run.pk, errors=refused)
    run_count(run_id=run.pk, failed=len(refused))
    deliveries_replay(ids=[pk for pk in states if states[pk] in REPLAYABLE])
    return sorted(pk for pk in states if states[pk] != DeliveryState.REJECTED)


def _count_ended(run: Run, waiting: list[int]) -> list[int]:
    """Count those that were processed since, with the errors of those that failed again; return the others."""
    rows = Delivery.objects.filter(pk__in=waiting).order_by("pk").values_list("pk", "state", "error")
    found = {pk: (state, error) for pk, state, error in rows}
    failed = [(f"Delivery {pk}", found[pk][1] if pk in found else GONE) for pk in waiting if _has_failed(found.get(pk))]
    still = [pk for pk in waiting if pk in found and found[pk][0] == DeliveryState.RECEIVED]
    run_note_errors(run_id=run.pk, errors=failed)
    run_count(run_id=run.pk, done=len(waiting) - len(still) - len(failed), failed=len(failed))
    return still


def _has_failed(found: tuple[str, str] | None) -> bool:
    return found is None or found[0] == DeliveryState.FAILED


def _stop(run: Run) -> None:
    """Count what has ended; what a worker has before it is still processed, and harms nobody."""
    run.cursor = {**run.cursor, "waiting": _count_ended(run, run.cursor.get("waiting", []))}


KIND = RunKind("replay", "Replay deliveries", _work, stop=_stop, permission="webhooks.replay_delivery")
