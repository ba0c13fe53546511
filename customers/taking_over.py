"""Take over what Proto says of a person, without undoing what somebody here has changed and not yet sent."""

from typing import Any, TypedDict

from django.contrib.auth.models import User
from django.utils import timezone

from customers.history import LABELS, note_changes
from customers.linking.kinds import keys_of_person
from customers.linking.looking import look_again
from customers.models import REMOTE_FIELDS, Customer, Tag
from protoadmin.outbox.models import Call, CallState
from protoadmin.storable import storable_text, to_storable

MAX_LENGTHS: dict[str, int] = {
    field.name: field.max_length or 200
    for field in Customer._meta.local_concrete_fields
    if field.name in {*REMOTE_FIELDS, "proto_id", "gateway_profile_id"}
}
WAITING = (CallState.QUEUED, CallState.SENDING, CallState.FAILED, CallState.UNCONFIRMED)


class Difference(TypedDict):
    """One field that Proto has otherwise; `taken` tells whether ours was replaced."""

    field: str
    here: str
    there: str
    taken: bool


def person_of(data: Any) -> dict[str, Any]:
    """Return the person in an answer, which may be wrapped; an empty object if there is none."""
    if not isinstance(data, dict):
        return {}
    if not data.keys() & {"id", "provided_unique_id", *REMOTE_FIELDS}:
        for key in ("customer", "data", "person"):
            if isinstance(data.get(key), dict):
                return dict(data[key])
    return data


def _text(name: str, value: Any) -> str:
    return storable_text("" if value is None else str(value))[: MAX_LENGTHS[name]]


def take_over(
    customer: Customer, data: Any, *, by: User | None, sent: dict[str, str] | None = None
) -> list[Difference]:
    """Write Proto's answer about a person, inside the caller's transaction; return what differed.

    `sent` are the values of the save that this answers: a field that was changed here since keeps our value. While
    the newest save waits (or failed, and waits for a person) ours are kept too.
    """
    person = person_of(data)
    customer = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    waiting, before = _save_waits(customer), keys_of_person(customer)
    differences: list[Difference] = []
    for name in REMOTE_FIELDS:
        if name not in person:
            continue
        here, there = getattr(customer, name), _text(name, person[name])
        if here == there:
            continue
        taken = not waiting and (sent is None or sent.get(name, here) == here)
        differences.append({"field": LABELS[name], "here": here, "there": there, "taken": taken})
        if taken:
            setattr(customer, name, there)
    _take_ids(customer, person)
    customer.remote_data, customer.synced_at = to_storable(data), timezone.now()
    taken_fields = [*REMOTE_FIELDS, "proto_id", "gateway_profile_id", "remote_data", "synced_at"]
    if any(difference["taken"] for difference in differences):
        customer.updated_at = timezone.now()
        taken_fields.append("updated_at")
    customer.save(update_fields=taken_fields)
    note_changes(customer, by, [(d["field"], d["here"], d["there"]) for d in differences if d["taken"]])
    if (after := keys_of_person(customer)) != before:
        look_again(customer.teamspace_id, before, after)
    differences += _take_tags(customer, person)
    return differences


def _save_waits(customer: Customer) -> bool:
    """Tell whether the newest save, which carries all that we have, is still to reach Proto.

    An older one that failed does not count once a newer went through; the one that this answers is done already.
    """
    saves = Call.objects.for_target(customer).filter(operation="save_customer").exclude(state=CallState.DISMISSED)
    newest = saves.order_by("-pk").first()
    return newest is not None and newest.state in WAITING


def _take_ids(customer: Customer, person: dict[str, Any]) -> None:
    identifier = person.get("id") or person.get("customer_id") or person.get("_id")
    if identifier:
        customer.proto_id = _text("proto_id", identifier)
    if person.get("gateway_profile_id"):
        customer.gateway_profile_id = _text("gateway_profile_id", person["gateway_profile_id"])


def _tag_names(value: Any) -> list[str] | None:
    """Return the names in a list of tags (texts, or objects with a name); None when the answer has no such list."""
    if not isinstance(value, list):
        return None
    names = [item.get("name") if isinstance(item, dict) else item for item in value]
    texts = [storable_text(str(name)).strip()[:100].strip() for name in names if name]
    return [text for text in texts if text]


def _take_tags(customer: Customer, person: dict[str, Any]) -> list[Difference]:
    remote = _tag_names(person.get("tags"))
    if remote is None:
        return []
    ours = set(customer.tags.values_list("name", flat=True))
    on_their_way = {
        tag
        for call in Call.objects.for_target(customer).filter(operation="add_tags", state__in=WAITING)
        for tag in call.payload.get("tags", [])
    }
    wanted = set(remote) | (ours & on_their_way)
    if wanted == ours:
        return []
    customer.tags.set([tag_named(customer, name) for name in sorted(wanted)])
    here, there = ", ".join(sorted(ours)), ", ".join(sorted(wanted))
    note_changes(customer, None, [("Tags", here, there)])
    return [{"field": "Tags", "here": here, "there": there, "taken": True}]


def tag_named(customer: Customer, name: str) -> Tag:
    """Return the teamspace's tag of this name, made if need be."""
    tag, _ = Tag.objects.get_or_create(teamspace=customer.teamspace, name=name)
    return tag
