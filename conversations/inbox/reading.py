"""What a person has read, and the views that they keep."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from conversations.models import Chat, ReadMark, SavedView
from protoadmin.refusals import Refused

VIEWS_SHOWN = 50


def read_to(chat: Chat, user: User) -> int | None:
    """Return up to where this person has read the chat; None when they never opened it."""
    return ReadMark.objects.filter(user=user, chat=chat).values_list("sequence", flat=True).first()


def mark_read(*, chat: Chat, user: User, sequence: int) -> None:
    """Note that this person has seen the chat up to a sequence; a mark never goes back by this."""
    now, sequence = timezone.now(), min(sequence, chat.last_sequence)
    marks = ReadMark.objects.filter(user=user, chat=chat)
    if marks.filter(sequence__gte=sequence).exists():
        return
    if not marks.update(sequence=Greatest(F("sequence"), sequence), read_at=now):
        # Two tabs of one person may come at the same moment: one row is enough.
        ReadMark.objects.bulk_create(
            [ReadMark(user=user, chat=chat, sequence=sequence, read_at=now)], ignore_conflicts=True
        )


def mark_unread(*, chat: Chat, user: User) -> None:
    """Make the newest message of the chat unread again."""
    newest = chat.messages.filter(repeat_of=None).order_by("-sequence").values_list("sequence", flat=True).first()
    ReadMark.objects.update_or_create(
        user=user, chat=chat, defaults={"sequence": (newest or 0) - 1, "read_at": timezone.now()}
    )


def views_of(user: User) -> QuerySet[SavedView]:
    """Return this person's views and everybody's."""
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner").order_by("name", "pk")


@transaction.atomic
def view_save(*, owner: User, name: str, query: str, shared: bool) -> SavedView:
    """Keep filters under a name; a view of one's own with this name is replaced. Raises Refused."""
    name = " ".join(name.split())[:60]
    if not name:
        raise Refused("A view needs a name.")
    if shared and not owner.has_perm("conversations.share_view"):
        raise Refused("Only managers and administrators may share a view with everybody.")
    view, _ = SavedView.objects.update_or_create(owner=owner, name=name, defaults={"query": query, "shared": shared})
    return view


def view_delete(*, view: SavedView, by: User) -> None:
    """Take a view away: one's own, or a shared one with the permission. Raises Refused."""
    if view.owner_id != by.pk and not (view.shared and by.has_perm("conversations.share_view")):
        raise Refused("This view belongs to somebody else.")
    view.delete()
