"""Humans: a person as one messaging channel knows them (seed 004, Human APIs)."""

from typing import Any

from django.db import models
from django.utils import timezone

from customers.models.people import Customer
from customers.models.states import SyncState
from protoadmin.connections.models import Channel
from protoadmin.encryption import EncryptedTextField


class Human(models.Model):
    """A customer as one channel knows them; `human_id` is there once Proto has answered.

    `tags` are `[{"id", "name", "value"}]`; another revision of the vendor's page leaves the name out.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="humans")
    human_id = models.CharField("human id", max_length=200, null=True, blank=True)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="humans")
    name = models.CharField(max_length=300, blank=True, default="")
    email = models.CharField("mail", max_length=254, blank=True, default="")
    phone_number = models.CharField("phone", max_length=60, blank=True, default="")
    profile_pic_url = models.CharField("picture URL", max_length=1000, blank=True, default="")
    tags: Any = models.JSONField(default=list, blank=True)
    access_token: Any = EncryptedTextField(blank=True, default="")
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["channel", "human_id"], name="human_of_channel"),)
        indexes = (models.Index(fields=["human_id"], name="human_by_id"),)

    def __str__(self) -> str:
        return self.name or (str(self.customer) if self.customer else "") or self.human_id or f"Human {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep an id that is not known as NULL: any number of humans may have none."""
        self.human_id = self.human_id or None
        super().save(*args, **kwargs)

    @property
    def at_proto(self) -> str:
        """The state to show: with an id Proto has it, whoever wrote the row."""
        known = self.human_id and self.sync_state == SyncState.LOCAL
        return SyncState.DONE if known else self.sync_state
