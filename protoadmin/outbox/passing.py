"""Requests of runs beside the calls: they keep the same pauses and the same pace of their connection."""

import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from protoadmin.clients.errors import ApiError
from protoadmin.connections.models import Connection
from protoadmin.outbox.models import Gate
from protoadmin.storable import storable_text


def gate_pass(connection: Connection) -> float:
    """Count one request of a connection for its pace and return 0.0; or the seconds to wait, and nothing is counted."""
    with transaction.atomic():
        gate = _locked(connection)
        now = timezone.now()
        until = max((moment for moment in (gate.paused_until, gate.next_slot_at) if moment), default=now)
        if until > now:
            return (until - now).total_seconds()
        if connection.requests_per_minute:
            gate.next_slot_at = now + datetime.timedelta(seconds=60 / connection.requests_per_minute)
            gate.save(update_fields=["next_slot_at"])
    return 0.0


def gate_pause(connection: Connection, *, seconds: float, error: ApiError) -> None:
    """Let all requests of a connection wait, because the remote asked for it."""
    until = timezone.now() + datetime.timedelta(seconds=seconds)
    with transaction.atomic():
        gate = _locked(connection)
        if gate.paused_until is None or gate.paused_until < until:
            gate.paused_until, gate.pause_reason = until, storable_text(error.explanation)[:200]
            gate.save(update_fields=["paused_until", "pause_reason"])


def _locked(connection: Connection) -> Gate:
    kind = ContentType.objects.get_for_model(connection)
    gate, _ = Gate.objects.get_or_create(connection_type=kind, connection_id=connection.pk)
    return Gate.objects.select_for_update(of=("self",), no_key=True).get(pk=gate.pk)
