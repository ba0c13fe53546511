"""Chats and their messages, as the Messaging API and its webhooks tell of them (seed 004)."""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from conversations.search.fields import SearchText, SearchTokens
from conversations.search.grams import Facet, facets_of
from customers.models import Human, SyncState
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.encryption import EncryptedTextField

# The distance between the sequences of two messages that follow each other: room for what a pull finds between them.
STEP = 1 << 20
# The figured_version of a chat that was never counted.
UNCOUNTED = -1
EXPORT_CHATS = "conversations.export_chats"


class AuthorType(models.TextChoices):
    """Who said it; the set is open, others are kept as they came."""

    HUMAN = "human", "Customer"
    BOT = "bot", "Bot"
    AGENT = "agent", "Agent"


class Origin(models.TextChoices):
    """How we know of a message."""

    WEBHOOK = "webhook", "Delivered by Proto"
    SENT = "sent", "Sent from here"
    PULLED = "pulled", "Pulled from Proto"


class Chat(models.Model):
    """A chat of a channel; `chat_id` is there once Proto has answered.

    What the inbox shows of it stands in its row: the last message, who spoke last, how many there are. Every writer
    of messages locks the row first and lets `version` grow, so that a page that has seen version n misses nothing.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="chats")
    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="chats", editable=False)
    chat_id = models.CharField("chat id", max_length=200, null=True, blank=True)
    human = models.ForeignKey(Human, null=True, blank=True, on_delete=models.SET_NULL, related_name="chats")
    active = models.BooleanField(default=True)
    lang = models.CharField("language", max_length=20, blank=True, default="")
    chat_token: Any = EncryptedTextField(blank=True, default="")
    data: Any = models.JSONField("bot data", default=dict, blank=True)
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    started_here = models.BooleanField(default=False, editable=False, help_text="Made by Start chat: it began empty.")
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    pulled_at = models.DateTimeField(null=True, blank=True, editable=False)

    last_message_at = models.DateTimeField(default=timezone.now)
    last_text = models.CharField(max_length=300, blank=True, default="", editable=False)
    last_author_type = models.CharField(max_length=20, blank=True, default="", editable=False)
    last_author_name = models.CharField(max_length=200, blank=True, default="", editable=False)
    has_agent = models.BooleanField(default=False, editable=False)
    message_count = models.PositiveIntegerField(default=0, editable=False)
    last_sequence = models.BigIntegerField(default=0, editable=False)
    last_delivery_id = models.BigIntegerField(default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    # The version that the reports have counted (conversations/figures).
    figured_version = models.BigIntegerField(default=UNCOUNTED, editable=False)

    class Meta:
        ordering = ("-last_message_at", "-id")
        permissions = (
            ("start_chat", "Can start chats"),
            ("send_message", "Can send messages"),
            ("pull_messages", "Can pull chats and messages"),
            ("export_chats", "Can export conversations, messages and tickets"),
        )
        constraints = (models.UniqueConstraint(fields=["channel", "chat_id"], name="chat_of_channel"),)
        indexes = (
            models.Index(fields=["last_message_at", "id"], name="chat_newest"),
            models.Index(fields=["teamspace", "last_message_at", "id"], name="chat_newest_of_teamspace"),
            models.Index(fields=["channel", "last_message_at", "id"], name="chat_newest_of_channel"),
            models.Index(fields=["last_author_type", "last_message_at", "id"], name="chat_newest_by_author"),
            models.Index(fields=["human", "last_message_at"], name="chat_of_human"),
            models.Index(fields=["chat_id"], name="chat_by_id"),
            models.Index(
                fields=["figured_version"],
                name="chat_due_to_count",
                condition=models.Q(figured_version__lt=models.F("version")),
            ),
            # With the condition's own columns SQLite counts in the index alone.
            models.Index(
                fields=["teamspace", "last_message_at", "id", "active", "last_author_type"],
                name="chat_waits",
                condition=models.Q(active=True, last_author_type="human"),
            ),
        )

    def __str__(self) -> str:
        return f"Chat with {self.human}" if self.human else f"Chat {self.chat_id or self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fill in the teamspace, and keep an id that is not known as NULL."""
        self.chat_id = self.chat_id or None
        if self.teamspace_id is None:
            self.teamspace = self.channel.teamspace
        super().save(*args, **kwargs)

    @property
    def is_waiting(self) -> bool:
        """Whether the customer spoke last."""
        return self.active and self.last_author_type == AuthorType.HUMAN

    @property
    def at_proto(self) -> str:
        """The state to show: with an id Proto has it, whoever wrote the row."""
        known = self.chat_id and self.sync_state == SyncState.LOCAL
        return SyncState.DONE if known else self.sync_state


class Message(models.Model):
    """One message of a chat. `text` is what a person can read of it; `data` is the remote's, made storable.

    `(delivery, event_index, position)` says from where in which delivery it came: processing twice changes nothing.
    `version` is the chat's at the last change of this row; live pages ask for what is newer than they have.
    """

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="messages")
    sequence = models.BigIntegerField(null=True, blank=True)
    author_type = models.CharField(max_length=20, choices=AuthorType)
    author_id = models.CharField(max_length=200, blank=True, default="")
    author_name = models.CharField(max_length=200, blank=True, default="")
    type = models.CharField(max_length=100, default="text")
    text = models.TextField(blank=True, default="")
    data: Any = models.JSONField(default=dict, blank=True)
    reply_token: Any = EncryptedTextField(blank=True, default="")
    received_at = models.DateTimeField(default=timezone.now)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.WEBHOOK)
    delivery: Any = models.ForeignKey(
        "webhooks.Delivery", null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    event_index = models.PositiveIntegerField(null=True, blank=True)
    position = models.PositiveIntegerField(null=True, blank=True)
    call: Any = models.ForeignKey(
        "outbox.Call", null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    repeat_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="repeats")
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.DONE, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    search_text: Any = SearchText(of="text")
    search_tokens: Any = SearchTokens()

    class Meta:
        ordering = ("sequence", "id")
        constraints = (
            models.UniqueConstraint(fields=["delivery", "event_index", "position"], name="message_of_delivery"),
        )
        indexes = (
            models.Index(fields=["chat", "sequence"], name="message_in_chat"),
            models.Index(fields=["chat", "version"], name="message_by_version"),
            models.Index(fields=["sync_state"], condition=models.Q(search_tokens=None), name="message_to_index"),
        )

    def __str__(self) -> str:
        return self.text[:80] or self.type

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new message its place in the chat, and the chat's row what it shows of its last message."""
        if not self._state.adding:
            return super().save(*args, **{**kwargs, "update_fields": _with_search(kwargs.get("update_fields"))})
        with transaction.atomic():
            chat = Chat.objects.select_for_update(of=("self",), no_key=True).get(pk=self.chat_id)
            chat.version += 1
            self.version = chat.version
            self.chat = chat
            if self.sequence is None:
                self.sequence = chat.last_sequence + STEP
            super().save(*args, **kwargs)
            note_message(chat, self)
            chat.save()

    def search_facets(self) -> list[Facet]:
        """Return what search narrows by beside the text."""
        chat = self.chat
        return facets_of(chat.teamspace_id, chat.channel_id, self.author_type, self.received_at)


def _with_search(names: Any) -> Any:
    """Return the fields to be saved, those of search among them when what they are made of is."""
    if names is None or not {"text", "author_type", "received_at"} & set(names):
        return names
    return {*names, "search_text", "search_tokens"}


def note_message(chat: Chat, message: Message) -> None:
    """Write on `chat`, without saving it, what the inbox shows of its newest message; a repeat is not counted."""
    sequence = message.sequence or 0
    if message.repeat_of_id is not None:
        chat.last_sequence = max(chat.last_sequence, sequence)
    else:
        note(chat, sequence, message.author_type, message.author_name, message.text, message.received_at)


def note(chat: Chat, sequence: int, author_type: str, author_name: str, text: str, received_at: datetime) -> None:
    """Do so for a message that is no repeat."""
    chat.message_count += 1
    chat.has_agent = chat.has_agent or author_type == AuthorType.AGENT
    if sequence > chat.last_sequence:
        chat.last_sequence = sequence
        chat.last_text = text[:300]
        chat.last_author_type, chat.last_author_name = author_type, author_name
        chat.last_message_at = received_at
