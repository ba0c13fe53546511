"""Finding companies, contacts and visitors: by any word of what is searched, by phone, mail or id, never by a scan."""

from __future__ import annotations

import re
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.models import VisitorConversation, VisitorTerm
from conversations.visitors.resource import CONVERSATIONS
from customers import having
from customers.helpdesk.resources import COMPANIES, CONTACTS, Resource
from customers.helpdesk.search import search_rows
from customers.helpdesk.used import values_in_use
from customers.helpdesk.writing import write
from customers.models import Company, CompanyTerm, Contact, ContactTerm, terms_model
from protoadmin.connections.models import HelpdeskAccount, Teamspace
from protoadmin.screens import ordering
from protoadmin.staff.roles import SUPPORT
from tests.access.people import client_of, new_person, new_teamspace
from tests.helpdesk.desk import ACME, JANE, JOHN
from tests.linking.test_indexed import plan_of

RESOURCES = (COMPANIES, CONTACTS, CONVERSATIONS)
ITEMS: dict[str, dict[str, Any]] = {"companies": ACME, "contacts": JOHN, "conversations": JANE}


def new_account(teamspace: Teamspace) -> HelpdeskAccount:
    return HelpdeskAccount.objects.create(
        name=f"Desk of {teamspace}", teamspace=teamspace, base_url="https://desk.example.com/api/v1", api_key="k"
    )


@pytest.fixture
def account(db: None) -> HelpdeskAccount:
    return new_account(new_teamspace("Acme"))


def found(model: Any, query: str) -> set[str]:
    """Return the names of what a query finds."""
    return {str(row) for row in search_rows(model.objects.all(), query)}


@pytest.mark.parametrize(
    "query",
    [
        *("acme", "ACME corp", "corporation", "acme.com", "https://acme.com", "www.acme.com", "http://www.acme.com/"),
        *("technology", "techno acme", "123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"),
    ],
)
def test_a_company(account: HelpdeskAccount, query: str) -> None:
    write(COMPANIES, account, [ACME, {"id": "b", "name": "Bolt", "website": "https://www.bolt.org"}], run_id=1, first=1)
    assert found(Company, query) == {"Acme Corporation"}


@pytest.mark.parametrize("query", ["123e4567", "acme bolt", "-", "%", "stage-123", "http", "important"])
def test_what_is_no_word_of_a_company(account: HelpdeskAccount, query: str) -> None:
    write(COMPANIES, account, [ACME, {"id": "b", "name": "Bolt", "website": "https://bolt.org"}], run_id=1, first=1)
    assert found(Company, query) == set()


@pytest.mark.parametrize(
    "query",
    [
        *("john", "DOE, John", "john@acme.com", "JOHN@acme", "acme.com", "contact-123"),
        *("+1 201 555 0123", "(201) 555-0123", "555-0123", "0123", "12015550123", "+1 201"),
    ],
)
def test_a_contact(account: HelpdeskAccount, query: str) -> None:
    other = {"id": "c2", "name": "Ann", "email": "ann@bolt.org", "phone": "+43 660 1234567"}
    write(CONTACTS, account, [{**JOHN, "phone": "+1-201-555-0123"}, other], run_id=1, first=1)
    assert found(Contact, query) == {"John Doe"}


@pytest.mark.parametrize("query", ["0660 1234567", "+43 660 1234567", "0043 660 1234567", "660/1234567", "4567"])
def test_a_phone_however_it_is_written(account: HelpdeskAccount, query: str) -> None:
    write(CONTACTS, account, [JOHN, {"id": "c2", "name": "Ann", "phone": "+43 (0)660 1234567"}], run_id=1, first=1)
    assert found(Contact, query) == {"Ann"}


@pytest.mark.parametrize("query", ["jane", "smi", "jane@example.com", "example.com", "conv-123"])
def test_a_visitor(account: HelpdeskAccount, query: str) -> None:
    write(CONVERSATIONS, account, [JANE, {"id": "v2", "visitorName": "Bob"}], run_id=1, first=1)
    assert found(VisitorConversation, query) == {"Jane Smith"}


@pytest.mark.parametrize(
    ("name", "query"),
    [("株式会社山田商事", "山田"), ("Łódź Straße", "lodz strasse"), ("บริษัท ใจดี", "ใจดี"), ("Café Ñandú", "cafe nandu")],
)
def test_any_script(account: HelpdeskAccount, name: str, query: str) -> None:
    Company.objects.create(account=account, remote_id="1", name=name)
    Company.objects.create(account=account, remote_id="2", name="Other")
    assert found(Company, query) == {name}


def test_an_id_and_a_word_that_are_the_same(account: HelpdeskAccount) -> None:
    Company.objects.create(account=account, remote_id="2024", name="First")
    Company.objects.create(account=account, remote_id="2", name="Expo 2024")
    Company.objects.create(account=account, remote_id="20245", name="Third")
    assert found(Company, "2024") == {"First", "Expo 2024"}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.name)
def test_what_a_pull_writes_is_found_as_what_is_saved(account: HelpdeskAccount, resource: Resource) -> None:
    terms, item = terms_model(resource.model), ITEMS[resource.name]
    named = "visitorName" if resource is CONVERSATIONS else "name"
    for run_id, name in enumerate(("Before", "After", "After"), 1):
        write(resource, account, [{**item, named: name, "x": run_id}], run_id=run_id, first=1)
    assert found(resource.model, "after") == {"After"}
    assert found(resource.model, "before") == set()
    pulled = set(terms.objects.values_list("term", flat=True))
    row: Any = resource.model._default_manager.get()
    terms.objects.all().delete()
    row.save()
    assert {bytes(term) for term in pulled} == {bytes(term) for term in terms.objects.values_list("term", flat=True)}
    row.delete()
    assert not terms.objects.exists()


def test_a_save_of_other_columns_leaves_the_terms(account: HelpdeskAccount) -> None:
    company = Company.objects.create(account=account, remote_id="1", name="Acme")
    company.name = "Bolt"
    company.save(update_fields=["notes"])
    assert found(Company, "acme") == {"Acme"}
    company.save(update_fields=["name"])
    assert found(Company, "bolt") == {"Bolt"}


def test_rows_of_before_are_filled_in(account: HelpdeskAccount) -> None:
    for resource in RESOURCES:
        write(resource, account, [ITEMS[resource.name]], run_id=1, first=1)
    models = (CompanyTerm, ContactTerm, VisitorTerm)
    known = [{(row, bytes(term)) for row, term in each.objects.values_list("row", "term")} for each in models]
    for each in models:
        each.objects.all().delete()
    for app in ("customers.migrations.0005", "conversations.migrations.0007"):
        module = import_module(f"{app}_helpdesk_search")
        for _ in range(2):
            module.fill(apps, SimpleNamespace(connection=connection))
    assert [{(row, bytes(term)) for row, term in each.objects.values_list("row", "term")} for each in models] == known


def test_the_command_makes_the_terms_anew(account: HelpdeskAccount) -> None:
    for resource in RESOURCES:
        write(resource, account, [ITEMS[resource.name]], run_id=1, first=1)
    Company.objects.update(name="Behind the back")
    ContactTerm.objects.all().delete()
    call_command("rebuild_search", stdout=StringIO())
    assert (found(Company, "acme corp"), found(Company, "behind")) == (set(), {"Behind the back"})
    assert found(Contact, "john") == {"John Doe"}


def _filled(account: HelpdeskAccount, number: int) -> None:
    for resource in RESOURCES:
        item = ITEMS[resource.name]
        write(resource, account, [{**item, "id": f"r{n}"} for n in range(number)], run_id=1, first=1)


QUERIES = ("acme", "corporation tech", "john doe", "john@acme.com", "+1-555-0123", "jane example.com", "r7", "nothing")


@pytest.mark.parametrize("common", [False, True])
def test_no_search_passes_over_a_table(account: HelpdeskAccount, monkeypatch: pytest.MonkeyPatch, common: bool) -> None:
    _filled(account, 40)
    # As if every word were that of very many rows.
    monkeypatch.setattr(having, "COMMON", 3 if common else 10_000)
    walked = 0
    for resource in RESOURCES:
        model: Any = resource.model
        for query in QUERIES:
            with CaptureQueriesContext(connection) as queries:
                list(search_rows(model.objects.all(), query)[:20])
            plans = [plan_of(each["sql"]) for each in queries if " WHERE " in each["sql"]]
            assert plans
            for plan in plans:
                assert "Seq Scan" not in plan, plan
                # The list alone is walked, in its order, and only where that soon finds a page full of rows.
                assert not re.search(r"SCAN (?!subquery|\w+ USING INDEX \w+_in_order)", plan), plan
                walked += "_in_order" in plan
    if connection.vendor == "sqlite":
        # PostgreSQL has figures about its rows, and walks where there are many.
        assert bool(walked) is common


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("query", ["", "acme", "john", "jane"])
def test_no_list_is_sorted_for_who_is_in_some_teamspaces(
    account: HelpdeskAccount, monkeypatch: pytest.MonkeyPatch, number: int, query: str
) -> None:
    accounts = [account, new_account(new_teamspace("Other")), new_account(new_teamspace("Foreign"))]
    for each in accounts:
        _filled(each, 10)
    monkeypatch.setattr(having, "COMMON", 3)
    monkeypatch.setattr(ordering, "MANY", 3)
    sam = client_of(new_person("sam", SUPPORT, teamspaces=tuple(each.teamspace for each in accounts[:number])))
    for resource in RESOURCES:
        name = f"admin:{resource.model._meta.app_label}_{resource.model._meta.model_name}_changelist"
        with CaptureQueriesContext(connection) as queries:
            answer = sam.get(reverse(name), {"q": query})
        rows = answer.context["cl"].result_list
        assert {row.account_id for row in rows} <= {each.pk for each in accounts[:number]}
        assert len(rows) in (0, 10 * number)
        table = resource.model._meta.db_table
        of_rows = [q["sql"] for q in queries if f'FROM "{table}"' in q["sql"] and "remote_id" in q["sql"]]
        assert of_rows or not rows
        if connection.vendor == "sqlite":
            for sql in of_rows:
                assert "TEMP B-TREE" not in plan_of(sql), sql


def test_the_values_in_use(account: HelpdeskAccount) -> None:
    other = new_account(new_teamspace("Other"))
    for n, industry in enumerate(("Retail", "", "Energy", "Retail", "Ärzte", "Zoo")):
        Company.objects.create(account=other if industry == "Zoo" else account, remote_id=f"{n}", industry=industry)
    assert set(values_in_use(Company, "industry", [account.pk], 9)) == {"Retail", "Energy", "Ärzte"}
    assert len(values_in_use(Company, "industry", [account.pk], 2)) == 2
    assert "Zoo" in values_in_use(Company, "industry", [account.pk, other.pk], 9)
    assert values_in_use(Company, "industry", [], 9) == []


def test_deleting_names_the_rows_and_not_their_words(account: HelpdeskAccount) -> None:
    write(COMPANIES, account, [{**ACME, "id": f"r{n}", "name": f"Acme {n:02}"} for n in range(25)], run_id=1, first=1)
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    asked = {"action": "delete_selected", "_selected_action": list(Company.objects.values_list("pk", flat=True))}
    shown = root.post(reverse("admin:customers_company_changelist"), asked).content.decode()
    assert "Acme 19" in shown
    assert "Acme 20" not in shown
    assert "and 5 more" in shown
    assert "technology" not in shown
    root.post(reverse("admin:customers_company_changelist"), {**asked, "post": "yes"})
    assert not Company.objects.exists()


def test_no_search_shows_rows_of_other_teamspaces(account: HelpdeskAccount) -> None:
    Company.objects.create(account=account, remote_id="same", name="Same here")
    Company.objects.create(account=new_account(new_teamspace("Other")), remote_id="same", name="Same there")
    own = Company.objects.filter(account=account)
    for query in ("same", "here same", "there"):
        assert {str(row) for row in search_rows(own, query)} <= {"Same here"}


class TestAnyText(TestCase):
    """Random texts."""

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=250))
    def test_no_query_breaks_the_search(self, query: str) -> None:
        for model in (Company, Contact, VisitorConversation):
            list(search_rows(model.objects.all(), query)[:1])

    @settings(max_examples=60, deadline=None)
    @given(
        st.text(max_size=400),
        st.text(max_size=1000),
        st.from_regex(r"\+?[0-9][0-9 ()/-]{5,18}[0-9]", fullmatch=True),
    )
    def test_whatever_is_sent_is_kept_and_found(self, name: str, website: str, phone: str) -> None:
        account = new_account(Teamspace.objects.create(name="T", subcompany_id="t"))
        write(COMPANIES, account, [{"id": "1", "name": name, "website": website}], run_id=1, first=1)
        write(CONTACTS, account, [{"id": "1", "name": name, "phone": phone}], run_id=1, first=1)
        company = Company.objects.get()
        for word in company.name.split()[:5]:
            if any(character.isalnum() for character in word) and "@" not in word and word.isascii():
                assert search_rows(Company.objects.all(), word).exists(), word
        assert search_rows(Contact.objects.all(), phone).exists()
        assert all(len(bytes(term)) <= 240 for term in CompanyTerm.objects.values_list("term", flat=True))
