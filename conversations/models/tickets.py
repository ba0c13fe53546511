"""Tickets: conversations made by create-ticket (seed 000, "Create ticket")."""

from typing import Any

from django.db import models
from django.utils import timezone

from conversations.search.fields import SearchText, SearchTokens
from conversations.search.grams import Facet
from customers.models import Customer, SyncState
from protoadmin.connections.models import Teamspace


class Ticket(models.Model):
    """A conversation made by create-ticket; `remote_id` is there once Proto has answered."""

    teamspace = models.ForeignKey(Teamspace, on_delete=models.CASCADE, related_name="tickets")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="tickets")
    subject = models.CharField(max_length=500)
    remote_id = models.CharField("Proto id", max_length=200, blank=True, default="")
    sync_state = models.CharField(max_length=12, choices=SyncState, default=SyncState.LOCAL, editable=False)
    remote_data: Any = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    search_text: Any = SearchText(of="searched")
    search_tokens: Any = SearchTokens()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["teamspace", "-id"], name="ticket_newest"),
            models.Index(fields=["customer", "-id"], name="ticket_of_customer"),
            models.Index(fields=["teamspace", "created_at"], name="ticket_by_time"),
            models.Index(fields=["sync_state"], condition=models.Q(search_tokens=None), name="ticket_to_index"),
        )

    def __str__(self) -> str:
        return self.subject

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep what is searched with what it is made of."""
        names = kwargs.get("update_fields")
        if names is not None and {"subject", "remote_id"} & set(names):
            kwargs["update_fields"] = {*names, "search_text", "search_tokens"}
        super().save(*args, **kwargs)

    @property
    def searched(self) -> str:
        """What search finds it by."""
        return f"{self.subject} {self.remote_id}"

    def search_facets(self) -> list[Facet]:
        """Return what search narrows by beside the text."""
        return [("teamspace", self.teamspace_id)]
