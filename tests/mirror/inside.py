"""What is done inside the two products: A is furnished and changed, B is connected to A and pulls.

Each is called in a process of that product (`Product.python`) and returns what can be written as JSON.
"""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from conversations.models import Chat, VisitorConversation
from customers.helpdesk.pulling import pull_start
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.runs.models import ACTIVE_STATES
from tests.access.people import new_teamspace
from tests.api import house

MODELS: dict[str, Any] = {"companies": Company, "contacts": Contact, "conversations": VisitorConversation}
# Columns that the document has no field for.
OURS = {"id", "account", "company", "customer", "email_normal", "phone_e164", "gone_at", "remote_data", "seen_run"}
RENAMED = {"remote_id": "id", "remote_company_id": "companyId"}
MANY = 1200
PATIENCE = 90.0

# --- A --------------------------------------------------------------------------------------------


def furnish() -> dict[str, str]:
    """Fill two teamspaces; two accounts of the first have rows with the same ids. Return a key of both, and of one."""
    home = house.new_house()
    _furnish(home)
    house.many_contacts(home.account, MANY)
    twin = house.new_account(home.teamspace)
    company = house.example_company(twin)
    house.example_contact(company, name="John Twin")
    house.example_conversation(company)
    far = house.new_house("Faraway")
    _furnish(far)
    Company.objects.create(
        account=far.account,
        remote_id='odd/"id" é',
        name="Ünï <b>=1+1</b> \U0001f600 \u202e",
        deal_value=Decimal("-1234.50"),
        position=-7,
        is_customer=True,
        created_at=house.at("2023-12-31T23:59:59"),
    )
    Contact.objects.create(account=far.account, remote_id="nothing known")
    Contact.objects.create(account=far.account, remote_id="of an unknown one", remote_company_id="never listed")
    home.owner.teamspaces.add(far.teamspace)
    _, every = house.new_key(home.owner, home.teamspace, far.teamspace)
    return {"every": every, "narrow": far.token}


def _furnish(home: house.House) -> None:
    """The document's examples, a conversation that ends, chats, and a conversation with the id of a chat."""
    company = house.example_company(home.account)
    house.example_contact(company)
    conversation = house.example_conversation(company)
    for remote_id, is_read in (("conv-that-ends", True), ("chat-1", False)):
        conversation.pk, conversation.remote_id, conversation._state.adding = None, remote_id, True
        conversation.is_read, conversation.trust_uploads = is_read, not is_read
        conversation.save()
    house.example_chat(home, "chat-1" if home.teamspace.name == "Home" else "chat-2", company=company)


def change() -> None:
    """Change a company and a chat, remove a contact, let a conversation be gone, and make a company."""
    twin = HelpdeskAccount.objects.order_by("pk")[1]
    Company.objects.filter(account=twin).update(name="Acme Renamed", deal_value=7, updated_at=timezone.now())
    Chat.objects.filter(chat_id="chat-1").update(active=False, last_message_at=timezone.now())
    Contact.objects.get(remote_id="contact-000007").delete()
    VisitorConversation.objects.filter(account=twin.pk - 1, remote_id="conv-that-ends").update(gone_at=timezone.now())
    Company.objects.create(account=twin, remote_id="new", name="New", created_at=timezone.now())


# --- B --------------------------------------------------------------------------------------------


def connect(url: str, keys: dict[str, str]) -> dict[str, Any]:
    """Make an account for each key, all of one teamspace; return their ids, and a key of our own as `token`."""
    teamspace = new_teamspace("Mirror")
    made: dict[str, Any] = {
        name: HelpdeskAccount.objects.create(
            name=name, teamspace=teamspace, base_url=f"{url}/api/v1", api_key=key, pull_every=0
        ).pk
        for name, key in keys.items()
    }
    owner = User.objects.get(is_superuser=True)
    _, made["token"] = house.new_key(owner, teamspace, expires_at=timezone.now() + timedelta(days=1))
    return made


def pull(*accounts: int) -> list[dict[str, Any]]:
    """Have the worker pull these accounts; return how each ended, once all have."""
    runs = [pull_start(account=HelpdeskAccount.objects.get(pk=pk), by=None) for pk in accounts]
    end = time.monotonic() + PATIENCE
    while any(run.state in ACTIVE_STATES for run in runs):
        if time.monotonic() > end:
            raise TimeoutError(f"the pull goes on and on: {[(run.state, run.error) for run in runs]}")
        time.sleep(0.2)
        for run in runs:
            run.refresh_from_db()
    return [{"state": run.state, "error": run.error, "counts": run.parameters["counts"]} for run in runs]


def mirrored(account: int) -> dict[str, list[dict[str, Any]]]:
    """Return an account's rows, column by column, in the order in which they came; those that are gone have `gone`."""
    return {
        name: [_as_json(row) for row in model.objects.filter(account=account).order_by("pk")]
        for name, model in MODELS.items()
    }


def _as_json(row: Any) -> dict[str, Any]:
    names = {field.name for field in row._meta.fields} - OURS
    shown = {_key(name): _value(getattr(row, name)) for name in names}
    company = getattr(row, "company", None)
    return {
        "shown": shown,
        "raw": row.remote_data,
        "gone": row.gone_at is not None,
        "linked": None if company is None else [company.account_id, company.remote_id],
    }


def _key(name: str) -> str:
    """Return a column's name as the document writes it."""
    first, *rest = RENAMED.get(name, name).split("_")
    return first + "".join(part.capitalize() for part in rest)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return float(value) if isinstance(value, Decimal) else value
