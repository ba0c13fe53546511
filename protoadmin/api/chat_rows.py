"""Chats of messaging channels as the API gives them out: as conversations."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from conversations.models import AuthorType, Chat
from customers.models import Company, Contact, Customer
from protoadmin.api.shapes import moment
from protoadmin.api.sight import Narrowed, Sight, first_accounts, first_chats, given_chat_id, given_id
from protoadmin.api.sources import Source

_FIELDS = (
    *("pk", "channel", "chat_id", "active", "last_author_type", "last_message_at", "created_at"),
    *("human__name", "human__email", "human__customer", "human__customer__name", "human__customer__email"),
)


class Chats(Source):
    """The chats that Proto has confirmed: the others have no id yet."""

    changing = ("version", "last_message_at", "active", "human__name", "human__email", "human__customer")

    def scopes(self, sight: Sight, company: Narrowed | None) -> Sequence[int]:
        """Return the teamspaces; none when it is about a company that nobody can be a contact of."""
        return sight.teamspaces if company is None or company.company is not None else []

    def rows(self, scope: int, sight: Sight, company: Narrowed | None, since: datetime | None) -> QuerySet[Any]:
        """Return those of a teamspace; of a company, those whose person is first of all its contact."""
        found = Chat.objects.filter(teamspace=scope).exclude(chat_id=None).exclude(chat_id="")
        if since is not None:
            found = found.filter(Q(last_message_at__gte=since) | Q(created_at__gte=since))
        if company is None:
            return found
        of_person = _contacts(sight).filter(customer=OuterRef("human__customer")).values("company")[:1]
        people = _contacts(sight).filter(company=company.company).order_by().values("customer")
        return found.filter(human__customer__in=people).alias(first=Subquery(of_person)).filter(first=company.company)

    def read(self, rows: QuerySet[Any], sight: Sight) -> list[tuple[int, dict[str, Any]]]:
        """Fetch rows, and for all of them at once the companies and the tags of their people."""
        found = list(rows.values_list(*_FIELDS))
        people = {row[9] for row in found if row[9] is not None}
        companies, tags = _companies(people, sight), _tags(people)
        first = first_chats((row[2] for row in found), sight)
        return [
            (row[0], {"id": given_chat_id(row[1], row[2], first.get(row[2]) == row[0]), **_shape(row, companies, tags)})
            for row in found
        ]


def _contacts(sight: Sight) -> QuerySet[Contact]:
    """Return the contacts that say which company a person is with; a person's first one counts."""
    return Contact.objects.filter(account__in=sight.accounts, gone_at=None, company__isnull=False).order_by("pk")


def _companies(people: Iterable[int], sight: Sight) -> dict[int, str]:
    """Return the ids to give out of the companies of these people."""
    if not people or not sight.accounts:
        return {}
    rows = _contacts(sight).filter(customer__in=people).order_by("-pk")
    found = {person: (account, remote_id) for person, account, remote_id in _of_people(rows)}
    first = first_accounts(Company, (remote_id for _, remote_id in found.values()), sight)
    return {person: given_id(account, remote_id, first) for person, (account, remote_id) in found.items()}


def _of_people(rows: QuerySet[Contact]) -> Iterable[tuple[Any, ...]]:
    return rows.values_list("customer", "company__account", "company__remote_id")


def _tags(people: Iterable[int]) -> dict[int, list[str]]:
    """Return the names of these people's tags, in their order."""
    found: dict[int, list[str]] = {}
    rows = Customer.tags.through.objects.filter(customer__in=people).order_by("tag__name", "tag")
    for person, name in rows.values_list("customer", "tag__name") if people else ():
        found.setdefault(person, []).append(name)
    return found


def _shape(row: tuple[Any, ...], companies: dict[int, str], tags: dict[int, list[str]]) -> dict[str, Any]:
    """Return a chat without its id, in the order of the document (docs/API.md says what is what)."""
    _, _, _, active, last_author, last_message_at, created_at, name, email, person, person_name, person_email = row
    return {
        "companyId": companies.get(person),
        "visitorName": name or person_name or "",
        "visitorEmail": email or person_email or "",
        "visitorIp": "",
        "userAgent": "",
        "referrerUrl": "",
        "pageUrl": "",
        "status": "open" if active else "closed",
        "assignedToUserId": None,
        "isRead": last_author != AuthorType.HUMAN,
        "trustUploads": False,
        "tags": tags.get(person, []),
        "lastMessageAt": moment(last_message_at),
        "createdAt": moment(created_at),
        "updatedAt": moment(max(last_message_at, created_at)),
    }
