"""What becomes of a call after an attempt: DESIGN, section 4, as tables and as properties."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoadmin.clients import errors
from protoadmin.outbox.policy import (
    CONFIRM_PAUSES,
    DEFAULT_RATE_PAUSE,
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    MAX_DEATHS,
    Decision,
    Verdict,
    decide,
    decide_after_death,
    pause_before,
)

RETRY, FAILED, UNCONFIRMED = Verdict.RETRY, Verdict.FAILED, Verdict.UNCONFIRMED
YOUNG = datetime.timedelta(minutes=1)
KINDS = (
    errors.NotSent, errors.NameNotResolved, errors.ConnectionRefused, errors.ConnectTimedOut, errors.TlsFailed,
    errors.ProxyFailed, errors.NoAnswer, errors.ReadTimedOut, errors.ConnectionDropped, errors.Rejected,
    errors.Unauthorized, errors.Forbidden, errors.NotFound, errors.ValidationFailed, errors.RateLimited,
    errors.ServerFailed, errors.Unavailable, errors.Unreadable, errors.AnswerIsHtml, errors.AnswerTruncated,
    errors.AnswerTooLarge, errors.NotJson, errors.UnexpectedShape, errors.Redirected, errors.ApiError,
)  # fmt: skip

# error, whether a request that is not idempotent is sent again / given up / asked about, and an idempotent one
TABLE: list[tuple[errors.ApiError, Verdict, Verdict]] = [
    (errors.ConnectionRefused(), RETRY, RETRY),
    (errors.NameNotResolved(), RETRY, RETRY),
    (errors.ConnectTimedOut(), RETRY, RETRY),
    (errors.TlsFailed(), RETRY, RETRY),
    (errors.ProxyFailed(), RETRY, RETRY),
    (errors.RateLimited(status=429, retry_after=3), RETRY, RETRY),
    (errors.RateLimited(status=429), RETRY, RETRY),
    (errors.Unavailable(status=503, retry_after=3), RETRY, RETRY),
    (errors.Unavailable(status=503), UNCONFIRMED, RETRY),
    (errors.ServerFailed(status=500), UNCONFIRMED, RETRY),
    (errors.ServerFailed(status=502), UNCONFIRMED, RETRY),
    (errors.ServerFailed(status=504, retry_after=3), UNCONFIRMED, RETRY),
    (errors.ReadTimedOut(), UNCONFIRMED, RETRY),
    (errors.ConnectionDropped(), UNCONFIRMED, RETRY),
    (errors.AnswerIsHtml(status=200), UNCONFIRMED, RETRY),
    (errors.AnswerTruncated(status=200), UNCONFIRMED, RETRY),
    (errors.AnswerTooLarge(status=200), UNCONFIRMED, RETRY),
    (errors.NotJson(status=200), UNCONFIRMED, RETRY),
    (errors.UnexpectedShape(status=200), UNCONFIRMED, RETRY),
    (errors.Redirected(status=302), UNCONFIRMED, FAILED),
    (errors.Rejected(status=400), FAILED, FAILED),
    (errors.Unauthorized(status=401), FAILED, FAILED),
    (errors.Forbidden(status=403), FAILED, FAILED),
    (errors.NotFound(status=404), FAILED, FAILED),
    (errors.Rejected(status=409), FAILED, FAILED),
    (errors.ValidationFailed(status=422), FAILED, FAILED),
]


@st.composite
def any_error(draw: st.DrawFn) -> errors.ApiError:
    """An error of any kind, with or without Retry-After."""
    kind = draw(st.sampled_from(KINDS))
    wait = draw(st.none() | st.floats(0, 86_400))
    return kind(retry_after=wait, status=draw(st.none() | st.integers(300, 599)))


attempts = st.integers(1, 10_000)
ages = st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=30))


@pytest.mark.parametrize(("error", "unrepeatable", "repeatable"), TABLE, ids=lambda value: repr(value))
def test_the_table(error: errors.ApiError, unrepeatable: Verdict, repeatable: Verdict) -> None:
    assert decide(error, idempotent=False, attempt=1, age=YOUNG).verdict is unrepeatable
    assert decide(error, idempotent=True, attempt=1, age=YOUNG).verdict is repeatable


@given(any_error(), attempts, ages)
def test_a_request_with_an_effect_goes_out_again_only_when_it_surely_had_none(
    error: errors.ApiError, attempt: int, age: datetime.timedelta
) -> None:
    decision = decide(error, idempotent=False, attempt=attempt, age=age)
    surely_none = isinstance(error, (errors.NotSent, errors.RateLimited)) or (
        isinstance(error, errors.Unavailable) and error.retry_after is not None
    )
    if decision.verdict is RETRY:
        assert surely_none
    if error.may_have_had_effect:
        assert decision.verdict is UNCONFIRMED
    else:
        assert decision.verdict is not UNCONFIRMED


@given(any_error(), st.booleans(), attempts, ages)
def test_retries_end_after_72_hours_and_none_hurries(
    error: errors.ApiError, idempotent: bool, attempt: int, age: datetime.timedelta
) -> None:
    decision = decide(error, idempotent=idempotent, attempt=attempt, age=age)
    if decision.verdict is RETRY:
        assert age < GIVE_UP_AFTER == datetime.timedelta(hours=72)
        assert decision.pause >= 0.5
    if not decision.for_connection:
        assert decision.pause <= LONGEST_PAUSE == 15 * 60


@given(any_error(), attempts, ages)
def test_an_idempotent_request_is_never_asked_about(
    error: errors.ApiError, attempt: int, age: datetime.timedelta
) -> None:
    assert decide(error, idempotent=True, attempt=attempt, age=age).verdict is not UNCONFIRMED


def test_the_limit_of_72_hours_is_exact() -> None:
    refused, moment = errors.ConnectionRefused(), datetime.timedelta(microseconds=1)
    assert decide(refused, idempotent=True, attempt=9, age=GIVE_UP_AFTER - moment).verdict is RETRY
    assert decide(refused, idempotent=True, attempt=9, age=GIVE_UP_AFTER).verdict is FAILED


@given(st.floats(0, 86_400), st.booleans(), st.booleans(), attempts)
def test_retry_after_is_honoured_for_the_whole_connection(
    wait: float, is_429: bool, idempotent: bool, attempt: int
) -> None:
    error = (errors.RateLimited if is_429 else errors.Unavailable)(retry_after=wait)
    decision = decide(error, idempotent=idempotent, attempt=attempt, age=YOUNG)
    assert decision == Decision(RETRY, max(wait, 0.5), for_connection=True)


@given(attempts)
def test_a_429_that_names_no_time_pauses_the_connection_all_the_same(attempt: int) -> None:
    decision = decide(errors.RateLimited(), idempotent=False, attempt=attempt, age=YOUNG)
    assert decision.for_connection
    assert DEFAULT_RATE_PAUSE <= decision.pause <= LONGEST_PAUSE


def test_retry_after_counts_for_the_connection_also_when_the_call_is_given_up() -> None:
    error = errors.RateLimited(retry_after=40)
    assert decide(error, idempotent=True, attempt=1, age=GIVE_UP_AFTER) == Decision(FAILED, 40, for_connection=True)
    assert decide(error, idempotent=True, attempt=1, age=YOUNG, tries_once=True) == Decision(
        FAILED, 40, for_connection=True
    )


@given(any_error(), st.booleans(), attempts, ages)
def test_what_is_tried_once_is_tried_once(
    error: errors.ApiError, idempotent: bool, attempt: int, age: datetime.timedelta
) -> None:
    decision = decide(error, idempotent=idempotent, attempt=attempt, age=age, tries_once=True)
    assert decision.verdict is FAILED


@given(attempts, st.floats(0, 1))
def test_pauses_grow_and_end_at_15_minutes(attempt: int, jitter: float) -> None:
    assert 0.5 <= pause_before(attempt, jitter=jitter) <= LONGEST_PAUSE
    assert pause_before(attempt, jitter=jitter) <= pause_before(attempt + 1, jitter=jitter)
    # Whatever the dice say, three attempts on it is longer, until the longest pause is near.
    shortest_later, longest_now = pause_before(attempt + 3, jitter=0), pause_before(attempt, jitter=1)
    assert shortest_later > longest_now or shortest_later >= LONGEST_PAUSE / 2


def test_pauses_are_jittered() -> None:
    assert len({pause_before(5) for _ in range(20)}) > 10
    assert pause_before(1, jitter=0) == 0.5
    assert [pause_before(number, jitter=1) for number in (1, 2, 3, 11, 500)] == [1, 2, 4, 900, 900]


@given(st.booleans(), st.booleans(), st.integers(1, 50))
def test_deaths(idempotent: bool, is_read: bool, deaths: int) -> None:
    decision = decide_after_death(idempotent=idempotent, is_read=is_read, deaths=deaths)
    if not idempotent:
        assert decision.verdict is UNCONFIRMED
    elif deaths < MAX_DEATHS == 3:
        assert decision.verdict is RETRY
        assert decision.pause >= 0.5
    else:
        assert decision.verdict is (FAILED if is_read else UNCONFIRMED)


def test_look_ups_come_ever_later() -> None:
    assert list(CONFIRM_PAUSES) == sorted(CONFIRM_PAUSES)
    assert CONFIRM_PAUSES[0] <= 1
