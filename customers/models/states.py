"""Whether Proto has what we have, for every record that is sent there."""

from typing import Any

from django.db import models


class SyncState(models.TextChoices):
    """Whether Proto has what we have: the state of the person's last save."""

    LOCAL = "local", "Only here"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"


# A page that shows one of these asks again soon, also when the call itself has ended meanwhile.
MOVING = (SyncState.QUEUED, SyncState.SENDING)


def at_proto(record: Any) -> str:
    """Return the state of a record that has a Proto id: with one it is there, whoever wrote the row."""
    known = record.remote_id and record.sync_state == SyncState.LOCAL
    return SyncState.DONE if known else record.sync_state
