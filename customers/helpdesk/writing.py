"""The writing half of a pull: one part of a list into our rows, in the transaction of a slice."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from customers.helpdesk.resources import COMPANIES, CONTACTS, Resource, resources
from customers.linking.kinds import CONTACT
from customers.linking.looking import look_again, look_again_at
from customers.models import Company, index_rows
from protoadmin.connections.models import HelpdeskAccount

GONE_PER_SLICE = 1000
LONGEST_ID = 200
NO_ID = "It has no id that can be kept, so it was left out."
LISTED_TWICE = "It is listed twice; the later one was kept."


@dataclass
class Written:
    """What became of one part. `refused` are (row, why); `nameless` of them had no id."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    twice: int = 0
    nameless: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many items were taken over."""
        return self.new + self.changed + self.unchanged


def write(
    resource: Resource, account: HelpdeskAccount, items: list[dict[str, Any]], *, run_id: int, first: int
) -> Written:
    """Insert what is new and update what changed; the others are only noted as seen. `first` is the first's number."""
    written = Written()
    found = _by_id(resource, items, first, written)
    manager: Any = resource.model._default_manager
    known = {row.remote_id: row for row in manager.filter(account=account, remote_id__in=list(found))}
    companies = _companies(account, found) if resource.belongs_to_company else {}
    to_write: list[Any] = []
    new_ids, same = [], []
    for remote_id, columns in found.items():
        if resource.belongs_to_company:
            columns["company_id"] = companies.get(columns["remote_company_id"])
        row = known.get(remote_id)
        if row is not None and row.seen_run == run_id:
            written.refused.append((remote_id, LISTED_TWICE))
            written.twice += 1
        if row is None:
            new_ids.append(remote_id)
        elif row.gone_at is None and all(getattr(row, name) == value for name, value in columns.items()):
            same.append(row.pk)
            continue
        to_write.append(resource.model(account=account, remote_id=remote_id, seen_run=run_id, gone_at=None, **columns))
    manager.bulk_create(
        to_write, update_conflicts=True, unique_fields=["account", "remote_id"], update_fields=resource.written
    )
    index_rows(to_write)
    manager.filter(pk__in=same).update(seen_run=run_id)
    if resource is CONTACTS:
        rows = [*to_write, *(known[row.remote_id] for row in to_write if row.remote_id in known)]
        look_again(account.teamspace_id, *map(CONTACT.keys_of, rows))
    if resource is COMPANIES and new_ids:
        _link(account, new_ids)
    written.new, written.unchanged = len(new_ids), len(same)
    written.changed = len(to_write) - len(new_ids)
    return written


def _by_id(resource: Resource, items: list[dict[str, Any]], first: int, written: Written) -> dict[str, dict[str, Any]]:
    """Return the columns of the items by their ids, the later of two with the same."""
    found: dict[str, dict[str, Any]] = {}
    for number, item in enumerate(items, first):
        remote_id = id_of(item)
        if remote_id is None:
            written.refused.append((f"Number {number:,} of the {resource.name}", NO_ID))
            written.nameless += 1
            continue
        if remote_id in found:
            written.refused.append((remote_id, LISTED_TWICE))
        found[remote_id] = resource.read(item)
    return found


def id_of(item: dict[str, Any]) -> str | None:
    """Return an item's id as text; None where there is none that a column could keep as it is."""
    value = item.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or not value.isprintable():
        return None
    return value


def _companies(account: HelpdeskAccount, found: dict[str, dict[str, Any]]) -> dict[str, int]:
    wanted = {columns["remote_company_id"] for columns in found.values()} - {""}
    rows = Company.objects.filter(account=account, remote_id__in=wanted)
    return dict(rows.values_list("remote_id", "pk"))


def _link(account: HelpdeskAccount, new_ids: list[str]) -> None:
    """Give rows that were there before their company the company."""
    company = Company.objects.filter(account=account, remote_id=OuterRef("remote_company_id")).values("pk")[:1]
    for each in resources():
        if each.belongs_to_company:
            waiting = each.model._default_manager.filter(account=account, company=None, remote_company_id__in=new_ids)
            waiting.update(company=Subquery(company))


def mark_gone(resource: Resource, account: HelpdeskAccount, *, run_id: int, after: int) -> tuple[int, int | None]:
    """Mark the next rows as gone that this run did not see; return how many, and the last id (None: no more)."""
    rows = resource.model._default_manager.filter(account=account, gone_at=None, pk__gt=after)
    ids = list(rows.exclude(seen_run=run_id).order_by("pk").values_list("pk", flat=True)[:GONE_PER_SLICE])
    resource.model._default_manager.filter(pk__in=ids).update(gone_at=timezone.now())
    if resource is CONTACTS:
        look_again_at(CONTACT, account.teamspace_id, ids)
    return len(ids), ids[-1] if len(ids) == GONE_PER_SLICE else None
