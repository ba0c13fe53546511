"""Long jobs: what they are to do, how far they are, and what went wrong, row by row."""

from typing import Any

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from protoadmin.connections.models import Teamspace


class RunState(models.TextChoices):
    """Where a run is. `waiting` waits for a person: a checked import before it is started."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for you"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


ACTIVE_STATES = (RunState.QUEUED, RunState.RUNNING)
OPEN_STATES = (*ACTIVE_STATES, RunState.WAITING)


class Run(models.Model):
    """One long job. Workers do it in slices; each slice moves `cursor` in the transaction of its effects."""

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True, default="")
    teamspace = models.ForeignKey(Teamspace, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    connection_type = models.ForeignKey(ContentType, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    connection_id = models.PositiveBigIntegerField(null=True, blank=True)
    connection = GenericForeignKey("connection_type", "connection_id")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    parameters = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict, blank=True)
    stop_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Slices in a row that ended without word from their worker."
    )
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    after_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When what follows its end is done by whoever looks, if not yet.",
    )

    # What the kind's `read` has just brought; never stored.
    page: Any = None

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["after_due_at"], name="run_after_due", condition=models.Q(after_due_at__isnull=False)),
            models.Index(fields=["state", "heartbeat_at"], name="run_active"),
            models.Index(fields=["teamspace", "-id"], name="run_of_teamspace"),
            models.Index(fields=["kind", "-id"], name="run_of_kind"),
        )

    def __str__(self) -> str:
        return self.title or self.kind.replace("_", " ").capitalize()

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None while the total is not known."""
        if not self.total:
            return 100 if self.state == RunState.DONE else None
        return min(100, (self.done + self.failed) * 100 // self.total)


class RunError(models.Model):
    """What went wrong with one row of a run: the row as a person knows it, and why."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="errors")
    row = models.CharField(max_length=200)
    message = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.row}: {self.message}"


class RunChunk(models.Model):
    """A part of the rows that a run is to work on, as ids, in order: as chosen when the button was pressed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    ids = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "position"], name="chunk_position"),)

    def __str__(self) -> str:
        return f"{self.run_id}/{self.position}"


class RunFile(models.Model):
    """A file that belongs to a run: what was uploaded, or what it made."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    purpose = models.CharField(max_length=30)
    name = models.CharField(max_length=200)
    content = models.FileField(upload_to="runs/%Y/%m/")
    size = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "purpose"], name="file_purpose"),)

    def __str__(self) -> str:
        return self.name
