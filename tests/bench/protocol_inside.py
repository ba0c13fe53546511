"""What the benchmark of the pull asks a process of its own to do (tests/bench/asked.py)."""

import time
from datetime import UTC, datetime
from typing import Any

import requests

from customers.models import ProtocolCustomer
from customers.protocol.services import protocol_pull
from protoadmin.connections.models import ProtocolProject, Teamspace
from tests.bench.pulled import pulled

COLUMNS = (
    "username",
    "phone_number",
    "avatar_url",
    "display_name",
    "conversation_id",
    "external_id",
    "status",
    "is_flagged",
    "meta",
    "last_active_at",
    "last_transaction_at",
    "terminated_at",
    "created_at",
    "updated_at",
)
TIMES = COLUMNS[-5:]


def protocol_project(port: int) -> int:
    """Make a project that asks this port; return its id."""
    teamspace, _ = Teamspace.objects.get_or_create(name="Bench", subcompany_id="bench")
    base_url = f"http://127.0.0.1:{port}"
    return int(ProtocolProject.objects.create(name="Bench", teamspace=teamspace, token="t", base_url=base_url).pk)


def protocol_floor(project: int) -> float:
    """Fetch the pages with bare requests and write the same rows in bulk; return the seconds."""
    base_url = ProtocolProject.objects.get(pk=project).base_url
    began, after, session = time.perf_counter(), "", requests.Session()
    while True:
        params = {"limit": "100", **({"starting_after": after} if after else {})}
        page = session.get(f"{base_url}/v1/customers", params=params, timeout=30).json()
        rows = [_row(project, item) for item in page["data"]]
        ProtocolCustomer.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["project", "protocol_id"],
            update_fields=[*COLUMNS, "remote_data", "gone_at"],
        )
        if not page["has_more"]:
            return time.perf_counter() - began
        after = page["data"][-1]["id"]


def _row(project: int, item: dict[str, Any]) -> ProtocolCustomer:
    row = ProtocolCustomer(project_id=project, protocol_id=item["id"], remote_data=item)
    for name in COLUMNS:
        value = item[name]
        if name in TIMES:
            value = None if value is None else datetime.fromtimestamp(value, UTC)
        setattr(row, name, value if name in TIMES or value is not None else "")
    return row


def protocol_pulled(project: int) -> dict[str, float]:
    """Pull."""
    return pulled(lambda: protocol_pull(project=ProtocolProject.objects.get(pk=project), by=None))


def protocol_forget(project: int) -> None:
    """Remove a project's customers."""
    ProtocolCustomer.objects.filter(project=project).delete()
