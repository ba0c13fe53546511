"""Link by itself what an id says: only who is linked to nobody, only to the one person whom the id fits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from customers.history import LINKED_BY_ID
from customers.linking.finding import decided_about, keys_of_row, people_with
from customers.linking.kinds import EXACT, KINDS, Keys, Kind, Sort, is_key, merged
from customers.models import CustomerChange
from protoadmin.storable import storable_text

# A shared id is no id; what lies beyond is met by the next run.
RECORDS_AT_ONCE = 5_000
WRITTEN_AT_ONCE = 500


@dataclass
class Linked:
    """What came of a look: the number linked, the keys of these records, and whose ids fit several people."""

    number: int = 0
    keys: dict[Sort, set[str]] = field(default_factory=dict)
    # (kind, record, the people whom its ids fit)
    ambiguous: list[tuple[Kind, Any, set[int]]] = field(default_factory=list)


def link_by_ids(teamspace_id: int, keys: Keys) -> Linked:
    """Link the records that have one of these ids, as far as nobody said otherwise, inside the caller's transaction."""
    done = Linked()
    for kind in KINDS:
        records = _free_with_ids(kind, teamspace_id, keys)
        if records:
            _link(kind, teamspace_id, records, done)
    return done


def _free_with_ids(kind: Kind, teamspace_id: int, keys: Keys) -> dict[int, Any]:
    found: dict[int, Any] = {}
    wanted = {sort: keys[sort] for sort in EXACT if sort in kind.columns and keys.get(sort)}
    free = kind.free(teamspace_id) if wanted else None
    if free is None:
        return found
    for sort, values in wanted.items():
        rows = free.filter(**{f"{kind.columns[sort]}__among": values}).select_related(kind.connection)
        names = ("pk", *kind.columns.values(), *kind.named_by, kind.connection, f"{kind.connection}__name")
        found |= {record.pk: record for record in rows.only(*names)[:RECORDS_AT_ONCE]}
    return found


def _link(kind: Kind, teamspace_id: int, records: dict[int, Any], done: Linked) -> None:
    fitting = whom_ids_fit(kind, teamspace_id, records.values())
    single = {pk: next(iter(people)) for pk, people in fitting.items() if len(people) == 1}
    decided = set(decided_about(set(single.values())))
    chosen = {pk: person for pk, person in single.items() if (person, (kind.name, pk)) not in decided}
    written = _write(kind, chosen)
    done.number += len(written)
    done.keys = merged(done.keys, *(kind.keys_of(records[pk]) for pk in written))
    done.ambiguous += [(kind, records[pk], people) for pk, people in fitting.items() if len(people) > 1]
    CustomerChange.objects.bulk_create(
        CustomerChange(
            customer_id=person,
            what=LINKED_BY_ID,
            after=storable_text(f"{kind.label}: {records[pk]} ({getattr(records[pk], kind.connection)})")[:2000],
        )
        for pk, person in ((pk, chosen[pk]) for pk in written)
    )


def whom_ids_fit(kind: Kind, teamspace_id: int, records: Iterable[Any]) -> dict[int, set[int]]:
    """Return for each of these records the people of the teamspace whom one of its ids names."""
    ids = {
        record.pk: {
            sort: value
            for sort in EXACT
            if sort in kind.columns and (value := is_key(sort, getattr(record, kind.columns[sort])))
        }
        for record in records
    }
    people: dict[tuple[Sort, str], set[int]] = {}
    wanted = merged(*({sort: {value}} for each in ids.values() for sort, value in each.items()))
    for person, row in people_with(teamspace_id, wanted).items():
        for sort, values in keys_of_row(row).items():
            for value in values:
                people.setdefault((sort, value), set()).add(person)
    return {pk: set().union(*(people.get(key, set()) for key in each.items())) for pk, each in ids.items()}


def _write(kind: Kind, chosen: dict[int, int]) -> list[int]:
    """Write the links; return those that were written: a person may have linked one in this very moment."""
    if not chosen:
        return []
    rows = [kind.model(pk=pk, customer_id=person) for pk, person in sorted(chosen.items())]
    free = kind.model._default_manager.filter(customer=None)
    if free.bulk_update(rows, ["customer"], batch_size=WRITTEN_AT_ONCE) == len(rows):
        return list(chosen)
    now = dict(kind.model._default_manager.filter(pk__in=chosen).values_list("pk", "customer"))
    return [pk for pk, person in chosen.items() if now.get(pk) == person]
