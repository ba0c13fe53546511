"""The job Find the same people: goes through all people of a teamspace in slices, links by ids, notes suggestions.

Records are met through the people who have a value in common with them, by the index of that value.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from customers.linking.exact import Linked, link_by_ids
from customers.linking.finding import keys_of_row, people_with
from customers.linking.kinds import COLUMNS, merged
from customers.linking.looking import note_suggestions
from customers.models import Customer
from customers.run_rights import own_teamspace, person_of
from protoadmin.connections.models import Teamspace
from protoadmin.refusals import Refused
from protoadmin.runs.models import OPEN_STATES, Run
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors, run_start

NAME = "link_people"
LABEL = "Find the same people"
PERMISSION = "customers.change_many_customers"
PER_SLICE = 1000
COUNTED = ("linked", "suggestions", "people", "unclear")
SEVERAL = "Its id fits {number} people, so it was linked to none. Their pages suggest it."


@transaction.atomic
def link_people(*, teamspace: Teamspace, by: User | None) -> Run:
    """Start to look through a teamspace; Refused while that is under way."""
    teamspace = Teamspace.objects.select_for_update(of=("self",), no_key=True).get(pk=teamspace.pk)
    if Run.objects.filter(kind=NAME, teamspace=teamspace, state__in=OPEN_STATES).exists():
        raise Refused(f"The same people of {teamspace} are being looked for already: see Background runs.")
    people = Customer.objects.filter(teamspace=teamspace).order_by()
    return run_start(
        kind=NAME,
        by=by,
        title=f"{LABEL} in {teamspace}",
        teamspace=teamspace,
        total=people.count(),
        parameters={"newest": people.aggregate(newest=Max("pk"))["newest"] or 0},
    )


def work(run: Run) -> Slice:
    """Look at the next people."""
    teamspace_id = _teamspace_of(run)
    people = Customer.objects.filter(teamspace=teamspace_id, pk__gt=run.cursor.get("after", 0)).order_by("pk")
    rows = people.filter(pk__lte=run.parameters["newest"]).values_list("pk", *COLUMNS, "has_suggestions")
    found = {row[0]: row[1:] for row in rows[:PER_SLICE]}
    if not found:
        return Slice.FINISHED
    linked = link_by_ids(teamspace_id, merged(*map(keys_of_row, found.values())))
    if linked.number:
        # Who has something in common with what was just linked, and stands before or behind this slice.
        others = people_with(teamspace_id, linked.keys)
        note_suggestions(teamspace_id, {pk: row for pk, row in others.items() if pk not in found})
    suggested = note_suggestions(teamspace_id, found)
    numbers = [len(each.records) for each in suggested.values()]
    _count(run, linked, suggestions=sum(numbers), people=sum(map(bool, numbers)), firsts=found.keys())
    run_count(run_id=run.pk, done=len(found))
    run.cursor = {"after": max(found)}
    return Slice.MORE if len(found) == PER_SLICE else Slice.FINISHED


def _teamspace_of(run: Run) -> int:
    """Return the teamspace, as long as whoever asked may still see it and work on many people there."""
    if run.requested_by_id is not None:
        return own_teamspace(run, person_of(run, PERMISSION, "work on many people")).pk
    if run.teamspace_id is None:
        raise RunFailed("The teamspace of this run was removed.")
    return run.teamspace_id


def _count(run: Run, linked: Linked, *, suggestions: int, people: int, firsts: Any) -> None:
    """Move the counts that the run's page tells. An unclear id is told once: with the first whom it fits."""
    unclear = [(kind, record, len(fits)) for kind, record, fits in linked.ambiguous if min(fits) in firsts]
    run_note_errors(
        run_id=run.pk,
        errors=[(f"{kind.label} {record}", SEVERAL.format(number=number)) for kind, record, number in unclear],
    )
    more = {"linked": linked.number, "suggestions": suggestions, "people": people, "unclear": len(unclear)}
    counts = run.parameters.get("counts", {})
    run.parameters["counts"] = {name: counts.get(name, 0) + more[name] for name in COUNTED}


def _told(run: Run) -> dict[str, Any]:
    return {name: run.parameters.get("counts", {}).get(name, 0) for name in COUNTED}


LINK = RunKind(
    NAME,
    LABEL,
    work,
    permission=PERMISSION,
    panel_template="admin/customers/link_run.html",
    panel_context=_told,
)
