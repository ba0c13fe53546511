"""Companies, contacts and visitor conversations of helpdesk accounts, as the API gives them out."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from conversations.models import VisitorConversation
from customers.models import Company, Contact
from protoadmin.api.shapes import moment, number
from protoadmin.api.sight import Mirrored, Narrowed, Sight, first_accounts, first_chats, given_id
from protoadmin.api.sources import Source
from protoadmin.storable import from_storable

First = dict[str, int]


class _Rows(Source):
    """What the three have in common: they belong to an account, and some are gone."""

    model: ClassVar[Mirrored]
    # What is read of a row, in the order in which `shape` takes it; the key, the account and the id come before.
    fields: ClassVar[tuple[str, ...]]
    changing: ClassVar[tuple[str, ...]] = ("updated_at", "name")

    def scopes(self, sight: Sight, company: Narrowed | None) -> Sequence[int]:
        """Return the accounts: of each, one index gives the rows in their order."""
        return sight.accounts if company is None else company.accounts

    def rows(self, scope: int, sight: Sight, company: Narrowed | None, since: datetime | None) -> QuerySet[Any]:
        """Return those of an account that are not gone."""
        found: QuerySet[Any] = self.model._default_manager.filter(account=scope, gone_at=None)
        if since is not None:
            undated = Q(updated_at=None) & (Q(created_at=None) | Q(created_at__gte=since))
            found = found.filter(Q(updated_at__gte=since) | undated)
        return found if company is None else found.filter(pk__in=self._of_company(company))

    def _of_company(self, company: Narrowed) -> QuerySet[Any]:
        """By the company's row, and by its id where a row knows no more of it; each from its own index."""
        every: QuerySet[Any] = self.model._default_manager.order_by()
        by_id = every.filter(account__in=company.accounts, company=None, remote_company_id=company.remote_id)
        if company.company is None:
            return by_id.values("pk")
        return every.filter(company=company.company).values("pk").union(by_id.values("pk"))

    def read(self, rows: QuerySet[Any], sight: Sight) -> list[tuple[int, dict[str, Any]]]:
        """Fetch rows; two more queries for all of them tell ids apart that occur in several accounts."""
        found = list(self.with_company(rows).values_list("pk", "account", "remote_id", *self.fields))
        first = self.first(found, sight)
        companies = self.first_companies(found, sight)
        return [
            (pk, {"id": given_id(account, remote_id, first), **self.shape(account, companies, *values)})
            for pk, account, remote_id, *values in found
        ]

    def with_company(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Give rows the remote id of their company, from its row or from what they know of it."""
        found: QuerySet[Any] = rows.annotate(of_company=Coalesce("company__remote_id", "remote_company_id"))
        return found

    def first(self, found: list[Any], sight: Sight) -> First:
        """Return whose row came first, by id."""
        return first_accounts(self.model, (row[2] for row in found), sight)

    def first_companies(self, found: list[Any], sight: Sight) -> First:
        """Return the same for the companies that these rows name."""
        return first_accounts(Company, (row[3] for row in found if row[3]), sight)

    @abstractmethod
    def shape(self, account: int, companies: First, *values: Any) -> dict[str, Any]:
        """Return a row without its id, from what was read of it."""


class Companies(_Rows):
    """The companies."""

    model = Company
    fields = (
        *("name", "website", "industry", "deal_value", "stage_id", "position", "logo_url", "notes", "last_contact"),
        *("is_customer", "created_by", "created_at", "updated_at"),
    )

    def with_company(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """A company has none."""
        return rows

    def first_companies(self, found: list[Any], sight: Sight) -> First:
        """A company names none."""
        return {}

    def shape(self, account: int, companies: First, *values: Any) -> dict[str, Any]:
        """In the order of the document."""
        name, website, industry, value, stage, position, logo, notes, last_contact, is_customer, *more = values
        created_by, created_at, updated_at = more
        return {
            "name": name,
            "website": website,
            "industry": industry,
            "dealValue": number(value),
            "stageId": stage or None,
            "position": position,
            "logoUrl": logo,
            "notes": notes,
            "lastContact": moment(last_contact),
            "isCustomer": is_customer,
            "createdBy": created_by or None,
            "createdAt": moment(created_at),
            "updatedAt": moment(updated_at or created_at),
        }


class Contacts(_Rows):
    """The contacts."""

    model = Contact
    fields = (
        *("of_company", "name", "email", "phone", "title", "role", "notes", "is_primary", "user_id"),
        *("created_at", "updated_at"),
    )

    def shape(self, account: int, companies: First, *values: Any) -> dict[str, Any]:
        """In the order of the document."""
        company, name, email, phone, title, role, notes, is_primary, user, created_at, updated_at = values
        return {
            "companyId": given_id(account, company, companies) if company else None,
            "name": name,
            "email": email,
            "phone": phone,
            "title": title,
            "role": role,
            "notes": notes,
            "isPrimary": is_primary,
            "userId": user or None,
            "createdAt": moment(created_at),
            "updatedAt": moment(updated_at or created_at),
        }


class VisitorConversations(_Rows):
    """The conversations that were mirrored."""

    model = VisitorConversation
    fields = (
        *("of_company", "visitor_name", "visitor_email", "visitor_ip", "user_agent", "referrer_url", "page_url"),
        *("status", "assigned_to_user_id", "is_read", "trust_uploads", "tags"),
        *("last_message_at", "created_at", "updated_at"),
    )
    changing = ("updated_at", "last_message_at", "status", "is_read")

    def first(self, found: list[Any], sight: Sight) -> First:
        """An id that a chat has, too, is the chat's: 0 is no account."""
        ids = [row[2] for row in found]
        return super().first(found, sight) | dict.fromkeys(first_chats(ids, sight), 0)

    def shape(self, account: int, companies: First, *values: Any) -> dict[str, Any]:
        """In the order of the document."""
        company, name, email, address, agent, referrer, page, status, assigned, is_read, trusted, tags, *times = values
        last_message_at, created_at, updated_at = times
        return {
            "companyId": given_id(account, company, companies) if company else None,
            "visitorName": name,
            "visitorEmail": email,
            "visitorIp": address,
            "userAgent": agent,
            "referrerUrl": referrer,
            "pageUrl": page,
            "status": status,
            "assignedToUserId": assigned or None,
            "isRead": is_read,
            "trustUploads": trusted,
            "tags": [str(tag) for tag in from_storable(tags)] if isinstance(tags, list) else [],
            "lastMessageAt": moment(last_message_at),
            "createdAt": moment(created_at),
            "updatedAt": moment(updated_at or created_at),
        }
