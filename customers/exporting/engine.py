"""The job behind every export: choose the rows, write them part by part, join the parts to a file.

Everything that takes time is read and written outside of any transaction; the cursor then moves in a short one. A
part is the rows of one chunk, so that a part which is written again after a crash takes the place of the first try.
Whose rows they are is asked anew for each part: what the person may not see by then is left out.
"""

import datetime
import tempfile
import time
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone

from customers.exporting.formats import FORMATS, Format, Rows
from customers.run_parts import part_keep, parts_clear, parts_opened
from customers.run_rights import person_of
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.runs.models import Run, RunFile
from protoadmin.runs.registry import ReadAgain, RunFailed, RunKind, Slice
from protoadmin.runs.services import run_add_chunk, run_count, run_hold, run_note_errors
from protoadmin.workers.sweepers import is_in_a_task

RESULT = "result"
HELD_EVERY = 10.0
Piece = TypeVar("Piece")


@dataclass
class Found:
    """Rows that a step of choosing met: their ids, whose they are, how many lines they make, and where to go on."""

    ids: list[int] = field(default_factory=list)
    teamspaces: set[int] = field(default_factory=set)
    units: int = 0
    next: Any = None


@dataclass
class Part:
    """What a part of the file is made for: the run, its person, the format, and what was fixed at the beginning."""

    run: Run
    person: User
    format: Format
    ids: list[int]
    columns: list[Any]
    missing: int = 0
    teamspaces: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Export:
    """What is exported.

    `choose(run, person, place)` finds the next rows from a place on (None: the beginning). `columns(teamspaces,
    format)` gives the columns, each a name or a list that begins with it; `rows(part)` the rows in batches, and notes
    on the part how many of the ids are not there (any more), and whose rows they are.
    """

    name: str
    label: str
    things: str
    model: type[Model]
    permission: str
    choose: Callable[[Run, User, Any], Found]
    columns: Callable[[set[int], Format], list[Any]]
    rows: Callable[[Part], Rows]


def format_of(run: Run) -> Format:
    """Return the format that was asked for, in the zone of whoever asked."""
    zone = run.parameters.get("zone", "UTC")
    chosen = FORMATS.get(run.parameters.get("format", "csv"))
    if chosen is None:
        raise RunFailed("This version of the product does not know the format.")
    try:
        return chosen(zoneinfo.ZoneInfo(zone))
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        return chosen(datetime.UTC)


def may_fetch(person: User, run: Run, permission: str) -> bool:
    """Whether a person may export such rows, and sees every teamspace that the file has rows of."""
    if not person.has_perm(permission):
        return False
    return person.is_superuser or set(run.parameters.get("teamspaces", ())) <= set(teamspace_ids(person))


def export_kind(export: Export) -> RunKind:
    """Return the kind of run that makes this export."""
    return RunKind(
        export.name,
        export.label,
        lambda run: _work(run, export),
        read=lambda run: _read(run, export),
        after=_clear,
        permission=export.permission,
        exports=True,
        may_fetch=lambda person, run: may_fetch(person, run, export.permission),
    )


# --- outside of any transaction -------------------------------------------------------------------


def _read(run: Run, export: Export) -> Any:
    if is_in_a_task():
        # A task is ended after a minute, whatever it does; the thread that looks each second may take its time.
        raise ReadAgain("it begins in a moment.", seconds=0.2)
    person = person_of(run, export.permission, f"export {export.things}")
    cursor = run.cursor
    match cursor.get("phase", "choose"):
        case "choose":
            return export.choose(run, person, cursor.get("place"))
        case "write":
            return _write_part(run, export, person)
        case _:
            return _join(run, export)


@dataclass(frozen=True)
class Written:
    """A part that stands in the storage."""

    rows: int
    missing: int
    teamspaces: list[int]
    notes: list[str]


def _write_part(run: Run, export: Export, person: User) -> Written | None:
    """Write the rows of the next chunk; None when there is none."""
    chunk = run.chunks.filter(position=run.cursor["chunk"]).first()
    if chunk is None:
        return None
    part = Part(run, person, format_of(run), chunk.ids, run.cursor["columns"])
    with tempfile.TemporaryFile() as file:
        count = part.format.write(file, _names(part.columns), _held(run, export.rows(part)))
        part_keep(run, RESULT, chunk.position, file)
    return Written(count, part.missing, sorted(part.teamspaces), part.format.notes)


def _names(columns: list[Any]) -> list[str]:
    return [column if isinstance(column, str) else column[0] for column in columns]


def _join(run: Run, export: Export) -> tuple[str, int] | None:
    """Make one file of the parts; return where it stands and its size. None when the run is to stop."""
    name = _result_name(run)
    chosen = format_of(run)
    with tempfile.TemporaryFile() as file:
        chosen.join(file, _names(run.cursor["columns"]), _held(run, parts_opened(run, RESULT, run.cursor["chunk"])))
        size = file.seek(0, 2)
        file.seek(0)
        default_storage.delete(name)
        return default_storage.save(name, File(file)), size


def _held(run: Run, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield what a file is made of, and keep the run for this worker meanwhile; end early when it is to stop."""
    looked = time.monotonic()
    for piece in pieces:
        if time.monotonic() - looked > HELD_EVERY:
            if not run_hold(run=run):
                return
            looked = time.monotonic()
        yield piece


def _result_name(run: Run) -> str:
    """Return where the file of a run stands: a try that is made again finds what the first one left."""
    return f"runs/exports/{run.pk}/{run.kind}.{run.parameters.get('format', 'csv')}"


# --- inside the slice's transaction ---------------------------------------------------------------


def _work(run: Run, export: Export) -> Slice:
    match run.cursor.get("phase", "choose"):
        case "choose":
            return _chosen(run, export, run.page)
        case "write":
            return _written(run, run.page)
        case _:
            return _finish(run, export, run.page)


def _chosen(run: Run, export: Export, found: Found) -> Slice:
    cursor = run.cursor
    number = cursor.get("number", 0)
    if found.ids:
        run_add_chunk(run=run, position=number, ids=found.ids)
    teamspaces = {*cursor.get("teamspaces", ()), *found.teamspaces}
    run.total = (run.total or 0) + found.units
    run.cursor = {
        "phase": "choose",
        "place": found.next,
        "number": number + bool(found.ids),
        "teamspaces": sorted(teamspaces),
    }
    if found.next is None:
        columns = export.columns(teamspaces, format_of(run))
        run.cursor = {"phase": "write", "chunk": 0, "columns": columns, "teamspaces": []}
    return Slice.MORE


def _written(run: Run, part: Written | None) -> Slice:
    if part is None:
        run.cursor = {**run.cursor, "phase": "join"}
        return Slice.MORE
    run.cursor["chunk"] += 1
    run.cursor["teamspaces"] = sorted({*run.cursor["teamspaces"], *part.teamspaces})
    run_count(run_id=run.pk, done=part.rows, failed=part.missing)
    errors = [("Cut", note) for note in part.notes]
    if part.missing:
        words = "They were removed meanwhile, or belong to a teamspace that you are not a member of."
        errors.append((f"{part.missing} of the chosen rows", words))
    run_note_errors(run_id=run.pk, errors=errors)
    return Slice.MORE


def _finish(run: Run, export: Export, joined: tuple[str, int]) -> Slice:
    stored, size = joined
    day = timezone.localdate(timezone=format_of(run).zone)
    name = f"{export.things.replace(' ', '-')}-{day:%Y-%m-%d}.{run.parameters.get('format', 'csv')}"
    RunFile.objects.create(run=run, purpose=RESULT, name=name, content=stored, size=size)
    run.refresh_from_db(fields=["done", "failed"])
    run.total = run.done + run.failed
    run.parameters["teamspaces"] = run.cursor["teamspaces"]
    note_export(export.model, run.requested_by, f"{run.done} {export.things}", f"to {name} (background run {run.pk})")
    run.cursor = {**run.cursor, "phase": "done"}
    return Slice.FINISHED


def note_export(model: type[Model], by: User | None, what: str, how: str, object_id: str = "") -> None:
    """Keep in the history who exported what."""
    if by is not None:
        LogEntry.objects.create(
            user=by,
            content_type=ContentType.objects.get_for_model(model),
            object_id=object_id,
            object_repr=what[:200],
            action_flag=CHANGE,
            change_message=f"Exported {what} {how}.",
        )


def _clear(run: Run) -> None:
    """Remove the parts, and a file that nobody will ever find because the run was stopped just then."""
    parts_clear(run, RESULT, run.cursor.get("chunk", 0))
    if not run.files.filter(purpose=RESULT).exists():
        default_storage.delete(_result_name(run))


def batched(rows: Iterator[Sequence[Any]], size: int = 500) -> Rows:
    """Yield rows in lists."""
    while batch := list(islice(rows, size)):
        yield batch
