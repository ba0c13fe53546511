"""Whose rows a person sees: those of the teamspaces that they are members of; superusers see all."""

from typing import Any, TypeVar

from django.db import models

from protoadmin.connections.models import Teamspace

Row = TypeVar("Row", bound=models.Model)


def visible_teamspaces(user: Any) -> models.QuerySet[Teamspace]:
    """Return the teamspaces whose rows `user` may see."""
    if not user.is_active:
        return Teamspace.objects.none()
    if user.is_superuser:
        return Teamspace.objects.all()
    return Teamspace.objects.filter(pk__in=Teamspace.members.through.objects.filter(user=user).values("teamspace"))


def only_visible(rows: models.QuerySet[Row], user: Any, path: str = "teamspace") -> models.QuerySet[Row]:
    """Narrow `rows` to what `user` may see; `path` leads from a row to its teamspace."""
    if user.is_active and user.is_superuser:
        return rows
    # The ids are few and asked for once a request: as literals they let the database use (teamspace, …) indexes.
    return rows.filter(**{f"{path}__in": teamspace_ids(user)})


def teamspace_ids(user: Any) -> list[int]:
    """Return the ids of the visible teamspaces, remembered on the user object of this request."""
    known: list[int] | None = getattr(user, "_visible_teamspace_ids", None)
    if known is None:
        known = list(visible_teamspaces(user).order_by("pk").values_list("pk", flat=True))
        user._visible_teamspace_ids = known
    return known
