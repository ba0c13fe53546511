"""An XLSX workbook, written as a stream: rows are made as XML, one a line, and zipped when all are there.

Office Open XML (ECMA-376) lets a text stand in its cell (`inlineStr`), so no table of texts has to be kept.
"""

import re
import zipfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any, Self
from xml.sax.saxutils import escape

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
# What XML 1.0 cannot say.
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A program that reads the file takes this for a sign of another number.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_BREAKS = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_HEAD = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
    "<sheetData>\n"
)
# 0: numbers; 1: text, also when somebody edits the cell; 2: the names of the columns.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/>'
    '</borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="49" quotePrefix="1" '
    'applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyFont="1" applyNumberFormat="1"/></cellXfs><cellStyles '
    'count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def row_xml(row: Sequence[Any], style: int = 1) -> tuple[bytes, int]:
    """Return a row as XML in one line, and how many of its texts had to be cut."""
    cells, cut = [], 0
    for value in row:
        if value is None or value == "":
            cells.append("<c/>")
        elif isinstance(value, bool):
            cells.append(f'<c t="b"><v>{value:d}</v></c>')
        elif isinstance(value, (int, float)):
            cells.append(f"<c><v>{value}</v></c>")
        else:
            text = str(value)
            if len(text) * 2 > MAX_TEXT and _units(text) > MAX_TEXT:
                text, cut = _shortened(text), cut + 1
            cells.append(f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{_said(text)}</t></is></c>')
    return f"<row>{''.join(cells)}</row>\n".encode(), cut


def _units(text: str) -> int:
    return len(text) + sum(sign > "\uffff" for sign in text)


def _shortened(text: str) -> str:
    """Return as much of a text as a cell holds; signs beyond the first 65,536 count twice there."""
    while (over := _units(text) - (MAX_TEXT - 1)) > 0:
        text = text[: -max(over // 2, 1)]
    return f"{text}…"


def _said(text: str) -> str:
    return escape(_ESCAPE.sub("_x005F_", _UNSAYABLE.sub("\ufffd", text)), _BREAKS)


class Workbook:
    """A workbook that is written row by row; a new sheet begins where one is full."""

    def __init__(self, file: IO[bytes], columns: Sequence[str], max_rows: int = MAX_ROWS) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._head = row_xml(columns, style=2)[0]
        self._max_rows = max_rows
        self._sheets = self._rows = 0
        self._sheet: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._next_sheet()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_sheet()
        if kind is None:
            self._write_frame()
        self._archive.close()

    def add(self, rows: list[bytes]) -> None:
        """Write rows that `row_xml` made."""
        while rows:
            room = self._max_rows - self._rows
            if not room:
                self._next_sheet()
                continue
            self._write(rows[:room])
            rows = rows[room:]

    def _write(self, rows: list[bytes]) -> None:
        assert self._sheet is not None  # noqa: S101 - __enter__ has opened one
        self._sheet.write(b"".join(rows))
        self._rows += len(rows)

    def _next_sheet(self) -> None:
        self._end_sheet()
        self._sheets += 1
        self._rows = 0
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True)
        self._sheet.write(_SHEET_HEAD.encode())
        self._write([self._head])

    def _end_sheet(self) -> None:
        if self._sheet is not None:
            self._sheet.write(b"</sheetData></worksheet>")
            self._sheet.close()
            self._sheet = None

    def _write_frame(self) -> None:
        numbers = range(1, self._sheets + 1)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kind}.worksheet+xml"/>'
            for number in numbers
        )
        sheets = "".join(f'<sheet name="Sheet {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        frame = {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            'ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{types}</Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship '
            f'Id="rId{self._sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        }
        for name, xml in frame.items():
            self._archive.writestr(name, _HEAD + xml)
        self._archive.writestr("xl/styles.xml", _STYLES)
