"""What the tests of the pull share: start it, work on it, look at what it left."""

from typing import Any

from customers.models import ProtocolCustomer
from customers.protocol.services import protocol_pull
from protoadmin.connections.models import ProtocolProject
from protoadmin.runs.models import Run
from protoadmin.runs.working import work_due
from tests.outbox.remote import Remote


def path(project: ProtocolProject, *parts: str) -> str:
    """Return the sandbox' address of a project's customers."""
    return "/".join(("protocol", project.project_id, "customers", *parts))


def theirs(remote: Remote, project: ProtocolProject) -> list[dict[str, Any]]:
    """Return the customers whom Protocol has."""
    found: list[dict[str, Any]] = remote.read(path(project))["customers"]
    return found


def add(remote: Remote, project: ProtocolProject, number: int) -> list[str]:
    """Have Protocol get so many customers more; return their ids."""
    ids: list[str] = remote.post(path(project), {"number": number})["ids"]
    return ids


def pull(project: ProtocolProject, *, rests: int = 0) -> Run:
    """Pull, going on at once after each of so many rests; return the run."""
    run = protocol_pull(project=project, by=None)
    work_due()
    for _ in range(rests):
        wake(run)
    run.refresh_from_db()
    return run


def wake(run: Run) -> None:
    """Let a run's rest, or the lease of its dead worker, be over, and go on with it."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    work_due()
    run.refresh_from_db()


def ours(project: ProtocolProject) -> dict[str, ProtocolCustomer]:
    """Return our copies by Protocol's id."""
    return {str(row.protocol_id): row for row in ProtocolCustomer.objects.filter(project=project)}
