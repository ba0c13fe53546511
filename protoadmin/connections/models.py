"""The connections to remote systems, and who may see what came through them."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from protoadmin.clients import helpdesk, messaging, platform, protocol
from protoadmin.clients.transport import Client, Request
from protoadmin.connections.base_urls import check_base_url
from protoadmin.encryption import EncryptedTextField, LockedSecret, encrypted_fields


class ConnectionUnusable(Exception):
    """A request cannot be made with this connection; the message says what an administrator has to do."""


class Connection(models.Model):
    """What every connection has; each kind knows its client and its cheapest harmless read."""

    name = models.CharField(max_length=100)
    base_url: "models.CharField[str, str]"
    is_active = models.BooleanField(
        "active", default=True, help_text="Requests of an inactive connection wait; nothing is lost."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="A limit that holds across all workers. Empty: no limit of our own."
    )
    secrets_set_at = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a base URL over which a secret would travel in the clear."""
        super().clean()
        try:
            self.base_url = check_base_url(self.base_url, allow_http=settings.DEBUG)
        except ValueError as error:
            raise ValidationError({"base_url": str(error)}) from error

    @property
    def owner(self) -> "Teamspace":
        """The teamspace whose members see what comes through this connection."""
        raise NotImplementedError

    def reveal(self, name: str) -> str:
        """Return a secret in the clear; raises ConnectionUnusable when it is missing or locked."""
        value: str = getattr(self, name)
        if isinstance(value, LockedSecret):
            raise ConnectionUnusable(
                f"The {name.replace('_', ' ')} of {self.name} was encrypted with a key that FIELD_ENCRYPTION_KEYS "
                "no longer has. Add the old key, or enter the secret again."
            )
        if not value:
            raise ConnectionUnusable(f"{self.name} has no {name.replace('_', ' ')}. Enter it on the connection's page.")
        return value

    def client(self) -> Client:
        """Return a client that carries this connection's secret; raises ConnectionUnusable."""
        raise NotImplementedError

    def probe(self) -> Request:
        """Return the cheapest harmless read that tells whether the connection works."""
        raise NotImplementedError

    def mark_secrets_set(self, names: list[str]) -> None:
        """Note the present time for these secrets, for the page to tell."""
        now = timezone.now().isoformat(timespec="seconds")
        self.secrets_set_at = {**self.secrets_set_at, **dict.fromkeys(names, now)}

    @classmethod
    def secret_names(cls) -> list[str]:
        """Return the names of the encrypted fields."""
        return [field.name for field in encrypted_fields(cls)]


class Teamspace(Connection):
    """A unit of a workspace ("sub-company" in the API); its takeover secret opens the Developer API (seed 000)."""

    base_url = models.CharField("base URL", max_length=300, default="https://v3-api.proto.cx/api/platform")
    subcompany_id = models.CharField(
        "teamspace id", max_length=100, unique=True, help_text="The subcompany_id on Proto's teamspace settings page."
    )
    takeover_secret: Any = EncryptedTextField(blank=True, default="")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teamspaces", blank=True)

    class Meta:
        ordering = ("name",)

    @property
    def owner(self) -> "Teamspace":
        """A teamspace owns itself."""
        return self

    def client(self) -> Client:
        """Return a Developer API client."""
        return platform.client(self.base_url, self.reveal("takeover_secret"))

    def probe(self) -> Request:
        """Return list-custom-fields: small, and it needs both the id and the secret to be right."""
        return platform.list_custom_fields(self.subcompany_id)


class Channel(Connection):
    """A messaging channel of a teamspace (seed 004)."""

    base_url = models.CharField("base URL", max_length=300, default="https://gw.proto.cx")
    channel_id = models.CharField("channel id", max_length=100, unique=True)
    teamspace = models.ForeignKey(Teamspace, on_delete=models.PROTECT, related_name="channels")
    access_token: Any = EncryptedTextField(
        blank=True, default="", help_text="The personal access token, sent as X-PROTO-TOKEN."
    )
    secret: Any = EncryptedTextField(blank=True, default="", help_text="Signs the webhooks that Proto sends.")
    previous_secret: Any = EncryptedTextField(
        blank=True, default="", help_text="Still accepted while the secret is being rotated."
    )
    default_language = models.CharField(max_length=20, blank=True, default="")
    pull_every = models.PositiveIntegerField(
        "pull every … minutes",
        default=30,
        help_text="How often the messages of open chats are read from Proto. 0 switches it off.",
    )
    pulled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    @property
    def owner(self) -> Teamspace:
        """A channel belongs to its teamspace."""
        return self.teamspace

    def client(self) -> Client:
        """Return a Messaging API client."""
        return messaging.client(self.base_url, self.reveal("access_token"))

    def probe(self) -> Request:
        """Return list-chats of a human that does not exist: an empty list when id and token are right."""
        return messaging.list_chats(self.channel_id, human_id="proto-admin-connection-test", maximum=1)


class ProtocolProject(Connection):
    """A project of Protocol, whose customers are mirrored (seed 002)."""

    base_url = models.CharField("base URL", max_length=300, default=protocol.DEFAULT_BASE_URL)
    project_id = models.CharField("project id", max_length=100, blank=True, default="")
    teamspace = models.ForeignKey(Teamspace, on_delete=models.PROTECT, related_name="protocol_projects")
    token: Any = EncryptedTextField(blank=True, default="", help_text="Sent as a bearer token.")

    class Meta:
        ordering = ("name",)

    @property
    def owner(self) -> Teamspace:
        """A project belongs to its teamspace."""
        return self.teamspace

    def client(self) -> Client:
        """Return a Protocol client."""
        return protocol.client(self.base_url, self.reveal("token"))

    def probe(self) -> Request:
        """Return the list of one customer."""
        return protocol.list_customers(limit=1)


class HelpdeskAccount(Connection):
    """An account of the helpdesk, whose companies, contacts and conversations are mirrored (seed 003)."""

    base_url = models.CharField("base URL", max_length=300, help_text="It ends with /api/v1.")
    teamspace = models.ForeignKey(Teamspace, on_delete=models.PROTECT, related_name="helpdesk_accounts")
    api_key: Any = EncryptedTextField("API key", blank=True, default="", help_text="Sent as a bearer token.")
    pull_every = models.PositiveIntegerField(
        "pull every … minutes", default=60, help_text="How often everything is read anew. 0 switches it off."
    )
    pulled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep to the pace that the API's document recommends, unless somebody chose another."""
        if self._state.adding and self.requests_per_minute is None:
            self.requests_per_minute = helpdesk.REQUESTS_PER_MINUTE
        super().save(*args, **kwargs)

    @property
    def owner(self) -> Teamspace:
        """An account belongs to its teamspace."""
        return self.teamspace

    def client(self) -> Client:
        """Return a helpdesk client."""
        return helpdesk.client(self.base_url, self.reveal("api_key"))

    def probe(self) -> Request:
        """Return the list of companies, of which the beginning is read: the API has nothing smaller."""
        return helpdesk.probe()
