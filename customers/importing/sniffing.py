"""What kind of file this is: its encoding, its delimiter and its header, or in words why it cannot be imported."""

import codecs
import re
from dataclasses import dataclass, field
from typing import IO

from customers.importing.columns import UnreadableFile, known_columns, match_columns
from customers.importing.records import Record, Start, records

MAX_BYTES = 50 * 1024 * 1024
HEAD = 64 * 1024
MAX_COLUMNS, MAX_HEADER = 1000, 50_000
DELIMITERS = (",", ";", "\t")
AS_CSV = "Save it as “CSV UTF-8” in your spreadsheet program, and upload that file."
# How files begin that people take for CSV files.
OTHER_KINDS = (
    (b"PK\x03\x04", "This is an Excel or LibreOffice workbook (or another packed file), not a CSV file."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, not a CSV file."),
    (b"\x1f\x8b", "This is a packed file (gzip), not a CSV file."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"\xff\xfe\x00\x00", "This file is in UTF-32, which cannot be read here."),
    (b"\x00\x00\xfe\xff", "This file is in UTF-32, which cannot be read here."),
)
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SEPARATOR_LINE = re.compile(r"""["']?sep=(.)["']?\s*""", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How a file is to be read, in values that JSON holds. `offset` and `line` are where its rows begin."""

    encoding: str
    delimiter: str
    header: list[str]
    places: dict[str, int]
    offset: int
    line: int
    size: int
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def start(self) -> Start:
        """Where the rows begin."""
        return Start(self.offset, self.line)


def look(binary: IO[bytes]) -> Layout:
    """Return how to read this file; raises UnreadableFile. It reads all of it once, and keeps none of it."""
    size = binary.seek(0, 2)
    binary.seek(0)
    head = binary.read(HEAD)
    if not head.strip(b" \t\r\n\x00,;\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("The file is empty. It needs a line that names the columns, and a line for each person.")
    if size > MAX_BYTES:
        raise UnreadableFile("The file is larger than 50 MiB. Split it, and import the parts one after the other.")
    notes: list[str] = []
    encoding, mark = _encoding(binary, head, notes)
    delimiter, start, header = _header(binary, encoding, Start(mark, 1))
    if len(header) > MAX_COLUMNS or sum(map(len, header)) > MAX_HEADER:
        raise UnreadableFile(f"The first line names more columns than a table of people has. {AS_CSV}")
    columns = match_columns(header)
    return Layout(encoding, delimiter, header, columns.places, start.offset, start.line, size, columns.ignored, notes)


def _encoding(binary: IO[bytes], head: bytes, notes: list[str]) -> tuple[str, int]:
    for magic, words in OTHER_KINDS:
        if head.startswith(magic):
            raise UnreadableFile(f"{words} {AS_CSV}")
    for mark, encoding in MARKS:
        if head.startswith(mark):
            if _decodes(binary, encoding, len(mark)):
                return encoding, len(mark)
            if encoding != "utf-8":
                raise UnreadableFile(f"The file says that it is UTF-16, but it is damaged. {AS_CSV}")
    if len(_CONTROL.findall(head)) > 2 + len(head) // 10:
        raise UnreadableFile(f"This is not a text file (or it is UTF-16 without its mark). {AS_CSV}")
    if _decodes(binary, "utf-8", 0):
        return "utf-8", 0
    notes.append(
        "The file is not in UTF-8, so it was read as Windows-1252. Look at names with accents before you start: if "
        "they are wrong, save the file as “CSV UTF-8” and upload it again."
    )
    return "cp1252", len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0


def _decodes(binary: IO[bytes], encoding: str, mark: int) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    binary.seek(mark)
    try:
        while piece := binary.read(1024 * 1024):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _header(binary: IO[bytes], encoding: str, start: Start) -> tuple[str, Start, list[str]]:
    """Return the delimiter, where the rows begin, and the names: read with the delimiter that makes most sense."""
    choices: tuple[str, ...] = DELIMITERS
    first = _first_record(binary, encoding, "\t", start)
    if first is not None and (said := _SEPARATOR_LINE.fullmatch("\t".join(first.cells))):
        # Excel's own line: sep=;
        choices, start = (said[1],) if said[1] in DELIMITERS else DELIMITERS, first.next
    found = {delimiter: _first_record(binary, encoding, delimiter, start) for delimiter in choices}
    readable = [(delimiter, record) for delimiter, record in found.items() if record and not record.problem]
    if not readable:
        raise UnreadableFile(f"The line that names the columns cannot be read. {AS_CSV}")
    delimiter, header = max(readable, key=lambda item: (known_columns(item[1].cells), len(item[1].cells)))
    return delimiter, header.next, header.cells


def _first_record(binary: IO[bytes], encoding: str, delimiter: str, start: Start) -> Record | None:
    try:
        return next(records(binary, encoding, delimiter, start), None)
    except UnreadableFile:
        return None
