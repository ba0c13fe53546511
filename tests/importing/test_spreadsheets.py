"""Cells that spreadsheet programs would calculate are made harmless, and come back as they were."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.spreadsheets import csv_text, harmless, plain, tags_cell, tags_of_cell

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TRICKY = st.text(st.sampled_from("'=+-@\t\r\n \u00a0\ufeff\u200b＝＋－＠\\;,\"aé0"))


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+43 660 1234",
        "-1",
        "@SUM(A1)",
        " =1+1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tx",
        "\rx",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "﹦1",
        "'=1",
        "''=1",
        "' =1",
        "\x00=1",
        "−1",
    ],
)
def test_dangerous_cells_get_one_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert plain(f"'{cell}") == cell


@pytest.mark.parametrize("cell", ["", "Ada", "a=b", "1-2", "O'Neil", "'tis", "''", "mail@example.org", "(+43)"])
def test_other_cells_stay(cell: str) -> None:
    assert harmless(cell) == cell
    assert plain(cell) == cell


@given(st.one_of(ANY_TEXT, TRICKY))
def test_plain_undoes_harmless(cell: str) -> None:
    assert plain(harmless(cell)) == cell


@given(st.lists(st.lists(st.one_of(ANY_TEXT, TRICKY), min_size=1, max_size=4), max_size=5), st.sampled_from(",;\t"))
def test_rows_come_back_through_csv(rows: list[list[str]], delimiter: str) -> None:
    read = csv.reader(io.StringIO(csv_text(rows, delimiter), newline=""), delimiter=delimiter, strict=True)
    assert [[plain(cell) for cell in row] for row in read] == rows


@given(st.lists(st.one_of(ANY_TEXT, TRICKY)))
def test_tags_come_back_from_their_cell(names: list[str]) -> None:
    expected = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    assert tags_of_cell(tags_cell(names)) == expected


def test_tags_are_separated_by_semicolons_alone() -> None:
    assert tags_of_cell("vip; speaks, German ;;vip") == ["vip", "speaks, German"]
    assert tags_of_cell(r"C:\temp") == [r"C:\temp"]
