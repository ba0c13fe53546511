"""Write many of Protocol's customers: what is new or changed in bulk, what is unchanged not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from customers.linking.kinds import PROTOCOL, Keys
from customers.linking.looking import look_again
from customers.models import ProtocolCustomer, SyncState
from customers.protocol.reading import COLUMNS, fill, id_problem
from protoadmin.connections.models import ProtocolProject
from protoadmin.outbox.models import OPEN_STATES, PENDING_STATES, Call
from protoadmin.storable import to_storable

# The clocks of two of our machines differ by less.
CLOCKS_DIFFER = timedelta(seconds=5)


@dataclass
class Stored:
    """What became of a number of customers: `seen` are the ids of the rows that were known, `refused` who and why."""

    seen: list[int] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def store(project_id: int, items: Iterable[dict[str, Any]], *, read_at: datetime) -> Stored:
    """Write what a project's list said at `read_at`, inside the caller's transaction."""
    stored, wanted = Stored(), {}
    for item in items:
        if problem := id_problem(item["id"]):
            stored.refused.append((str(item.get("username") or item["id"])[:200], problem))
        else:
            wanted[item["id"]] = item
    known = _known(project_id, wanted)
    fresh: list[ProtocolCustomer] = []
    changed: dict[int, tuple[dict[str, Any], Any]] = {}
    for protocol_id, item in wanted.items():
        data = to_storable(item)
        if protocol_id not in known:
            fresh.append(_new(project_id, protocol_id, item, data))
            continue
        pk, remote_data, gone_at = known[protocol_id]
        stored.seen.append(pk)
        if gone_at is None and remote_data == data:
            stored.unchanged += 1
        else:
            changed[pk] = (item, data)
    altered, before = _altered(changed, read_at)
    stored.new, stored.changed = len(fresh), len(altered)
    stored.unchanged += len(changed) - len(altered)
    if fresh or altered:
        ProtocolCustomer.objects.bulk_create(
            [*fresh, *altered], update_conflicts=True, unique_fields=["project", "protocol_id"], update_fields=COLUMNS
        )
        teamspace_id = ProtocolProject.objects.values_list("teamspace", flat=True).get(pk=project_id)
        look_again(teamspace_id, *before, *map(PROTOCOL.keys_of, (*fresh, *altered)))
    return stored


def _known(project_id: int, wanted: Iterable[str]) -> dict[str, tuple[int, Any, Any]]:
    rows = ProtocolCustomer.objects.filter(project=project_id, protocol_id__in=list(wanted)).order_by()
    found = rows.values_list("protocol_id", "pk", "remote_data", "gone_at")
    return {str(protocol_id): (pk, remote_data, gone_at) for protocol_id, pk, remote_data, gone_at in found}


def _new(project_id: int, protocol_id: str, item: dict[str, Any], data: Any) -> ProtocolCustomer:
    customer = ProtocolCustomer(
        project_id=project_id, protocol_id=protocol_id, created_at=None, sync_state=SyncState.DONE
    )
    fill(customer, item, data)
    return customer


def _altered(
    changed: dict[int, tuple[dict[str, Any], Any]], read_at: datetime
) -> tuple[list[ProtocolCustomer], list[Keys]]:
    """Return the changed rows, filled in, to be written by their key, and by what they were found before.

    Those that a call was about since stay as they are.
    """
    if not changed:
        return [], []
    rows = ProtocolCustomer.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=changed).order_by("pk")
    locked = list(rows)
    newer, renamed = called_since(changed, read_at)
    altered: list[ProtocolCustomer] = []
    before: list[Keys] = []
    for customer in locked:
        if customer.pk in newer:
            continue
        before.append(PROTOCOL.keys_of(customer))
        item, data = changed[customer.pk]
        fill(customer, item, data, keep_display_name=customer.pk in renamed)
        # The id in the insert would be in the way of the key that the row is found by.
        customer.pk = None
        altered.append(customer)
    return altered, before


def called_since(pks: Iterable[int], moment: datetime) -> tuple[set[int], set[int]]:
    """Return the rows that a call was answered about since, and those with a name that Protocol may not have yet."""
    kind = ContentType.objects.get_for_model(ProtocolCustomer)
    renaming = Q(operation="protocol_update", state__in=(*PENDING_STATES, *OPEN_STATES))
    calls = Call.objects.filter(target_type=kind, target_id__in=list(pks)).order_by()
    found = calls.filter(renaming | Q(finished_at__gte=moment - CLOCKS_DIFFER, state="done"))
    newer: set[int] = set()
    renamed: set[int] = set()
    for pk, state in found.values_list("target_id", "state"):
        (newer if state == "done" else renamed).add(pk or 0)
    return newer, renamed
