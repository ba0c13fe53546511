"""The job that exports: see which teamspaces are involved, write the chosen people part by part, join the parts.

Whose people they are is looked at again slice by slice: what the person may not see by then is left out.
"""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from customers.exporting.columns import FIXED, field_columns, rows_of
from customers.models import Customer
from customers.run_parts import part_write, parts_clear, parts_join
from customers.run_rights import person_of
from customers.spreadsheets import BOM, csv_text
from protoadmin.connections.scoping import only_visible
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors

NAME = "people_export"
PERMISSION = "customers.export_customers"
RESULT = "result"
SCANNED_PER_SLICE = 20


def work(run: Run) -> Slice:
    """Do the next slice of the phase that the run is in."""
    person = person_of(run, PERMISSION, "export people")
    if "phase" not in run.cursor:
        run.cursor = {"phase": "scan", "chunk": 0, "teamspaces": []}
    return _scan(run, person) if run.cursor["phase"] == "scan" else _write(run, person)


def _scan(run: Run, person: User) -> Slice:
    """Find the teamspaces of the chosen people, whose custom fields become columns."""
    cursor = run.cursor
    chunks = run.chunks.filter(position__gte=cursor["chunk"]).order_by("position")[:SCANNED_PER_SLICE]
    found = set(cursor["teamspaces"])
    for chunk in chunks:
        people = only_visible(Customer.objects.filter(pk__in=chunk.ids), person)
        found |= set(people.order_by().values_list("teamspace", flat=True).distinct())
        cursor["chunk"] = chunk.position + 1
    cursor["teamspaces"] = sorted(found)
    if not run.chunks.filter(position__gte=cursor["chunk"]).exists():
        run.cursor = {"phase": "write", "chunk": 0, "columns": field_columns(found)}
    return Slice.MORE


def _write(run: Run, person: User) -> Slice:
    """Write one chunk of people as one part of the file."""
    number = run.cursor["chunk"]
    chunk = run.chunks.filter(position=number).first()
    if chunk is None:
        return _finish(run, person)
    columns = [(name, pks) for name, pks in run.cursor["columns"]]
    # Whose they are is looked at again: the person may have lost a teamspace since.
    found = rows_of(only_visible(Customer.objects.filter(pk__in=chunk.ids), person), columns)
    rows = [found[pk] for pk in chunk.ids if pk in found]
    part_write(run, RESULT, number, csv_text(rows))
    missing = len(chunk.ids) - len(rows)
    run_count(run_id=run.pk, done=len(rows), failed=missing)
    if missing:
        words = "They were removed meanwhile, or belong to a teamspace that you are not a member of."
        run_note_errors(run_id=run.pk, errors=[(f"{missing} of the chosen people", words)])
    run.cursor["chunk"] = number + 1
    return Slice.MORE


def _finish(run: Run, person: User) -> Slice:
    names = [*FIXED, *(name for name, _ in run.cursor["columns"])]
    name = f"people-{timezone.localdate():%Y-%m-%d}.csv"
    parts_join(run, RESULT, run.cursor["chunk"], name=name, head=BOM + csv_text([names]))
    run.refresh_from_db(fields=["done"])
    LogEntry.objects.create(
        user=person,
        content_type=ContentType.objects.get_for_model(Customer),
        object_id="",
        object_repr=f"{run.done} people",
        action_flag=CHANGE,
        change_message=f"Exported {run.done} people to {name} (background run {run.pk}).",
    )
    run.cursor = {"phase": "done"}
    return Slice.FINISHED


def _clear(run: Run) -> None:
    if run.cursor.get("phase") == "write":
        parts_clear(run, RESULT, run.cursor["chunk"])


EXPORT = RunKind(
    NAME,
    "Export people",
    work,
    after=_clear,
    permission=PERMISSION,
    exports=True,
    may_fetch=lambda person, run: person.has_perm(PERMISSION),
)
