"""What each person has read, and the views of the inbox that they keep."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from conversations.models.chats import Chat


class ReadMark(models.Model):
    """How far one person has read a chat: up to this sequence; `version` is what of the chat they had seen."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="read_marks")
    sequence = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "chat"], name="read_mark"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.chat}"


class SavedView(models.Model):
    """Filters of the inbox under a name: one's own, or everybody's. `query` is what stands behind `?` in its URL."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query: Any = models.CharField(max_length=1000, blank=True, default="")
    shared = models.BooleanField("for everybody", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        permissions = (("share_view", "Can share views with everybody"),)
        constraints = (models.UniqueConstraint(fields=["owner", "name"], name="view_name"),)

    def __str__(self) -> str:
        return self.name
