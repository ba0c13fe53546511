"""Humans: a person as one messaging channel knows them (seed 004, Human APIs)."""

from typing import Any

from django.db import models
from django.utils import timezone

from customers.mails import normal_mail
from customers.models.people import Customer
from customers.models.states import SyncState
from customers.phones import to_e164
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
    # The id that another system has for them: `externalId`, which another revision of the vendor's page knows.
    external_id = models.CharField("external id", max_length=200, blank=True, default="", editable=False)
    email_normal = models.CharField(max_length=254, blank=True, default="", editable=False)
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
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
        indexes = (
            models.Index(fields=["human_id"], name="human_by_id"),
            models.Index(fields=["external_id"], name="human_by_external_id"),
            models.Index(fields=["email_normal"], name="human_by_mail"),
            models.Index(fields=["phone_e164"], name="human_by_phone"),
        )

    def __str__(self) -> str:
        return self.name or (str(self.customer) if self.customer else "") or self.human_id or f"Human {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep an id that is not known as NULL, and what is compared with others true to what was written."""
        self.human_id = self.human_id or None
        self.phone_e164, self.email_normal = to_e164(self.phone_number), normal_mail(self.email)
        fields = kwargs.get("update_fields")
        if fields is not None and not {"phone_number", "email"}.isdisjoint(fields):
            kwargs["update_fields"] = {*fields, "phone_e164", "email_normal"}
        super().save(*args, **kwargs)

    @property
    def at_proto(self) -> str:
        """The state to show: with an id Proto has it, whoever wrote the row."""
        known = self.human_id and self.sync_state == SyncState.LOCAL
        return SyncState.DONE if known else self.sync_state
