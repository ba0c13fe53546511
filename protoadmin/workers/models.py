"""The sign of life of each worker cluster."""

from django.db import models


class Heartbeat(models.Model):
    """One row a cluster, written by a task that its workers ran: proof that it does work, not only that it lives."""

    cluster = models.CharField(max_length=100, unique=True, help_text="host:pid of the cluster's sentinel process.")
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField(help_text="The process that started the cluster.")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cluster
