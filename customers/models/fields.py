"""Custom fields of people and their values (seed 000, "Custom fields")."""

from typing import Any

from django.db import models
from django.utils import timezone

from customers.models.people import Customer
from customers.models.states import SyncState
from protoadmin.connections.models import Teamspace


class FieldType(models.TextChoices):
    """The types that Proto's own screens offer; the API documents the word `select` alone (seed 000)."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    TOGGLE = "toggle", "Toggle"
    SELECT = "select", "Select"
    DATE = "date", "Date"


class CustomField(models.Model):
    """A custom field of people. An unknown type is kept as it came and edited as text."""

    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="custom_fields")
    remote_id = models.CharField("Proto id", max_length=200, blank=True, default="")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=50, default=FieldType.TEXT)
    select_options: Any = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True, default="")
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    gone_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When Proto no longer listed it; its values are kept."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    change_note = models.CharField(max_length=300, blank=True, default="", editable=False)

    class Meta:
        ordering = ("teamspace", "name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["teamspace", "remote_id"], condition=~models.Q(remote_id=""), name="field_remote_id"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> list[str]:
        """Return the options of a select as texts; some answers carry objects with a name or a value."""
        if not isinstance(self.select_options, list):
            return []
        return [_option_text(option) for option in self.select_options]


def _option_text(option: Any) -> str:
    if isinstance(option, dict):
        return str(option.get("value") or option.get("name") or option.get("label") or option)
    return str(option)


class CustomFieldValue(models.Model):
    """What was last sent from here: the API does not return custom field values."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="field_values")
    field = models.ForeignKey(CustomField, on_delete=models.CASCADE, related_name="values")
    value: Any = models.JSONField()
    text = models.CharField(max_length=500, blank=True, default="", editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "field"], name="value_of_field"),)
        indexes = (models.Index(fields=["field", "text"], name="value_by_text"),)

    def __str__(self) -> str:
        return self.text

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the text by which values are filtered."""
        self.text = value_text(self.value)
        super().save(*args, **kwargs)


def value_text(value: Any) -> str:
    """Return a value as people read and filter it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ("" if value is None else str(value))[:500]
