"""What the benchmark of the helpdesk pull asks a process of its own to do (tests/bench/asked.py)."""

import time
from datetime import datetime
from typing import Any

import requests

from conversations.models import VisitorConversation
from customers.helpdesk.pulling import pull_start
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount, Teamspace
from tests.bench.pulled import pulled

# Column by column in the order of the document, the id left out.
FIELDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "companies": (
        Company,
        (
            *("name", "website", "industry", "deal_value", "stage_id", "position", "logo_url", "notes"),
            *("last_contact", "is_customer", "created_by", "created_at", "updated_at"),
        ),
    ),
    "contacts": (
        Contact,
        (
            *("remote_company_id", "name", "email", "phone", "title", "role", "notes", "is_primary", "user_id"),
            *("created_at", "updated_at"),
        ),
    ),
    "conversations": (
        VisitorConversation,
        (
            *("remote_company_id", "visitor_name", "visitor_email", "visitor_ip", "user_agent", "referrer_url"),
            *("page_url", "status", "assigned_to_user_id", "is_read", "trust_uploads", "tags"),
            *("last_message_at", "created_at", "updated_at"),
        ),
    ),
}
TIMES = {"last_contact", "last_message_at", "created_at", "updated_at"}
MANY_A_MINUTE = 60_000


def helpdesk_account(port: int, number: int) -> int:
    """Make an account whose helpdesk has so many contacts; return its id."""
    teamspace, _ = Teamspace.objects.get_or_create(name="Bench", subcompany_id="bench")
    account = HelpdeskAccount.objects.create(
        name="Bench",
        teamspace=teamspace,
        base_url=f"http://127.0.0.1:{port}/{number}/api/v1",
        api_key="k",
        pull_every=0,
        requests_per_minute=MANY_A_MINUTE,
    )
    # What the remote sends is prepared before anybody measures.
    for name in FIELDS:
        requests.get(f"{account.base_url}/{name}", timeout=120).raise_for_status()
    return int(account.pk)


def helpdesk_floor(account: int) -> float:
    """Fetch the lists with bare requests and write the same rows in bulk; return the seconds."""
    base_url = HelpdeskAccount.objects.get(pk=account).base_url
    began, session = time.perf_counter(), requests.Session()
    for name, (model, fields) in FIELDS.items():
        items = session.get(f"{base_url}/{name}", timeout=120).json()
        model.objects.bulk_create(
            [_row(model, account, item, fields) for item in items],
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["account", "remote_id"],
            update_fields=[*fields, "remote_data", "gone_at"],
        )
    return time.perf_counter() - began


def _row(model: Any, account: int, item: dict[str, Any], fields: tuple[str, ...]) -> Any:
    row = model(account_id=account, remote_id=item["id"], remote_data=item)
    for field, value in zip(fields, list(item.values())[1:], strict=True):
        if field in TIMES:
            setattr(row, field, datetime.fromisoformat(value))
        else:
            setattr(row, field, "" if value is None else value)
    return row


def helpdesk_pulled(account: int) -> dict[str, float]:
    """Pull everything."""
    return pulled(lambda: pull_start(account=HelpdeskAccount.objects.get(pk=account), by=None))


def helpdesk_forget(account: int) -> None:
    """Remove an account's rows."""
    for model, _ in reversed(FIELDS.values()):
        model.objects.filter(account=account).delete()
