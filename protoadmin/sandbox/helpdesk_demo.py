"""Believable companies, contacts and conversations, the same every time, that match the people of the teamspaces.

Most contacts are people that the platform knows too, by mail or phone; some are known to the helpdesk alone.
"""

import json
import sqlite3
from random import Random
from typing import Any
from uuid import UUID

from protoadmin.sandbox.ids import timestamp
from protoadmin.sandbox.state import State

SEED = 20260203
START = 1_743_465_600.0
DAY = 86_400.0
COMPANIES_EACH = 8
WORDS = (
    *("Northwind", "Lumen", "Harbour", "Cobalt", "Saffron", "Juniper", "Meridian", "Kestrel", "Marigold", "Granite"),
    *("Tidewater", "Ember", "Solstice", "Larkspur", "Basalt", "Clearwater", "Amihan", "Mabuhay", "Orchid", "Banyan"),
)
KINDS = {
    "Logistics": "Transport",
    "Foods": "Food and drink",
    "Labs": "Technology",
    "Clinics": "Health",
    "Textiles": "Manufacturing",
    "Travel": "Tourism",
    "Energy": "Utilities",
    "Books": "Retail",
}
STAGES = ("stage-lead", "stage-qualified", "stage-proposal", "stage-won", "stage-lost")
TITLES = ("CEO", "Head of Support", "Office Manager", "CTO", "Buyer", "Accountant")
ROLES = ("Decision Maker", "Influencer", "User", "Billing")
TAGS = ("support", "urgent", "billing", "sales", "bug", "feedback")
PAGES = ("/pricing", "/contact", "/docs/webhooks", "/", "/blog/opening-hours")
REFERRERS = ("https://google.com", "https://example.org/reviews", "", "https://news.example.net/a?b=1&c=2")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)


def fill(state: State) -> None:
    """Give every teamspace an account with data; the people are there already."""
    rng = Random(SEED)  # noqa: S311 - the same companies every time
    for team in state.rows("SELECT subcompany_id, name FROM teamspaces ORDER BY rowid"):
        slug = team["name"].lower().replace(" ", "-")
        account = (team["subcompany_id"], f"{team['name']} helpdesk", f"sandbox-demo-helpdesk-{slug}")
        state.run("INSERT INTO helpdesk_accounts (subcompany_id, name, api_key) VALUES (?, ?, ?)", account)
        people = state.rows(
            "SELECT name, email, phone_number FROM people WHERE subcompany_id = ? ORDER BY rowid", account[:1]
        )
        _fill_account(state, account[0], people, rng)


def _fill_account(state: State, account: str, people: list[sqlite3.Row], rng: Random) -> None:
    for position, start in enumerate(range(0, len(people), COMPANIES_EACH)):
        company = _company(position, rng)
        _put(state, account, "companies", company)
        known = [person for person in people[start : start + COMPANIES_EACH] if person["name"]]
        for number, person in enumerate(rng.sample(known, min(len(known), rng.choice((1, 2, 3, 4))))):
            contact = _contact(company, person, number == 0, rng)
            _put(state, account, "contacts", contact)
            if rng.random() < 0.6:
                _put(state, account, "conversations", _conversation(company, contact, rng))
        if rng.random() < 0.4:
            nobody = {"name": None, "email": None}
            _put(state, account, "conversations", _conversation(company, nobody, rng))


def _company(position: int, rng: Random) -> dict[str, Any]:
    word, kind = rng.choice(WORDS), rng.choice(list(KINDS))
    made = START + rng.random() * 200 * DAY
    slug = f"{word}-{kind}-{position}".lower()
    return {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "name": f"{word} {kind}" if position % 7 else f"{word} {kind} GmbH & Co. KG – Söhne",
        "website": f"https://{slug}.example.com" if rng.random() < 0.8 else None,
        "industry": KINDS[kind],
        "dealValue": rng.choice((0, 1500, 12_000, 50_000, 125_000.5, 980_000, None)),
        "stageId": rng.choice(STAGES),
        "position": position,
        "logoUrl": f"https://{slug}.example.com/logo.png" if rng.random() < 0.4 else None,
        "notes": rng.choice(("Important client", "Asked for a quote twice.\nCall after the holidays.", "", None)),
        "lastContact": timestamp(made + rng.random() * 90 * DAY) if rng.random() < 0.8 else None,
        "isCustomer": rng.random() < 0.45,
        "createdBy": f"user-{rng.randrange(440, 460)}",
        "createdAt": timestamp(made),
        "updatedAt": timestamp(made + rng.random() * 90 * DAY),
    }


def _contact(company: dict[str, Any], person: sqlite3.Row, is_primary: bool, rng: Random) -> dict[str, Any]:
    made = START + rng.random() * 200 * DAY
    return {
        "id": f"contact-{rng.getrandbits(40):010x}",
        "companyId": company["id"],
        "name": person["name"],
        "email": (person["email"] or "").title() if rng.random() < 0.2 else person["email"] or None,
        "phone": person["phone_number"] or None,
        "title": rng.choice(TITLES),
        "role": rng.choice(ROLES),
        "notes": "Primary contact" if is_primary else None,
        "isPrimary": is_primary,
        "userId": f"user-{rng.randrange(440, 460)}",
        "createdAt": timestamp(made),
        "updatedAt": timestamp(made + rng.random() * 60 * DAY),
    }


def _conversation(company: dict[str, Any], visitor: dict[str, Any], rng: Random) -> dict[str, Any]:
    began = START + rng.random() * 280 * DAY
    wrote = began + rng.random() * 3 * DAY
    return {
        "id": f"conv-{rng.getrandbits(40):010x}",
        "companyId": company["id"],
        "visitorName": visitor["name"],
        "visitorEmail": visitor["email"],
        "visitorIp": f"192.0.2.{rng.randrange(1, 255)}",
        "userAgent": rng.choice(AGENTS),
        "referrerUrl": rng.choice(REFERRERS) or None,
        "pageUrl": f"https://acme.example.com{rng.choice(PAGES)}",
        "status": rng.choice(("open", "open", "closed", "pending")),
        "assignedToUserId": f"user-{rng.randrange(440, 460)}" if rng.random() < 0.7 else None,
        "isRead": rng.random() < 0.7,
        "trustUploads": rng.random() < 0.1,
        "tags": rng.sample(TAGS, rng.choice((0, 1, 1, 2))),
        "lastMessageAt": timestamp(wrote),
        "createdAt": timestamp(began),
        "updatedAt": timestamp(wrote),
    }


def _put(state: State, account: str, resource: str, item: dict[str, Any]) -> None:
    row = (account, resource, item["id"], item.get("companyId"), json.dumps(item, ensure_ascii=False))
    state.run("INSERT INTO helpdesk_items (account, resource, id, company_id, body) VALUES (?, ?, ?, ?, ?)", row)
