"""A message on its way to Proto: its state, and its place once it has arrived."""

from datetime import datetime

from conversations.models import Chat, Message
from conversations.models.chats import STEP, note_message
from conversations.placing import between
from conversations.search.fields import tokens_of
from conversations.summing import sum_up
from customers.models import SyncState
from protoadmin.outbox.models import Call


def _locked(message_pk: int) -> tuple[Chat, Message] | None:
    message = Message.objects.filter(pk=message_pk).first()
    if message is None:
        return None
    chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(pk=message.chat_id)
    chat.version += 1
    return chat, Message.objects.get(pk=message_pk)


def show_state(message_pk: int, state: SyncState, call: Call) -> None:
    """Show a call's state as its message's, so that every open page sees it."""
    found = _locked(message_pk)
    if found is None:
        return
    chat, message = found
    Message.objects.filter(pk=message.pk).update(sync_state=state, call=call, version=chat.version)
    if SyncState.LOCAL in (state, message.sync_state):
        # Dismissed, or sent again after that: it counts no longer, or again.
        sum_up(chat)
        chat.save()
    else:
        chat.save(update_fields=["version"])


def move_to(message: Message, sent_at: datetime) -> None:
    """Put a message that was sent behind everything that had come by then; it stays where nothing came between."""
    found = _locked(message.pk)
    if found is None:
        return
    chat, message = found
    behind = Message.objects.filter(chat=chat, sequence__gt=message.sequence, received_at__lt=sent_at)
    last = behind.exclude(sync_state=SyncState.QUEUED).order_by("-sequence").values_list("sequence", flat=True).first()
    if last is None:
        return
    following = Message.objects.filter(chat=chat, sequence__gt=last).order_by("sequence")
    high = following.values_list("sequence", flat=True).first()
    message.sequence = between(chat, last, high, 1)[0] if high is not None else last + STEP
    message.received_at = sent_at
    Message.objects.filter(pk=message.pk).update(
        sequence=message.sequence, received_at=sent_at, version=chat.version, search_tokens=tokens_of(message)
    )
    count = chat.message_count
    note_message(chat, message)
    chat.message_count = count
    chat.save()
