"""The pages: the account's form, Companies, contacts, visitor conversations, and the buttons that pull."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations.models import VisitorConversation
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.outbox.models import Call
from protoadmin.outbox.sending import send_due
from protoadmin.runs.models import Run
from tests.helpdesk.desk import ACME, JANE, JOHN, Desk

LIST = "admin:customers_company_changelist"
SCRIPT = "javascript:alert(document.cookie)//<script>alert(1)</script>"


@pytest.fixture
def root(desk: Desk) -> Client:
    """A superuser's client."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    """Return a page's HTML."""
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def names(client: Client, **query: Any) -> set[str]:
    """Return the names of the companies in the list."""
    answer = client.get(reverse(LIST), query)
    return {company.name for company in answer.context["cl"].result_list}


def press(client: Client, name: str, *args: Any) -> Any:
    """Press a button, and follow."""
    return client.post(reverse(name, args=args), follow=True)


@pytest.fixture
def companies(desk: Desk) -> None:
    """Three companies, one of them gone."""
    desk.only("companies", {"id": "gone", "name": "Old Mill"})
    desk.only("contacts")
    desk.only("conversations")
    desk.pull()
    desk.only(
        "companies",
        ACME,
        {"id": "b-2", "name": "Bolt", "industry": "Energy", "isCustomer": True, "dealValue": 9, "website": SCRIPT},
    )
    desk.only("contacts", JOHN, {"id": "c2", "companyId": ACME["id"], "name": "Ann Second"})
    desk.only("conversations", {**JANE, "pageUrl": SCRIPT, "referrerUrl": SCRIPT, "userAgent": SCRIPT})
    desk.pull()


def test_the_form_of_an_account(root: Client, desk: Desk) -> None:
    url = reverse("admin:connections_helpdeskaccount_add")
    shown = page(root, "admin:connections_helpdeskaccount_add")
    assert 'value="100"' in shown
    assert "Helpdesk accounts</a>" in shown
    given = {"name": "New", "teamspace": desk.account.teamspace_id, "api_key": "s3cr3t-key", "is_active": "on"}
    refused = root.post(url, {**given, "base_url": "https://desk.example.com"})
    assert "ends with /api/v1" in refused.content.decode()
    root.post(url, {**given, "base_url": "https://desk.example.com/api/v1/"})
    account = HelpdeskAccount.objects.get(name="New")
    assert (account.base_url, account.api_key) == ("https://desk.example.com/api/v1", "s3cr3t-key")
    assert (account.requests_per_minute, account.pull_every) == (100, 60)
    assert "s3cr3t-key" not in page(root, "admin:connections_helpdeskaccount_change", account.pk)
    change = reverse("admin:connections_helpdeskaccount_change", args=[account.pk])
    root.post(change, {**given, "api_key": "", "base_url": account.base_url, "name": "Renamed"})
    account.refresh_from_db()
    assert (account.name, account.api_key) == ("Renamed", "s3cr3t-key")


def test_test_connection(root: Client, desk: Desk) -> None:
    press(root, "admin:connections_helpdeskaccount_button", desk.account.pk, "test-connection")
    send_due()
    assert Call.objects.get().state == "done"
    assert "It works" in page(root, "admin:connections_helpdeskaccount_change", desk.account.pk)
    HelpdeskAccount.objects.update(api_key="wrong")
    desk.account.refresh_from_db()
    desk.account.api_key = "wrong"
    desk.account.save()
    press(root, "admin:connections_helpdeskaccount_button", desk.account.pk, "test-connection")
    send_due()
    assert "did not accept the secret" in Call.objects.latest("pk").error


def test_test_connection_reads_no_more_than_the_beginning(root: Client, desk: Desk) -> None:
    desk.only("companies")
    for number in range(6):
        desk.text("companies", json.dumps({"id": f"long-{number}", "notes": "n" * 900_000}))
    press(root, "admin:connections_helpdeskaccount_button", desk.account.pk, "test-connection")
    send_due()
    call = Call.objects.get()
    assert (call.state, call.error) == ("done", "")


@pytest.mark.usefixtures("companies")
def test_the_list(root: Client) -> None:
    shown = page(root, LIST)
    assert all(text in shown for text in ("Acme Corporation", "Technology", "stage-123", "50,000<", "Old Mill", "Gone"))
    assert names(root) == {"Acme Corporation", "Bolt", "Old Mill"}
    assert names(root, q="acme corp") == names(root, q="acme.com") == {"Acme Corporation"}
    assert names(root, q="energy") == names(root, q="b-2") == {"Bolt"}
    assert names(root, industry="Energy") == names(root, customer="yes") == {"Bolt"}
    assert names(root, stage="stage-123") == {"Acme Corporation"}
    assert names(root, gone="yes") == {"Old Mill"}
    assert names(root, gone="no", customer="no") == {"Acme Corporation"}
    account = HelpdeskAccount.objects.get()
    assert len(names(root, account=account.pk)) == len(names(root, teamspace=account.teamspace_id)) == 3
    assert names(root, account=account.pk + 1) == names(root, industry="\x00") == set()
    by_value = root.get(reverse(LIST), {"o": "-4"}).context["cl"].result_list
    assert [company.name for company in by_value if company.deal_value] == ["Acme Corporation", "Bolt"]
    assert "Companies" in page(root, "admin:index")


@pytest.mark.parametrize(
    "name", [LIST, "admin:customers_contact_changelist", "admin:conversations_visitorconversation_changelist"]
)
def test_the_three_lists_lead_to_each_other(root: Client, name: str) -> None:
    shown = page(root, name)
    tabs = shown[shown.index('aria-label="What the helpdesk has"') :].partition("</nav>")[0]
    assert [tabs.count(f">{title}</a>") for title in ("Companies", "Contacts", "Visitor conversations")] == [1, 1, 1]
    assert f'href="{reverse(name)}" aria-current="page"' in tabs
    assert tabs.count("aria-current") == 1


@pytest.mark.usefixtures("companies")
def test_a_company_its_contacts_and_conversations(root: Client) -> None:
    company = Company.objects.get(name="Acme Corporation")
    shown = page(root, "admin:customers_company_change", company.pk)
    for text in ("https://acme.com", "Technology", "50,000.00", "Important client", "user-456", company.remote_id):
        assert text in shown
    assert shown.index("John Doe") < shown.index("Ann Second")
    assert "Primary" in shown
    assert all(text in shown for text in ("Jane Smith", "support", "urgent", "Unread"))
    contact = page(root, "admin:customers_contact_change", Contact.objects.get(name="John Doe").pk)
    assert all(
        text in contact for text in ("john@acme.com", "+1-555-0123", "CEO", "Decision Maker", "Acme Corporation")
    )
    gone = page(root, "admin:customers_company_change", Company.objects.get(name="Old Mill").pk)
    assert "The helpdesk no longer lists it" in gone


@pytest.mark.usefixtures("companies")
def test_what_visitors_say_of_themselves_is_text(root: Client) -> None:
    conversation = VisitorConversation.objects.get()
    pages = [
        page(root, "admin:conversations_visitorconversation_change", conversation.pk),
        page(root, "admin:conversations_visitorconversation_changelist"),
        page(root, "admin:customers_company_change", Company.objects.get(name="Bolt").pk),
        page(root, LIST),
    ]
    assert all(text in pages[0] for text in ("Jane Smith", "192.168.1.1", "open", "user-456", "Unread", "urgent"))
    for shown in pages:
        assert "<script>alert(1)" not in shown
        assert 'href="javascript:alert' not in shown
    assert "javascript:alert(document.cookie)//&lt;script&gt;" in pages[0]


@pytest.mark.usefixtures("companies")
def test_the_buttons_pull(root: Client, desk: Desk) -> None:
    company = Company.objects.get(name="Acme Corporation")
    press(root, "admin:customers_company_button", company.pk, "pull-company")
    run = Run.objects.latest("pk")
    assert (run.parameters["company"], run.requested_by) == (company.remote_id, User.objects.get())
    refused = press(root, "admin:connections_helpdeskaccount_button", desk.account.pk, "pull-everything")
    assert "already" in refused.content.decode()
    desk.finish(run)
    press(root, "admin:connections_helpdeskaccount_button", desk.account.pk, "pull-everything")
    desk.finish(Run.objects.latest("pk"))
    press(root, "admin:customers_company_list_button", "pull-everything")
    last = Run.objects.latest("pk")
    desk.finish(last)
    assert Run.objects.count() == 5
    shown = page(root, "admin:runs_run_change", last.pk)
    assert all(text in shown for text in ("Companies", "Contacts", "Conversations", "Unchanged"))


@pytest.mark.usefixtures("companies")
def test_a_local_copy_can_be_deleted_and_comes_again(root: Client, desk: Desk) -> None:
    company = Company.objects.get(name="Acme Corporation")
    assert reverse("admin:customers_company_delete", args=[company.pk]) in page(
        root, "admin:customers_company_change", company.pk
    )
    root.post(reverse("admin:customers_company_delete", args=[company.pk]), {"post": "yes"})
    assert not Company.objects.filter(name="Acme Corporation").exists()
    assert Contact.objects.get(name="John Doe").company is None
    desk.pull()
    assert Contact.objects.get(name="John Doe").company == Company.objects.get(name="Acme Corporation")
