"""Customers of a Protocol project (seed 002), mirrored."""

from typing import Any

from django.db import models
from django.utils import timezone

from customers.models.people import Customer
from customers.models.states import SyncState
from protoadmin.connections.models import ProtocolProject


class ProtocolCustomer(models.Model):
    """A customer of a Protocol project; `protocol_id` is there once Protocol has answered.

    The seed's property table and its examples name different fields; all of them have columns.
    """

    project = models.ForeignKey(ProtocolProject, on_delete=models.CASCADE, related_name="customers")
    protocol_id = models.CharField("Protocol id", max_length=200, null=True, blank=True)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="protocol_customers"
    )
    username = models.CharField(max_length=300, blank=True, default="")
    phone_number = models.CharField("phone", max_length=60, blank=True, default="")
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
    avatar_url = models.CharField("avatar URL", max_length=1000, blank=True, default="")
    display_name = models.CharField(max_length=300, blank=True, default="")
    conversation_id = models.CharField(max_length=200, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=50, blank=True, default="")
    is_flagged = models.BooleanField("flagged", default=False)
    meta: Any = models.JSONField(default=dict, blank=True)
    last_active_at = models.DateTimeField(null=True, blank=True)
    last_transaction_at = models.DateTimeField(null=True, blank=True)
    terminated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    updated_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When Protocol no longer listed it.")
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    seen_run = models.BigIntegerField(default=0, editable=False, help_text="The last run that saw it.")

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["project", "protocol_id"], name="protocol_id_of_project"),)
        indexes = (
            models.Index(fields=["project", "-id"], name="protocol_newest"),
            models.Index(fields=["username"], name="protocol_by_username"),
            models.Index(fields=["external_id"], name="protocol_by_external_id"),
            models.Index(fields=["phone_e164"], name="protocol_by_phone"),
        )

    def __str__(self) -> str:
        return self.display_name or self.username or self.protocol_id or f"Protocol customer {self.pk}"
