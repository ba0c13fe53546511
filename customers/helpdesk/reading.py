"""The reading half of a pull: a whole list into a spool, outside any transaction, at the connection's pace.

A list comes whole or not at all: what broke off is read anew, a few times with growing pauses, and nothing is written.
"""

import datetime
import random
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from customers.helpdesk.resources import resources
from customers.helpdesk.spool import Spool
from protoadmin.clients import errors, helpdesk
from protoadmin.clients.transport import ApiError, Client, Limits, NotSendable
from protoadmin.connections.models import ConnectionUnusable, HelpdeskAccount
from protoadmin.outbox.passing import gate_pass, gate_pause
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import ReadAgain, RunFailed
from protoadmin.workers.sweepers import is_in_a_task

LIMITS = Limits(seconds=600.0)
#: Seconds before each further try to read a list that did not come whole.
PAUSES = (2.0, 10.0, 30.0, 120.0)
RATE_PAUSE = 5.0
INACTIVE_PAUSE = 30.0
_WAITED_FOR_HERE = 1.0
_RENEW_EVERY = 5.0
#: Beside the lease itself: between two looks at the clock lie a connection and one read at most.
_LEASE = datetime.timedelta(seconds=15)
#: What is no better when it is tried again.
_LASTING = (errors.Rejected, errors.Redirected, errors.UnexpectedShape, errors.AnswerTooLarge)


@dataclass(frozen=True)
class Fetched:
    """A list that came whole: the number of the try that its spool belongs to, and how much there is."""

    attempt: int
    parts: int
    items: int


def read(run: Run) -> Fetched | list[dict[str, Any]] | None:
    """Bring what the next slice needs: a list into the spool, or one part of it; None when a person stopped the run."""
    cursor = run.cursor
    match cursor.get("phase", "read"):
        case "read":
            return _fetch(run, str(cursor.get("resource") or first_resource(run)))
        case "write":
            try:
                return Spool(run.pk, cursor["resource"], cursor["attempt"]).read(cursor["part"])
            except OSError as error:
                raise RunFailed(
                    "What was read and not yet written cannot be found where files are kept. Pull again."
                ) from error
        case _:
            return None


def first_resource(run: Run) -> str:
    """Return the first list that the run reads."""
    return names(run)[0]


def names(run: Run) -> list[str]:
    """Return the lists that the run reads, in order; a company's pull reads what belongs to companies."""
    return [each.name for each in resources() if each.belongs_to_company or not run.parameters.get("company")]


def account_of(run: Run) -> HelpdeskAccount:
    """Return the run's account; raises RunFailed when it was removed."""
    account = HelpdeskAccount.objects.filter(pk=run.parameters["account"]).first()
    if account is None:
        raise RunFailed("The helpdesk account was removed.")
    return account


def forget(run: Run) -> None:
    """Remove what the run has in the spool."""
    for attempt in range(1, run.parameters.get("reads", 0) + 1):
        for name in names(run):
            Spool(run.pk, name, attempt).remove()


def _fetch(run: Run, name: str) -> Fetched | None:
    if is_in_a_task():
        # A task is ended after a minute, whatever it does; the thread that looks each second may take its time.
        raise ReadAgain("it begins in a moment.", seconds=0.2)
    account = account_of(run)
    _pass(account)
    try:
        client = account.client()
    except (ConnectionUnusable, NotSendable) as error:
        raise RunFailed(str(error)) from error
    attempt = run.parameters.get("reads", 0) + 1
    _note(run, reads=attempt)
    spool = Spool(run.pk, name, attempt)
    try:
        if not _fill(spool, client, run, name):
            spool.remove()
            return None
    except ApiError as error:
        spool.remove()
        raise _not_now(run, account, name, error) from error
    return Fetched(attempt, spool.parts, spool.items)


def _pass(account: HelpdeskAccount) -> None:
    """Wait for the account's turn; raises ReadAgain where that takes long."""
    if not account.is_active:
        raise ReadAgain(f"{account} is not active.", seconds=INACTIVE_PAUSE)
    while wait := gate_pass(account):
        if wait > _WAITED_FOR_HERE:
            raise ReadAgain(f"{account} may be asked again in {round(wait)} s.", seconds=wait)
        time.sleep(wait)


def _fill(spool: Spool, client: Client, run: Run, name: str) -> bool:
    """Read the list into the spool; False when a person stopped the run meanwhile. Raises ApiError."""
    lease = _Lease(run)
    request = helpdesk.listing(name, company_id=run.parameters.get("company") or None)
    with closing(client.stream(request, LIMITS)) as pieces:  # type: ignore[type-var]  # it is a generator
        for items in pieces:
            for item in items:
                if not isinstance(item, dict):
                    raise errors.UnexpectedShape(f"a list of {name} was expected", idempotent=True)
                spool.add(item)
            if not lease.is_kept():
                return False
    spool.close()
    return True


class _Lease:
    """Keeps the run ours while a long list arrives."""

    def __init__(self, run: Run) -> None:
        self._pk = run.pk
        self._until: datetime.datetime | None = None
        self._renewed = 0.0
        self.is_kept()

    def is_kept(self) -> bool:
        """Renew now and then; False when a person stopped the run.

        Raises OperationalError when another worker has taken it meanwhile: this one leaves it alone.
        """
        if time.monotonic() - self._renewed < _RENEW_EVERY:
            return True
        until = timezone.now() + _LEASE
        ours = Run.objects.filter(pk=self._pk, state=RunState.RUNNING)
        if self._until is not None:
            ours = ours.filter(heartbeat_at=self._until)
        if not ours.update(heartbeat_at=until):
            raise OperationalError("another worker goes on with this run")
        self._until, self._renewed = until, time.monotonic()
        return not Run.objects.filter(pk=self._pk, stop_requested=True).exists()


def _note(run: Run, **values: int) -> None:
    """Keep numbers among the run's parameters, whatever becomes of the reading."""
    with transaction.atomic():
        row = Run.objects.select_for_update(of=("self",), no_key=True).only("parameters").get(pk=run.pk)
        row.parameters = {**row.parameters, **values}
        row.save(update_fields=["parameters"])
    run.parameters = row.parameters


def _not_now(run: Run, account: HelpdeskAccount, name: str, error: ApiError) -> Exception:
    """Return what becomes of the run when a list did not come: another try, or its end in words."""
    throttled = isinstance(error, errors.Unavailable) and error.retry_after is not None
    if isinstance(error, errors.RateLimited) or throttled:
        seconds = max(RATE_PAUSE if error.retry_after is None else error.retry_after, 0.5)
        gate_pause(account, seconds=seconds, error=error)
        return ReadAgain(f"{name}: {error.explanation}", seconds=seconds)
    tries = run.parameters.get("tries", 0)
    if isinstance(error, _LASTING) or tries >= len(PAUSES):
        times = f", {tries + 1} times in a row" if tries else ""
        return RunFailed(
            f"It stopped when it read the {name}{times}: {error.explanation} "
            "Nothing was marked as gone. Pull again later."
        )
    _note(run, tries=tries + 1)
    pause = PAUSES[tries] * (0.75 + random.random() / 2)  # noqa: S311 - a pause is no secret
    return ReadAgain(
        f"{name}, try {tries + 2} of {len(PAUSES) + 1} in {round(pause)} s: {error.explanation}", seconds=pause
    )
