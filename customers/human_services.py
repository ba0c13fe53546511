"""What the product can do with humans: the person as a channel knows them."""

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Customer, Human
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import PENDING_STATES, Call, CallState
from protoadmin.outbox.services import call_queue
from protoadmin.refusals import Refused
from protoadmin.storable import to_storable


@transaction.atomic
def human_for(*, customer: Customer, channel: Channel, by: User | None) -> tuple[Human, Call | None]:
    """Return the person's human of a channel, made from the record where there is none, and the call it waits for.

    Raises Refused for a channel of another teamspace.
    """
    if channel.teamspace_id != customer.teamspace_id:
        raise Refused(f"{channel} is a channel of another teamspace.")
    # The person's row is locked, so that two clicks at the same moment make one human.
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    known = customer.humans.filter(channel=channel)
    human = known.exclude(human_id=None).order_by("-pk").first()
    if human is not None:
        return human, None
    human = known.order_by("-pk").first() or _new_human(customer, channel)
    creation = Call.objects.for_target(human).filter(operation="create_human").order_by("-pk").first()
    if creation is None or creation.state == CallState.DISMISSED:
        creation = _create(human, by)
    return human, creation


def _new_human(customer: Customer, channel: Channel) -> Human:
    tags = [{"name": name, "value": 1} for name in customer.tags.values_list("name", flat=True)]
    return Human.objects.create(
        channel=channel,
        customer=customer,
        name=customer.name,
        email=customer.email,
        phone_number=customer.phone_number,
        profile_pic_url=customer.avatar,
        tags=tags,
    )


def _create(human: Human, by: User | None) -> Call:
    given = {
        "name": human.name,
        "email": human.email,
        "phone_number": human.phone_number,
        "profile_pic_url": human.profile_pic_url,
        "tags": human.tags,
    }
    return call_queue(
        operation="create_human",
        connection=human.channel,
        target=human,
        payload={key: to_storable(value) for key, value in given.items() if value},
        by=by,
    )


@transaction.atomic
def human_refresh(*, human: Human, by: User | None) -> Call:
    """Ask Proto for a human; one that waits already is enough."""
    if not human.human_id:
        raise Refused("Proto has not given this human an id yet.")
    waiting = Call.objects.for_target(human).filter(operation="get_human", state__in=PENDING_STATES).first()
    return waiting or call_queue(operation="get_human", connection=human.channel, target=human, payload={}, by=by)
