"""Look again at who is who, whenever a person or a record of another system came, changed or went."""

from collections.abc import Iterable

from customers.linking.exact import link_by_ids
from customers.linking.finding import Found, keys_of_row, people_with, records_for
from customers.linking.kinds import Keys, Kind, merged
from customers.models import Customer


def look_again(teamspace_id: int, *changed: Keys) -> None:
    """Link what ids say, and note who has suggestions now, inside the caller's transaction.

    `changed` are the values that came, and those that were there before: both may change who fits whom. However many
    rows they are of, the number of queries is the same.
    """
    keys = merged(*changed)
    if not any(keys.values()) or not Customer.objects.filter(teamspace=teamspace_id).exists():
        return
    linked = link_by_ids(teamspace_id, keys)
    note_suggestions(teamspace_id, people_with(teamspace_id, merged(keys, linked.keys)))


def look_again_at(kind: Kind, teamspace_id: int, records: Iterable[int]) -> None:
    """Look again because of these records as they stand now."""
    rows = kind.model._default_manager.filter(pk__in=list(records)).order_by().only("pk", *kind.columns.values())
    look_again(teamspace_id, *(kind.keys_of(record) for record in rows))


def the_only_ones(teamspace_id: int, human_ids: Iterable[str]) -> dict[str, int | None]:
    """Return the one person whom Proto has told to be each of these humans; None where that was told of several."""
    people = Customer.objects.filter(
        teamspace=teamspace_id, gateway_profile_id__in=[each for each in human_ids if each]
    )
    found: dict[str, int | None] = {}
    for human_id, pk in people.order_by().values_list("gateway_profile_id", "pk"):
        found[human_id] = None if human_id in found else pk
    return found


def note_suggestions(teamspace_id: int, people: dict[int, tuple[object, ...]]) -> dict[int, Found]:
    """Write whether these people (as `people_with` gives them) have suggestions; return what they have."""
    if not people:
        return {}
    found = records_for(teamspace_id, {pk: keys_of_row(row) for pk, row in people.items()})
    for has in (True, False):
        wrong = [pk for pk, row in people.items() if bool(found[pk].records) is has and row[-1] is not has]
        if wrong:
            # Who is being changed right now looks at it in that change: two of them must not wait for each other.
            rows = Customer.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            here = list(rows.filter(pk__in=wrong).order_by("pk").values_list("pk", flat=True))
            Customer.objects.filter(pk__in=here).update(has_suggestions=has)
    return found
