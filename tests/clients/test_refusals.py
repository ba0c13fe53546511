"""The remote's words, fields and Retry-After, from well-formed refusals and from anything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoadmin.clients import errors
from protoadmin.clients.refusals import LONGEST_WAIT, plain_text, retry_after, words_and_fields
from tests.clients.sending import SECRET, failure, get, post
from tests.clients.server import Server, answer, says, says_json

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["detail", "msg", "loc", "message", "error", "errors", "type", "title"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("status", "kind", "effect", "hint"),
    [
        ("400 Bad Request", errors.Rejected, False, "400"),
        ("401 Unauthorized", errors.Unauthorized, False, "current secret"),
        ("403 Forbidden", errors.Forbidden, False, "Total plan"),
        ("404 Not Found", errors.NotFound, False, "base URL"),
        ("409 Conflict", errors.Rejected, False, "409"),
        ("422 Unprocessable", errors.ValidationFailed, False, "correct"),
        ("429 Too Many", errors.RateLimited, False, "nothing was done"),
        ("500 Broken", errors.ServerFailed, True, "look in Proto"),
        ("502 Bad Gateway", errors.ServerFailed, True, "502"),
        ("503 Unavailable", errors.Unavailable, True, "look in Proto"),
    ],
)
def test_status_decides_the_kind(status: str, kind: type[errors.ApiError], effect: bool, hint: str) -> None:
    with Server(says_json({"detail": "because of reasons"}, status)) as server:
        error = failure(post, server.url)
    assert type(error) is kind
    assert (error.status, error.may_have_had_effect) == (int(status[:3]), effect)
    assert error.words == "because of reasons"
    assert hint in error.explanation
    assert "because of reasons" in error.explanation
    assert error.excerpt == '{"detail": "because of reasons"}'
    assert error.seconds > 0


@pytest.mark.parametrize(
    ("header", "effect", "wait"), [("120", False, 120.0), ("soon", True, None), ("-5", True, None), ("0", False, 0.0)]
)
def test_503_is_without_effect_only_with_a_usable_retry_after(header: str, effect: bool, wait: float | None) -> None:
    with Server(says(answer("busy", status="503 No", headers={"Retry-After": header}))) as server:
        error = failure(post, server.url)
    assert type(error) is errors.Unavailable
    assert (error.may_have_had_effect, error.retry_after) == (effect, wait)
    assert ("nothing was done" in error.explanation) is not effect


def test_validation_errors_name_their_fields() -> None:
    body = {
        "detail": [
            {"loc": ["body", "email"], "msg": "not a mail address", "type": "value_error", "input": "private"},
            {"loc": ["body", "custom_fields", 0, "id"], "msg": "field required", "type": "missing"},
            {"loc": ["body", "email"], "msg": f"too short {SECRET}", "type": "x"},
            {"loc": [], "msg": "something"},
            "and more",
        ]
    }
    with Server(says_json(body, "422 Unprocessable Entity")) as server:
        error = failure(post, server.url)
    assert error.fields == {"email": "not a mail address; too short ***", "id": "field required"}
    assert error.words.startswith("email: not a mail address; id: field required; email: too short ***; something; and")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "Not found"}, "Not found"),
        ({"detail": {"message": "No such customer", "code": 7}}, "No such customer"),
        ({"type": "not_found", "message": "No such id", "documentation_url": "https://x"}, "No such id"),
        ({"error": {"message": "Nested"}}, "Nested"),
        ({"error": "Flat"}, "Flat"),
        ({"errors": ["one", "two"]}, "one; two"),
        ({"code": 17}, '{"code": 17}'),
        (["a", {"message": "b"}], "a; b"),
        ("text", "text"),
        (17, "17"),
        (None, ""),
        ({}, "{}"),
        ("<html><head><style>x{}</style></head><body><h1>Bad&nbsp;Gateway</h1>\n<p>nginx</p>", "Bad Gateway nginx"),
    ],
)
def test_words(body: Any, words: str) -> None:
    assert words_and_fields(body) == (words, {})


def test_words_are_bounded_and_storable() -> None:
    body = {"detail": [{"loc": ["body", "x\x00" * 500], "msg": "\ud800\x00" * 600}] * 60}
    with Server(says_json(body, "422 No")) as server:
        error = failure(post, server.url)
    assert len(error.words) == 500
    assert len(error.fields) == 1
    for text in (error.words, error.excerpt, *error.fields, *error.fields.values()):
        assert "\x00" not in text
        text.encode()
    assert all(len(name) <= 100 and len(message) <= 500 for name, message in error.fields.items())


def test_secret_across_the_bound_of_the_words_is_masked() -> None:
    with Server(says_json({"detail": "x" * 490 + SECRET}, "400 No")) as server:
        assert SECRET[:6] not in failure(post, server.url).words


def test_any_json_as_error_body_makes_our_error() -> None:
    with Server(says(b"")) as server:

        @settings(max_examples=200, deadline=None)
        @given(JSON, st.sampled_from([400, 401, 403, 404, 422, 429, 500, 503]))
        def check(body: Any, status: int) -> None:
            server.respond = says_json(body, f"{status} No")
            error = failure(get, server.url)
            assert error.status == status
            assert isinstance(error, errors.Rejected | errors.ServerFailed)
            assert all(isinstance(text, str) for pair in error.fields.items() for text in pair)
            assert len(error.words) <= 500

        check()


def test_any_bytes_as_error_body_make_our_error() -> None:
    with Server(says(b"")) as server:

        @settings(max_examples=100, deadline=None)
        @given(st.binary(max_size=200))
        def check(body: bytes) -> None:
            server.respond = says(answer(body, status="422 No", kind="text/html"))
            assert type(failure(get, server.url)) is errors.ValidationFailed

        check()


@pytest.mark.timeout(10)
@pytest.mark.parametrize("unit", ["<", "<script>", "<!--", "<head ", "&", "<a", "</script"])
def test_hostile_page_takes_no_long_time(unit: str) -> None:
    plain_text(unit * (20_000 // len(unit)))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 30 ", 30.0),
        ("1.5", 1.5),
        ("999999999", LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=3), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=30), usegmt=True), LONGEST_WAIT),
        ("Fri, 20 Nov 2026 14:00:10 +0200", 10.0),
        ("Friday, 20-Nov-26 12:00:10 GMT", 10.0),
        ("Fri Nov 20 12:00:10 2026", 10.0),
        (None, None),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("٣", None),
        ("5, 10", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [-+A-Z0-9]{1,6}"))
def test_retry_after_of_anything(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_json_helper_is_fair() -> None:
    """The generator above does produce the shapes that matter."""
    assert json.loads(json.dumps({"detail": [{"loc": ["body"], "msg": "x"}]}))
    assert words_and_fields({"detail": [{"loc": ["body"], "msg": "x"}]}) == ("body: x", {"body": "x"})
