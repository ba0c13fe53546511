"""Jobs over many people, as runs: chosen when the button was pressed, and each one through the outbox."""

from collections.abc import Callable
from typing import Any

from customers.exporting.engine import export_kind
from customers.exporting.lists import EXPORTS
from customers.exporting.people import PEOPLE
from customers.importing.working import IMPORT
from customers.models import Customer, CustomField
from customers.services import customer_add_tags, customer_refresh, customer_set_fields
from protoadmin.outbox.models import Call
from protoadmin.outbox.services import calls_dismiss_of_run
from protoadmin.refusals import Refused
from protoadmin.runs.chunks import all_asked, next_ids
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors

PER_SLICE = 100
PERMISSION = "customers.change_many_customers"


def _each_person(run: Run, ask: Callable[[Customer], Call | None]) -> Slice:
    """Ask for the next people's requests, each in a savepoint of its own; counts move as the answers come in."""
    ids = next_ids(run, size=PER_SLICE)
    if ids is None:
        return all_asked(run)
    people = Customer.objects.select_related("teamspace").in_bulk(ids)
    nothing_to_do, refused = 0, []
    for pk in ids:
        try:
            if pk not in people:
                raise Refused("This person was removed meanwhile.")
            call = ask(people[pk])
        except Refused as error:
            refused.append((str(people.get(pk, f"Person {pk}")), str(error)))
        else:
            nothing_to_do += call is None
    run_count(run_id=run.pk, done=nothing_to_do, failed=len(refused))
    run_note_errors(run_id=run.pk, errors=refused)
    return Slice.MORE


def _add_tags(run: Run) -> Slice:
    names, create = run.parameters["tags"], bool(run.parameters.get("create"))
    return _each_person(
        run, lambda person: customer_add_tags(customer=person, names=names, create=create, by=run.requested_by, run=run)
    )


def _refresh(run: Run) -> Slice:
    return _each_person(run, lambda person: customer_refresh(customer=person, by=run.requested_by, run=run))


def _set_fields(run: Run) -> Slice:
    wanted: dict[str, Any] = run.parameters["values"]
    fields = CustomField.objects.in_bulk([int(pk) for pk in wanted])
    values = {fields[int(pk)]: value for pk, value in wanted.items() if int(pk) in fields}
    return _each_person(
        run, lambda person: customer_set_fields(customer=person, values=values, by=run.requested_by, run=run)
    )


def _dismiss_unsent(run: Run) -> None:
    calls_dismiss_of_run(run=run)


def _kind(name: str, label: str, work: Callable[[Run], Slice]) -> RunKind:
    return RunKind(name, label, work, stop=_dismiss_unsent, permission=PERMISSION, asks=True)


KINDS = (
    RunKind("people_add_tags", "Add tags", _add_tags, stop=_dismiss_unsent, permission=PERMISSION, asks=True),
    RunKind(
        "people_set_fields", "Set custom fields", _set_fields, stop=_dismiss_unsent, permission=PERMISSION, asks=True
    ),
    RunKind("people_refresh", "Refresh people", _refresh, stop=_dismiss_unsent, permission=PERMISSION, asks=True),
    IMPORT,
    *(export_kind(export) for export in (PEOPLE, *EXPORTS)),
)
