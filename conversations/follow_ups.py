"""Asking people to come back to a chat, and saying that it is done."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations.models import ASSIGN_FOLLOW_UP, Chat, FollowUp
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.refusals import Refused

# What the inbox can be narrowed to.
MINE, OVERDUE, OPEN = "mine", "overdue", "open"
FOLLOW_UPS = (MINE, OVERDUE, OPEN)


def open_follow_ups(which: str, person: User) -> QuerySet[FollowUp]:
    """Return one's own open follow-ups, those of them that are overdue today, or everybody's."""
    found = FollowUp.objects.filter(done_at=None)
    if which == OPEN:
        return found
    found = found.filter(assignee=person)
    return found.filter(due__lt=timezone.localdate()) if which == OVERDUE else found


def assignees(teamspaces: Iterable[int]) -> QuerySet[User]:
    """Return who can be asked: active staff of any of these teamspaces, and superusers."""
    people = User.objects.filter(is_active=True, is_staff=True)
    return people.filter(Q(teamspaces__in=list(teamspaces)) | Q(is_superuser=True)).distinct().order_by("username")


@transaction.atomic
def follow_up_assign(*, chat: Chat, assignee: User, due: datetime.date | None, note: str, by: User) -> FollowUp:
    """Ask somebody to come back to a chat; an open one of theirs gets the new day and note. Raises Refused."""
    if not by.has_perm(ASSIGN_FOLLOW_UP):
        raise Refused("Only managers and administrators may ask for follow-ups.")
    if not _sees(assignee, chat):
        raise Refused(f"{assignee} does not see the chats of {chat.teamspace}.")
    values = {"due": due, "note": note.strip()[:500], "by": by}
    follow_up, _ = FollowUp.objects.update_or_create(chat=chat, assignee=assignee, done_at=None, defaults=values)
    return follow_up


def _sees(person: User, chat: Chat) -> bool:
    is_theirs = person.is_superuser or chat.teamspace_id in teamspace_ids(person)
    return person.is_active and is_theirs and person.has_perm("conversations.view_chat")


def follow_up_done(*, follow_up: FollowUp, by: User) -> None:
    """Note that it is done: by whom it was asked of, or by who may ask. Raises Refused."""
    if follow_up.assignee_id != by.pk and not by.has_perm(ASSIGN_FOLLOW_UP):
        raise Refused("This follow-up is somebody else's.")
    FollowUp.objects.filter(pk=follow_up.pk, done_at=None).update(done_at=timezone.now())
