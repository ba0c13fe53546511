"""The one operation that every connection has: Test connection."""

from django.db import models

from protoadmin.clients.transport import Request
from protoadmin.connections.models import Connection
from protoadmin.outbox.models import Call, lane_of
from protoadmin.outbox.registry import CannotSend, Operation


class TestConnection(Operation):
    """Make the connection's cheapest harmless read, once, and report what came of it."""

    name = "test_connection"
    label = "Test connection"
    is_read = True
    tries_once = True

    def lane(self, target: models.Model) -> str:
        """Return a lane of its own: a test is pressed for when other requests of the connection wait and fail."""
        return f"{lane_of(target)}:test"

    def build(self, call: Call) -> Request:
        """Return the connection's probe."""
        connection = call.connection
        if not isinstance(connection, Connection):
            raise CannotSend("The connection was removed.")
        return connection.probe()
