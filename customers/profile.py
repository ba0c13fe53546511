"""What a bot is told of a person who writes to it (seed 004, "Human profile Webhook"): from what is stored alone."""

from typing import Any

from customers.models import Customer, Human
from protoadmin.storable import from_storable, storable_text


def profile_of(*, channel_pk: int, teamspace_pk: int, identifier: str) -> dict[str, Any] | None:
    """Return `{"name", "email", "phoneNumber", "tags"}` for a human id or a provided_unique_id; None when unknown.

    What the human has comes first; what it lacks comes from the person it is linked to.
    """
    wanted = storable_text(identifier)[:200]
    human = Human.objects.filter(channel=channel_pk, human_id=wanted).select_related("customer").first()
    customer = human.customer if human else _customer(teamspace_pk, wanted)
    if human is None and customer is None:
        return None
    if human is None and customer is not None:
        human = customer.humans.filter(channel=channel_pk).first()
    sources = [source for source in (human, customer) if source is not None]
    result: dict[str, Any] = {"tags": _tags(human, customer)}
    for key, name in (("name", "name"), ("email", "email"), ("phoneNumber", "phone_number")):
        if value := next((value for source in sources if (value := getattr(source, name))), ""):
            result[key] = value
    return result


def _customer(teamspace_pk: int, wanted: str) -> Customer | None:
    people = Customer.objects.filter(teamspace=teamspace_pk)
    by_unique_id = people.filter(provided_unique_id=wanted).first()
    return by_unique_id or (people.filter(gateway_profile_id=wanted).first() if wanted else None)


def _tags(human: Human | None, customer: Customer | None) -> list[Any]:
    if human is not None and isinstance(human.tags, list) and human.tags:
        return list(from_storable(human.tags))
    if customer is None:
        return []
    return [{"name": name, "value": 1} for name in customer.tags.values_list("name", flat=True)]
