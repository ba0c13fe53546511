"""The formats of an export. Rows become a fragment of a file, and the fragments of all parts are joined to the file.

Whoever makes rows hands every text that somebody else wrote through `text`, every list through `many`, and times
through `moment` or, as a database writes them, `stored`: what a cell then is depends on the format.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import IO, Any

from customers.exporting.clock import Clock
from customers.exporting.xlsx import Workbook, row_xml
from customers.spreadsheets import BOM, harmless, tags_cell

Rows = Iterable[list[Sequence[Any]]]
COPIED = 1 << 20


class Format(ABC):
    """What all have in common; times are the reader's, with the offset, unless a format says otherwise."""

    name = ""
    label = ""
    # Whether a value may be an object with names of its own, which become columns elsewhere.
    nested = False

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.clock = Clock(zone)
        self.notes: list[str] = []

    def text(self, value: str) -> Any:
        """Return the cell for a text that somebody wrote."""
        return value

    def many(self, values: list[str]) -> Any:
        """Return the cell for a list."""
        return self.text(tags_cell(values))

    def moment(self, value: datetime | None) -> Any:
        """Return the cell for a time."""
        return value.astimezone(self.zone).isoformat(timespec="seconds") if value else ""

    def stored(self, value: str | None) -> Any:
        """Return the cell for a time as the database writes it."""
        return self.clock.local(value)

    @abstractmethod
    def write(self, file: IO[bytes], columns: Sequence[str], batches: Rows) -> int:
        """Write rows, which come in batches, as a fragment; return how many there were."""

    @abstractmethod
    def join(self, file: IO[bytes], columns: Sequence[str], parts: Iterator[IO[bytes]]) -> None:
        """Write the whole file."""


class Csv(Format):
    """Text for spreadsheet programs, every cell harmless."""

    name = "csv"
    label = "CSV"

    def text(self, value: str) -> str:
        """Take away what a spreadsheet program would calculate."""
        return harmless(value)

    def write(self, file: IO[bytes], columns: Sequence[str], batches: Rows) -> int:
        """Write lines."""
        lines = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer, count = csv.writer(lines), 0
        for batch in batches:
            writer.writerows(batch)
            count += len(batch)
        lines.detach()
        return count

    def join(self, file: IO[bytes], columns: Sequence[str], parts: Iterator[IO[bytes]]) -> None:
        """Write the names of the columns, and the lines."""
        head = io.StringIO()
        csv.writer(head).writerow([harmless(column) for column in columns])
        file.write((BOM + head.getvalue()).encode())
        _copy(file, parts)


class JsonLines(Format):
    """One object a line, with nothing changed and times in UTC."""

    name = "jsonl"
    label = "JSON Lines"
    nested = True

    def many(self, values: list[str]) -> Any:
        """Keep a list a list."""
        return values

    def moment(self, value: datetime | None) -> Any:
        """Return a time in UTC, exactly."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None

    def stored(self, value: str | None) -> Any:
        """Return a time in UTC, exactly."""
        return self.clock.utc(value)

    def write(self, file: IO[bytes], columns: Sequence[str], batches: Rows) -> int:
        """Write lines."""
        encode, count = json.JSONEncoder(ensure_ascii=False).encode, 0
        for batch in batches:
            lines = "\n".join(encode(dict(zip(columns, row, strict=True))) for row in batch)
            file.write(f"{lines}\n".encode() if batch else b"")
            count += len(batch)
        return count

    def join(self, file: IO[bytes], columns: Sequence[str], parts: Iterator[IO[bytes]]) -> None:
        """Write the lines."""
        _copy(file, parts)


class Xlsx(Format):
    """A workbook. Texts are marked as such, so that nothing is calculated; a long one goes on in a second sheet."""

    name = "xlsx"
    label = "XLSX"

    def write(self, file: IO[bytes], columns: Sequence[str], batches: Rows) -> int:
        """Write rows of a sheet, one a line."""
        count = cut = 0
        for batch in batches:
            for row in batch:
                xml, shortened = row_xml(row)
                file.write(xml)
                cut += shortened
            count += len(batch)
        if cut:
            self.notes.append(
                f"{cut} texts are longer than the 32,767 signs that a cell of XLSX holds and were cut. "
                "CSV and JSON Lines have all of them."
            )
        return count

    def join(self, file: IO[bytes], columns: Sequence[str], parts: Iterator[IO[bytes]]) -> None:
        """Write the workbook."""
        with Workbook(file, columns) as book:
            for part in parts:
                while lines := part.readlines(COPIED):
                    book.add(lines)


def _copy(file: IO[bytes], parts: Iterator[IO[bytes]]) -> None:
    for part in parts:
        while piece := part.read(COPIED):
            file.write(piece)


FORMATS: dict[str, type[Format]] = {each.name: each for each in (Csv, JsonLines, Xlsx)}
CHOICES = [(name, each.label) for name, each in FORMATS.items()]
