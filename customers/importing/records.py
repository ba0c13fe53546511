"""The records of a CSV file, one after the other, each with the place where the next one begins."""

import csv
import io
from collections.abc import Iterator
from typing import IO, NamedTuple

from customers.importing.columns import UnreadableFile

MAX_LINE = 1024 * 1024
CLOSE_QUOTES = "a quote is opened and not closed properly"
TOO_WIDE = f"a cell is longer than {csv.field_size_limit():,} characters"


class Start(NamedTuple):
    """Where a record begins: the byte, and the line as an editor counts it."""

    offset: int
    line: int


class Record(NamedTuple):
    """One record; `problem` says in words why its cells are not to be trusted."""

    line: int
    cells: list[str]
    next: Start
    problem: str = ""


class _Lines:
    """The lines of a file with their ends, counted in bytes and in lines. Only `\\n`, `\\r\\n` and `\\r` end a line."""

    def __init__(self, binary: IO[bytes], encoding: str, start: Start) -> None:
        binary.seek(start.offset)
        errors = "replace" if encoding == "cp1252" else "strict"
        self.text = io.TextIOWrapper(binary, encoding=encoding, errors=errors, newline="")
        self.encoding, self.offset, self.line, self.latest = encoding, start.offset, start.line, ""

    def __iter__(self) -> "Iterator[str]":
        return self

    def __next__(self) -> str:
        line = self.text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            raise UnreadableFile(f"Line {self.line} is longer than a million characters: this is no table of people.")
        self.offset += self._length(line)
        self.line += 1
        self.latest = line
        return line

    def _length(self, line: str) -> int:
        if self.encoding == "cp1252":
            return len(line)
        return len(line) if self.encoding == "utf-8" and line.isascii() else len(line.encode(self.encoding))


def records(binary: IO[bytes], encoding: str, delimiter: str, start: Start) -> Iterator[Record]:
    """Yield the records from `start` on, without blank ones; raises UnreadableFile where the table falls apart."""
    lines = _Lines(binary, encoding, start)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        while True:
            line = lines.line
            try:
                cells, problem = next(reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                problem = TOO_WIDE if "field limit" in str(error) else CLOSE_QUOTES
                cells = _broken(lines, line, delimiter, problem)
            if any(cell and not cell.isspace() for cell in cells):
                yield Record(line, cells, Start(lines.offset, lines.line), problem)
    finally:
        # The file belongs to the caller.
        lines.text.detach()


def _broken(lines: _Lines, line: int, delimiter: str, problem: str) -> list[str]:
    """Return the cells of a record that is wrong in itself; one that runs on over lines makes the rest unreadable."""
    if lines.line > line + 1:
        raise UnreadableFile(
            f"The record that begins on line {line} cannot be read: {problem}, so nobody can tell where it ends. "
            "Correct that line (a quote inside a quoted cell is written twice), and upload the file again."
        )
    try:
        return next(csv.reader([lines.latest], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return [lines.latest.strip()[:1000]]
