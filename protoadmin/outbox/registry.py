"""Operations, by name. The app that owns a record registers what it asks of remote systems; outbox imports no app."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.db import models

from protoadmin.clients.transport import ApiError, Client, Request
from protoadmin.connections.models import Connection
from protoadmin.outbox.models import Call, lane_of


class CannotSend(Exception):
    """The request cannot be built; the message tells a person what is missing."""


class Operation:
    """One kind of request: how to build it, and what its answer means for our rows.

    `build`, `client` and `confirm_request` run in a worker outside any transaction. All the others run inside the
    transaction that writes the call's new state, with the call's row locked, and must not talk to anything remote.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    idempotent: ClassVar[bool] = True
    # A read has no effect: when its worker dies three times it failed, and nobody is asked about it.
    is_read: ClassVar[bool] = False
    # A newer full save replaces an older one that has not gone out.
    replaces_older: ClassVar[bool] = False
    # Reported on at the first attempt, whatever comes: somebody watches (Test connection).
    tries_once: ClassVar[bool] = False

    def build(self, call: Call) -> Request:
        """Return the request; raises CannotSend, ConnectionUnusable or ValueError when it cannot be made."""
        raise NotImplementedError

    def client(self, call: Call) -> Client:
        """Return who sends it: the connection's client, unless the request goes to another address than its own."""
        connection = call.connection
        if not isinstance(connection, Connection):
            raise CannotSend("Its connection was removed.")
        return connection.client()

    @property
    def goes_elsewhere(self) -> bool:
        """Whether its requests go to another address than the connection's: a pause asked for there is none here."""
        return type(self).client is not Operation.client

    def apply(self, call: Call, data: Any) -> None:
        """Write the effect of a good answer on our rows."""

    def lane(self, target: models.Model) -> str:
        """Return the lane: calls of one lane keep their order."""
        return lane_of(target)

    def accepts(self, call: Call, error: ApiError) -> bool:
        """Tell whether this error means that it is done all the same (deleting what is gone already)."""
        return False

    def changed(self, call: Call) -> None:
        """Note on our rows that the call is in a new state."""

    @property
    def can_confirm(self) -> bool:
        """Whether the API has a read that can tell whether an unconfirmed request went through."""
        return type(self).confirm_request is not Operation.confirm_request

    def remember(self, call: Call) -> dict[str, Any]:
        """Return what `confirmed` will have to know of the time before the attempt (the known ids)."""
        return {}

    def confirm_request(self, call: Call) -> Request:
        """Return the read that can tell."""
        raise NotImplementedError

    def confirmed(self, call: Call, data: Any) -> Any | None:
        """Return our item if exactly one in the read's answer was not known before and has our content, else None.

        A read may confirm and never deny: the first request may still be on its way.
        """
        return None


_operations: dict[str, Operation] = {}


def register(*operations: type[Operation]) -> None:
    """Add operations; every name must be new."""
    for operation in operations:
        if operation.name in _operations:
            raise ValueError(f"an operation named {operation.name} exists")
        _operations[operation.name] = operation()


def find_operation(name: str) -> Operation | None:
    """Return the operation named so, or None."""
    return _operations.get(name)


def operations() -> Mapping[str, Operation]:
    """Return all of them, by name."""
    return MappingProxyType(_operations)


def operation_label(name: str) -> str:
    """Return the words for an operation, also of one that is no longer known."""
    operation = _operations.get(name)
    return operation.label if operation else name.replace("_", " ").capitalize()
