"""The history of a person: who changed what, from what to what."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from customers.models import Customer, CustomerChange
from protoadmin.storable import storable_text

LABELS = {
    "provided_unique_id": "Unique id",
    "external_customer_id": "External id",
    "gateway_profile_id": "Gateway profile id",
    "proto_id": "Proto id",
    "name": "Name",
    "location": "Location",
    "email": "Mail",
    "phone_number": "Phone",
    "avatar": "Avatar",
}
# What the product did by itself; every other change without a person is Proto's.
LINKED_BY_ID = "Linked by an id"


def note_changes(customer: Customer, by: User | None, changes: Iterable[tuple[str, str, str]]) -> None:
    """Keep (what, before, after) triples; `by` None stands for Proto."""
    CustomerChange.objects.bulk_create(
        CustomerChange(
            customer=customer,
            by=by,
            what=LABELS.get(what, what)[:100],
            before=storable_text(before)[:2000],
            after=storable_text(after)[:2000],
        )
        for what, before, after in changes
    )
