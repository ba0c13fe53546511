"""What people are asked to come back to."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.models.chats import Chat

ASSIGN_FOLLOW_UP = "conversations.assign_follow_up"


class FollowUp(models.Model):
    """Somebody is to come back to a chat, by a day perhaps; a person has at most one open in each chat."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="follow_ups")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due = models.DateField(null=True, blank=True)
    note: Any = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("due", "id")
        default_permissions = ()
        permissions = (("assign_follow_up", "Can ask people to follow up on chats"),)
        constraints = (
            models.UniqueConstraint(fields=["chat", "assignee"], condition=Q(done_at=None), name="follow_up_open"),
        )
        indexes = (models.Index(fields=["assignee", "due"], condition=Q(done_at=None), name="follow_up_of_assignee"),)

    def __str__(self) -> str:
        return f"{self.assignee}: {self.chat}"

    @property
    def is_overdue(self) -> bool:
        """Whether its day is over for the reader, and it is not done."""
        return self.done_at is None and self.due is not None and self.due < timezone.localdate()
