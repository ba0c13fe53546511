"""Files as people have them: encodings, delimiters, quotes, headers; and clear words about what is no table."""

import codecs
import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.importing import sniffing
from customers.importing.columns import UnreadableFile, fold
from customers.importing.records import MAX_LINE, Record, records
from customers.importing.sniffing import Layout, look


def read(data: bytes) -> tuple[Layout, list[Record]]:
    """The layout and the records of a file."""
    layout = look(io.BytesIO(data))
    return layout, list(records(io.BytesIO(data), layout.encoding, layout.delimiter, layout.start))


def cells(data: bytes) -> list[list[str]]:
    """The cells of a file's rows."""
    return [record.cells for record in read(data)[1]]


def refusal(data: bytes) -> str:
    """What is said of a file that cannot be read."""
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    return str(caught.value)


TABLE = "id,name\n1,Zoë Grüß\n2,佐藤\n"


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big"],
)
def test_unicode_encodings(data: bytes) -> None:
    layout, rows = read(data)
    assert [row.cells for row in rows] == [["1", "Zoë Grüß"], ["2", "佐藤"]]
    assert layout.notes == []


def test_windows_1252_is_read_with_a_note() -> None:
    layout, rows = read("id,name\n1,Zoë “Grüß” €\n".encode("cp1252"))
    assert rows[0].cells == ["1", "Zoë “Grüß” €"]
    assert "Windows-1252" in layout.notes[0]


def test_windows_1252_is_found_at_the_very_end_of_a_long_file() -> None:
    layout, rows = read(b"id,name\n" + b"1,plain\n" * 300_000 + b"2,Zo\xeb")
    assert layout.encoding == "cp1252"
    assert rows[-1].cells == ["2", "Zoë"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str) -> None:
    data = f'id{delimiter}name{delimiter}"a,b;c\td"\n1{delimiter}Ada{delimiter}x\n'.encode()
    layout, rows = read(data)
    assert layout.delimiter == delimiter
    assert rows[0].cells == ["1", "Ada", "x"]


def test_a_delimiter_inside_a_quoted_name_does_not_count() -> None:
    assert look(io.BytesIO(b'"id";"mail, private, not work, other";name\n')).delimiter == ";"


def test_excels_separator_line_is_obeyed_and_skipped() -> None:
    layout, rows = read(b"sep=;\r\nid;name\r\n1;Ada\r\n")
    assert rows[0].cells == ["1", "Ada"]
    assert rows[0].line == 3
    assert layout.places == {"provided_unique_id": 0, "name": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_quoted_ones(end: str) -> None:
    data = f'id,location{end}1,"Main St{end}Vienna"{end}{end}2,Graz'.encode()
    _, rows = read(data)
    assert [(row.line, row.cells) for row in rows] == [(2, ["1", f"Main St{end}Vienna"]), (5, ["2", "Graz"])]


def test_other_separators_do_not_end_a_line() -> None:
    assert cells("id,name\n1,a\u2028b\x0bc\x85d\n".encode()) == [["1", "a\u2028b\x0bc\x85d"]]


def test_quotes_inside_cells() -> None:
    assert cells(b'id,name\n1,"Bob ""the man"" Smith"\n2,Bob "the man"\n') == [
        ["1", 'Bob "the man" Smith'],
        ["2", 'Bob "the man"'],
    ]


def test_nul_characters_are_kept_for_the_judge() -> None:
    assert cells(b"id,name\n1,a\x00b\n") == [["1", "a\x00b"]]


def test_a_badly_quoted_line_is_refused_alone() -> None:
    _, rows = read(b'id,name\n1,"Bob" Smith\n2,Ada\n')
    assert "not closed properly" in rows[0].problem
    assert rows[1].cells == ["2", "Ada"]
    assert not rows[1].problem


def test_a_quote_that_is_never_closed_names_its_line() -> None:
    assert "begins on line 3 cannot be read" in refusal(b'id,name\n1,Ada\n2,"Bob\n3,Cyd\n4,Dee\n')


def test_a_quote_closed_by_the_quotes_of_a_later_line_swallows_nobody() -> None:
    assert "begins on line 2" in refusal(b'id,name\n1,"Bob\n2,"Cyd"\n')


def test_a_cell_too_wide_to_be_one_is_refused_alone() -> None:
    _, rows = read(b"id,name\n1," + b"x" * 140_000 + b"\n2,Ada\n")
    assert "longer than 131,072" in rows[0].problem
    assert rows[1].cells == ["2", "Ada"]


def test_a_line_without_end_is_no_table() -> None:
    assert "no table" in refusal(b"id,name\n1," + b"x" * (MAX_LINE + 10))


def test_every_record_says_where_the_next_begins() -> None:
    data = codecs.BOM_UTF16_LE + 'id,name\r\n1,"Zoë\r\n😀"\r\n\r\n2,b\r\n3,c'.encode("utf-16-le")
    layout, rows = read(data)
    for number, row in enumerate(rows):
        rest = list(records(io.BytesIO(data), layout.encoding, layout.delimiter, row.next))
        assert rest == rows[number + 1 :]


@given(
    st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
)
def test_going_on_from_any_record_reads_the_same_rest(text: str, encoding: str) -> None:
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    data = marks.get(encoding, b"") + ("id,name\n1,a\n" + text).encode(encoding, "ignore")
    try:
        layout, rows = read(data)
    except UnreadableFile:
        return
    for number, row in enumerate(rows):
        rest = list(records(io.BytesIO(data), layout.encoding, layout.delimiter, row.next))
        assert rest == rows[number + 1 :]


@given(st.one_of(st.binary(), st.binary().map(lambda tail: b"id,name\n" + tail), st.binary().map(lambda b: b"id;" + b)))
def test_any_bytes_are_a_table_or_an_error_in_words(data: bytes) -> None:
    try:
        read(data)
    except UnreadableFile as error:
        said = str(error)
    else:
        said = "It is a table, and read to its end."
    assert len(said) > 30


# --- headers ------------------------------------------------------------------------------------


def places(header: str) -> dict[str, int]:
    """Which column is which."""
    return look(io.BytesIO(f"{header}\n".encode())).places


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ID", "provided_unique_id"),
        ("unique id", "provided_unique_id"),
        ("Provided Unique ID", "provided_unique_id"),
        ("PROVIDED_UNIQUE_ID", "provided_unique_id"),
        ("providedUniqueId", "provided_unique_id"),
    ],
)
def test_names_of_the_key(name: str, field: str) -> None:
    assert places(f"{name},name") == {field: 0, "name": 1}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("E-Mail", "email"),
        (" mail ", "email"),
        ("EMAIL", "email"),
        ("Phone Number", "phone_number"),
        ("phone", "phone_number"),
        ("Mobile", "phone_number"),
        ("Full name", "name"),
        ("External customer id", "external_customer_id"),
        ("Tags", "tags"),
        ("avatar url", "avatar"),
        ("ｅｍａｉｌ", "email"),
    ],
)
def test_names_of_other_columns(name: str, field: str) -> None:
    assert places(f"id,{name}") == {"provided_unique_id": 0, field: 1}


def test_unknown_columns_are_named() -> None:
    layout = look(io.BytesIO(b"id,Shoe size,name,,line,reason\n"))
    assert layout.ignored == ["Shoe size"]


def test_a_columns_own_name_wins_over_another_name_for_it() -> None:
    layout = look(io.BytesIO(b"id,provided_unique_id,name\n"))
    assert layout.places["provided_unique_id"] == 1
    assert layout.ignored == ["id"]


@pytest.mark.parametrize("header", ["id,name,Name", "id,mail,e-mail address", "unique id,ID,name"])
def test_two_columns_of_one_meaning_are_refused(header: str) -> None:
    assert "both mean" in refusal(f"{header}\n1,2,3\n".encode())


@pytest.mark.parametrize(
    "data", [b"1,Ada,ada@example.org\n2,Bob,\n", b"name,email\nAda,\n", b"<html><body>no</body></html>", b"{}"]
)
def test_a_header_without_the_key_is_explained(data: bytes) -> None:
    assert "provided_unique_id" in refusal(data)


# --- what is no CSV file ------------------------------------------------------------------------


def workbook() -> bytes:
    """The bytes of an .xlsx file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (workbook, "Excel"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel"),
        (lambda: b"\x1f\x8b\x08\x00" + bytes(range(200)), "gzip"),
        (lambda: b"%PDF-1.7 and so on", "PDF"),
        (lambda: bytes(range(256)) * 8, "not a text file"),
        (lambda: "id,name\n1,Ada\n".encode("utf-16-le"), "UTF-16 without its mark"),
        (lambda: "id,name\n".encode("utf-32"), "UTF-32"),
        (lambda: codecs.BOM_UTF16_LE + b"i\x00d\x00,\x00\xd8", "damaged"),
        (lambda: b"", "empty"),
        (lambda: b"\n \r\n,,,\n", "empty"),
        (lambda: codecs.BOM_UTF8, "empty"),
    ],
)
def test_other_files_are_told_apart_and_what_to_do(data: Callable[[], bytes], words: str) -> None:
    said = refusal(data())
    assert words in said
    assert "CSV UTF-8" in said or "It needs a line" in said


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "MAX_BYTES", 20)
    assert "larger than 50 MiB" in refusal(b"id,name\n1,Ada Lovelace\n")


def test_a_header_that_is_no_header_is_refused() -> None:
    assert "more columns" in refusal(b"id," + b"x," * 1500 + b"\n")


@given(st.text())
def test_folding_a_folded_name_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)
