"""Companies, contacts and visitors' conversations of the made-up town: one of each for every person."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from conversations.models import VisitorConversation
from customers.models import Company, Contact, index_rows
from protoadmin.connections.models import HelpdeskAccount, Teamspace

BATCH = 1000
# So many companies have the rare word in their names, whatever the size of the town.
RARE = 60
RARE_WORD, COMMON_WORD = "zeppelin", "trading"
WORDS = ("Alpha", "Borealis", "Cascade", "Delta", "Elbe", "Fjord", "Granite", "Harbour", "Iris", "Juniper", "Kestrel")
INDUSTRIES = ("Energy", "Retail", "Health", "Transport", "Software")


def fill_desks(number: int, teamspaces: list[Teamspace]) -> None:
    """Give each teamspace an account, and write the rows with their terms as a pull does."""
    accounts = [
        HelpdeskAccount.objects.create(name=f"Desk of {each}", teamspace=each, base_url="https://d.io", api_key="k")
        for each in teamspaces
    ]
    for make in (_company, _contact, _visitor):
        for rows in _batches(make, number, accounts):
            with transaction.atomic():
                type(rows[0]).objects.bulk_create(rows)
                index_rows(rows)


def _batches(make: Any, number: int, accounts: list[HelpdeskAccount]) -> Iterator[list[Any]]:
    for start in range(0, number, BATCH):
        yield [
            make(n, accounts[n % len(accounts)], n % (number // RARE) == 0)
            for n in range(start, min(number, start + BATCH))
        ]


def _name(n: int, rare: bool) -> str:
    kind = COMMON_WORD if n % 2 else "holding"
    return f"{WORDS[n % 11]} {RARE_WORD if rare else WORDS[n // 11 % 11]} {kind} {n}"


def _company(n: int, account: HelpdeskAccount, rare: bool) -> Company:
    return Company(
        account=account,
        remote_id=f"123e4567-e89b-12d3-a456-{n:012}",
        name=_name(n, rare),
        website=f"https://www.shop{n:06}.example.com/home",
        industry=INDUSTRIES[n % 5],
        stage_id=f"stage-{n % 7}",
        deal_value=n,
        notes="Made for the benchmark. " * 8,
        remote_data={"id": n, "notes": "Made for the benchmark. " * 8},
    )


def _contact(n: int, account: HelpdeskAccount, rare: bool) -> Contact:
    return Contact(
        account=account,
        remote_id=f"contact-{n}",
        name=_name(n, rare),
        email=f"contact{n}@mail{n % 40}.example",
        phone=f"+43 660 {4_000_000 + n * 7:07d}",
        remote_data={"id": n},
    )


def _visitor(n: int, account: HelpdeskAccount, rare: bool) -> VisitorConversation:
    return VisitorConversation(
        account=account,
        remote_id=f"conversation-{n}",
        visitor_name=_name(n, rare),
        visitor_email=f"visitor{n}@mail{n % 40}.example",
        status="open",
        last_message_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n * 7919 % 20_000_000),
        remote_data={"id": n},
    )
