"""The columns of an export: what every person has, and one for each custom field of the teamspaces involved."""

import json
from collections.abc import Iterable
from typing import Any

from customers.importing.columns import OTHER_NAMES, fold
from customers.models import Customer, CustomField, CustomFieldValue

FIXED = (
    "teamspace",
    "provided_unique_id",
    "proto_id",
    "external_customer_id",
    "gateway_profile_id",
    "name",
    "location",
    "email",
    "phone_number",
    "avatar",
    "tags",
    "state",
    "synced_at",
)
# Names that the import would take for something else.
_TAKEN = {fold(name) for name in (*FIXED, *OTHER_NAMES)}.union(*OTHER_NAMES.values())


def field_columns(teamspaces: Iterable[int]) -> list[tuple[str, list[int]]]:
    """Return each column's name with the ids of its fields: fields of one name in several teamspaces share one."""
    columns: dict[tuple[str, int], list[int]] = {}
    seen: dict[tuple[int, str], int] = {}
    fields = CustomField.objects.filter(teamspace__in=teamspaces).order_by("name", "teamspace", "id")
    for pk, teamspace, name in fields.values_list("pk", "teamspace", "name"):
        nth = seen[teamspace, name] = seen.get((teamspace, name), 0) + 1
        columns.setdefault((name, nth), []).append(pk)
    return [(_column_name(name, nth), pks) for (name, nth), pks in columns.items()]


def _column_name(name: str, nth: int) -> str:
    shown = f"{name} (custom field)" if fold(name) in _TAKEN else name
    return shown if nth == 1 else f"{shown} ({nth})"


def tags_of(ids: list[int]) -> dict[int, list[str]]:
    """Return the names of the tags of these people, by their id."""
    found: dict[int, list[str]] = {}
    links = Customer.tags.through.objects.filter(customer__in=ids).order_by("customer", "tag__name")
    for pk, name in links.values_list("customer", "tag__name"):
        found.setdefault(pk, []).append(name)
    return found


def values_of(ids: list[int]) -> dict[int, dict[int, Any]]:
    """Return the custom field values of these people, by their id and the field's."""
    found: dict[int, dict[int, Any]] = {}
    values = CustomFieldValue.objects.filter(customer__in=ids).order_by()
    for pk, field, value in values.values_list("customer", "field", "value"):
        found.setdefault(pk, {})[field] = value
    return found


def value_text(value: Any) -> str:
    """Return a whole value as people read it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
