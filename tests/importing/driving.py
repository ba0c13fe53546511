"""What the tests of import and export share: people, files, and runs that are driven as workers do."""

import csv
import io
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.transitions import move
from protoadmin.runs import working
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.runs.services import run_continue, run_start
from protoadmin.runs.working import work_due


def teamspace(name: str = "Vienna", *members: User) -> Teamspace:
    """A teamspace with these members."""
    made = Teamspace.objects.create(name=name, subcompany_id=f"sub-{name}")
    made.members.add(*members)
    return made


def person(name: str = "ada", *permissions: str) -> User:
    """A member of the staff with these permissions of the app customers."""
    user = User.objects.create_user(name, is_staff=True)
    grant(user, *permissions)
    return user


def grant(user: User, *permissions: str) -> None:
    """Give permissions, written as app.codename."""
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def revoke(user: User, permission: str) -> None:
    """Take a permission away again."""
    app, codename = permission.split(".")
    user.user_permissions.remove(Permission.objects.get(content_type__app_label=app, codename=codename))


def once(run: Run, slices: int) -> Run:
    """Work a number of slices, and leave the run to the next worker."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    claimed = working._claim()
    assert claimed is not None
    assert claimed.pk == run.pk
    for _ in range(slices):
        working._slice(claimed)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    run.refresh_from_db()
    return run


def drive(run: Run) -> Run:
    """Work on a run until it ends, waits for a person or for answers; naps are left out."""
    for _ in range(200):
        run.refresh_from_db()
        if run.state not in ACTIVE_STATES:
            return run
        before = run.cursor
        Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
        work_due()
        run.refresh_from_db()
        if run.cursor == before == {"phase": "answers"}:
            return run
    raise AssertionError(f"the run does not come to an end: {run.state} {run.cursor}")


def started(by: User, teamspace: Teamspace, content: str | bytes, **parameters: Any) -> Run:
    """An import that was asked for, not worked on yet."""
    data = content.encode() if isinstance(content, str) else content
    return run_start(
        kind="people_import",
        by=by,
        title="Import",
        teamspace=teamspace,
        upload=ContentFile(data, name="people.csv"),
        parameters=parameters,
    )


def judged(by: User, teamspace: Teamspace, content: str | bytes, **parameters: Any) -> Run:
    """An import whose preview is there."""
    return drive(started(by, teamspace, content, **parameters))


def imported(by: User, teamspace: Teamspace, content: str | bytes, **parameters: Any) -> Run:
    """An import that was let go on, with all its calls answered."""
    run = judged(by, teamspace, content, **parameters)
    run_continue(run=run)
    drive(run)
    answer_all(run)
    return drive(run)


def answer_all(run: Run, to: CallState = CallState.DONE) -> None:
    """End every call of a run that is on its way."""
    for call in Call.objects.filter(run=run, state=CallState.QUEUED):
        move(call, to)


def exported(by: User, people: Any) -> Run:
    """An export that has ended."""
    return drive(run_start(kind="people_export", by=by, title="Export people", ids=[one.pk for one in people]))


def table(run: Run, purpose: str, delimiter: str = ",") -> list[list[str]]:
    """The rows of a run's CSV file."""
    with run.files.get(purpose=purpose).content.open("rb") as content:
        text = content.read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def counts(run: Run) -> tuple[int, int, int, int]:
    """Created, changed, unchanged, refused."""
    found = run.parameters["counts"]
    return found["created"], found["changed"], found["unchanged"], found["refused"]


def details(customer: Customer) -> dict[str, Any]:
    """What an import can say of a person."""
    names = ("gateway_profile_id", *customer.remote_values())
    return {
        **{name: getattr(customer, name) for name in names},
        "tags": sorted(customer.tags.values_list("name", flat=True)),
    }
