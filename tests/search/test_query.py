"""The parser: what it understands, what it says of the rest, and that nothing makes it fall over."""

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversations.search.query import Query, Term, parse
from conversations.search.text import folded, searchable


def needles(text: str) -> list[tuple[str, ...]]:
    return [term.needles for term in parse(text).terms]


def test_words_and_phrases() -> None:
    assert needles('José "not  Working" 退款') == [("jose",), ("not working",), ("退款",)]
    assert needles("“smart quotes” here") == [("smart quotes",), ("here",)]
    assert parse('a -b -"c d"').excluded == ("b", "c d")
    assert needles("ann@example.com https://example.com/a?b=c") == [
        ("ann@example.com",),
        ("https://example.com/a?b=c",),
    ]
    assert parse("").is_empty


def test_operators() -> None:
    query = parse('from:Agent from:customer in:"Web chat" after:2026-10-02 before:2026-11')
    assert query == Query(
        authors=("agent", "human"),
        channels=("Web chat",),
        since=datetime.date(2026, 10, 2),
        until=datetime.date(2026, 11, 1),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("before:lastweek", "“before:lastweek” is no date: write before:20"),
        ("after:2026-13-01", "is no date"),
        ("from:jane", "write from:customer, from:bot or from:agent"),
        ("-from:bot", "cannot be left out"),
        ('"never closed', "is not closed"),
        ("after:2026-02-01 before:2026-01-01", "No day is from 2026-02-01"),
        ("́", "nothing in it"),
        (" ".join(f"w{number}x" for number in range(20)), "Only the first 12 words"),
    ],
)
def test_what_is_not_understood_is_said_and_the_rest_still_works(text: str, said: str) -> None:
    query = parse(f"{text} " if text.startswith('"') else f"good {text}")
    assert any(said in problem for problem in query.problems), query.problems
    assert ("good",) in [term.needles for term in query.terms] or text.startswith('"')


@pytest.mark.parametrize(
    "written", ["+43 660 1234567", "0660/123 45 67", "0660-1234567", "0043 660 123 4567", "(0660) 1234567"]
)
def test_a_phone_number_is_one_however_it_is_written(written: str) -> None:
    (term,) = parse(written).terms
    assert term.number == "6601234567"
    for text in ("call +43 660 123 45 67", "0660 1234567", "00436601234567", "0660/12-34-567"):
        assert term.number in searchable(text)


def test_other_numbers_are_words() -> None:
    assert parse("2024 order 77").terms == (Term(("2024",)), Term(("order",)), Term(("77",)))


@given(st.text(max_size=60))
@example("from: in: before: after:")
@example('-"" "" - -- "-')
@example("ẛ̣ ﬁ ß İ ς")
def test_it_never_raises_and_reads_its_own_writing(text: str) -> None:
    query = parse(text)
    again = parse(str(query))
    assert (again.excluded, again.authors, again.since, again.until) == (
        query.excluded, query.authors, query.since, query.until,
    )  # fmt: skip
    assert {term.needles for term in again.terms} == {term.needles for term in query.terms}


@given(
    st.lists(
        st.sampled_from(
            ["word", '"a b"', "-no", "from:bot", "before:x", "in:", "from:me", "after:2026", '"', "-from:bot"]
        ),
        max_size=8,
    )
)
def test_every_part_is_understood_or_named(parts: list[str]) -> None:
    query = parse(" ".join(parts))
    for part, sign in {"before:x": "before:x", "from:me": "from:me", "-from:bot": "-from:"}.items():
        if part in parts and '"' not in parts:
            assert any(sign in problem for problem in query.problems)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
