"""Who may be who: looked up by indexed values, a query for each column and never one for each row."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db.models import Count, QuerySet

from customers.linking.kinds import BY_NAME, COLUMNS, KINDS, OURS, Keys, Sort, is_key
from customers.models import Customer, NotSame

# A number that more records share (a switchboard) is followed no further.
EACH = 50
# So many rows at once, before the shared values are looked for.
ROWS_AT_ONCE = 20_000
# So many people are looked at because of one change; those beyond are met by the next run.
PEOPLE_AT_ONCE = 5_000

# A record: the name of its kind, and its id.
Ref: TypeAlias = tuple[str, int]


@dataclass
class Found:
    """The records that may be a person's, each with what agrees. `is_cut`: a value has more than could be looked at."""

    records: dict[Ref, set[Sort]] = field(default_factory=dict)
    is_cut: bool = False


def people_with(teamspace_id: int, keys: Keys, *, most: int = PEOPLE_AT_ONCE) -> dict[int, tuple[Any, ...]]:
    """Return the teamspace's people who have one of these values: their columns (COLUMNS, has_suggestions) by id."""
    found: dict[int, tuple[Any, ...]] = {}
    people = Customer.objects.filter(teamspace=teamspace_id).order_by()
    for sort, values in keys.items():
        if not (wanted := sorted(filter(None, values))):
            continue
        for column in OURS[sort]:
            rows = people.filter(**{f"{column}__among": wanted}).values_list("pk", *COLUMNS, "has_suggestions")
            found.update((row[0], row[1:]) for row in rows[:most])
    return found


def keys_of_row(row: tuple[Any, ...]) -> dict[Sort, set[str]]:
    """Return the keys of a row of `people_with`."""
    values = dict(zip(COLUMNS, row, strict=False))
    keys: dict[Sort, set[str]] = {}
    for sort, columns in OURS.items():
        if found := {value for name in columns if (value := is_key(sort, values[name]))}:
            keys[sort] = found
    return keys


def records_for(teamspace_id: int, people: Mapping[int, Keys], *, each: int = EACH) -> dict[int, Found]:
    """Return for each of these people the records that nobody is linked to and that agree with them in something.

    What somebody said not to be the same is left out.
    """
    found = _agreeing(teamspace_id, people, each)
    for person, ref in decided_about([person for person, seen in found.items() if seen.records]):
        found[person].records.pop(ref, None)
    for person, seen in found.items():
        if seen.is_cut and not seen.records:
            # All that was looked at is somebody else: what lies behind it counts, and this person is asked about alone.
            found[person] = _behind_decided(teamspace_id, person, people[person], each)
    return found


def _behind_decided(teamspace_id: int, person: int, keys: Keys, each: int) -> Found:
    decided = {ref for _, ref in decided_about([person])}
    found = _agreeing(teamspace_id, {person: keys}, each + len(decided))[person]
    found.records = {ref: sorts for ref, sorts in found.records.items() if ref not in decided}
    return found


def _agreeing(teamspace_id: int, people: Mapping[int, Keys], each: int) -> dict[int, Found]:
    found = {person: Found() for person in people}
    whose: dict[Sort, dict[str, list[int]]] = {}
    for person, keys in people.items():
        for sort, values in keys.items():
            wanted = whose.setdefault(sort, {})
            for value in values:
                wanted.setdefault(value, []).append(person)
    for kind in KINDS:
        free = kind.free(teamspace_id)
        if free is None:
            continue
        for sort in filter(whose.__contains__, kind.columns):
            wanted = whose[sort]
            rows, cut = _rows_with(free, kind.columns[sort], list(wanted), each)
            for pk, value in rows:
                for person in wanted[value]:
                    found[person].records.setdefault((kind.name, pk), set()).add(sort)
            for person in {person for value in cut for person in wanted[value]}:
                found[person].is_cut = True
    return found


def _rows_with(
    free: QuerySet[Any], column: str, values: list[str], each: int
) -> tuple[list[tuple[int, str]], set[str]]:
    """Return (id, value) of the free records with these values, and the values that more than `each` of them have."""
    named = free.filter(**{f"{column}__among": values})
    most = each + 1 if len(values) == 1 else ROWS_AT_ONCE
    rows = list(named.values_list("pk", column)[:most])
    if len(values) == 1:
        return rows[:each], set(values[: len(rows) > each])
    if len(rows) < most:
        shared = _shared(rows, each)
        return _at_most(rows, each), shared
    counted = named.values(column).annotate(size=Count("pk")).filter(size__gt=each)
    shared = set(counted.values_list(column, flat=True))
    rows = list(free.filter(**{f"{column}__among": [v for v in values if v not in shared]}).values_list("pk", column))
    for value in shared:
        rows += list(free.filter(**{column: value}).values_list("pk", column)[:each])
    return rows, shared


def _shared(rows: list[tuple[int, str]], each: int) -> set[str]:
    sizes: dict[str, int] = {}
    for _, value in rows:
        sizes[value] = sizes.get(value, 0) + 1
    return {value for value, size in sizes.items() if size > each}


def _at_most(rows: list[tuple[int, str]], each: int) -> list[tuple[int, str]]:
    taken: dict[str, int] = {}
    kept = []
    for pk, value in rows:
        taken[value] = taken.get(value, 0) + 1
        if taken[value] <= each:
            kept.append((pk, value))
    return kept


def decided_about(people: Collection[int]) -> Iterable[tuple[int, Ref]]:
    """Return (person, record) of what was said not to be the same about these people."""
    rows = NotSame.objects.filter(customer__in=people).order_by() if people else NotSame.objects.none()
    for person, *ids in rows.values_list("customer", *BY_NAME):
        for name, pk in zip(BY_NAME, ids, strict=True):
            if pk is not None:
                yield person, (name, pk)
