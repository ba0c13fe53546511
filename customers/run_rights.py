"""Whether the person who asked for a run may still have it: looked at anew by the worker, slice by slice."""

from django.contrib.auth.models import User

from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.runs.models import Run
from protoadmin.runs.registry import RunFailed


def person_of(run: Run, permission: str, to_do: str) -> User:
    """Return who asked for the run; raises RunFailed when they may not do so any more."""
    person = run.requested_by and User.objects.filter(pk=run.requested_by.pk, is_active=True).first()
    if person is None:
        raise RunFailed("Whoever asked for this is no longer active here, so it does not go on.")
    if not person.has_perm(permission):
        raise RunFailed(f"{person} may not {to_do} any more, so it does not go on.")
    return person


def own_teamspace(run: Run, person: User) -> Teamspace:
    """Return the run's teamspace; raises RunFailed when the person is not a member (any more)."""
    teamspace = run.teamspace and visible_teamspaces(person).filter(pk=run.teamspace.pk).first()
    if teamspace is None:
        raise RunFailed(f"{person} is not a member of the teamspace, so it does not go on.")
    return teamspace
