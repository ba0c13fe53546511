"""The record of every request to a remote system: what was asked for, by whom, and what became of it."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from protoadmin.connections.models import Connection, Teamspace
from protoadmin.runs.models import Run


class CallState(models.TextChoices):
    """Where a call is (DESIGN, section 4)."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    DISMISSED = "dismissed", "Dismissed"


PENDING_STATES = (CallState.QUEUED, CallState.SENDING)
OPEN_STATES = (CallState.FAILED, CallState.UNCONFIRMED)

PERSON_FIRST = 0
BULK = 10


class Gate(models.Model):
    """What lets the requests of one connection through: its pauses and its pace, shared by all workers.

    Claiming a call locks the gate's row, so that the order within a lane, the pace and the number of requests
    under way hold however many workers there are.
    """

    connection_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    connection_id = models.PositiveBigIntegerField()
    connection = GenericForeignKey("connection_type", "connection_id")
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True, default="")
    next_slot_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection_type", "connection_id"], name="gate_connection"),)

    def __str__(self) -> str:
        return f"gate {self.pk}"


class CallQuerySet(models.QuerySet["Call"]):
    """Questions that several screens ask."""

    def for_target(self, target: models.Model) -> "CallQuerySet":
        """Return the calls about this record."""
        kind = ContentType.objects.get_for_model(target)
        return self.filter(target_type=kind, target_id=target.pk)

    def locked(self, *, skip_locked: bool = False) -> "CallQuerySet":
        """Lock the rows against other writers, and not against rows that only refer to them.

        A plain FOR UPDATE would make every commit wait that adds a row with a foreign key to one of these, and with
        the gate, a call and a person locked by different people in different order, such waits come to a deadlock.
        """
        return self.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)

    def pending(self) -> "CallQuerySet":
        """Return what is still on its way."""
        return self.filter(state__in=PENDING_STATES)

    def open_failures(self) -> "CallQuerySet":
        """Return what failed or is unconfirmed and was not dismissed."""
        return self.filter(state__in=OPEN_STATES)


class Call(models.Model):
    """One request to a remote system. The row is the record; a queue entry is only a wake-up."""

    connection_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    connection_id = models.PositiveBigIntegerField()
    connection = GenericForeignKey("connection_type", "connection_id")
    gate = models.ForeignKey(Gate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    teamspace = models.ForeignKey(Teamspace, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=40)
    target_type = models.ForeignKey(ContentType, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    target_id = models.PositiveBigIntegerField(null=True, blank=True)
    target = GenericForeignKey("target_type", "target_id")
    target_label = models.CharField(max_length=200, blank=True, default="")
    # Calls of one lane go out one at a time, in the order in which they were asked for.
    lane = models.CharField(max_length=100, blank=True, default="")
    place = models.BigIntegerField(
        null=True, blank=True, help_text="Its place in the lane: the id, or that of the call which it replaced."
    )
    priority = models.PositiveSmallIntegerField(default=PERSON_FIRST)
    payload: Any = models.JSONField(default=dict, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="calls")
    request_key = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        help_text="One per opened form: a double click makes one call.",
    )
    depends_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    replaced_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces")
    state = models.CharField(max_length=12, choices=CallState, default=CallState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0, help_text="Attempts whose worker died.")
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    worker = models.CharField(max_length=200, blank=True, default="", help_text="host:pid:start of who sends it.")
    leased_until = models.DateTimeField(null=True, blank=True)
    context: Any = models.JSONField(default=dict, blank=True, help_text="What the worker has to remember about it.")
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    error_fields: Any = models.JSONField(default=dict, blank=True)
    request: Any = models.JSONField(default=dict, blank=True, help_text="Method, path and body as they went out.")
    response: Any = models.JSONField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(
        default=timezone.now, help_text="When it was last asked for: safe retries end 72 h on."
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When the last attempt began.")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = "API call"
        ordering = ("-id",)
        permissions = (
            ("view_all_calls", "Can see everybody's calls"),
            ("settle_all_calls", "Can settle everybody's calls"),
        )
        indexes = (
            # state is a column of each index, not its condition: SQLite matches conditions with literals only.
            models.Index(fields=["gate", "state", "priority", "id"], name="call_due"),
            models.Index(fields=["state", "next_attempt_at"], name="call_state"),
            models.Index(fields=["target_type", "target_id", "-id"], name="call_target"),
            models.Index(fields=["lane", "state"], name="call_lane_state"),
            models.Index(fields=["teamspace", "state", "-id"], name="call_teamspace"),
            models.Index(fields=["requested_by", "-id"], name="call_person"),
            models.Index(fields=["run", "state"], name="call_run"),
            models.Index(fields=["finished_at"], name="call_finished"),
        )

    def __str__(self) -> str:
        return f"{self.operation} {self.target_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fill in on the first save what follows from the connection and the target."""
        if self._state.adding:
            self._complete()
        super().save(*args, **kwargs)

    def _complete(self) -> None:
        if self.teamspace_id is None and self.connection is not None:
            self.teamspace = self.connection.owner
        if self.gate_id is None:
            self.gate, _ = Gate.objects.get_or_create(
                connection_type=self.connection_type, connection_id=self.connection_id
            )
        if self.target is not None:
            self.target_label = self.target_label or str(self.target)[:200]
            self.lane = self.lane or lane_of(self.target)

    @property
    def is_pending(self) -> bool:
        """Whether it is still on its way."""
        return self.state in PENDING_STATES

    @property
    def is_waiting_to_retry(self) -> bool:
        """Whether it was tried before and is to be tried again."""
        return self.state == CallState.QUEUED and self.attempts > 0

    @property
    def held_back(self) -> str:
        """Why it waits although nothing is wrong with it: its connection is switched off; "" otherwise.

        Lists prefetch `connection`.
        """
        connection = self.connection if self.state == CallState.QUEUED else None
        if not isinstance(connection, Connection) or connection.is_active:
            return ""
        kind = connection._meta.verbose_name
        return f"It waits: the {kind} {connection} is switched off. It goes out once that is active again."


def lane_of(record: models.Model) -> str:
    """Return the name of the lane in which the calls of this record go out."""
    return f"{record._meta.label_lower}:{record.pk}"
