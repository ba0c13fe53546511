"""The sums that a page shows: read from the roll-ups, in a few queries whose cost does not grow with the messages."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from conversations.figures.folding import moment_of
from conversations.figures.spans import A_DAY, Span, day_number, day_of, hour_of_week, local
from conversations.figures.sums import COUNTS
from conversations.models import Chat, Counting, Tally, Ticket
from conversations.models.chats import UNCOUNTED
from conversations.models.figures import EVERY_CHANNEL, EVERY_LANGUAGE, Width

# No page counts further.
MOST = 10_000
SHOWN = 50
TOTALS = {f"sum_{name}": Sum(name) for name in COUNTS}


@dataclass(frozen=True)
class Scope:
    """Whose figures: of some teamspaces, and of one channel or language, or every one."""

    teamspaces: tuple[int, ...]
    channel: int = EVERY_CHANNEL
    lang: str = EVERY_LANGUAGE

    def of(self, width: Width) -> QuerySet[Tally]:
        """Return the sums of this width."""
        return Tally.objects.filter(self.where(), width=width).order_by()

    def where(self) -> Q:
        """Return the condition of the roll-ups."""
        return Q(teamspace_pk__in=self.teamspaces, channel_pk=self.channel, lang=self.lang)

    def rows(self) -> Q:
        """Return the condition of the chats' own rows of figures."""
        wanted = Q(teamspace_pk__in=self.teamspaces)
        if self.channel != EVERY_CHANNEL:
            wanted &= Q(channel_pk=self.channel)
        return wanted if self.lang == EVERY_LANGUAGE else wanted & Q(lang=self.lang)

    def chats(self) -> Q:
        """Return the condition of chats."""
        wanted = Q(teamspace__in=self.teamspaces)
        if self.channel != EVERY_CHANNEL:
            wanted &= Q(channel=self.channel)
        return wanted if self.lang == EVERY_LANGUAGE else wanted & Q(lang=self.lang)


def by_day(scope: Scope, span: Span) -> dict[datetime.date, Counter[str]]:
    """Return the sums of each of the reader's days in which anything happened."""
    rows = scope.of(Width.QUARTER).filter(start__gte=span.start, start__lt=span.end)
    day = day_number(local(span.start, span.end, span.zone))
    grouped: Any = rows.annotate(day=day).values("day").annotate(**TOTALS)
    return {day_of(row["day"]): _counts(row) for row in grouped}


def totals(scope: Scope, start: int, end: int, names: Sequence[str] = COUNTS) -> Counter[str]:
    """Return these sums of a span: whole UTC days, and the quarters before and after them."""
    sums = {f"sum_{name}": Sum(name) for name in names}
    first, last = -(-start // A_DAY) * A_DAY, end // A_DAY * A_DAY
    pieces = [(Width.QUARTER, start, end)]
    if first < last:
        pieces = [(Width.QUARTER, start, first), (Width.DAY, first, last), (Width.QUARTER, last, end)]
    found: Counter[str] = Counter()
    for width, since, until in pieces:
        if since < until:
            found += _counts(scope.of(width).filter(start__gte=since, start__lt=until).aggregate(**sums))
    return found


def _counts(row: dict[str, Any]) -> Counter[str]:
    return Counter({name: row[f"sum_{name}"] or 0 for name in COUNTS if f"sum_{name}" in row})


def by_hour(scope: Scope, span: Span) -> list[int]:
    """Return the customers' messages of each hour of the reader's week, from the first of Monday on."""
    rows = scope.of(Width.QUARTER).filter(start__gte=span.start, start__lt=span.end, human__gt=0)
    hour = hour_of_week(local(span.start, span.end, span.zone))
    found = dict(rows.annotate(hour=hour).values("hour").annotate(said=Sum("human")).values_list("hour", "said"))
    return [found.get(number, 0) for number in range(7 * 24)]


def split(scope: Scope, span: Span, by: str) -> list[tuple[Any, Counter[str]]]:
    """Return the sums by `teamspace_pk`, `channel_pk` or `lang`, the most chats first; at most SHOWN of them."""
    ever = Tally.objects.filter(width=Width.EVER, teamspace_pk__in=scope.teamspaces).order_by()
    wanted = Q(channel_pk=scope.channel) if by != "channel_pk" else ~Q(channel_pk=EVERY_CHANNEL)
    wanted &= Q(lang=scope.lang) if by != "lang" else ~Q(lang=EVERY_LANGUAGE)
    names = ever.filter(wanted).values_list(by).annotate(chats=Sum("started")).order_by("-chats", by)[:SHOWN]
    every = [name for name, _ in names]
    base = Q(teamspace_pk__in=scope.teamspaces) & Q(**{f"{by}__in": every})
    base &= Q(channel_pk=scope.channel) if by != "channel_pk" else Q()
    base &= Q(lang=scope.lang) if by != "lang" else Q()
    found: dict[Any, Counter[str]] = {name: Counter() for name in every}
    first, last = -(-span.start // A_DAY) * A_DAY, span.end // A_DAY * A_DAY
    for width, since, until in (
        (Width.QUARTER, span.start, min(first, span.end)),
        (Width.DAY, first, last),
        (Width.QUARTER, max(last, min(first, span.end)), span.end),
    ):
        if since < until:
            rows = Tally.objects.filter(base, width=width, start__gte=since, start__lt=until).order_by()
            for row in rows.values(by).annotate(**TOTALS):
                found[row[by]] += _counts(row)
    return sorted(((name, counts) for name, counts in found.items() if counts), key=lambda each: -each[1]["started"])


def waiting(scope: Scope) -> int:
    """Return how many customers wait for an answer, counted up to one more than MOST."""
    rows = Chat.objects.filter(scope.chats(), active=True, last_author_type="human").order_by()
    return rows[: MOST + 1].count()


def tickets(teamspaces: tuple[int, ...], bounds: list[tuple[int, int]]) -> list[int]:
    """Return how many tickets were made in each of these spans of quarters: one query, answered by an index."""
    counts = {
        f"n{number}": Count("pk", filter=Q(created_at__gte=moment_of(start), created_at__lt=moment_of(end)))
        for number, (start, end) in enumerate(bounds)
    }
    rows = Ticket.objects.filter(
        teamspace__in=teamspaces,
        created_at__gte=moment_of(min(start for start, _ in bounds)),
        created_at__lt=moment_of(max(end for _, end in bounds)),
    )
    return list(rows.order_by().aggregate(**counts).values())


def to_count() -> QuerySet[Chat]:
    """Return the chats that have changed since they were counted, in the order of their index.

    The second condition, which every chat fulfils, is what makes SQLite search the index instead of all chats.
    """
    changed = Chat.objects.filter(figured_version__lt=F("version"), figured_version__gte=UNCOUNTED)
    return changed.order_by("figured_version")


def behind() -> tuple[int, datetime.datetime | None]:
    """Return how many chats are not counted yet, up to 1,001, and when everything was."""
    due = len(to_count().values_list("pk")[:1001])
    return due, Counting.objects.values_list("even_at", flat=True).first()
