"""What the outbox adds to the connections' pages: Test connection, its outcome, pauses, what waits."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils import timezone

from protoadmin.connections.models import Connection
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.services import call_queue, gate_of, gate_resume
from protoadmin.screens.buttons import Button, contribute_button
from protoadmin.screens.people import person

COUNTED = 1000


def _test(request: HttpRequest, connection: Connection, form: Any) -> None:
    call_queue(operation="test_connection", connection=connection, target=connection, payload={}, by=person(request))


def _resume(request: HttpRequest, connection: Connection, form: Any) -> str:
    gate_resume(connection=connection)
    return "What waits for this connection goes out now."


def _is_paused(request: HttpRequest, connection: Connection) -> bool:
    gate = gate_of(connection)
    return bool(gate and gate.paused_until and gate.paused_until > timezone.now())


def facts_of(connection: Connection) -> dict[str, Any]:
    """Return the last test, the pause in force and how many calls wait (counted to 1,000)."""
    kind = ContentType.objects.get_for_model(connection)
    calls = Call.objects.filter(connection_type=kind, connection_id=connection.pk)
    test = calls.for_target(connection).filter(operation="test_connection").order_by("-id").first()
    gate = gate_of(connection)
    waiting = Call.objects.filter(gate=gate, state=CallState.QUEUED)[:COUNTED].count() if gate else 0
    return {
        "test": test,
        "gate": gate,
        "paused": bool(gate and gate.paused_until and gate.paused_until > timezone.now()),
        "waiting": waiting,
        "waiting_counted": COUNTED,
        "live": bool(test and test.is_pending) or waiting > 0,
    }


def contribute(models: tuple[type[Connection], ...]) -> None:
    """Add the buttons to the pages of these kinds of connection."""
    for model in models:
        label = model._meta.label
        change = f"{model._meta.app_label}.change_{model._meta.model_name}"

        def allowed(request: HttpRequest, record: Any, permission: str = change) -> bool:
            return request.user.has_perm(permission)

        contribute_button(
            label, Button("test-connection", "Test connection", _test, allowed, icon="cable", style="pa-primary")
        )
        contribute_button(label, Button("resume", "Resume now", _resume, allowed, shown=_is_paused, icon="play_arrow"))
