"""What the product can do with chats, in verbs: start one, write into it, pull it."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from conversations.chat_rows import queue_pull
from conversations.content import content_of, stored, text_of
from conversations.models import AuthorType, Chat, Message, Origin
from customers.history import note_changes
from customers.human_services import human_for, human_refresh
from customers.models import Customer, Human, SyncState
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import PENDING_STATES, Call, CallState
from protoadmin.outbox.services import call_queue
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run
from protoadmin.storable import to_storable

SETTLED = (CallState.DONE, CallState.DISMISSED)


@transaction.atomic
def chat_start(
    *,
    customer: Customer,
    channel: Channel,
    by: User | None,
    lang: str = "",
    data: Mapping[str, Any] | None = None,
    message: Mapping[str, Any] | None = None,
    chat_token: str = "",
    request_key: str | None = None,
) -> Chat:
    """Start a chat of a person on a channel, with a first message if one is given; the same key gives the same chat.

    The person's human is made first where the channel knows none. Raises Refused for a channel of another teamspace.
    """
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    if request_key and (known := Call.objects.filter(request_key=request_key).first()) and known.target:
        return known.target  # type: ignore[no-any-return]
    human, creation = human_for(customer=customer, channel=channel, by=by)
    chat = Chat.objects.create(
        channel=channel,
        human=human,
        lang=lang,
        data=to_storable(dict(data or {})),
        chat_token=chat_token,
        sync_state=SyncState.QUEUED,
        started_here=True,
    )
    note_changes(customer, by, [("Chat", "", f"started on {channel}")])
    call_queue(
        operation="create_chat",
        connection=channel,
        target=chat,
        payload={"lang": lang, "data": to_storable(dict(data or {}))},
        by=by,
        request_key=request_key,
        depends_on=creation if creation is not None and creation.state not in SETTLED else None,
    )
    if message:
        message_send(chat=chat, message=message, by=by)
    return chat


@transaction.atomic
def message_send(
    *,
    chat: Chat,
    message: Mapping[str, Any],
    by: User | None,
    reply_token: str = "",
    request_key: str | None = None,
) -> Message:
    """Write into a chat as its customer; `message` is made by `protoadmin.clients.messaging`'s functions.

    It waits for the chat's own creation and for earlier messages whose fate is open. Raises Refused when the chat has
    no human to speak for.
    """
    chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(pk=chat.pk)
    if request_key and (known := Call.objects.filter(request_key=request_key).first()):
        if isinstance(known.target, Message):
            return known.target
        raise Refused("This form was used for something else. Reload the page.")
    human = chat.human
    if human is None:
        raise Refused("Nobody knows whose chat this is, so there is nobody to speak for. Pull chats first.")
    kind, data = content_of(dict(message))
    row = Message.objects.create(
        chat=chat,
        author_type=AuthorType.HUMAN,
        author_id=human.human_id or "",
        author_name=str(human)[:200],
        type=kind,
        text=text_of(kind, data),
        data=stored(data),
        reply_token=reply_token,
        origin=Origin.SENT,
        sync_state=SyncState.QUEUED,
    )
    call_queue(
        operation="send_message",
        connection=chat.channel,
        target=row,
        payload={"message": to_storable(dict(message))},
        by=by,
        request_key=request_key,
        depends_on=_open_before(chat, row),
        label=f"{row.text[:80]} ({chat})",
    )
    row.refresh_from_db()
    return row


def _open_before(chat: Chat, row: Message) -> Call | None:
    """Return the newest call of this chat that has to be done, or dismissed, before the next message may go out."""
    sent = Message.objects.filter(chat=chat, origin=Origin.SENT).exclude(pk=row.pk).exclude(call=None)
    calls = Call.objects.filter(pk__in=sent.values("call")).exclude(state__in=SETTLED)
    last = calls.order_by("-pk").first()
    if last is not None:
        return last
    creation = Call.objects.for_target(chat).filter(operation="create_chat").exclude(state__in=SETTLED)
    return creation.order_by("-pk").first()


@transaction.atomic
def chat_pull(*, chat: Chat, by: User | None, request_key: str | None = None, run: Run | None = None) -> Call:
    """Ask Proto for a chat's messages, and whether it is still active. Raises Refused before Proto knows the chat."""
    if not chat.chat_id:
        raise Refused("Proto has not given this chat an id yet.")
    if run is None:
        call_queue(operation="list_chats", connection=chat.channel, target=chat, payload={}, by=by)
    return queue_pull(chat, by=by, request_key=request_key, run=run)


@transaction.atomic
def chats_pull(*, human: Human, by: User | None) -> Call:
    """Ask Proto for a human and their chats; the messages of chats that are new here follow. Raises Refused."""
    human_refresh(human=human, by=by)
    waiting = Call.objects.for_target(human).filter(operation="list_chats", state__in=PENDING_STATES).first()
    return waiting or call_queue(operation="list_chats", connection=human.channel, target=human, payload={}, by=by)
