"""The export of people: what every person has, and a column for each custom field of the teamspaces involved."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User

from customers.exporting.columns import FIXED, field_columns, tags_of, value_text, values_of
from customers.exporting.engine import Export, Found, Part, batched
from customers.exporting.formats import Format, Rows
from customers.models import Customer
from protoadmin.connections.scoping import only_visible
from protoadmin.runs.models import Run

NAME = "people_export"
PERMISSION = "customers.export_customers"
SCANNED_AT_ONCE = 20
_DETAILS = ("teamspace__name", *FIXED[1:10])


def _choose(run: Run, person: User, place: Any) -> Found:
    """Find the teamspaces of the people who were chosen when the button was pressed."""
    found = Found()
    chunks = list(run.chunks.filter(position__gte=place or 0).order_by("position")[:SCANNED_AT_ONCE])
    for chunk in chunks:
        people = only_visible(Customer.objects.filter(pk__in=chunk.ids), person)
        found.teamspaces |= set(people.order_by().values_list("teamspace", flat=True).distinct())
    found.next = chunks[-1].position + 1 if len(chunks) == SCANNED_AT_ONCE else None
    return found


def _columns(teamspaces: set[int], format: Format) -> list[Any]:
    fields = field_columns(teamspaces)
    return [*FIXED, ["custom_fields", fields]] if format.nested else [*FIXED, *map(list, fields)]


def _rows(part: Part) -> Rows:
    # Whose they are is looked at again: the person may have lost a teamspace since.
    people = only_visible(Customer.objects.filter(pk__in=part.ids), part.person).order_by()
    # Plain values, since a hundred thousand objects take a minute.
    details = {row[0]: row[1:] for row in people.values_list("pk", "teamspace", *_DETAILS, "sync_state", "synced_at")}
    part.missing = len(part.ids) - len(details)
    part.teamspaces = {row[0] for row in details.values()}
    return batched(_lines(part, details, part.columns[len(FIXED) :]))


def _lines(part: Part, details: dict[int, tuple[Any, ...]], columns: list[Any]) -> Iterator[list[Any]]:
    tags, values = tags_of(list(details)), values_of(list(details)) if columns else {}
    for pk in part.ids:
        if pk in details:
            _, *own, sync_state, synced_at = details[pk]
            yield [
                *(part.format.text(each or "") for each in own),
                part.format.many(tags.get(pk, [])),
                sync_state,
                part.format.moment(synced_at),
                *field_cells(part.format, columns, values.get(pk, {})),
            ]


def field_cells(format: Format, columns: list[Any], values: dict[int, Any]) -> list[Any]:
    """Return a person's custom field values: a cell for each column, or one object with all of them."""
    if format.nested:
        return [{name: values[pk] for name, pks in columns[0][1] for pk in pks if pk in values}]
    own = (next((value_text(values[pk]) for pk in pks if pk in values), "") for _, pks in columns)
    return [format.text(value) for value in own]


PEOPLE = Export(NAME, "Export people", "people", Customer, PERMISSION, _choose, _columns, _rows)
