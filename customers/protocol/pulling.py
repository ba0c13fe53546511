"""Pull customers: a run that mirrors a Protocol project's list, and marks gone what a complete one did not see.

Which rows were seen is kept as lists of ids beside the run, one a slice, so that an unchanged row costs no write.
"""

from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from customers.linking.kinds import PROTOCOL
from customers.linking.looking import look_again_at
from customers.models import ProtocolCustomer
from customers.protocol.paging import Pages, read_pages
from customers.protocol.storing import Stored, called_since, store
from protoadmin.connections.models import ProtocolProject
from protoadmin.runs.models import ACTIVE_STATES, Run, RunChunk
from protoadmin.runs.registry import RunFailed, RunKind, Slice
from protoadmin.runs.services import run_count, run_note_errors

NAME = "protocol_customers"
ROWS_AT_ONCE = 20_000
IDS_AT_ONCE = 500


def project_of(run: Run) -> ProtocolProject:
    """Return the project that a run pulls; raises RunFailed."""
    project = ProtocolProject.objects.filter(pk=run.parameters.get("project")).first()
    if project is None:
        raise RunFailed("The Protocol project of this run was removed.")
    return project


def read(run: Run) -> Pages | None:
    """Read the next pages; nothing once the list has ended."""
    project = project_of(run)
    if not run.cursor:
        # Before the first request: what is known by now can be missed, what comes later cannot.
        newest = ProtocolCustomer.objects.filter(project=project).aggregate(newest=Max("pk"))["newest"]
        run.parameters = {**run.parameters, "newest": newest or 0, "since": timezone.now().isoformat()}
        Run.objects.filter(pk=run.pk).update(parameters=run.parameters)
    if run.cursor.get("is_read"):
        return None
    return read_pages(run, project)


def work(run: Run) -> Slice:
    """Write what came, or mark what did not."""
    if run.cursor.get("is_read"):
        return _mark_gone(run)
    pages: Pages = run.page
    run.parameters.pop("tries", None)
    if pages.refused:
        return _begin_anew(run)
    stored = store(run.parameters["project"], pages.items, read_at=pages.read_at)
    number = run.cursor.get("slices", 0)
    if stored.seen:
        RunChunk.objects.create(run=run, position=number, ids=stored.seen)
    _count(run, stored)
    if "known" not in run.parameters:
        known = ProtocolCustomer.objects.filter(project=run.parameters["project"], gone_at=None)
        run.parameters["known"] = known.filter(pk__lte=run.parameters["newest"]).count()
    read_so_far = run.parameters["counts"]["read"]
    # Protocol does not say how many there are. What is known stands for it as long as that can be.
    run.total = run.parameters["known"] if read_so_far < run.parameters["known"] else None
    run.cursor = {**run.cursor, "slices": number + 1}
    if pages.cursor is None:
        run.cursor = {**run.cursor, "is_read": True, "checked": 0}
        run.total = read_so_far
    else:
        run.cursor["list"] = pages.cursor
    return Slice.MORE


def _count(run: Run, stored: Stored) -> None:
    """Move the counts of the run, and those that its page tells in words."""
    good = stored.new + stored.changed + stored.unchanged
    run_count(run_id=run.pk, done=good, failed=len(stored.refused))
    run_note_errors(run_id=run.pk, errors=stored.refused)
    counts = run.parameters.get("counts", {})
    more = {"new": stored.new, "changed": stored.changed, "read": good + len(stored.refused)}
    run.parameters["counts"] = {**counts, **{name: counts.get(name, 0) + number for name, number in more.items()}}


def _begin_anew(run: Run) -> Slice:
    """Read from the first page on again: the customer to go on behind was deleted meanwhile."""
    RunChunk.objects.filter(run=run).delete()
    run.refresh_from_db(fields=["done", "failed"])
    run_count(run_id=run.pk, done=-run.done, failed=-run.failed)
    run.errors.all().delete()
    run.parameters["counts"] = {**run.parameters.get("counts", {}), "read": 0}
    run.cursor = {"restarts": run.cursor.get("restarts", 0) + 1}
    return Slice.MORE


def _mark_gone(run: Run) -> Slice:
    """Mark the next 20,000 known rows gone as far as the run, now complete, did not see them."""
    rows = ProtocolCustomer.objects.filter(project=run.parameters["project"], gone_at=None).exclude(protocol_id=None)
    rows = rows.filter(pk__gt=run.cursor["checked"], pk__lte=run.parameters["newest"]).order_by("pk")
    known = list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if not known:
        return Slice.FINISHED
    missing = set(known)
    for ids in RunChunk.objects.filter(run=run).values_list("ids", flat=True).iterator(chunk_size=20):
        missing.difference_update(ids)
    since = parse_datetime(run.parameters["since"])
    if missing and since is not None:
        missing -= called_since(missing, since)[0]
    _write_gone(project_of(run), sorted(missing))
    counts = run.parameters.get("counts", {})
    run.parameters["counts"] = {**counts, "gone": counts.get("gone", 0) + len(missing)}
    run.cursor = {**run.cursor, "checked": known[-1]}
    return Slice.MORE if len(known) == ROWS_AT_ONCE else Slice.FINISHED


def _write_gone(project: ProtocolProject, ids: list[int]) -> None:
    now = timezone.now()
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        ProtocolCustomer.objects.filter(pk__in=some).update(gone_at=now)
        look_again_at(PROTOCOL, project.teamspace_id, some)


def _forget_seen(run: Run) -> None:
    RunChunk.objects.filter(run=run).delete()


def _told(run: Run) -> dict[str, Any]:
    counts = run.parameters.get("counts", {})
    is_guessed = run.total is not None and not run.cursor.get("is_read") and run.state in ACTIVE_STATES
    return {"is_guessed": is_guessed, **{name: counts.get(name, 0) for name in ("new", "changed", "gone")}}


PULL = RunKind(
    NAME,
    "Pull customers",
    work,
    read=read,
    after=_forget_seen,
    panel_template="admin/customers/protocol_pull.html",
    panel_context=_told,
)
