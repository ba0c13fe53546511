"""The Messaging API requests about chats and messages (seed 004), and what their answers mean here."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations import sending
from conversations.aligning import align, listed, match
from conversations.chat_rows import chat_identified, chats_listed
from conversations.models import Chat, Message
from customers.human_operations import channel_of
from customers.models import Human, SyncState
from customers.operations import shown_state
from protoadmin.clients import messaging
from protoadmin.clients.transport import Request
from protoadmin.outbox.models import Call, lane_of
from protoadmin.outbox.registry import CannotSend, Operation
from protoadmin.storable import from_storable

# The most chats of a human that are asked for; the remote's default is 5.
MOST_CHATS = 100
# A chat that Proto made this long before our attempt, by its clock, cannot be of our making.
CLOCKS_DIFFER = timedelta(minutes=5)
NO_HUMAN_ID = "Proto never gave the person of this chat a human id. See the call that creates the human."
NO_CHAT_ID = "Proto never gave this chat an id. See the call that creates the chat."


def chat_of(call: Call) -> Chat:
    """Return the chat that a call is about; raises CannotSend."""
    target = call.target
    chat = target.chat if isinstance(target, Message) else target
    if not isinstance(chat, Chat):
        raise CannotSend("The local copy of this chat was removed before the request went out.")
    return chat


def chat_id_of(call: Call) -> str:
    """Return the id under which Proto knows the chat; raises CannotSend."""
    chat_id = chat_of(call).chat_id
    if not chat_id:
        raise CannotSend(NO_CHAT_ID)
    return chat_id


class CreateChat(Operation):
    """Start a chat. Not idempotent; the list of the human's chats can tell whether a lost request went through."""

    name = "create_chat"
    label = "Start chat"
    idempotent = False

    def lane(self, target: models.Model) -> str:
        """Return the human's lane: one chat after the other, and after the human itself."""
        return lane_of(target.human) if isinstance(target, Chat) and target.human is not None else lane_of(target)

    def build(self, call: Call) -> Request:
        """Return the request; the human goes by its id, which must be known by now."""
        chat = chat_of(call)
        if chat.human is not None and not chat.human.human_id:
            raise CannotSend(NO_HUMAN_ID)
        payload = from_storable(call.payload)
        return messaging.create_chat(
            channel_of(call).channel_id,
            human=messaging.human_body(human_id=chat.human.human_id) if chat.human is not None else None,
            data=payload.get("data"),
            lang=payload.get("lang"),
            chat_token=chat.chat_token or None,
        )

    def apply(self, call: Call, data: Any) -> None:
        """Keep the id that Proto gave the chat."""
        if isinstance(call.target, Chat):
            chat_identified(call.target, data)

    def changed(self, call: Call) -> None:
        """Show the call's state as the chat's."""
        Chat.objects.filter(pk=call.target_id or 0).update(
            sync_state=shown_state(call), version=models.F("version") + 1
        )

    def remember(self, call: Call) -> dict[str, Any]:
        """Return the chats of this human that were known before the attempt."""
        chat = call.target
        known = (
            Chat.objects.filter(human=chat.human_id)
            if isinstance(chat, Chat) and chat.human_id
            else Chat.objects.none()
        )
        ids = known.exclude(chat_id=None).values_list("chat_id", flat=True)
        return {"ids": list(ids), "at": timezone.now().isoformat()}

    def confirm_request(self, call: Call) -> Request:
        """Return the list of the human's chats; raises CannotSend without a human."""
        human = chat_of(call).human
        if human is None or not human.human_id:
            raise CannotSend(NO_HUMAN_ID)
        return messaging.list_chats(channel_of(call).channel_id, human_id=human.human_id, maximum=MOST_CHATS)

    def confirmed(self, call: Call, data: Any) -> Any | None:
        """Return the one chat that was not known before, is no other one of ours, and is not older than our attempt."""
        chat = call.target
        if not isinstance(chat, Chat) or _is_contested(call, chat):
            return None
        known = set(call.context.get("known", {}).get("ids", []))
        known |= set(
            Chat.objects.filter(human=chat.human_id, started_here=True)
            .exclude(pk=chat.pk)
            .exclude(chat_id=None)
            .values_list("chat_id", flat=True)
        )
        began = parse_datetime(call.context.get("known", {}).get("at", "")) or call.created_at
        found = [item for item in data if item["id"] not in known and _is_as_new_as(item, began)]
        return found[0] if len(found) == 1 and len(data) < MOST_CHATS else None


def _is_contested(call: Call, chat: Chat) -> bool:
    """Tell whether another chat of this human is in doubt too: then one new chat in the list proves nothing."""
    others = Chat.objects.filter(human=chat.human_id, started_here=True, chat_id=None).exclude(pk=chat.pk)
    return others.filter(sync_state__in=(SyncState.SENDING, SyncState.UNCONFIRMED)).exists()


def _is_as_new_as(item: dict[str, Any], began: datetime) -> bool:
    created = created_at_of(item)
    return created is not None and created >= began - CLOCKS_DIFFER


def created_at_of(item: dict[str, Any]) -> datetime | None:
    """Return when Proto made a chat, if it says so."""
    given = item.get("createdAt")
    try:
        found = parse_datetime(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


class ListChats(Operation):
    """Pull chats: those of a human, or one."""

    name = "list_chats"
    label = "Pull chats"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the list of a human's chats, or of one chat."""
        channel_id = channel_of(call).channel_id
        if isinstance(call.target, Human):
            if not call.target.human_id:
                raise CannotSend(NO_HUMAN_ID)
            return messaging.list_chats(channel_id, human_id=call.target.human_id, maximum=MOST_CHATS)
        return messaging.list_chats(channel_id, chat_id=chat_id_of(call), maximum=1)

    def apply(self, call: Call, data: Any) -> None:
        """Take the chats over, and ask for the messages of those that were never pulled."""
        counts = chats_listed(channel_of(call), data, by=call.requested_by)
        call.context = {**call.context, "chats": counts}
        call.save(update_fields=["context"])


class SendMessage(Operation):
    """Send a message as the customer. Not idempotent; the chat's messages can tell whether a lost one went through."""

    name = "send_message"
    label = "Send message"
    idempotent = False

    def lane(self, target: models.Model) -> str:
        """Return the chat's lane: messages and pulls of one chat go one after the other."""
        return lane_of(target.chat) if isinstance(target, Message) else lane_of(target)

    def build(self, call: Call) -> Request:
        """Return the request; the chat and the human must have their ids by now."""
        message = call.target
        chat = chat_of(call)
        if not isinstance(message, Message) or chat.human is None or not chat.human.human_id:
            raise CannotSend(NO_HUMAN_ID)
        return messaging.send_message(
            channel_of(call).channel_id,
            chat_id_of(call),
            human_id=chat.human.human_id,
            message=from_storable(call.payload["message"]),
            reply_token=message.reply_token or None,
        )

    def apply(self, call: Call, data: Any) -> None:
        """Put the message where it was said: behind what had come by when it went out."""
        if isinstance(call.target, Message) and call.sent_at is not None:
            sending.move_to(call.target, call.sent_at)

    def changed(self, call: Call) -> None:
        """Show the call's state as the message's."""
        if call.target_id is not None:
            sending.show_state(call.target_id, shown_state(call), call)

    def confirm_request(self, call: Call) -> Request:
        """Return the list of the chat's messages."""
        return messaging.list_messages(channel_of(call).channel_id, chat_id_of(call))

    def confirmed(self, call: Call, data: Any) -> Any | None:
        """Return the one listed message with our content that stands behind all that we knew before the attempt."""
        message = call.target
        if not isinstance(message, Message) or not (message.chat.started_here or message.chat.pulled_at):
            return None
        before = Message.objects.filter(chat=message.chat_id, repeat_of=None).exclude(pk=message.pk)
        known = [row for row in before.order_by("sequence") if row.sync_state == SyncState.DONE]
        theirs = listed(data)
        match(theirs, known)
        attempt_at = call.sent_at or call.created_at
        old = [i for i, each in enumerate(theirs) if each.ours is not None and each.ours.received_at < attempt_at]
        behind = theirs[old[-1] + 1 :] if old else theirs
        ours = listed([{"author": {"type": "human"}, "message": from_storable(call.payload["message"])}])[0]
        found = [each for each in behind if each.ours is None and ours.key == each.key]
        return {"message": found[0].data} if len(found) == 1 else None


class ListMessages(Operation):
    """Pull messages: align the remote's list with what is stored."""

    name = "list_messages"
    label = "Pull messages"
    is_read = True

    def build(self, call: Call) -> Request:
        """Return the list of the chat's messages."""
        return messaging.list_messages(channel_of(call).channel_id, chat_id_of(call))

    def apply(self, call: Call, data: Any) -> None:
        """Fill the gaps, and remember how many there were."""
        if isinstance(call.target, Chat):
            call.context = {**call.context, "new": align(call.target, data)}
            call.save(update_fields=["context"])


OPERATIONS = (CreateChat, ListChats, SendMessage, ListMessages)
