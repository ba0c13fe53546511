"""A key, its owner and rows to read with it: the examples of the document (seed 003), and many."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conversations.models import Chat, VisitorConversation
from customers.models import Company, Contact, Customer, Human, Tag
from protoadmin.api.models import ApiKey
from protoadmin.api.services import key_create
from protoadmin.connections.models import Channel, HelpdeskAccount, Teamspace
from protoadmin.staff.roles import ADMINISTRATOR
from tests.access.people import new_person, new_teamspace


@dataclass
class House:
    """A teamspace with a helpdesk account and a channel, its administrator, and a key that opens it."""

    teamspace: Teamspace
    account: HelpdeskAccount
    channel: Channel
    owner: User
    key: ApiKey
    token: str

    def get(self, address: str, token: str | None = None, **headers: str) -> Any:
        """Ask for an address below /api/v1 with this house's key, or another."""
        given = {"Authorization": f"Bearer {self.token if token is None else token}", **headers}
        return Client().get(f"/api/v1{address}", headers=given)

    def rows(self, address: str) -> list[dict[str, Any]]:
        """Return an array; anything else fails the test."""
        response = self.get(address)
        assert response.status_code == 200, response.content
        return list(read(response))


def read(response: Any) -> Any:
    """Return the JSON of an answer, streamed or not."""
    if response.streaming:
        return json.loads(b"".join(response.streaming_content))
    return response.json()


def new_house(name: str = "Home", **key: Any) -> House:
    """Make one."""
    teamspace = new_teamspace(name)
    account = new_account(teamspace)
    channel = Channel.objects.create(name=f"channel of {name}", channel_id=f"channel-of-{name}", teamspace=teamspace)
    owner = new_person(f"owner of {name}", ADMINISTRATOR, teamspaces=(teamspace,))
    made, token = new_key(owner, teamspace, **key)
    return House(teamspace, account, channel, owner, made, token)


def new_account(teamspace: Teamspace) -> HelpdeskAccount:
    """Make a helpdesk account."""
    return HelpdeskAccount.objects.create(
        name=f"helpdesk of {teamspace}", teamspace=teamspace, base_url="https://helpdesk.example/api/v1", api_key="k"
    )


def new_key(owner: User, *teamspaces: Teamspace, **options: Any) -> tuple[ApiKey, str]:
    """Make a key."""
    options = {"name": "a key", "expires_at": timezone.now() + timedelta(days=1), "by": owner, **options}
    options.setdefault("requests_per_minute", 100_000)
    return key_create(owner=owner, teamspaces=teamspaces, **options)


def example_company(account: HelpdeskAccount) -> Company:
    """Make the company of the document's example."""
    return Company.objects.create(
        account=account,
        remote_id="123e4567-e89b-12d3-a456-426614174000",
        name="Acme Corporation",
        website="https://acme.com",
        industry="Technology",
        deal_value=50000,
        stage_id="stage-123",
        position=0,
        logo_url="https://example.com/logo.png",
        notes="Important client",
        last_contact=at("2024-01-15T10:30:00"),
        is_customer=False,
        created_by="user-456",
        created_at=at("2024-01-01T08:00:00"),
        updated_at=at("2024-01-15T10:30:00.987654"),
    )


def example_contact(company: Company, **more: Any) -> Contact:
    """Make the contact of the document's example."""
    fields = {
        "account": company.account,
        "remote_id": "contact-123",
        "company": company,
        "remote_company_id": company.remote_id,
        "name": "John Doe",
        "email": "john@acme.com",
        "phone": "+1-555-0123",
        "title": "CEO",
        "role": "Decision Maker",
        "notes": "Primary contact",
        "is_primary": True,
        "user_id": "user-456",
        "created_at": at("2024-01-01T08:00:00"),
        "updated_at": at("2024-01-15T10:30:00"),
    }
    return Contact.objects.create(**{**fields, **more})


def example_conversation(company: Company) -> VisitorConversation:
    """Make the conversation of the document's example."""
    return VisitorConversation.objects.create(
        account=company.account,
        remote_id="conv-123",
        company=company,
        remote_company_id=company.remote_id,
        visitor_name="Jane Smith",
        visitor_email="jane@example.com",
        visitor_ip="192.168.1.1",
        user_agent="Mozilla/5.0...",
        referrer_url="https://google.com",
        page_url="https://acme.com/pricing",
        status="open",
        assigned_to_user_id="user-456",
        is_read=False,
        trust_uploads=False,
        tags=["support", "urgent"],
        last_message_at=at("2024-01-15T14:30:00"),
        created_at=at("2024-01-15T14:00:00"),
        updated_at=at("2024-01-15T14:30:00"),
    )


def example_chat(house: House, chat_id: str = "chat-1", company: Company | None = None) -> Chat:
    """Make a chat of a person with two tags, who is a contact of a company if one is given."""
    person = Customer.objects.create(teamspace=house.teamspace, name="Ann of the records", email="ann@example.com")
    person.tags.add(*(Tag.objects.get_or_create(teamspace=house.teamspace, name=name)[0] for name in ("vip", "asks")))
    human = Human.objects.create(channel=house.channel, human_id=f"human of {chat_id}", customer=person, name="Ann")
    if company is not None:
        example_contact(company, remote_id=f"contact of {chat_id}", customer=person)
    return Chat.objects.create(
        channel=house.channel,
        chat_id=chat_id,
        human=human,
        last_author_type="human",
        created_at=at("2024-02-01T08:00:00"),
        last_message_at=at("2024-02-01T09:00:00"),
    )


def many_contacts(account: HelpdeskAccount, number: int, start: int = 0) -> None:
    """Make contacts without a company, in bulk."""
    Contact.objects.bulk_create(
        (
            Contact(
                account=account,
                remote_id=f"contact-{each:06}",
                name=f"Person {each}",
                email=f"person{each}@example.com",
                notes="Ringt gern vormittags an. " * 4,
                created_at=at("2024-01-01T08:00:00"),
                updated_at=at("2024-01-15T10:30:00") + timedelta(seconds=each),
            )
            for each in range(start, start + number)
        ),
        batch_size=2000,
    )


def at(text: str) -> datetime:
    """Return a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
