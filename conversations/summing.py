"""What the inbox shows of a chat's messages, counted anew where adding one up is not enough."""

from conversations.models import AuthorType, Chat, Message
from customers.models import SyncState


def sum_up(chat: Chat) -> None:
    """Write on the row of a locked chat, unsaved, what its messages say; repeats and dismissed ones do not count."""
    every = Message.objects.filter(chat=chat)
    shown = every.filter(repeat_of=None).exclude(sync_state=SyncState.LOCAL)
    last = shown.order_by("-sequence").first()
    chat.message_count = shown.count()
    chat.has_agent = shown.filter(author_type=AuthorType.AGENT).exists()
    chat.last_sequence = every.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    chat.last_text = last.text[:300] if last is not None else ""
    chat.last_author_type = last.author_type if last is not None else ""
    chat.last_author_name = last.author_name if last is not None else ""
    if last is not None:
        chat.last_message_at = last.received_at
