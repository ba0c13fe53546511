"""Read the list of a Protocol project page by page, outside any transaction, and say in words why it cannot go on.

The seed shows `limit` and `has_more`; `starting_after` comes from the template that its document stems from. So what
comes back is watched: a page that repeats itself or does not advance ends the run instead of looping.
"""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from protoadmin.clients import protocol
from protoadmin.clients.errors import ApiError, RateLimited, Redirected, Rejected, Unavailable
from protoadmin.clients.transport import Client, NotSendable
from protoadmin.connections.models import ConnectionUnusable, ProtocolProject
from protoadmin.outbox.passing import gate_pass, gate_pause
from protoadmin.runs.models import Run
from protoadmin.runs.registry import ReadAgain, RunFailed

PAGES_AT_ONCE = 20
SECONDS_AT_ONCE = 2.0
LONGEST_NAP = 2.0
MOST_TRIES = 8
LONGEST_PAUSE = 60.0
DEFAULT_PAUSE = 5.0
MOST_RESTARTS = 2
INACTIVE_PAUSE = 30.0
# How a remote says that it does not know the customer behind whom it is to go on.
CURSOR_REFUSED = (400, 404, 410, 422)
_FALSE = frozenset({"false", "0", "no", ""})


@dataclass
class Pages:
    """What one slice has read since `read_at`. `cursor` is where the list goes on, None behind its end.

    `refused` says why the customer to go on behind is not known any more.
    """

    read_at: datetime
    cursor: dict[str, Any] | None
    items: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    refused: str = ""


def read_pages(run: Run, project: ProtocolProject) -> Pages:
    """Read up to 20 pages from where the run is; raises RunFailed and ReadAgain."""
    if not project.is_active:
        raise ReadAgain(f"{project} is not active.", seconds=INACTIVE_PAUSE)
    try:
        client = project.client()
    except (ConnectionUnusable, NotSendable) as error:
        raise RunFailed(str(error)) from error
    pages = Pages(timezone.now(), dict(run.cursor.get("list", {})))
    end = time.monotonic() + SECONDS_AT_ONCE
    while pages.cursor is not None and pages.number < PAGES_AT_ONCE and time.monotonic() < end:
        if not _may_ask(project, pages):
            break
        try:
            page = _page(client, pages.cursor)
        except ApiError as error:
            if pages.number:
                # What came is kept first; the next slice meets the same error, or none.
                break
            pages.refused = _judged(run, project, pages.cursor, error)
            break
        _take(pages, page)
    return pages


def _may_ask(project: ProtocolProject, pages: Pages) -> bool:
    """Wait for the connection's turn; False when what came already is to be kept meanwhile."""
    if pages.number and not project.requests_per_minute:
        return True
    while wait := gate_pass(project):
        if pages.number:
            return False
        if wait > LONGEST_NAP:
            raise ReadAgain(f"{project} is to be asked again in {round(wait)} s.", seconds=wait)
        time.sleep(wait)
    return True


def _page(client: Client, cursor: dict[str, Any]) -> dict[str, Any]:
    request = protocol.list_customers(limit=protocol.MOST_PER_PAGE, starting_after=cursor.get("after"))
    data: dict[str, Any] = client.send(replace(request, shows_answer=False)).data
    return data


def _take(pages: Pages, page: dict[str, Any]) -> None:
    """Take a page and move the cursor; raises RunFailed for one that leads nowhere."""
    cursor = pages.cursor or {}
    items, after = page["data"], cursor.get("after")
    more = _has_more(page)
    if not items and more and "has_more" in page:
        raise RunFailed(
            f"Protocol sent an empty page{_behind(after)} and says that there is more. Nothing is marked gone."
        )
    if after is not None and any(item["id"] == after for item in items):
        raise RunFailed(
            f"Protocol's list does not advance: the page behind customer {after} begins with customers that came "
            "before. Nothing is marked gone; ask Protocol whether starting_after works."
        )
    pages.items += items
    pages.number += 1
    pages.cursor = _moved(cursor, items[-1]["id"]) if more and items else None


def _moved(cursor: dict[str, Any], last: str) -> dict[str, Any]:
    """Return the cursor behind `last`. Brent's way to notice that a list goes round in circles, in constant space."""
    if cursor.get("mark") == last:
        raise RunFailed(
            f"Protocol's list goes round in circles: the page that ends with customer {last} came before. "
            "Nothing is marked gone."
        )
    steps, power = cursor.get("steps", 0) + 1, cursor.get("power", 1)
    if steps >= power:
        return {"after": last, "mark": last, "steps": 0, "power": power * 2}
    return {"after": last, "mark": cursor.get("mark"), "steps": steps, "power": power}


def _has_more(page: dict[str, Any]) -> bool:
    """Return what a page says; without a word of it, only an empty page is the last."""
    said = page.get("has_more")
    if said is None:
        return bool(page["data"])
    return said.strip().lower() not in _FALSE if isinstance(said, str) else bool(said)


def _behind(after: str | None) -> str:
    return f" behind customer {after}" if after else ""


def _judged(run: Run, project: ProtocolProject, cursor: dict[str, Any], error: ApiError) -> str:
    """Return why the cursor was refused; raises ReadAgain or RunFailed for everything else."""
    if isinstance(error, RateLimited) or (isinstance(error, Unavailable) and error.retry_after is not None):
        seconds = max(DEFAULT_PAUSE if error.retry_after is None else error.retry_after, 0.5)
        gate_pause(project, seconds=seconds, error=error)
        raise ReadAgain(str(error), seconds=seconds) from error
    after = cursor.get("after")
    if isinstance(error, Rejected) and after and error.status in CURSOR_REFUSED:
        if run.cursor.get("restarts", 0) < MOST_RESTARTS:
            return str(error)
        raise RunFailed(
            f"Protocol refused to go on{_behind(after)} for the third time, so the pull stopped there: {error}"
        ) from error
    if isinstance(error, Rejected | Redirected):
        raise RunFailed(f"{error} {_where(run, after)}") from error
    raise _another_try(run, after, error) from error


def _another_try(run: Run, after: str | None, error: ApiError) -> Exception:
    """Count one more try that came to nothing, and say when the next one is; the last is the end."""
    tries = run.parameters.get("tries", 0) + 1
    if tries >= MOST_TRIES:
        return RunFailed(f"{error} After {tries} tries it was given up. {_where(run, after)}")
    run.parameters = {**run.parameters, "tries": tries}
    Run.objects.filter(pk=run.pk).update(parameters=run.parameters)
    return ReadAgain(str(error), seconds=min(2.0 ** (tries - 1), LONGEST_PAUSE))


def _where(run: Run, after: str | None) -> str:
    done = Run.objects.values_list("done", flat=True).get(pk=run.pk)
    return f"It stopped after {done:,} customers{_behind(after)}; nothing is marked gone. Pull again when it is mended."
