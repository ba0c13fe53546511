"""Pull everything: a run that reads the lists of a helpdesk account one after the other and brings our rows in step.

The cursor holds the list, the phase (`read`, `write`, and `gone` at the end) and the place in it. Rows that a complete
run did not see are marked as gone; a pull of one company, and one that met items without an id, mark nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.helpdesk import reading
from customers.helpdesk.reading import Fetched, account_of, first_resource, names, read
from customers.helpdesk.resources import resource
from customers.helpdesk.spool import ITEMS_PER_PART
from customers.helpdesk.writing import mark_gone, write
from customers.models import Company
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.refusals import Refused
from protoadmin.runs.models import OPEN_STATES, Run
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors, run_start

NAME = "sync_helpdesk"
UNDER_WAY = "Something is being pulled from this account already; see Background runs."
NOTHING_GONE = "Nothing was marked as gone, because items without an id may be any of those that are known here."
COUNTED = ("new", "changed", "unchanged", "gone")


# --- what can be asked for ------------------------------------------------------------------------


@transaction.atomic
def pull_start(*, account: HelpdeskAccount, by: User | None, company: Company | None = None) -> Run:
    """Start a pull of everything, or of one company's contacts and conversations.

    Raises Refused while another pull of the account is open: two would not know of each other what they have seen.
    """
    account = HelpdeskAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
    if not account.is_active:
        raise Refused(f"{account} is not active; activate it on its page.")
    if is_pulling(account):
        raise Refused(UNDER_WAY)
    run = run_start(
        kind=NAME,
        by=by,
        title=f"Pull {company} of {account}" if company else f"Pull everything of {account}",
        teamspace=account.teamspace,
        parameters={"account": account.pk, "company": company.remote_id if company else ""},
    )
    run.connection_type, run.connection_id = ContentType.objects.get_for_model(account), account.pk
    run.save(update_fields=["connection_type", "connection_id"])
    if company is None:
        HelpdeskAccount.objects.filter(pk=account.pk).update(pulled_at=timezone.now())
    return run


def runs_of(account: HelpdeskAccount) -> QuerySet[Run]:
    """Return the pulls of an account."""
    kind = ContentType.objects.get_for_model(account)
    return Run.objects.filter(kind=NAME, connection_type=kind, connection_id=account.pk)


def is_pulling(account: HelpdeskAccount) -> bool:
    """Tell whether a pull of the account is open."""
    return runs_of(account).filter(state__in=OPEN_STATES).exists()


def pull_due_accounts() -> int:
    """Start a pull of every account whose time has come (sweeper); return how many."""
    now = timezone.now()
    accounts = HelpdeskAccount.objects.filter(is_active=True, pull_every__gt=0).select_related("teamspace")
    due = [account for account in accounts if account.api_key and _next_pull(account) <= now]
    return sum(_start_due(account) for account in due)


def _next_pull(account: HelpdeskAccount) -> datetime:
    every = timedelta(minutes=account.pull_every)
    return account.pulled_at + every if account.pulled_at else account.created_at


@transaction.atomic
def _start_due(account: HelpdeskAccount) -> bool:
    """Start one, unless another worker has just done so or the last one is still at it."""
    seen = Q(pulled_at=None) if account.pulled_at is None else Q(pulled_at=account.pulled_at)
    if not HelpdeskAccount.objects.filter(seen, pk=account.pk).update(pulled_at=timezone.now()):
        return False
    if is_pulling(account):
        return False
    pull_start(account=account, by=None)
    return True


# --- the run --------------------------------------------------------------------------------------


def work(run: Run) -> Slice:
    """Do one slice of the phase that the run is in."""
    account = account_of(run)
    match run.cursor.get("phase", "read"):
        case "read":
            return _take(run)
        case "write":
            return _write(run, account)
        case _:
            return _mark_gone(run, account)


def _take(run: Run) -> Slice:
    """A list came whole: count it, and write it from now on."""
    if not isinstance(run.page, Fetched):
        return Slice.MORE
    name = run.cursor.get("resource") or first_resource(run)
    listed = run.parameters.get("listed", 0) + run.page.items
    run.parameters = {**run.parameters, "tries": 0, "listed": listed}
    # How much there is in all is known with the last list.
    run.total = listed if name == names(run)[-1] else None
    _counts(run, name)
    run.cursor = {"phase": "write", "resource": name, "attempt": run.page.attempt, "parts": run.page.parts, "part": 0}
    return Slice.MORE if run.page.parts else _next(run, name)


def _write(run: Run, account: HelpdeskAccount) -> Slice:
    if run.page is None:
        raise RunFailed("What was read cannot be found where files are kept. Pull again.")
    name, part = run.cursor["resource"], run.cursor["part"]
    written = write(resource(name), account, run.page, run_id=run.pk, first=part * ITEMS_PER_PART + 1)
    run_count(run_id=run.pk, done=written.done - written.twice, failed=len(written.refused))
    run_note_errors(run_id=run.pk, errors=written.refused)
    counts = _counts(run, name)
    for key in ("new", "changed", "unchanged"):
        counts[key] += getattr(written, key)
    if written.nameless:
        run.parameters["unsure"] = True
    if part + 1 < run.cursor["parts"]:
        run.cursor = {**run.cursor, "part": part + 1}
        return Slice.MORE
    return _next(run, name)


def _next(run: Run, name: str) -> Slice:
    """Go on with the next list, or after the last one with what is gone."""
    all_names = names(run)
    rest = all_names[all_names.index(name) + 1 :]
    if rest:
        run.cursor = {"phase": "read", "resource": rest[0]}
        return Slice.MORE
    if run.parameters.get("company"):
        return Slice.FINISHED
    if run.parameters.get("unsure"):
        run_note_errors(run_id=run.pk, errors=[("The whole pull", NOTHING_GONE)])
        return Slice.FINISHED
    run.cursor = {"phase": "gone", "resource": all_names[0], "after": 0}
    return Slice.MORE


def _mark_gone(run: Run, account: HelpdeskAccount) -> Slice:
    name = run.cursor["resource"]
    marked, last = mark_gone(resource(name), account, run_id=run.pk, after=run.cursor["after"])
    _counts(run, name)["gone"] += marked
    if last is not None:
        run.cursor = {**run.cursor, "after": last}
        return Slice.MORE
    all_names = names(run)
    rest = all_names[all_names.index(name) + 1 :]
    run.cursor = {"phase": "gone", "resource": rest[0], "after": 0} if rest else {"phase": "done"}
    return Slice.MORE if rest else Slice.FINISHED


def _counts(run: Run, name: str) -> dict[str, int]:
    """Return the list's counts among the run's parameters, which are saved with the slice."""
    counts: dict[str, dict[str, int]] = run.parameters.setdefault("counts", {})
    return counts.setdefault(name, dict.fromkeys(COUNTED, 0))


def panel_context(run: Run) -> dict[str, Any]:
    """Return what the run's page tells: the counts of each list, and what is being done."""
    counts = run.parameters.get("counts", {})
    phase, name = run.cursor.get("phase", "read"), run.cursor.get("resource") or first_resource(run)
    doing = {"read": f"Reading the {name}.", "write": f"Writing the {name}."}.get(phase, "")
    return {
        "lists": [(each, counts[each]) for each in names(run) if each in counts],
        "doing": doing if run.state in OPEN_STATES else "",
    }


PULL = RunKind(
    NAME,
    "Pull from the helpdesk",
    work,
    read=read,
    after=reading.forget,
    panel_template="admin/customers/helpdesk_run.html",
    panel_context=panel_context,
)
