"""Pull everything, over real HTTP: every field, what changes, what goes and comes back, what belongs to whom."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import VisitorConversation
from customers.helpdesk.pulling import pull_due_accounts, pull_start
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run, RunState
from protoadmin.storable import from_storable
from tests.helpdesk.desk import ACME, JANE, JOHN, Desk

UTC = datetime.UTC
MODELS: tuple[Any, ...] = (Company, Contact, VisitorConversation)


def documented(desk: Desk) -> None:
    """Let the remote have exactly what the documents show."""
    desk.only("companies", ACME)
    desk.only("contacts", JOHN)
    desk.only("conversations", JANE)


def counts(run: Run) -> dict[str, tuple[int, int, int, int]]:
    """Return new, changed, unchanged and gone of each list."""
    return {name: (c["new"], c["changed"], c["unchanged"], c["gone"]) for name, c in run.parameters["counts"].items()}


def test_every_field_of_the_documents(desk: Desk) -> None:
    documented(desk)
    run = desk.pull()
    assert (run.state, run.total, run.done, run.failed, run.error) == (RunState.DONE, 3, 3, 0, "")
    at = [datetime.datetime(2024, 1, 1, 8, tzinfo=UTC), datetime.datetime(2024, 1, 15, 10, 30, tzinfo=UTC)]
    company = Company.objects.get()
    expected: dict[str, Any] = {
        **{"remote_id": ACME["id"], "name": "Acme Corporation", "website": "https://acme.com"},
        **{"industry": "Technology", "deal_value": Decimal(50000), "stage_id": "stage-123", "position": 0},
        **{"logo_url": "https://example.com/logo.png", "notes": "Important client", "last_contact": at[1]},
        **{"is_customer": False, "created_by": "user-456", "created_at": at[0], "updated_at": at[1], "gone_at": None},
    }
    assert {name: getattr(company, name) for name in expected} == expected
    contact = Contact.objects.get()
    expected = {
        **{"remote_id": "contact-123", "remote_company_id": ACME["id"], "company": company, "name": "John Doe"},
        **{
            "email": "john@acme.com",
            "email_normal": "john@acme.com",
            "phone": "+1-555-0123",
            "phone_e164": "+15550123",
        },
        **{"title": "CEO", "role": "Decision Maker", "notes": "Primary contact", "is_primary": True},
        **{"user_id": "user-456", "created_at": at[0], "updated_at": at[1], "gone_at": None},
    }
    assert {name: getattr(contact, name) for name in expected} == expected
    conversation = VisitorConversation.objects.get()
    wrote = datetime.datetime(2024, 1, 15, 14, 30, tzinfo=UTC)
    expected = {
        **{"remote_id": "conv-123", "remote_company_id": ACME["id"], "company": company, "status": "open"},
        **{"visitor_name": "Jane Smith", "visitor_email": "jane@example.com", "visitor_ip": "192.168.1.1"},
        **{"user_agent": "Mozilla/5.0...", "referrer_url": "https://google.com", "is_read": False},
        **{"page_url": "https://acme.com/pricing", "assigned_to_user_id": "user-456", "trust_uploads": False},
        **{"tags": ["support", "urgent"], "last_message_at": wrote, "updated_at": wrote},
        "created_at": datetime.datetime(2024, 1, 15, 14, tzinfo=UTC),
    }
    assert {name: getattr(conversation, name) for name in expected} == expected
    for row, item in ((company, ACME), (contact, JOHN), (conversation, JANE)):
        assert from_storable(row.remote_data) == item


def test_the_requests_are_those_of_the_documents(desk: Desk) -> None:
    desk.pull()
    seen = desk.requests()
    assert [request["path"] for request in seen] == ["/api/v1/companies", "/api/v1/contacts", "/api/v1/conversations"]
    assert {request["method"] for request in seen} == {"GET"}
    assert all(request["status"] == 200 for request in seen)


def test_only_what_changed_is_written(desk: Desk) -> None:
    first = desk.pull()
    assert all(made[1:] == (0, 0, 0) for made in counts(first).values())
    john = Contact.objects.order_by("pk")[0]
    listed = from_storable(john.remote_data)
    desk.control(f"/helpdesk/{desk.connection['subcompany_id']}/contacts", items=[{**listed, "title": "Chair"}])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        second = desk.pull()
    assert {name: made[0] for name, made in counts(second).items()} == dict.fromkeys(counts(first), 0)
    assert counts(second)["contacts"][1] == 1
    assert counts(second)["companies"][1] == counts(second)["conversations"][1] == 0
    john.refresh_from_db()
    assert john.title == "Chair"
    inserts = [query["sql"] for query in queries if "customers_company" in query["sql"] and "INSERT" in query["sql"]]
    assert inserts == []


def test_what_is_no_longer_listed_is_gone_and_comes_back(desk: Desk) -> None:
    documented(desk)
    desk.pull()
    desk.only("companies")
    desk.only("contacts", {**JOHN, "id": "contact-124"})
    desk.only("conversations")
    run = desk.pull()
    assert counts(run) == {"companies": (0, 0, 0, 1), "contacts": (1, 0, 0, 1), "conversations": (0, 0, 0, 1)}
    assert Company.objects.get().gone_at is not None
    assert Contact.objects.get(remote_id="contact-123").gone_at is not None
    assert Contact.objects.get(remote_id="contact-124").gone_at is None
    gone_at = Company.objects.get().gone_at
    desk.pull()
    assert Company.objects.get().gone_at == gone_at
    documented(desk)
    desk.pull()
    assert Company.objects.get().gone_at is None
    assert Contact.objects.get(remote_id="contact-123").gone_at is None


def test_a_company_that_comes_later_is_linked(desk: Desk) -> None:
    documented(desk)
    desk.only("companies")
    desk.pull()
    assert (Contact.objects.get().company, Contact.objects.get().remote_company_id) == (None, ACME["id"])
    desk.only("companies", ACME)
    desk.fault("error", "/contacts", status=404)
    run = desk.pull()
    assert run.state == RunState.FAILED
    # The lists that refer to it were not read again, and are linked all the same.
    assert Contact.objects.get().company == VisitorConversation.objects.get().company == Company.objects.get()


def test_a_pull_of_one_company(desk: Desk) -> None:
    desk.pull()
    company = Company.objects.filter(contacts__isnull=False).order_by("pk")[0]
    others = Contact.objects.exclude(company=company).count()
    Contact.objects.filter(company=company).delete()
    gone = Contact.objects.create(account=desk.account, remote_id="made here", company=company)
    run = desk.pull(company=company)
    assert run.state == RunState.DONE
    assert [r["query"] for r in desk.requests()[-2:]] == [f"companyId={company.remote_id}"] * 2
    assert set(counts(run)) == {"contacts", "conversations"}
    assert company.contacts.count() > 1
    assert Contact.objects.exclude(company=company).count() == others
    gone.refresh_from_db()
    assert gone.gone_at is None
    assert not Contact.objects.exclude(gone_at=None).exists()


def test_odd_items_are_kept(desk: Desk) -> None:
    documented(desk)
    odd = {
        **{"id": 17, "name": None, "website": ["a", {"b": 1}], "industry": 5, "dealValue": "12,5", "stageId": {}},
        **{"position": 1.5, "lastContact": "yesterday", "isCustomer": "true", "createdAt": 1705314600},
        **{"updatedAt": 1705314600000, "brandNew": {"x": [1, None, "\x00"]}, "notes": "n" * 5000},
    }
    desk.only("companies", odd, {"id": "bare"}, {"id": "great", "dealValue": 1e300, "name": "y" * 1000})
    desk.text(
        "companies", '{"id": "big", "dealValue": 123456789012345678901234567890, "name": "\\ud83d\\ude00 \\u0000"}'
    )
    desk.only("contacts", {"id": "c", "email": "  MiXed@Example.COM ", "phone": "+43 660 1234567", "isPrimary": 1})
    desk.only("conversations", {"id": "v", "tags": "one", "pageUrl": "javascript:alert(1)", "isRead": None})
    run = desk.pull()
    assert (run.state, run.failed) == (RunState.DONE, 0)
    row = Company.objects.get(remote_id="17")
    assert (row.name, row.website, row.industry, row.deal_value) == ("", '["a", {"b": 1}]', "5", None)
    assert (row.position, row.last_contact, row.is_customer, row.stage_id) == (None, None, True, "{}")
    assert row.created_at == row.updated_at == datetime.datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert from_storable(row.remote_data) == odd
    assert Company.objects.get(remote_id="bare").name == ""
    assert len(Company.objects.get(remote_id="great").name) == 300
    big = Company.objects.get(remote_id="big")
    assert big.name == "\N{GRINNING FACE} \ufffd"
    assert from_storable(big.remote_data)["dealValue"] == 123456789012345678901234567890
    contact = Contact.objects.get()
    assert (contact.email_normal, contact.phone_e164) == ("mixed@example.com", "+436601234567")
    assert VisitorConversation.objects.get().tags == ["one"]
    # The same oddities are no change.
    assert counts(desk.pull())["companies"] == (0, 0, 4, 0)


def test_items_without_id_and_repeated_ones_have_words(desk: Desk) -> None:
    documented(desk)
    desk.pull()
    desk.only("contacts", {"name": "Nobody"})
    desk.text("contacts", json.dumps({**JOHN, "id": "twice", "title": "first"}))
    desk.text("contacts", json.dumps({**JOHN, "id": "twice", "title": "second"}))
    desk.text("contacts", json.dumps({**JOHN, "id": "n" * 201}))
    run = desk.pull()
    assert (run.state, run.total, run.done, run.failed) == (RunState.DONE, 6, 3, 3)
    words = dict(run.errors.values_list("row", "message"))
    assert words["Number 1 of the contacts"] == words["Number 4 of the contacts"]
    assert words["twice"] == "It is listed twice; the later one was kept."
    assert "Nothing was marked as gone" in words["The whole pull"]
    assert Contact.objects.get(remote_id="twice").title == "second"
    assert Contact.objects.get(remote_id="contact-123").gone_at is None


def test_one_that_is_listed_again_in_a_later_part(desk: Desk) -> None:
    documented(desk)
    desk.make_contacts(1000)
    desk.text("contacts", json.dumps({**JOHN, "title": "again"}))
    run = desk.pull()
    assert (run.state, run.total, run.done, run.failed) == (RunState.DONE, 1004, 1003, 1)
    assert list(run.errors.values_list("row", flat=True)) == ["contact-123"]
    assert Contact.objects.get(remote_id="contact-123").title == "again"


def test_nothing_stays_in_the_spool(desk: Desk) -> None:
    desk.fault("truncated", "/contacts", times=1)
    assert desk.pull().state == RunState.DONE
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_one_pull_of_an_account_at_a_time(desk: Desk) -> None:
    run = pull_start(account=desk.account, by=None)
    with pytest.raises(Refused, match="already"):
        pull_start(account=desk.account, by=None)
    desk.finish(run)
    HelpdeskAccount.objects.update(is_active=False)
    with pytest.raises(Refused, match="not active"):
        pull_start(account=desk.account, by=None)


def test_the_schedule(desk: Desk) -> None:
    assert pull_due_accounts() == 0  # switched off
    HelpdeskAccount.objects.update(pull_every=60, pulled_at=None)
    assert (pull_due_accounts(), pull_due_accounts()) == (1, 0)
    desk.finish(Run.objects.get())
    HelpdeskAccount.objects.update(pulled_at=timezone.now() - datetime.timedelta(minutes=59))
    assert pull_due_accounts() == 0
    HelpdeskAccount.objects.update(pulled_at=timezone.now() - datetime.timedelta(minutes=61))
    assert pull_due_accounts() == 1
    HelpdeskAccount.objects.update(pulled_at=None)
    assert pull_due_accounts() == 0  # one is under way


def test_the_pace_holds(desk: Desk) -> None:
    HelpdeskAccount.objects.update(requests_per_minute=120)
    desk.pull()
    at = [request["at"] for request in desk.requests()]
    assert len(at) == 3
    assert all(later - earlier >= 0.45 for earlier, later in pairwise(at))
