"""An account of the product at a running sandbox: what the remote has, and pulls that go on until they end."""

from __future__ import annotations

from typing import Any

import requests
from django.contrib.contenttypes.models import ContentType

from customers.helpdesk.pulling import pull_start
from customers.models import Company
from protoadmin.connections.models import HelpdeskAccount, Teamspace
from protoadmin.outbox.models import Gate
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.runs.working import work_due

# The documents' own items (seed 003, Example Response), field by field.
ACME: dict[str, Any] = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "name": "Acme Corporation",
    "website": "https://acme.com",
    "industry": "Technology",
    "dealValue": 50000,
    "stageId": "stage-123",
    "position": 0,
    "logoUrl": "https://example.com/logo.png",
    "notes": "Important client",
    "lastContact": "2024-01-15T10:30:00Z",
    "isCustomer": False,
    "createdBy": "user-456",
    "createdAt": "2024-01-01T08:00:00Z",
    "updatedAt": "2024-01-15T10:30:00Z",
}
JOHN: dict[str, Any] = {
    "id": "contact-123",
    "companyId": ACME["id"],
    "name": "John Doe",
    "email": "john@acme.com",
    "phone": "+1-555-0123",
    "title": "CEO",
    "role": "Decision Maker",
    "notes": "Primary contact",
    "isPrimary": True,
    "userId": "user-456",
    "createdAt": "2024-01-01T08:00:00Z",
    "updatedAt": "2024-01-15T10:30:00Z",
}
JANE: dict[str, Any] = {
    "id": "conv-123",
    "companyId": ACME["id"],
    "visitorName": "Jane Smith",
    "visitorEmail": "jane@example.com",
    "visitorIp": "192.168.1.1",
    "userAgent": "Mozilla/5.0...",
    "referrerUrl": "https://google.com",
    "pageUrl": "https://acme.com/pricing",
    "status": "open",
    "assignedToUserId": "user-456",
    "isRead": False,
    "trustUploads": False,
    "tags": ["support", "urgent"],
    "lastMessageAt": "2024-01-15T14:30:00Z",
    "createdAt": "2024-01-15T14:00:00Z",
    "updatedAt": "2024-01-15T14:30:00Z",
}


class Desk:
    """One account, and the control paths of the sandbox that it is connected to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.connection: dict[str, Any] = self.session.get(f"{url}/_sandbox/connections.json", timeout=10).json()[0]
        self.known = self.connection["helpdesk_accounts"][0]

    def control(self, path: str, **body: Any) -> None:
        """Change something at the remote."""
        answer = self.session.post(f"{self.url}/_sandbox{path}", json=body, timeout=60)
        assert answer.ok, answer.text

    def connect(self) -> HelpdeskAccount:
        """Make the account here."""
        sub = self.connection["subcompany_id"]
        teamspace, _ = Teamspace.objects.get_or_create(subcompany_id=sub, defaults={"name": "Acme Support"})
        self.account = HelpdeskAccount.objects.create(
            name="Desk",
            teamspace=teamspace,
            base_url=self.known["base_url"],
            api_key=self.known["api_key"],
            requests_per_minute=60_000,
            pull_every=0,
        )
        return self.account

    def only(self, resource: str, *items: dict[str, Any]) -> None:
        """Let the remote list these items and no others."""
        self.control(f"/helpdesk/{self.connection['subcompany_id']}/{resource}", items=items, only=True)

    def text(self, resource: str, text: str) -> None:
        """Add an item to the remote's list as this very text."""
        self.control(f"/helpdesk/{self.connection['subcompany_id']}/{resource}/text", text=text)

    def make_contacts(self, count: int) -> None:
        """Add made-up contacts at the remote."""
        self.control(f"/helpdesk/{self.connection['subcompany_id']}/contacts/make", count=count)

    def fault(self, kind: str, match: str, **more: Any) -> None:
        """Let requests go wrong."""
        self.control("/faults", kind=kind, match=match, **more)

    def requests(self, match: str = "/api/v1/") -> list[dict[str, Any]]:
        """Return the requests that came in."""
        answer = self.session.get(f"{self.url}/_sandbox/requests", params={"match": match, "limit": "1000"}, timeout=10)
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found

    def pull(self, *, company: Company | None = None) -> Run:
        """Pull, and wait for the end; pauses are cut short."""
        return self.finish(pull_start(account=self.account, by=None, company=company))

    def finish(self, run: Run) -> Run:
        """Work until the run has ended."""
        for _ in range(50):
            work_due()
            run.refresh_from_db()
            if run.state not in ACTIVE_STATES:
                return run
            self.cut_pauses_short()
        raise AssertionError(f"the run goes on and on: {run.error}")

    def cut_pauses_short(self) -> None:
        """Let what waits be due now."""
        Run.objects.filter(state__in=ACTIVE_STATES).update(heartbeat_at=None)
        kind = ContentType.objects.get_for_model(HelpdeskAccount)
        Gate.objects.filter(connection_type=kind).update(paused_until=None, next_slot_at=None)
