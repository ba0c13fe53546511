"""The three arrays hold what the document (seed 003) shows: its names, its order, its types, its values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from conversations.models import Chat, VisitorConversation
from customers.models import Company, Contact
from tests.api.house import (
    House,
    at,
    example_chat,
    example_company,
    example_contact,
    example_conversation,
    new_account,
)

# The document's own examples, to the letter.
COMPANY = """
  {
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
    "isCustomer": false,
    "createdBy": "user-456",
    "createdAt": "2024-01-01T08:00:00Z",
    "updatedAt": "2024-01-15T10:30:00Z"
  }
"""
CONTACT = """
  {
    "id": "contact-123",
    "companyId": "123e4567-e89b-12d3-a456-426614174000",
    "name": "John Doe",
    "email": "john@acme.com",
    "phone": "+1-555-0123",
    "title": "CEO",
    "role": "Decision Maker",
    "notes": "Primary contact",
    "isPrimary": true,
    "userId": "user-456",
    "createdAt": "2024-01-01T08:00:00Z",
    "updatedAt": "2024-01-15T10:30:00Z"
  }
"""
CONVERSATION = """
  {
    "id": "conv-123",
    "companyId": "123e4567-e89b-12d3-a456-426614174000",
    "visitorName": "Jane Smith",
    "visitorEmail": "jane@example.com",
    "visitorIp": "192.168.1.1",
    "userAgent": "Mozilla/5.0...",
    "referrerUrl": "https://google.com",
    "pageUrl": "https://acme.com/pricing",
    "status": "open",
    "assignedToUserId": "user-456",
    "isRead": false,
    "trustUploads": false,
    "tags": ["support", "urgent"],
    "lastMessageAt": "2024-01-15T14:30:00Z",
    "createdAt": "2024-01-15T14:00:00Z",
    "updatedAt": "2024-01-15T14:30:00Z"
  }
"""
EXAMPLES = {"companies": COMPANY, "contacts": CONTACT, "conversations": CONVERSATION}


@pytest.fixture
def examples(house: House) -> House:
    """Return a house with the three examples in it."""
    company = example_company(house.account)
    example_contact(company)
    example_conversation(company)
    return house


@pytest.mark.parametrize("resource", EXAMPLES)
def test_an_array_is_the_documents_example(resource: str, examples: House) -> None:
    wanted = json.loads(EXAMPLES[resource])
    (found,) = examples.rows(f"/{resource}")
    assert found == wanted
    assert list(found) == list(wanted), "the order of the fields differs"
    assert [type(value) for value in found.values()] == [type(value) for value in wanted.values()]


def test_an_answer_is_json_in_utf_8(examples: House) -> None:
    Company.objects.update(name="Örtliche Bücherei 東京 🏢")
    response = examples.get("/companies")
    assert response.headers["Content-Type"] == "application/json"
    assert "Örtliche Bücherei 東京 🏢".encode() in response.content


@pytest.mark.parametrize("resource", EXAMPLES)
def test_nothing_to_give_is_an_empty_array(resource: str, house: House) -> None:
    assert house.get(f"/{resource}").content == b"[]"


def test_what_is_not_known(house: House) -> None:
    Company.objects.create(account=house.account, remote_id="c")
    Contact.objects.create(account=house.account, remote_id="p")
    VisitorConversation.objects.create(account=house.account, remote_id="v", tags=None or [])
    for resource, example in EXAMPLES.items():
        (row,) = house.rows(f"/{resource}")
        assert list(row) == list(json.loads(example))
        assert row.pop("id") in {"c", "p", "v"}
        assert {type(value) for value in row.values()} <= {str, bool, type(None), list}
        assert not any(value for value in row.values())


def test_money_is_a_number_as_plain_as_it_can_be(house: House) -> None:
    values: list[Any] = [0, 50000, "0.5", "1234567.89", None, "-3"]
    for number, value in enumerate(values):
        Company.objects.create(account=house.account, remote_id=str(number), deal_value=value)
    response = house.get("/companies")
    assert [row["dealValue"] for row in response.json()] == [0, 50000, 0.5, 1234567.89, None, -3]
    assert b'"dealValue":50000,' in response.content


def test_what_is_gone_is_left_out(examples: House) -> None:
    for model in (Company, Contact, VisitorConversation):
        model._default_manager.update(gone_at=at("2024-03-01T00:00:00"))
    assert [examples.rows(f"/{resource}") for resource in EXAMPLES] == [[], [], []]


# --- chats ------------------------------------------------------------------------------------------


def test_a_chat_is_a_conversation(house: House) -> None:
    company = example_company(house.account)
    example_chat(house, company=company)
    assert house.rows("/conversations") == [
        {
            "id": "chat-1",
            "companyId": company.remote_id,
            "visitorName": "Ann",
            "visitorEmail": "ann@example.com",
            "visitorIp": "",
            "userAgent": "",
            "referrerUrl": "",
            "pageUrl": "",
            "status": "open",
            "assignedToUserId": None,
            "isRead": False,
            "trustUploads": False,
            "tags": ["asks", "vip"],
            "lastMessageAt": "2024-02-01T09:00:00Z",
            "createdAt": "2024-02-01T08:00:00Z",
            "updatedAt": "2024-02-01T09:00:00Z",
        }
    ]


def test_a_chat_in_other_states(house: House) -> None:
    chat = example_chat(house)
    Chat.objects.update(active=False, last_author_type="agent", human=None)
    (row,) = house.rows("/conversations")
    assert (row["status"], row["isRead"], row["tags"], row["companyId"]) == ("closed", True, [], None)
    assert (row["visitorName"], row["visitorEmail"]) == ("", "")
    Chat.objects.filter(pk=chat.pk).update(chat_id=None)
    assert house.rows("/conversations") == []


def test_chats_come_before_the_mirrored_conversations(examples: House) -> None:
    example_chat(examples)
    assert [row["id"] for row in examples.rows("/conversations")] == ["chat-1", "conv-123"]


# --- ids that occur twice ---------------------------------------------------------------------------


def test_an_id_of_two_accounts_stays_with_who_came_first(examples: House) -> None:
    before = {resource: examples.rows(f"/{resource}") for resource in EXAMPLES}
    other = new_account(examples.teamspace)
    twin = example_company(other)
    example_contact(twin)
    example_conversation(twin)
    for resource, rows in before.items():
        now = examples.rows(f"/{resource}")
        assert now[0] == rows[0], "what was given out before has changed"
        assert now[1]["id"] == f"{other.pk}:{rows[0]['id']}"
        if resource != "companies":
            assert now[1]["companyId"] == f"{other.pk}:{twin.remote_id}"


def test_a_company_is_asked_about_by_the_id_that_was_given_out(examples: House) -> None:
    other = new_account(examples.teamspace)
    twin = example_company(other)
    example_contact(twin)
    example_conversation(twin)
    alone = example_company(new_account(examples.teamspace))
    Company.objects.filter(pk=alone.pk).update(remote_id="alone")
    for company in examples.rows("/companies"):
        for resource in ("contacts", "conversations"):
            found = examples.rows(f"/{resource}?companyId={company['id']}")
            assert len(found) == (0 if company["id"] == "alone" else 1)
            assert all(row["companyId"] == company["id"] for row in found)


def test_an_id_that_looks_like_one_of_ours(house: House) -> None:
    company = example_company(house.account)
    Company.objects.update(remote_id=f"{house.account.pk}:x")
    example_contact(Company.objects.get(pk=company.pk))
    (row,) = house.rows("/companies")
    assert row["id"] == f"{house.account.pk}:{house.account.pk}:x"
    assert len(house.rows(f"/contacts?companyId={row['id']}")) == 1


def test_a_visitors_conversation_with_the_id_of_a_chat(examples: House) -> None:
    example_chat(examples, "conv-123")
    ids = [row["id"] for row in examples.rows("/conversations")]
    assert ids == ["conv-123", f"{examples.account.pk}:conv-123"]


# --- companyId --------------------------------------------------------------------------------------


def test_conversations_of_a_company_are_chats_of_its_contacts_too(examples: House) -> None:
    company = Company.objects.get()
    example_chat(examples, "of-acme", company=company)
    example_chat(examples, "of-nobody")
    found = examples.rows(f"/conversations?companyId={company.remote_id}")
    assert [row["id"] for row in found] == ["of-acme", "conv-123"]
    assert {row["companyId"] for row in found} == {company.remote_id}


def test_a_person_with_two_companies_counts_for_the_first(house: House) -> None:
    first, second = example_company(house.account), example_company(new_account(house.teamspace))
    Company.objects.filter(pk=second.pk).update(remote_id="second")
    chat = example_chat(house, company=first)
    assert chat.human is not None
    example_contact(Company.objects.get(pk=second.pk), remote_id="again", customer=chat.human.customer)
    assert len(house.rows(f"/conversations?companyId={first.remote_id}")) == 1
    assert house.rows("/conversations?companyId=second") == []


def test_contacts_of_a_company_that_was_never_listed(house: House) -> None:
    Contact.objects.create(account=house.account, remote_id="p", remote_company_id="unlisted")
    assert [row["companyId"] for row in house.rows("/contacts?companyId=unlisted")] == ["unlisted"]


@pytest.mark.parametrize("company", ["unknown", "999999999999999999999999:x", "1:", ":", "%25", "é", "' OR 1=1 --"])
def test_a_company_that_is_not_known_has_nothing(company: str, examples: House) -> None:
    example_chat(examples)
    assert examples.rows(f"/contacts?companyId={company}") == []
    assert examples.rows(f"/conversations?companyId={company}") == []


def test_an_empty_company_asks_about_none(examples: House) -> None:
    assert len(examples.rows("/contacts?companyId=")) == 1


# --- the document and its page ----------------------------------------------------------------------


def test_the_document_says_what_is_answered(house: House) -> None:
    response = Client().get("/api/v1/openapi.json")
    assert response.status_code == 200
    document = response.json()
    for resource, example in EXAMPLES.items():
        operation = document["paths"][f"/api/v1/{resource}"]["get"]
        row = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert row["type"] == "array"
        fields = document["components"]["schemas"][row["items"]["$ref"].rpartition("/")[2]]
        assert list(fields["properties"]) == fields["required"] == list(json.loads(example))
        assert operation["security"] == [{"ApiKeyBearer": []}]
        assert {"200", "304", "400", "401", "429"} <= operation["responses"].keys()
    assert document["components"]["securitySchemes"]["ApiKeyBearer"] == {"type": "http", "scheme": "bearer"}


def test_the_page_asks_nobody_else(house: House) -> None:
    response = Client().get("/api/v1/docs")
    assert response.status_code == 200
    page = response.content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert '"validatorUrl": null' in page
