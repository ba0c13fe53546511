"""Search in the inbox: results in place of the list, the matches of one chat, and the page that searches everything."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from conversations.inbox.filters import Filters
from conversations.models import Chat, Message
from conversations.search.marking import needles_of
from conversations.search.query import parse
from conversations.search.scope import scope_of
from conversations.search.walking import matches_in

MATCHES = 500


@dataclass
class Matches:
    """The matches of one chat in its own order; `here` is the one that is looked at."""

    pks: list[int]
    here: int
    needles: list[str]
    is_all: bool = True

    @property
    def place(self) -> int:
        """The number of the one that is looked at, from 1 on."""
        return self.pks.index(self.here) + 1

    @property
    def before(self) -> int | None:
        """The match before it."""
        return self.pks[self.place - 2] if self.place > 1 else None

    @property
    def after(self) -> int | None:
        """The match behind it."""
        return self.pks[self.place] if self.place < len(self.pks) else None


def matches_of(user: User, chat: Chat, filters: Filters, here: int | None) -> Matches | None:
    """Return where this chat matches, None when it does not; the newest match is looked at unless one is named."""
    if not filters.is_search:
        return None
    scope = scope_of(user, Filters(q=filters.q))
    found = [pk for pk, _ in matches_in(scope, [chat.pk], MATCHES)]
    if not found:
        return None
    ordered = list(Message.objects.filter(pk__in=found).order_by("sequence", "pk").values_list("pk", flat=True))
    here = here if here in ordered else ordered[-1]
    return Matches(ordered, here, needles_of(scope.query), len(found) < MATCHES)


def needles(filters: Filters) -> list[str]:
    """Return the words that a transcript marks."""
    return needles_of(parse(filters.q)) if filters.is_search else []
