"""The chats that a figure of the reports counts: the inbox lists exactly these, the newest of what is counted first."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from conversations.figures.definitions import FIGURES
from conversations.figures.folding import moment_of, quarter_of
from conversations.figures.reading import Scope
from conversations.figures.spans import hour_of_week, local, reader_zone
from conversations.figures.sums import MESSAGES
from conversations.inbox.filters import Filters
from conversations.inbox.people import Sought
from conversations.models import Chat, ChatFigures, ChatQuarter
from conversations.models.figures import EVERY_CHANNEL, EVERY_LANGUAGE
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import teamspace_ids
from protoadmin.ids import as_id

FLAGS = {
    "started": Q(),
    "ended": Q(ended=True),
    "bot_alone": Q(bot_alone=True),
    "answered": Q(answer_ms__isnull=False),
    "agent_answered": Q(agent_ms__isnull=False),
    "handed_over": Q(handed_over_at__isnull=False),
}
BATCH = 500
Keys = list[Any]


def counted_keys(user: User, filters: Filters, sought: Sought, after: Any, size: int, most: int) -> tuple[Keys, Any]:
    """Return the first (counted at, chat, …) after a place, and from where to look further after `most` in vain."""
    found: Keys = []
    looked = 0
    for key_at, keys in _batches(user, filters, sought, after, size):
        found += sought.passing(keys)
        looked += len(keys)
        if len(found) >= size:
            return found[:size], None
        if looked >= most:
            return found, key_at
    return found, None


def counted_among(user: User, filters: Filters, chats: list[int]) -> list[int]:
    """Return those of these chats that the filters' figure counts, in the order of their ids."""
    return sorted(key[1] for key in _rows(user, filters, Sought(chats=chats), None))


def _batches(user: User, filters: Filters, sought: Sought, after: Any, size: int) -> Iterator[tuple[Any, Keys]]:
    number = max(size, BATCH) if sought.tests else size
    place = (after.at, after.pk) if after else None
    while True:
        keys = list(_rows(user, filters, sought, place)[:number])
        if filters.figure in MESSAGES:
            keys = [(moment_of(start), *rest) for start, *rest in keys]
        if keys:
            place = keys[-1][:2]
            yield place, keys
        if len(keys) < number:
            return


def _rows(
    user: User, filters: Filters, sought: Sought, place: tuple[datetime.datetime, int] | None
) -> QuerySet[Any, Any]:
    """Return what is counted behind a place: its time, the chat, and whom that is with."""
    scope, only = _scope(user, filters), _others(user, filters, sought)
    start, end = _moment(filters.start), _moment(filters.end)
    if filters.figure in MESSAGES:
        return _said(filters, scope, quarter_of(start), quarter_of(end), only, place)
    name = "handed_over_at" if filters.figure == "handed_over" else "started_at"
    rows = ChatFigures.objects.filter(scope.rows(), FLAGS[filters.figure], chat__isnull=False)
    rows = rows.filter(**{f"{name}__gte": start, f"{name}__lt": end})
    if only is not None:
        rows = rows.filter(chat__in=only)
    if place is not None:
        rows = rows.filter(Q(**{f"{name}__lt": place[0]}) | Q(**{name: place[0]}, chat_id__lt=place[1]))
    return rows.order_by(f"-{name}", "-chat_id").values_list(
        name, "chat_id", "chat__human_id", "chat__human__customer_id"
    )


def _said(filters: Filters, scope: Scope, start: int, end: int, only: Any, place: Any) -> QuerySet[Any, Any]:
    """Return each chat once, at the last quarter in which this side spoke."""
    rows = ChatQuarter.objects.filter(teamspace_pk__in=scope.teamspaces, start__gte=start, start__lt=end)
    rows = rows.filter(**{f"{filters.figure}__gt": 0})
    if filters.hour:
        hour = hour_of_week(local(start, end, reader_zone()))
        rows = rows.annotate(hour=hour).filter(hour=int(filters.hour))
    later = rows.filter(figures=OuterRef("figures"), start__gt=OuterRef("start"))
    found = rows.filter(~Exists(later), figures__chat__isnull=False)
    if scope.channel != EVERY_CHANNEL:
        found = found.filter(figures__channel_pk=scope.channel)
    if scope.lang != EVERY_LANGUAGE:
        found = found.filter(figures__lang=scope.lang)
    if only is not None:
        found = found.filter(figures__chat__in=only)
    if place is not None:
        quarter = quarter_of(place[0])
        found = found.filter(Q(start__lt=quarter) | Q(start=quarter, figures__chat_id__lt=place[1]))
    chat = "figures__chat"
    return found.order_by("-start", f"-{chat}_id").values_list(
        "start", f"{chat}_id", f"{chat}__human_id", f"{chat}__human__customer_id"
    )


def _scope(user: User, filters: Filters) -> Scope:
    seen = list(Teamspace.objects.values_list("pk", flat=True)) if user.is_superuser else teamspace_ids(user)
    chosen = as_id(filters.teamspace)
    lang = EVERY_LANGUAGE if not filters.lang else "" if filters.lang == "-" else filters.lang
    teamspaces = tuple(pk for pk in seen if chosen in (None, pk))
    return Scope(teamspaces, as_id(filters.channel) or EVERY_CHANNEL, lang)


def _others(user: User, filters: Filters, sought: Sought) -> QuerySet[Chat] | None:
    """Return the chats that the other filters leave; None when there is no other one."""
    wanted = filters.conditions(user)
    if not wanted and sought.chats is None:
        return None
    chats = Chat.objects.filter(wanted).order_by()
    return chats if sought.chats is None else chats.filter(pk__in=sought.chats)


def _moment(text: str) -> datetime.datetime:
    """Return the moment that a filter names; the filters take no other text."""
    return datetime.datetime.fromisoformat(text)


def words_of_figure(filters: Filters) -> str:
    """Return the figure and its span in words."""
    name = next(figure.label for figure in FIGURES.values() if figure.chats == filters.figure)
    start, end = timezone.localtime(_moment(filters.start)), timezone.localtime(_moment(filters.end))
    if start.time() == end.time() == datetime.time.min:
        last = end.date() - datetime.timedelta(days=1)
        days = f"{start:%d %b %Y}" if start.date() == last else f"{start:%d %b} – {last:%d %b %Y}"
    else:
        days = f"{start:%d %b %H:%M} – {end:%d %b %Y %H:%M}"
    if filters.hour:
        day, hour = divmod(int(filters.hour), 24)
        days = f"{WEEKDAYS[day]}s {hour}:00, {days}"
    return f"{name}: {days}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
