"""What is pulled from a helpdesk account: each list of seed 003 with its model and its fields.

Conversations belong to an upper app, which adds its own when Django starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from customers.helpdesk import values
from customers.helpdesk.values import Reader, line
from customers.models import Company, Contact
from protoadmin.clients.helpdesk import RESOURCES
from protoadmin.storable import to_storable


@dataclass(frozen=True)
class Resource:
    """One list: `columns` says for each column which key of the answer it is read from, and how."""

    name: str
    model: type[models.Model]
    columns: Mapping[str, tuple[str, Reader]]

    @property
    def belongs_to_company(self) -> bool:
        """Whether its rows are a company's."""
        return "remote_company_id" in self.columns

    @property
    def written(self) -> list[str]:
        """The columns that a pull writes."""
        own = [*self.columns, "gone_at", "remote_data", "seen_run"]
        return [*own, "company_id"] if self.belongs_to_company else own

    def read(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of one item of the list."""
        found = {column: read(item.get(key)) for column, (key, read) in self.columns.items()}
        return {**found, "remote_data": to_storable(item)}


COMPANIES = Resource(
    "companies",
    Company,
    {
        "name": ("name", line(300)),
        "website": ("website", line(1000)),
        "industry": ("industry", line(200)),
        "deal_value": ("dealValue", values.amount),
        "stage_id": ("stageId", line(200)),
        "position": ("position", values.integer),
        "logo_url": ("logoUrl", line(1000)),
        "notes": ("notes", values.text),
        "last_contact": ("lastContact", values.moment),
        "is_customer": ("isCustomer", values.flag),
        "created_by": ("createdBy", line(200)),
        "created_at": ("createdAt", values.moment),
        "updated_at": ("updatedAt", values.moment),
    },
)
CONTACTS = Resource(
    "contacts",
    Contact,
    {
        "remote_company_id": ("companyId", line(200)),
        "name": ("name", line(300)),
        "email": ("email", line(254)),
        "email_normal": ("email", values.email_normal),
        "phone": ("phone", line(60)),
        "phone_e164": ("phone", values.phone_e164),
        "title": ("title", line(200)),
        "role": ("role", line(200)),
        "notes": ("notes", values.text),
        "is_primary": ("isPrimary", values.flag),
        "user_id": ("userId", line(200)),
        "created_at": ("createdAt", values.moment),
        "updated_at": ("updatedAt", values.moment),
    },
)

_resources: dict[str, Resource] = {}


def register(*resources: Resource) -> None:
    """Have these lists pulled, too; each name is one of the client's."""
    for resource in resources:
        if resource.name not in RESOURCES:
            raise ValueError(f"the helpdesk has no list {resource.name}")
        _resources[resource.name] = resource


def resources() -> list[Resource]:
    """Return what is pulled, in order: what others refer to comes first."""
    return [_resources[name] for name in RESOURCES if name in _resources]


def resource(name: str) -> Resource:
    """Return one list by its name."""
    return _resources[name]


register(COMPANIES, CONTACTS)
