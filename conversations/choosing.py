"""Which chats a run is about: those that were selected, or all that the inbox lists with some filters.

All are met in the order of their ids up to the highest when it was asked for, some thousands a step, so that any
number may come and what arrives meanwhile changes nothing.
"""

import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils import timezone

from conversations.inbox.counted import counted_among
from conversations.inbox.filters import Filters
from conversations.inbox.listing import among
from conversations.inbox.people import Sought, sought_by
from conversations.models import Chat, Message
from conversations.search.results import next_chats
from conversations.search.walking import newest_id
from customers.exporting.engine import Found
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.runs.models import Run

STEP = 2_000
# More are not selected by hand; whoever wants more takes all that match.
MOST_SELECTED = 1_000


@dataclass
class FoundChats(Found):
    """Chats that a step of choosing met, and how many messages they have, repeats left out."""

    messages: int = 0


def choose(run: Run, person: User, place: Any) -> FoundChats:
    """Return the next chats that the run is about."""
    with timezone.override(zoneinfo.ZoneInfo(run.parameters.get("zone", "UTC"))):
        filters = Filters.parse(run.parameters.get("query", ""))
        if selected := run.parameters.get("ids"):
            return _found(_matching(selected, person, Filters(), Sought()), None)
        if filters.is_search:
            upto = run.parameters["upto_message"]
            return _found(*next_chats(person, filters, place or upto + 1, upto))
        sought = sought_by(filters, person, every=True)
        if sought.chats is not None:
            return _found(_matching(sorted(set(sought.chats)), person, filters, sought), None)
        upto = run.parameters["upto"]
        ahead = Chat.objects.filter(pk__gt=place or 0, pk__lte=upto).order_by("pk").values_list("pk", flat=True)
        ids = list(ahead[:STEP])
        return _found(_matching(ids, person, filters, sought), ids[-1] if len(ids) == STEP else None)


def parameters_of(filters: Filters, selected: list[int] | None = None) -> dict[str, Any]:
    """Return what a run has to remember of this choice, made now by this reader."""
    chosen: dict[str, Any] = {"zone": timezone.get_current_timezone_name()}
    if selected:
        return {**chosen, "ids": selected[:MOST_SELECTED]}
    newest = {"upto": newest_id(Chat), "upto_message": newest_id(Message)}
    return {**chosen, "query": filters.query(), **newest}


def _matching(ids: list[int], person: User, filters: Filters, sought: Sought) -> list[int]:
    """Return those of these chats that the inbox would list, in the order of their ids."""
    if filters.figure:
        ids = counted_among(person, filters, ids)
    keys = sought.passing(among(ids, person, filters, filters.conditions(person)))
    return sorted(key[1] for key in keys)


def _found(ids: list[int], place: Any) -> FoundChats:
    rows = Chat.objects.filter(pk__in=ids).order_by().values_list("teamspace")
    sums = list(rows.annotate(Sum("message_count")))
    return FoundChats(ids, {row[0] for row in sums}, len(ids), place, messages=sum(row[1] for row in sums))


def only_teamspace_of(person: User) -> Teamspace | None:
    """Return the teamspace of somebody who has one alone: their run is seen there; other runs by who started them."""
    mine = list(visible_teamspaces(person).order_by("pk")[:2])
    return mine[0] if len(mine) == 1 and not person.is_superuser else None
