"""Customers of a Protocol project (seed 002), mirrored."""

from typing import Any

from django.db import models
from django.utils import timezone

from customers.models.people import Customer
from customers.models.states import SyncState
from customers.phones import digits_of, to_e164
from customers.terms import fold
from protoadmin.connections.models import ProtocolProject

KEY_LENGTH = 240
_KEYS = {"username", "display_name", "phone_number"}


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
    # By these it is found: folded texts, and the digits of the phone from the last to the first. Bytes, because both
    # databases compare them alike whatever the locale: a beginning is a range of the index.
    username_key = models.BinaryField(max_length=KEY_LENGTH, default=b"")
    display_key = models.BinaryField(max_length=KEY_LENGTH, default=b"")
    phone_key = models.BinaryField(max_length=KEY_LENGTH, default=b"")
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

    class Meta:
        verbose_name = "Protocol customer"
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["project", "protocol_id"], name="protocol_id_of_project"),)
        indexes = (
            models.Index(fields=["project", "-id"], name="protocol_newest"),
            models.Index(fields=["username"], name="protocol_by_username"),
            models.Index(fields=["username_key"], name="protocol_by_username_key"),
            models.Index(fields=["display_key"], name="protocol_by_display_key"),
            models.Index(fields=["phone_key"], name="protocol_by_phone_key"),
            models.Index(fields=["protocol_id"], name="protocol_by_id"),
            models.Index(fields=["conversation_id"], name="protocol_by_conversation"),
            models.Index(fields=["status", "-id"], name="protocol_by_status"),
            # Few rows: their lists come from an index of them alone.
            models.Index(fields=["-id"], name="protocol_flagged", condition=models.Q(is_flagged=True)),
            models.Index(fields=["-id"], name="protocol_terminated", condition=models.Q(terminated_at__isnull=False)),
            models.Index(fields=["-id"], name="protocol_gone", condition=models.Q(gone_at__isnull=False)),
            models.Index(fields=["external_id"], name="protocol_by_external_id"),
            models.Index(fields=["phone_e164"], name="protocol_by_phone"),
        )

    def __str__(self) -> str:
        return self.display_name or self.username or self.protocol_id or f"Protocol customer {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what follows from the texts true: the normalised phone, the keys of the search; an absent id is NULL."""
        self.protocol_id = self.protocol_id or None
        self.phone_e164 = to_e164(self.phone_number)
        keys = keys_of(self.username, self.display_name, self.phone_number, self.phone_e164)
        for name, key in keys.items():
            setattr(self, name, key)
        fields = kwargs.get("update_fields")
        if fields is not None and not _KEYS.isdisjoint(fields):
            kwargs["update_fields"] = {*fields, *keys, "phone_e164"}
        super().save(*args, **kwargs)


def keys_of(username: str, display_name: str, phone_number: str, phone_e164: str) -> dict[str, bytes]:
    """Return the keys by which a customer is found."""
    return {
        "username_key": text_key(username),
        "display_key": text_key(display_name),
        "phone_key": phone_key(phone_e164 or phone_number),
    }


def text_key(text: str) -> bytes:
    """Return a text folded, as bytes."""
    folded = text.lower() if text.isascii() else fold(text)
    return folded.encode("utf-8", "replace")[:KEY_LENGTH]


def phone_key(number: str) -> bytes:
    """Return a number's digits from the last to the first: whatever stands before them, the end is what is typed."""
    return digits_of(number)[::-1].encode()[:KEY_LENGTH]
