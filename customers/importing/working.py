"""The job that imports: look at the file, judge its rows, wait for a person, work the rows off, await the answers.

The cursor holds the phase and the place in the file (byte and line), and moves in the transaction of what was done.
Counts: a row without a request is one unit of the run's total and done at once; otherwise each of its requests is
one, which the outbox counts when it ends. The preview's estimate of that total is corrected at the end of the file.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import IO

from django.contrib.auth.models import User

from customers.importing.applying import apply, keys_of
from customers.importing.columns import UnreadableFile
from customers.importing.judging import Kind, Rules, Verdict, judge, note_ids
from customers.importing.panel import panel_context
from customers.importing.preview import preview_keep, tally_add, tally_new
from customers.importing.records import Record, Start, records
from customers.importing.refused import PURPOSE as REFUSED
from customers.importing.refused import refused_add, refused_errors, refused_join
from customers.importing.repeats import Seen, forget, seen_ids
from customers.importing.sniffing import Layout, look
from customers.linking.looking import look_again
from customers.run_parts import parts_clear
from customers.run_rights import own_teamspace, person_of
from protoadmin.outbox.services import calls_dismiss_of_run
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors

NAME = "people_import"
PERMISSION = "customers.import_customers"
JUDGED_PER_SLICE = 1000
WORKED_PER_SLICE = 50
SLICE_SECONDS = 0.15
MAX_ROWS = 1_000_000


def work(run: Run) -> Slice:
    """Do the next slice of the phase that the run is in."""
    phase = run.cursor.get("phase", "look")
    if phase == "answers":
        return _await_answers(run)
    person = person_of(run, PERMISSION, "import people")
    teamspace = own_teamspace(run, person)
    with _opened(run) as binary:
        try:
            if phase == "look":
                return _look(run, binary)
            layout = Layout(**run.parameters["layout"])
            may_add_tags = person.has_perm("customers.add_tag")
            rules = Rules(teamspace, layout, may_add_tags, bool(run.parameters.get("empty_clears")))
            return _judge(run, binary, rules) if phase == "judge" else _work(run, binary, rules, person)
        except UnreadableFile as error:
            raise RunFailed(f"{error} Nothing was changed." if phase != "work" else str(error)) from error


@contextmanager
def _opened(run: Run) -> Iterator[IO[bytes]]:
    file = run.files.filter(purpose="upload").first()
    if file is None:
        raise RunFailed("The file of this import was removed. Upload it again.")
    try:
        opened = file.content.open("rb")
    except OSError as error:
        raise RunFailed("The file of this import cannot be found where files are kept. Upload it again.") from error
    with opened as content:
        yield content


def _look(run: Run, binary: IO[bytes]) -> Slice:
    layout = look(binary)
    run.parameters["layout"] = asdict(layout)
    run.cursor = {"phase": "judge", "at": list(layout.start), "parts": 0, "rows": 0, "tally": tally_new()}
    return Slice.MORE


def _next_rows(run: Run, binary: IO[bytes], layout: Layout, count: int) -> list[Record]:
    at = Start(*run.cursor["at"])
    return list(islice(records(binary, layout.encoding, layout.delimiter, at), count))


def _ids_before(run: Run, binary: IO[bytes], layout: Layout) -> Callable[[], Seen]:
    def read_again() -> Seen:
        seen: Seen = {}
        before = records(binary, layout.encoding, layout.delimiter, layout.start)
        note_ids((row for row in before if row.next.offset <= run.cursor["at"][0]), layout, seen)
        return seen

    return read_again


def _judge(run: Run, binary: IO[bytes], rules: Rules) -> Slice:
    cursor = run.cursor
    with seen_ids(run.pk, "judge", cursor["at"][0], _ids_before(run, binary, rules.layout)) as (seen, reached):
        rows = _next_rows(run, binary, rules.layout, JUDGED_PER_SLICE)
        verdicts = judge(rows, rules, seen)
        if not rows:
            return _judged(run)
        for verdict in verdicts:
            tally_add(cursor["tally"], verdict)
        refused_add(run, rules.layout, verdicts)
        cursor["rows"] += len(rows)
        if cursor["rows"] > MAX_ROWS:
            raise RunFailed("The file has more than a million rows. Split it, and import one part after the other.")
        cursor["at"] = list(rows[-1].next)
        reached.append(cursor["at"][0])
    return Slice.MORE


def _judged(run: Run) -> Slice:
    """Everything is judged: keep what a person decides by, and wait for their word."""
    layout = Layout(**run.parameters["layout"])
    tally = run.cursor["tally"]
    if not run.cursor["rows"]:
        raise RunFailed("The file has a line that names the columns, and no line after it. Nothing was changed.")
    refused_join(run, layout)
    preview_keep(run, tally)
    run.parameters["calls"] = tally["calls"]
    run.cursor = {"phase": "work", "at": list(layout.start), "parts": 0, "units": 0, "counts": dict.fromkeys(Kind, 0)}
    to_send = tally["counts"][Kind.CREATED] + tally["counts"][Kind.CHANGED]
    return Slice.WAITING if to_send else Slice.FINISHED


def _work(run: Run, binary: IO[bytes], rules: Rules, person: User) -> Slice:
    cursor = run.cursor
    run.total = run.parameters["calls"] if run.total is None else run.total
    run.parameters["working"] = True
    with seen_ids(run.pk, "work", cursor["at"][0], _ids_before(run, binary, rules.layout)) as (seen, reached):
        rows = _next_rows(run, binary, rules.layout, WORKED_PER_SLICE)
        if not rows:
            return _worked(run, rules.layout)
        results = _apply_some(judge(rows, rules, seen), rules, run, person)
        verdicts = [verdict for verdict, _ in results]
        for verdict in verdicts:
            cursor["counts"][verdict.kind] += 1
        taken = [calls for verdict, calls in results if verdict.kind != Kind.REFUSED]
        cursor["units"] += sum(max(calls, 1) for calls in taken)
        run_count(run_id=run.pk, done=taken.count(0))
        run_note_errors(run_id=run.pk, errors=refused_errors(verdicts))
        refused_add(run, rules.layout, verdicts)
        cursor["at"] = list(rows[len(results) - 1].next)
        reached.append(cursor["at"][0])
    return Slice.MORE


def _apply_some(verdicts: list[Verdict], rules: Rules, run: Run, person: User) -> list[tuple[Verdict, int]]:
    """Do as many rows as a short slice has time for: SQLite lets nobody else write that long."""
    end = time.monotonic() + SLICE_SECONDS
    results: list[tuple[Verdict, int]] = []
    for verdict in verdicts:
        results.append(apply(verdict, rules, run, person))
        if time.monotonic() >= end:
            break
    # Once for all of them: who of the other systems' records they are.
    written = [verdict for verdict, _ in results if verdict.kind in (Kind.CREATED, Kind.CHANGED)]
    look_again(rules.teamspace.pk, *(keys_of(verdict) for verdict in written))
    return results


def _worked(run: Run, layout: Layout) -> Slice:
    """Every row was asked for: say how many units there really are, and await the answers."""
    counts = run.cursor["counts"]
    newly_refused = max(0, counts[Kind.REFUSED] - run.parameters["counts"][Kind.REFUSED])
    run.total = run.cursor["units"] + newly_refused
    run_count(run_id=run.pk, failed=newly_refused)
    refused_join(run, layout)
    run.parameters["counts"] = counts
    run.cursor = {"phase": "answers"}
    forget(run.pk)
    return Slice.MORE


def _await_answers(run: Run) -> Slice:
    run.refresh_from_db(fields=["done", "failed"])
    return Slice.FINISHED if run.done + run.failed >= (run.total or 0) else Slice.ASKED


def _stop(run: Run) -> None:
    calls_dismiss_of_run(run=run)


def _clear(run: Run) -> None:
    forget(run.pk)
    parts_clear(run, REFUSED, run.cursor.get("parts", 0))


IMPORT = RunKind(
    NAME,
    "Import people",
    work,
    after=_clear,
    stop=_stop,
    permission=PERMISSION,
    panel_template="admin/customers/import_panel.html",
    panel_context=panel_context,
    panel_style="customers/importing.css",
)
