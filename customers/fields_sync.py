"""Take over the list of custom fields: added, changed and gone ones are shown, and no value is ever deleted."""

from typing import Any, TypedDict

from django.utils import timezone

from customers.models import CustomField, SyncState
from protoadmin.connections.models import Teamspace
from protoadmin.storable import storable_text, to_storable


class FieldChanges(TypedDict):
    """The names of the fields that the list brought, changed and no longer has."""

    added: list[str]
    changed: list[str]
    gone: list[str]


def field_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return our columns for one field of the API's list."""
    options = item.get("select_options")
    return {
        "name": storable_text(str(item.get("name") or ""))[:200],
        "type": storable_text(str(item.get("type") or "text"))[:50],
        "select_options": to_storable(options) if isinstance(options, list) else [],
        "description": storable_text(str(item.get("description") or "")),
    }


def take_over_list(teamspace: Teamspace, items: list[dict[str, Any]]) -> FieldChanges:
    """Write the API's list of a teamspace's fields, inside the caller's transaction; return what was different."""
    changes: FieldChanges = {"added": [], "changed": [], "gone": []}
    ours = list(CustomField.objects.select_for_update().filter(teamspace=teamspace))
    by_id = {field.remote_id: field for field in ours if field.remote_id}
    unsent = {field.name: field for field in ours if not field.remote_id}
    seen: set[str] = set()
    for item in items:
        remote_id = storable_text(str(item.get("id") or ""))[:200]
        if not remote_id or remote_id in seen:
            continue
        seen.add(remote_id)
        field = by_id.get(remote_id) or unsent.pop(field_values(item)["name"], None)
        _take_field(teamspace, field, remote_id, item, changes)
    for field in by_id.values():
        if field.remote_id not in seen and field.gone_at is None:
            field.gone_at = timezone.now()
            field.save(update_fields=["gone_at"])
            changes["gone"].append(field.name)
    return changes


def _take_field(
    teamspace: Teamspace, field: CustomField | None, remote_id: str, item: dict[str, Any], changes: FieldChanges
) -> None:
    now = timezone.now()
    values = field_values(item)
    if field is None:
        CustomField.objects.create(
            teamspace=teamspace,
            remote_id=remote_id,
            remote_data=to_storable(item),
            seen_at=now,
            sync_state=SyncState.DONE,
            **values,
        )
        changes["added"].append(values["name"])
        return
    notes = [
        f"{name.replace('_', ' ')}: {getattr(field, name)!s} → {value!s}"
        for name, value in values.items()
        if getattr(field, name) != value and field.remote_id
    ]
    if field.gone_at is not None:
        notes.append("it is there again")
    for name, value in values.items():
        setattr(field, name, value)
    field.remote_id, field.remote_data, field.seen_at, field.gone_at = remote_id, to_storable(item), now, None
    field.sync_state = SyncState.DONE
    if notes:
        field.changed_at, field.change_note = now, "; ".join(notes)[:300]
        changes["changed"].append(values["name"])
    field.save()
