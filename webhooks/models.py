"""What arrived at the receivers: every delivery that was answered 200, and a sample of what was refused."""

from typing import Any

from django.db import models
from django.utils import timezone

from protoadmin.connections.models import Channel


class DeliveryState(models.TextChoices):
    """Where a delivery is (DESIGN, section 3)."""

    RECEIVED = "received", "Received"
    PROCESSED = "processed", "Processed"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    REPEAT = "repeat", "Repeat"


class DeliveryKind(models.TextChoices):
    """What the body is."""

    MESSAGES = "messages", "Messages"
    PROFILE = "profile", "Profile"
    UNKNOWN = "unknown", "Unknown"


class Delivery(models.Model):
    """One request to a receiver. The row is the queue: `received` is what a worker has still to make messages of.

    `body` is what came, byte for byte. A rejected one keeps no body: nobody vouches for it, and it may hold anything.
    """

    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=10, choices=DeliveryKind, default=DeliveryKind.MESSAGES)
    received_at = models.DateTimeField(default=timezone.now)
    remote_addr = models.CharField("from", max_length=45, blank=True, default="")
    body: Any = models.BinaryField(default=b"")
    body_sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.PositiveIntegerField(default=0, help_text="Bytes of the body.")
    headers: Any = models.TextField(blank=True, default="", help_text="The headers that matter, one a line.")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.RECEIVED)
    error = models.TextField(blank=True, default="")
    traceback = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        ordering = ("-id",)
        permissions = (("replay_delivery", "Can replay deliveries"),)
        indexes = (
            models.Index(fields=["state", "id"], name="delivery_by_state"),
            models.Index(fields=["channel", "-id"], name="delivery_of_channel"),
            models.Index(fields=["body_sha256", "channel", "received_at"], name="delivery_by_hash"),
        )

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Refusals(models.Model):
    """How many requests were refused, why, and when the last one came; by channel, none for unknown channels."""

    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="refusals")
    reason = models.CharField(max_length=30)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["channel", "reason"], name="refusals"),
            models.UniqueConstraint(fields=["reason"], condition=models.Q(channel=None), name="refusals_of_no_channel"),
        )

    def __str__(self) -> str:
        return f"{self.count} × {self.reason}"


class Drain(models.Model):
    """The one row that says which worker makes messages of deliveries: their order needs one at a time."""

    holder = models.CharField(max_length=200, blank=True, default="", help_text="host:pid:start of the worker.")
    leased_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"the drain, held by {self.holder or 'nobody'}"
