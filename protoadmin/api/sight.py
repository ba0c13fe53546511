"""What a key sees, and the ids under which it sees it.

An id is the remote's own. Where several accounts of a key's sight have the same one, the row that came first keeps it,
and the others are given as `<account>:<id>`; so what was given out once is not changed by what comes later.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Min

from conversations.models import Chat, VisitorConversation
from customers.models import Company, Contact
from protoadmin.connections.models import HelpdeskAccount

# What looks like one of our own is never given out bare.
_OURS = re.compile(r"(?:chat-)?\d+:", re.ASCII)
_OF_ACCOUNT = re.compile(r"(\d{1,18}):(.+)", re.ASCII | re.DOTALL)

Mirrored = type[Company] | type[Contact] | type[VisitorConversation]


@dataclass(frozen=True)
class Sight:
    """The teamspaces that a key opens, and their helpdesk accounts; both in the order of their ids."""

    teamspaces: list[int]
    accounts: list[int]


@dataclass(frozen=True)
class Narrowed:
    """A company that is asked about: in which accounts, under which remote id, and its row if there is one."""

    accounts: list[int]
    remote_id: str
    company: int | None


def sight_of(teamspaces: list[int]) -> Sight:
    """Return what these teamspaces open."""
    accounts = HelpdeskAccount.objects.filter(teamspace__in=teamspaces).order_by("pk")
    return Sight(teamspaces, list(accounts.values_list("pk", flat=True)))


def given_id(account: int, remote_id: str, first: dict[str, int]) -> str:
    """Return the id to give out; `first` are the accounts whose row came first, by remote id."""
    if first.get(remote_id, account) == account and not _OURS.match(remote_id):
        return remote_id
    return f"{account}:{remote_id}"


def given_chat_id(channel: int, chat_id: str, is_first: bool) -> str:
    """Return the same for a chat."""
    return chat_id if is_first and not _OURS.match(chat_id) else f"chat-{channel}:{chat_id}"


def first_accounts(model: Mirrored, remote_ids: Iterable[str], sight: Sight) -> dict[str, int]:
    """Return whose row came first, by remote id; nothing is asked where there is one account alone."""
    if len(sight.accounts) < 2:
        return {}
    rows = model._default_manager.filter(remote_id__in=set(remote_ids), account__in=sight.accounts)
    return dict(rows.order_by("-pk").values_list("remote_id", "account"))


def first_chats(chat_ids: Iterable[str], sight: Sight) -> dict[str, int]:
    """Return which chat came first, by chat id."""
    rows = Chat.objects.filter(chat_id__in=set(chat_ids), teamspace__in=sight.teamspaces).order_by()
    return dict(rows.values_list("chat_id").annotate(first=Min("pk")))


def narrowed_to(company_id: str, sight: Sight) -> Narrowed:
    """Return what a `companyId` asks for, in either form in which it may have been given out."""
    accounts, remote_id = sight.accounts, company_id
    if (parts := _OF_ACCOUNT.fullmatch(company_id)) and int(parts[1]) in sight.accounts:
        accounts, remote_id = [int(parts[1])], parts[2]
    known = Company.objects.filter(account__in=accounts, remote_id=remote_id).order_by("pk")
    found = known.values_list("account", "pk").first()
    if found is None:
        return Narrowed(accounts, remote_id, None)
    return Narrowed([found[0]], remote_id, found[1])
