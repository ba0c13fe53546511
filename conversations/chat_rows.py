"""Our rows of chats, brought in line with what Proto says of them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.content import as_text, content_of, text_of
from conversations.models import Chat, FollowUp, Message
from conversations.models.chats import STEP
from customers.human_operations import without_tokens
from customers.linking.kinds import HUMAN
from customers.linking.looking import look_again, the_only_ones
from customers.models import Human, SyncState
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import PENDING_STATES, Call
from protoadmin.outbox.services import call_queue


def chat_identified(chat: Chat, data: dict[str, Any]) -> None:
    """Write the id that Proto gave a chat, inside the caller's transaction.

    The bot's first webhook may have been quicker and made a row for the same chat: ours takes over its messages.
    """
    chat_id = as_text(data["id"])
    chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(pk=chat.pk)
    chat.version += 1
    _take_over(chat, data)
    _merge_others(chat, chat_id)
    chat.chat_id, chat.sync_state = chat_id, SyncState.DONE
    try:
        with transaction.atomic():
            chat.save()
    except IntegrityError:
        # The webhook's row was committed this very moment.
        _merge_others(chat, chat_id)
        chat.save()


def _merge_others(chat: Chat, chat_id: str) -> None:
    others = Chat.objects.filter(channel=chat.channel_id, chat_id=chat_id).exclude(pk=chat.pk)
    for other in others.select_for_update(of=("self",)):
        _merge(chat, other)


def _merge(chat: Chat, other: Chat) -> None:
    """Move the messages of `other` behind ours, in their order, and remove its row."""
    offset = chat.last_sequence + STEP
    Message.objects.filter(chat=other).update(chat=chat, sequence=F("sequence") + offset, version=chat.version)
    chat.last_sequence = offset + other.last_sequence
    if other.message_count:
        chat.last_text, chat.last_author_type = other.last_text, other.last_author_type
        chat.last_author_name, chat.last_message_at = other.last_author_name, other.last_message_at
    chat.message_count += other.message_count
    chat.has_agent = chat.has_agent or other.has_agent
    chat.last_delivery_id = max(chat.last_delivery_id, other.last_delivery_id)
    chat.chat_token = chat.chat_token or other.chat_token
    chat.human_id = chat.human_id or other.human_id
    asked = FollowUp.objects.filter(chat=chat, done_at=None).values("assignee")
    FollowUp.objects.filter(chat=other).exclude(done_at=None, assignee__in=asked).update(chat=chat)
    other.delete()


def _take_over(chat: Chat, data: dict[str, Any]) -> None:
    if isinstance(data.get("active"), bool):
        chat.active = data["active"]
    for key in ("lang", "language"):
        if as_text(data.get(key), 20):
            chat.lang = as_text(data[key], 20)
    chat.remote_data = without_tokens(data)


def chats_listed(channel: Channel, items: list[dict[str, Any]], *, by: User | None) -> dict[str, int]:
    """Take over a list of chats; ask for the messages of those that were never pulled. Return what was done."""
    new = changed = 0
    for item in items:
        chat, is_new, is_changed = _listed(channel, item)
        new, changed = new + is_new, changed + is_changed
        if chat.pulled_at is None:
            queue_pull(chat, by=by)
    return {"listed": len(items), "new": new, "changed": changed}


def _listed(channel: Channel, item: dict[str, Any]) -> tuple[Chat, bool, bool]:
    chat_id = as_text(item["id"])
    rows = Chat.objects.select_for_update(of=("self",), no_key=True)
    chat = rows.filter(channel=channel, chat_id=chat_id).first()
    is_new = chat is None
    if chat is None:
        created = _created_at(item)
        chat = Chat(channel=channel, chat_id=chat_id, created_at=created, last_message_at=created)
    before = (chat.active, chat.lang, chat.human_id)
    chat.human = chat.human or _human(channel, item.get("human"))
    _take_over(chat, item)
    if not chat.message_count:
        _show_last(chat, item.get("lastMsg"))
    is_changed = before != (chat.active, chat.lang, chat.human_id)
    if is_new or is_changed:
        chat.version += 1
    chat.save()
    return chat, is_new, is_changed and not is_new


def _created_at(item: dict[str, Any]) -> Any:
    try:
        found = parse_datetime(item.get("createdAt") or "")
    except (ValueError, TypeError):
        found = None
    return found if found is not None and found.tzinfo is not None else timezone.now()


def _show_last(chat: Chat, last: Any) -> None:
    """Show the last message that the list tells of, until the messages themselves are here."""
    if isinstance(last, dict) and isinstance(last.get("author"), dict):
        chat.last_text = text_of(*content_of(last.get("message")))[:300]
        chat.last_author_type = as_text(last["author"].get("type"), 20)
        chat.last_author_name = as_text(last["author"].get("name"))


def _human(channel: Channel, data: Any) -> Human | None:
    if not isinstance(data, dict) or not as_text(data.get("id")):
        return None
    human_id = as_text(data["id"])
    known = Human.objects.filter(channel=channel, human_id=human_id).first()
    if known is not None:
        return known
    # Only an id that Proto itself has told us makes them one.
    people = the_only_ones(channel.teamspace_id, [human_id])
    defaults = {"name": as_text(data.get("name"), 300), "customer_id": people.get(human_id)}
    human, is_new = Human.objects.get_or_create(channel=channel, human_id=human_id, defaults=defaults)
    if is_new and people and human.customer_id is None:
        # Two people have this id: nobody is linked, and both have a suggestion.
        look_again(channel.teamspace_id, HUMAN.keys_of(human))
    return human


def queue_pull(chat: Chat, *, by: User | None, request_key: str | None = None, run: Any = None) -> Call:
    """Queue the read of a chat's messages; one that waits already is enough."""
    pending = Call.objects.for_target(chat).filter(operation="list_messages", state__in=PENDING_STATES).first()
    if pending is not None and run is None:
        return pending
    return call_queue(
        operation="list_messages",
        connection=chat.channel,
        target=chat,
        payload={},
        by=by,
        request_key=request_key,
        run=run,
    )
