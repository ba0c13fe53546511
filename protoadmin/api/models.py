"""The keys with which other systems read what we have."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from protoadmin.connections.models import Teamspace

REQUESTS_PER_MINUTE = 100


class ApiKey(models.Model):
    """A key: what it opens, until when, and how it was used. Of the key itself only a hash is kept.

    It opens those of its teamspaces that its owner is a member of at the time of the request.
    """

    name = models.CharField(max_length=100, help_text="What it is for: the system that reads with it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys")
    teamspaces = models.ManyToManyField(Teamspace, related_name="api_keys")
    # The first characters of the key: by them it is found, and told apart from others on the screen.
    prefix = models.CharField(max_length=20, unique=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)
    requests_per_minute: Any = models.PositiveIntegerField(
        default=REQUESTS_PER_MINUTE,
        validators=[MinValueValidator(1)],
        help_text="Beyond it requests are answered 429 until the minute is over.",
    )
    # The minute that is being counted: when it began, and how many requests it has seen (limits.py).
    minute_began_at = models.DateTimeField(null=True, editable=False)
    minute_requests = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Whether it opens anything, in a word."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        return "active" if self.owner.is_active else "owner inactive"
