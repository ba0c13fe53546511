"""The formats: cells that no spreadsheet program calculates, every sign brought back, sheets that are full."""

import csv
import datetime
import io
import json
import zipfile
import zoneinfo
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from customers.exporting.clock import Clock
from customers.exporting.formats import FORMATS, Csv
from customers.exporting.xlsx import MAX_TEXT, Workbook, row_xml
from customers.spreadsheets import harmless, plain

SAYABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SIGNS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), st.sampled_from("=+-@'"))
)
ZONES = ("UTC", "Asia/Kathmandu", "Europe/Vienna", "America/St_Johns")


def made(name: str, columns: list[str], *batches: list[Sequence[Any]]) -> bytes:
    """A file of these rows, each batch a part of its own."""
    chosen = FORMATS[name](datetime.UTC)
    parts = []
    for batch in batches:
        part = io.BytesIO()
        assert chosen.write(part, columns, [batch]) == len(batch)
        part.seek(0)
        parts.append(part)
    whole = io.BytesIO()
    chosen.join(whole, columns, iter(parts))
    return whole.getvalue()


def sheets(data: bytes) -> list[list[tuple[Any, ...]]]:
    """The cells of a workbook, sheet by sheet, as a program of somebody else reads them."""
    return [list(sheet.iter_rows(values_only=True)) for sheet in openpyxl.load_workbook(io.BytesIO(data))]


@given(st.lists(st.tuples(SIGNS, st.integers(0, 2**53), SIGNS), max_size=6))
def test_csv_comes_back_and_calculates_nothing(rows: list[tuple[str, int, str]]) -> None:
    text = Csv(datetime.UTC).text
    data = made("csv", ["=a", "b", "c"], [[text(a), b, text(c)] for a, b, c in rows])
    assert data.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert head == ["'=a", "b", "c"]
    assert [(plain(a), int(b), plain(c)) for a, b, c in lines] == rows
    assert not [cell for line in lines for cell in line if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]


@given(SIGNS)
def test_a_letter_in_front_makes_any_text_harmless(text: str) -> None:
    assert harmless(f"a{text}") == f"a{text}"


@given(st.lists(st.tuples(SAYABLE, st.none() | st.integers()), max_size=6))
def test_json_lines_come_back_unchanged(rows: list[tuple[str, int | None]]) -> None:
    data = made("jsonl", ["a", "b"], [list(row) for row in rows], [])
    assert [(each["a"], each["b"]) for each in map(json.loads, data.decode().split("\n")[:-1])] == rows


def test_xlsx_keeps_texts_texts() -> None:
    said = [
        "=1+1",
        "+49 1",
        "-5",
        "@x",
        "\ttab",
        "a\nb\r\nc",
        "<b>&amp;</b>",
        " blank ",
        "1e5",
        "007",
        "😀_x0041_",
        "حلو",
    ]
    (head, *rows) = sheets(made("xlsx", ["text", "number"], [[each, 7] for each in said]))[0]
    assert head == ("text", "number")
    # The reader leaves `_x005F_`, which stands for the sign `_`, to whoever uses it.
    assert [unescape(row[0]) for row in rows] == said
    assert {row[1] for row in rows} == {7}


def test_a_cell_of_xlsx_stays_a_text_when_somebody_edits_it() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(made("xlsx", ["a"], [["=1+1"]]))).worksheets[0]
    cell = sheet["A2"]
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)


def test_signs_that_xml_cannot_say_are_replaced() -> None:
    assert sheets(made("xlsx", ["a"], [["a\x01b\x0bc\ufffe"]]))[0][1] == ("a�b�c�",)


@pytest.mark.parametrize("sign", ["a", "é", "😀"])
def test_a_text_longer_than_a_cell_is_cut_and_said_so(sign: str) -> None:
    chosen = FORMATS["xlsx"](datetime.UTC)
    chosen.write(io.BytesIO(), ["a"], [[[sign * 40_000], [sign * 5]]])
    assert "1 texts are longer" in chosen.notes[0]
    (cell,) = sheets(made("xlsx", ["a"], [[sign * 40_000]]))[0][1]
    assert len(cell.encode("utf-16-le")) // 2 in {MAX_TEXT, MAX_TEXT - 1}
    assert cell.endswith("…")
    assert cell[:-1] == sign * (len(cell) - 1)


def test_a_full_sheet_goes_on_in_the_next() -> None:
    file = io.BytesIO()
    with Workbook(file, ["n"], max_rows=4) as book:
        for start in (0, 5):
            book.add([row_xml([number])[0] for number in range(start, start + 5)])
    found = sheets(file.getvalue())
    assert [[row[0] for row in sheet] for sheet in found] == [
        ["n", 0, 1, 2],
        ["n", 3, 4, 5],
        ["n", 6, 7, 8],
        ["n", 9],
    ]


def test_a_workbook_without_rows_is_one() -> None:
    data = made("xlsx", ["a", "b"])
    assert sheets(data) == [[("a", "b")]]
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


@given(
    st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)),
    st.sampled_from(ZONES),
)
def test_times_are_those_of_the_reader(moment: datetime.datetime, zone: str) -> None:
    clock, reader = Clock(zoneinfo.ZoneInfo(zone)), zoneinfo.ZoneInfo(zone)
    moment = moment.replace(tzinfo=datetime.UTC)
    wanted = moment.astimezone(reader).isoformat(timespec="seconds")
    for stored in (f"{moment:%Y-%m-%d %H:%M:%S.%f}", f"{moment:%Y-%m-%d %H:%M:%S.%f}+00"):
        assert clock.local(stored) == clock.local(stored) == wanted
        exact = clock.utc(stored)
        assert exact is not None
        assert datetime.datetime.fromisoformat(exact) == moment
    assert (clock.local(None), clock.utc(None)) == ("", None)
