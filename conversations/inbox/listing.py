"""The list of chats, newest first: pages by the place of their last row, never by counting.

A chat's place is (last_message_at, id). An index delivers that order for one teamspace, one channel or everything;
for a person with several teamspaces their lists are merged. What no index knows (unread, language, …) is looked at
row by row, but for no more than `WALKED` rows at a time: the page then says how far it has looked, and goes on from
there when asked.
"""

import datetime
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Min, Q, QuerySet
from django.db.models.lookups import Exact, In
from django.utils import timezone

from conversations.follow_ups import MINE, open_follow_ups
from conversations.inbox.counted import counted_keys
from conversations.inbox.filters import Filters
from conversations.inbox.people import Sought, sought_by
from conversations.models import AuthorType, Chat, ReadMark
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.ids import as_id

PAGE = 50
WALKED = 20_000
# As far is looked first: a filter that many chats pass has its page full there.
NEARBY = 1_000
FIRST_BATCH, LARGEST_BATCH = 200, 5_000
# More teamspaces than this are not merged but walked: whoever is a member of so many sees most rows anyway.
MERGED = 12
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)
ORDER = ("-last_message_at", "-pk")
SHOWN = (
    "pk", "version", "active", "lang", "last_message_at", "last_text", "last_author_type", "last_author_name",
    "last_sequence", "message_count", "has_agent", "sync_state", "chat_id", "teamspace_id", "channel__name",
    "human__name", "human__human_id", "human__customer__name", "human__customer__email",
    "human__customer__phone_number", "human__customer__provided_unique_id",
)  # fmt: skip
# By what a person is called in the list, the best first.
NAMES = (
    "human__customer__name", "human__name", "human__customer__email", "human__customer__phone_number",
    "human__customer__provided_unique_id", "human__human_id", "chat_id",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A place in the list: after the chat with this time and id."""

    at: datetime.datetime
    pk: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place that a URL names; None for what is none."""
        at, _, pk = text.partition("-")
        if not (at.isascii() and at.isdecimal() and len(at) < 18 and as_id(pk) is not None):
            return None
        return cls(EPOCH + int(at) * MICROSECOND, int(pk))

    def after(self) -> Q:
        """Return the condition of what comes after it; the first half is what an index can begin at."""
        return Q(last_message_at__lte=self.at) & (Q(last_message_at__lt=self.at) | Q(pk__lt=self.pk))


class Row:
    """A chat of the list, with what this person has read of it: everything that its template prints."""

    def __init__(self, values: dict[str, Any], read_to: int | None, joined: datetime.datetime) -> None:
        self.values, self.read_to = values, read_to
        self.pk: int = values["pk"]
        self.at: datetime.datetime = values["last_message_at"]
        self.active, self.has_agent, self.author = values["active"], values["has_agent"], values["last_author_type"]
        self.channel: str = values["channel__name"]
        self.follow_up: datetime.date | None = values.get("follow_up")
        self.is_overdue = self.follow_up is not None and self.follow_up < timezone.localdate()
        self.is_waiting = bool(self.active and self.author == AuthorType.HUMAN)
        self.is_unread = _is_unread(values, read_to, joined)
        self.name = next((str(values[key]) for key in NAMES if values[key]), f"Chat {self.pk}")
        self.initial = next((sign for sign in self.name if sign.isalnum()), "?").upper()
        # One of eight colours, the same each time.
        self.hue = zlib.crc32(self.name.encode()) % 8
        local = timezone.localtime(self.at)
        self.iso, self.stamp, self.short = self.at.isoformat(), f"{local:%Y-%m-%d %H:%M:%S}", f"{local:%d %b %H:%M}"
        said = " ".join(str(values["last_text"]).split())[:160]
        # Where the list is of what a figure counts: when that was.
        self.counted_at: datetime.datetime | None = None
        self.last_words = said or ("…" if values["last_sequence"] else "No messages yet")

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.counted_at or self.at, self.pk)


def _is_unread(values: dict[str, Any], read_to: int | None, joined: datetime.datetime) -> bool:
    """Tell whether something was said that this person has not seen; what was before them counts as read."""
    if read_to is None:
        return bool(values["last_message_at"] > joined and values["last_sequence"] > 0)
    return bool(read_to < values["last_sequence"])


@dataclass
class ListPage:
    """One page of the list; `next` is the place from which it goes on, `looked_to` how far a walk came.

    `left_out` says in words what was not looked at.
    """

    rows: list[Row] = field(default_factory=list)
    next: Place | None = None
    looked_to: datetime.datetime | None = None
    left_out: str = ""


def chats_page(user: User, filters: Filters, after: Place | None = None, size: int = PAGE) -> ListPage:
    """Return the page of this person's chats that begins after a place."""
    keys, goes_on, left_out = _page_keys(user, filters, after, size)
    page = ListPage(rows_of(user, [key[1] for key in keys[:size]]), left_out=left_out)
    if filters.figure:
        counted_at = {key[1]: key[0] for key in keys}
        for row in page.rows:
            row.counted_at = counted_at[row.pk]
    if len(keys) > size:
        page.next = Place(*keys[size - 1][:2])
    elif goes_on is not None:
        # Everything down to here was looked at; the next walk begins below it.
        page.next, page.looked_to = goes_on, goes_on.at
    return page


def chats_counted(user: User, filters: Filters, upto: int) -> str:
    """Return how many chats the list has, counted so far and looked for no further than a page of it is."""
    keys, goes_on, _ = _page_keys(user, filters, None, upto)
    if len(keys) > upto:
        return f"more than {upto:,}"
    return f"at least {len(keys):,}" if goes_on is not None else f"{len(keys):,}"


def _page_keys(user: User, filters: Filters, after: Place | None, size: int) -> tuple[list[Any], Place | None, str]:
    """Return the keys of a page and one more, where a walk that found fewer goes on, and what it left out."""
    sought = sought_by(filters, user)
    if filters.figure:
        keys, further = counted_keys(user, filters, sought, after, size + 1, WALKED)
        return keys, Place(*further) if further else None, sought.left_out
    lanes, only = _lanes(user, filters)
    beginning = after.after() if after else Q()
    wanted = filters.conditions(user) & only
    goes_on: Place | None = None
    if sought.chats is not None:
        keys = sought.passing(among(sought.chats, user, filters, wanted & beginning))[: size + 1]
    elif filters.walked or only:
        keys, goes_on = _keys_near(lanes, filters.days(), wanted, sought, after, size + 1)
    else:
        keys, goes_on = _walk([lane.filter(wanted) for lane in lanes], sought, after, size + 1)
    return keys, goes_on, sought.left_out


def _keys_near(
    lanes: list[QuerySet[Chat]], days: Q, wanted: Q, sought: Sought, after: Place | None, size: int
) -> tuple[list[Any], Place | None]:
    """Return the first keys where no index knows the answer: looked for nearby first, and then further."""
    beginning = days & after.after() if after else days
    for rows in (NEARBY, WALKED):
        bottom = _bottom(lanes, beginning, rows)
        within = wanted & Q(last_message_at__gte=bottom) if bottom else wanted
        keys, reached = _walk([lane.filter(within) for lane in lanes], sought, after, size)
        if len(keys) >= size or bottom is None:
            break
    return keys, reached or (Place(bottom, 0) if bottom else None)


def pulse(user: User, filters: Filters) -> list[Any]:
    """Return what changes as soon as anything happens at the top of the list: one query a lane, answered by an index.

    It is asked for all the time, so it takes no more columns than it needs; the order is the lanes' own.
    """
    lanes, only = _lanes(user, filters)
    if only:
        bottom = _bottom(lanes, Q(), WALKED)
        only &= Q(last_message_at__gte=bottom) if bottom else Q()
    return [list(lane.filter(only).order_by(*ORDER).values_list("pk", "version", "active")[:PAGE]) for lane in lanes]


def _lanes(user: User, filters: Filters) -> tuple[list[QuerySet[Chat]], Q]:
    """Return this person's chats as querysets in each of which an index delivers the list's order.

    And a condition, where the querysets have more than they may see.
    """
    ids = None if user.is_superuser else teamspace_ids(user)
    if filters.channel or filters.teamspace:
        return [_one_lane(filters, ids)], Q()
    if ids is None:
        return [Chat.objects.all()], Q()
    if len(ids) > MERGED:
        return [Chat.objects.all()], Q(teamspace__in=ids)
    return [Chat.objects.filter(teamspace=pk) for pk in ids] or [Chat.objects.none()], Q()


def _one_lane(filters: Filters, ids: list[int] | None) -> QuerySet[Chat]:
    """Return the chats of the chosen channel or teamspace, none when it is not this person's."""
    chosen = as_id(filters.teamspace)
    if channel := as_id(filters.channel):
        owner = Channel.objects.filter(pk=channel).values_list("teamspace_id", flat=True).first()
        is_theirs = owner is not None and (ids is None or owner in ids) and chosen in (None, owner)
        return Chat.objects.filter(channel=channel) if is_theirs else Chat.objects.none()
    return Chat.objects.filter(teamspace=chosen) if ids is None or chosen in ids else Chat.objects.none()


def _keys(lanes: list[QuerySet[Chat]], size: int, *more: str) -> list[Any]:
    """Return (last_message_at, id, …) of the first rows of the merged lanes."""
    found: list[Any] = []
    for lane in lanes:
        found += lane.order_by(*ORDER).values_list("last_message_at", "pk", *more)[:size]
    return _in_order(found)[:size]


def _in_order(keys: Iterable[Any]) -> list[Any]:
    return sorted(keys, key=lambda key: key[:2], reverse=True)


def _walk(
    lanes: list[QuerySet[Chat]], sought: Sought, place: Place | None, size: int
) -> tuple[list[Any], Place | None]:
    """Return the first keys that pass, and the place down to which was looked if there may be more below."""
    if not sought.tests:
        beginning = place.after() if place else Q()
        return _keys([lane.filter(beginning) for lane in lanes], size), None
    found: list[Any] = []
    looked, batch = 0, FIRST_BATCH
    while looked < WALKED:
        beginning = place.after() if place else Q()
        walked = _keys([lane.filter(beginning) for lane in lanes], batch, "human", "human__customer")
        found += sought.passing(walked)
        if len(found) >= size or len(walked) < batch:
            return found[:size], None
        place, looked, batch = Place(*walked[-1][:2]), looked + batch, min(batch * 3, LARGEST_BATCH)
    return found[:size], place


def among(chats: list[int], user: User, filters: Filters, wanted: Q) -> list[Any]:
    """Return the keys of those of these chats, at most some thousands, that are wanted, and this person's."""
    # Looked up by their ids and sorted here: with an order, or a bare teamspace, SQLite would walk the whole list.
    if not user.is_superuser:
        wanted &= Q(In(F("teamspace_id") + 0, teamspace_ids(user) or [0]))
    for name in ("teamspace", "channel"):
        if chosen := as_id(getattr(filters, name)):
            wanted &= Q(Exact(F(f"{name}_id") + 0, chosen))
    found = Chat.objects.filter(wanted, pk__in=chats).order_by()
    return _in_order(found.values_list("last_message_at", "pk", "human", "human__customer"))


def _bottom(lanes: list[QuerySet[Chat]], condition: Q, rows: int) -> datetime.datetime | None:
    """Return down to which time a walk may look; None when it may look at everything."""
    share = max(rows // len(lanes), min(rows, 500))
    bottoms = []
    for lane in lanes:
        first = lane.filter(condition).order_by(*ORDER).values("last_message_at")
        walked = first[:share].aggregate(bottom=Min("last_message_at"))["bottom"]
        if walked is not None and lane.filter(condition, last_message_at__lt=walked).exists():
            bottoms.append(walked)
    return max(bottoms, default=None)


def rows_of(user: User, pks: list[int]) -> list[Row]:
    """Return what the list shows of these chats, in this order."""
    found = {values["pk"]: values for values in Chat.objects.filter(pk__in=pks).order_by().values(*SHOWN)}
    marks: dict[Any, int] = dict(ReadMark.objects.filter(user=user, chat__in=pks).values_list("chat", "sequence"))
    due = dict(open_follow_ups(MINE, user).filter(chat__in=pks).order_by().values_list("chat", "due"))
    for pk in due.keys() & found.keys():
        found[pk]["follow_up"] = due[pk] or datetime.date.max
    return [Row(found[pk], marks.get(pk), user.date_joined) for pk in pks if pk in found]
