"""Exports of lists whose rows are single records: every column is a field, or one of a record that it belongs to."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from customers.exporting.engine import Export, Found, Part, batched
from customers.exporting.formats import Format, Rows
from customers.models import Company, Contact, ProtocolCustomer
from protoadmin.connections.scoping import only_visible
from protoadmin.runs.models import Run

# What each record of the helpdesk begins with, and ends with.
OF_ACCOUNT = {"teamspace": "account__teamspace__name", "account": "account__name", "id": "remote_id"}
OF_COMPANY = {"company_id": "remote_company_id", "company": "company__name"}
FROM_HELPDESK = ("created_at", "updated_at", "gone_at")


def list_export(
    name: str, things: str, model: type[Model], permission: str, *, path: str, columns: dict[str, str]
) -> Export:
    """Return the export of a list; `columns` are names with the way to their value, `path` leads to the teamspace."""

    def rows(part: Part) -> Rows:
        return batched(_lines(part, model, path, list(columns.values())))

    def names(teamspaces: set[int], format: Format) -> list[Any]:
        return list(columns)

    return Export(name, f"Export {things}", things, model, permission, _chosen_already, names, rows)


def own(*names: str) -> dict[str, str]:
    """Return columns that are called as their fields are."""
    return {name: name for name in names}


def _chosen_already(run: Run, person: User, place: Any) -> Found:
    """The ids were kept when the button was pressed, in the order of the list."""
    return Found()


def _lines(part: Part, model: type[Model], path: str, ways: list[str]) -> Iterator[list[Any]]:
    found: dict[int, tuple[Any, ...]] = {}
    rows = only_visible(model._default_manager.filter(pk__in=part.ids), part.person, path).order_by()
    for pk, teamspace, *values in rows.values_list("pk", path, *ways):
        part.teamspaces.add(teamspace)
        found[pk] = tuple(values)
    part.missing = len(part.ids) - len(found)
    for pk in part.ids:
        if pk in found:
            yield [_cell(part.format, value) for value in found[pk]]


def _cell(format: Format, value: Any) -> Any:
    match value:
        case str():
            return format.text(value)
        case datetime():
            return format.moment(value)
        case Decimal():
            return format.text(str(value))
        case list():
            return format.many([str(each) for each in value])
        case dict():
            return value if format.nested else format.text(json.dumps(value, ensure_ascii=False) if value else "")
        case bool() if not format.nested:
            return "yes" if value else "no"
        case None:
            return None if format.nested else ""
        case _:
            return value


PERMISSION = "customers.export_customers"
PROTOCOL = list_export(
    "protocol_export",
    "Protocol customers",
    ProtocolCustomer,
    PERMISSION,
    path="project__teamspace",
    columns={
        "teamspace": "project__teamspace__name",
        "project": "project__name",
        **own(
            "protocol_id", "username", "display_name", "phone_number", "avatar_url", "conversation_id", "external_id",
            "status", "is_flagged", "meta", "last_active_at", "last_transaction_at", "terminated_at", "created_at",
            "updated_at", "gone_at",
        ),
        "state": "sync_state",
        "person_id": "customer__provided_unique_id",
    },
)  # fmt: skip
COMPANIES = list_export(
    "companies_export",
    "companies",
    Company,
    PERMISSION,
    path="account__teamspace",
    columns={
        **OF_ACCOUNT,
        **own(
            "name", "website", "industry", "deal_value", "stage_id", "position", "logo_url", "notes", "last_contact",
            "is_customer", "created_by", *FROM_HELPDESK,
        ),
    },
)  # fmt: skip
CONTACTS = list_export(
    "contacts_export",
    "contacts",
    Contact,
    PERMISSION,
    path="account__teamspace",
    columns={
        **OF_ACCOUNT,
        **OF_COMPANY,
        **own("name", "email", "phone", "title", "role", "notes", "is_primary", "user_id", *FROM_HELPDESK),
        "person_id": "customer__provided_unique_id",
    },
)
EXPORTS = (PROTOCOL, COMPANIES, CONTACTS)
