"""What to do after an attempt, as one pure function. DESIGN, section 4, is its specification."""

import datetime
import random
from dataclasses import dataclass
from enum import Enum

from protoadmin.clients.errors import ApiError, NotSent, RateLimited, Redirected, Rejected, Unavailable

GIVE_UP_AFTER = datetime.timedelta(hours=72)
LONGEST_PAUSE = 15 * 60.0
FIRST_PAUSE = 1.0
MAX_DEATHS = 3
CONFIRM_PAUSES = (1.0, 5.0, 30.0)
DEFAULT_RATE_PAUSE = 5.0


class Verdict(Enum):
    """What becomes of the call."""

    RETRY = "retry"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class Decision:
    """The verdict; `pause` is in seconds, for this call or, with `for_connection`, for all of its connection."""

    verdict: Verdict
    pause: float = 0.0
    for_connection: bool = False


def pause_before(attempt: int, *, jitter: float | None = None) -> float:
    """Return the seconds to wait after attempt number `attempt` (from 1): doubling, jittered, 15 min at most."""
    spread = random.random() if jitter is None else jitter  # noqa: S311 - a pause is no secret
    doubled: float = min(FIRST_PAUSE * 2.0 ** min(attempt - 1, 20), LONGEST_PAUSE)
    return doubled * (0.5 + spread / 2)


def _is_throttled(error: ApiError) -> bool:
    return isinstance(error, RateLimited) or (isinstance(error, Unavailable) and error.retry_after is not None)


def decide(
    error: ApiError, *, idempotent: bool, attempt: int, age: datetime.timedelta, tries_once: bool = False
) -> Decision:
    """Say what becomes of a call whose attempt ended with `error`.

    A request that is not idempotent is sent again only when it surely had no effect: the connection was never
    made, 429, or 503 with Retry-After. `age` is the time since it was (last) asked for.
    """
    if _is_throttled(error):
        pause = error.retry_after if error.retry_after is not None else max(DEFAULT_RATE_PAUSE, pause_before(attempt))
        return _retry(age, max(pause, 0.5), for_connection=True, tries_once=tries_once)
    if tries_once:
        return Decision(Verdict.FAILED)
    if isinstance(error, NotSent):
        return _retry(age, pause_before(attempt))
    if isinstance(error, Rejected):
        return Decision(Verdict.FAILED)
    if not idempotent:
        return Decision(Verdict.UNCONFIRMED)
    if isinstance(error, Redirected):
        return Decision(Verdict.FAILED)
    return _retry(age, pause_before(attempt))


def _retry(
    age: datetime.timedelta, pause: float, *, for_connection: bool = False, tries_once: bool = False
) -> Decision:
    if tries_once or age >= GIVE_UP_AFTER:
        return Decision(Verdict.FAILED, pause if for_connection else 0.0, for_connection)
    return Decision(Verdict.RETRY, pause, for_connection)


def decide_after_death(*, idempotent: bool, is_read: bool, deaths: int) -> Decision:
    """Say what becomes of a call whose worker died for the `deaths`-th time while it was being sent."""
    if not idempotent:
        return Decision(Verdict.UNCONFIRMED)
    if deaths < MAX_DEATHS:
        return Decision(Verdict.RETRY, pause_before(deaths))
    return Decision(Verdict.FAILED if is_read else Verdict.UNCONFIRMED)
