"""The rows that were refused, as a file: the person's own columns, and the line and the reason of each."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from customers.importing.judging import Kind, Verdict
from customers.importing.sniffing import Layout
from customers.run_parts import file_drop, part_write, parts_join
from customers.spreadsheets import BOM, csv_text, plain
from protoadmin.runs.models import Run

PURPOSE = "refused"
ADDED = ["line", "reason"]


def _refused(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.kind == Kind.REFUSED]


def refused_errors(verdicts: Iterable[Verdict]) -> list[tuple[str, str]]:
    """Return the refused rows as errors of the run."""
    return [(f"Line {v.record.line} {v.unique_id[:100]}".strip(), v.reason) for v in _refused(verdicts)]


def _own_width(layout: Layout) -> int:
    """Return how many columns are the person's own: in a file of refused rows that comes back, the last two are not."""
    return len(layout.header) - len(ADDED) if layout.header[-2:] == ADDED else len(layout.header)


def refused_add(run: Run, layout: Layout, verdicts: Iterable[Verdict]) -> None:
    """Keep the refused rows of a slice as a part of the file."""
    rows = [_row(verdict, _own_width(layout), len(layout.header)) for verdict in _refused(verdicts)]
    if rows:
        part_write(run, PURPOSE, run.cursor["parts"], csv_text(rows, layout.delimiter))
        run.cursor["parts"] += 1


def _row(verdict: Verdict, own_width: int, width: int) -> list[str]:
    cells = [plain(cell) for cell in verdict.record.cells]
    own = [*cells[:own_width], *[""] * (own_width - len(cells))]
    # Cells beyond the named columns go to the end, so that line and reason stand where they are named.
    return [*own, str(verdict.record.line), verdict.reason, *cells[width:]]


def refused_join(run: Run, layout: Layout) -> None:
    """Make the file of its parts, in place of the one that the preview offered; none when nothing was refused."""
    if not run.cursor["parts"]:
        file_drop(run, PURPOSE)
        return
    upload = run.files.get(purpose="upload")
    name = f"{PurePosixPath(upload.name).stem[:150]}-refused.csv"
    header = [plain(cell) for cell in layout.header[: _own_width(layout)]] + ADDED
    parts_join(run, PURPOSE, run.cursor["parts"], name=name, head=BOM + csv_text([header], layout.delimiter))
