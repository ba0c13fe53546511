"""The Messaging API requests about humans: create and get (seed 004, Human APIs)."""

from typing import Any

from django.utils import timezone

from customers.linking.kinds import HUMAN
from customers.linking.looking import look_again
from customers.linking.services import keep_decisions
from customers.models import Human, SyncState
from customers.operations import shown_state
from protoadmin.clients import messaging
from protoadmin.clients.redaction import redact
from protoadmin.clients.transport import Request
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import Call
from protoadmin.outbox.registry import CannotSend, Operation
from protoadmin.storable import from_storable, storable_text, to_storable

# The API's names of what we keep in columns of our own, each with the longest text that fits.
FIELDS = {"name": "name", "email": "email", "phoneNumber": "phone_number", "profilePicUrl": "profile_pic_url"}
LENGTHS = {"name": 300, "email": 254, "phone_number": 60, "profile_pic_url": 1000}


def channel_of(call: Call) -> Channel:
    """Return the channel whose API a call goes to; raises CannotSend."""
    if not isinstance(call.connection, Channel):
        raise CannotSend("The channel of this call was removed.")
    return call.connection


def human_of(call: Call) -> Human:
    """Return the human whom a call is about; raises CannotSend."""
    if not isinstance(call.target, Human):
        raise CannotSend("The local copy of this human was removed before the request went out.")
    return call.target


def without_tokens(data: Any) -> Any:
    """Return a remote answer as it may be kept: its tokens are encrypted in columns of their own."""
    return to_storable(redact(data, ()))


class CreateHuman(Operation):
    """Make a human of a person. Not idempotent, and no read lists humans: a lost answer is for a person to judge."""

    name = "create_human"
    label = "Create human"
    idempotent = False

    def build(self, call: Call) -> Request:
        """Return the request with what was known of the person when it was asked for."""
        human = human_of(call)
        payload = from_storable(call.payload)
        body = messaging.human_body(**payload, access_token=human.access_token or None)
        return messaging.create_human(channel_of(call).channel_id, body)

    def apply(self, call: Call, data: Any) -> None:
        """Keep the id that Proto gave the human."""
        if isinstance(call.target, Human):
            human_identified(call.target, data["id"], data)

    def changed(self, call: Call) -> None:
        """Show the call's state as the human's."""
        Human.objects.filter(pk=call.target_id or 0).update(sync_state=shown_state(call))


def human_identified(human: Human, human_id: str, data: Any) -> None:
    """Write the id that Proto gave a human, inside the caller's transaction.

    A webhook may have been quicker and made a row for the same human: ours takes its chats and its place.
    """
    human_id = storable_text(human_id)[:200]
    human = Human.objects.select_for_update(of=("self",), no_key=True).get(pk=human.pk)
    others = Human.objects.filter(channel=human.channel_id, human_id=human_id).exclude(pk=human.pk)
    for other in others.select_for_update(of=("self",)):
        other.chats.update(human=human)
        human.customer_id = human.customer_id or other.customer_id
        keep_decisions(other, human)
        human.name = human.name or other.name
        other.delete()
    human.human_id, human.sync_state, human.updated_at = human_id, SyncState.DONE, timezone.now()
    human.remote_data, human.external_id = without_tokens(data), _external_id(human, data)
    human.save()
    look_again(human.channel.teamspace_id, HUMAN.keys_of(human))


def _external_id(human: Human, data: Any) -> str:
    """Return the id of another system that an answer tells; the known one when it tells none."""
    given = data.get("externalId") if isinstance(data, dict) else None
    return storable_text(given)[:200] if isinstance(given, str) else human.external_id


class GetHuman(Operation):
    """Read a human and take over what Proto has."""

    name = "get_human"
    label = "Refresh human"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the read; raises CannotSend for a human without an id."""
        human = human_of(call)
        if not human.human_id:
            raise CannotSend("Proto has not given this human an id.")
        return messaging.get_human(channel_of(call).channel_id, human.human_id)

    def apply(self, call: Call, data: Any) -> None:
        """Take over what is there; what is missing stays."""
        if isinstance(call.target, Human):
            take_over_human(call.target, data)


def take_over_human(human: Human, data: dict[str, Any]) -> None:
    """Write what an answer says of a human, inside the caller's transaction."""
    human = Human.objects.select_for_update(of=("self",), no_key=True).get(pk=human.pk)
    before = HUMAN.keys_of(human)
    for key, column in FIELDS.items():
        if isinstance(data.get(key), str):
            setattr(human, column, storable_text(data[key])[: LENGTHS[column]])
    if isinstance(data.get("tags"), list):
        human.tags = to_storable(data["tags"])
    if isinstance(data.get("accessToken"), str) and data["accessToken"]:
        human.access_token = storable_text(data["accessToken"])
    human.external_id = _external_id(human, data)
    human.remote_data, human.updated_at = without_tokens(data), timezone.now()
    human.save()
    look_again(human.channel.teamspace_id, before, HUMAN.keys_of(human))


OPERATIONS = (CreateHuman, GetHuman)
