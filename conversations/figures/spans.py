"""Time spans in the reader's days, and how quarters of an hour fall into these days and their hours."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Case, ExpressionWrapper, F, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from conversations.figures.folding import QUARTER, moment_of, quarter_of

A_DAY, A_WEEK = 96, 7 * 96
EPOCH_DAY = datetime.date(1970, 1, 1)
# Weeks begin on Monday; the first day of 1970 was a Thursday.
THURSDAY = 3 * A_DAY
ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Some days of the reader's, from the first to the last; as quarters from `start` up to before `end`."""

    first: datetime.date
    last: datetime.date
    zone: datetime.tzinfo

    @property
    def start(self) -> int:
        """The first quarter."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """The quarter after the last one."""
        return midnight(self.last + ONE_DAY, self.zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def before(self, now: datetime.datetime) -> tuple[int, int]:
        """Return the quarters of as many days before; of a span that is not over, up to the same moment."""
        days = datetime.timedelta(days=self.days)
        earlier = Span(self.first - days, self.last - days, self.zone)
        left = max(self.end - quarter_of(now) - 1, 0)
        return earlier.start, max(earlier.end - left, earlier.start)

    def each_day(self) -> Iterator[datetime.date]:
        """Yield its days."""
        return (self.first + number * ONE_DAY for number in range(self.days))


def midnight(day: datetime.date, zone: datetime.tzinfo) -> int:
    """Return the quarter in which a reader's day begins."""
    return quarter_of(datetime.datetime.combine(day, datetime.time.min, zone))


def offsets(start: int, end: int, zone: datetime.tzinfo) -> list[tuple[int, int]]:
    """Return from which quarter on the reader's clock is ahead of UTC by how many quarters, within these."""
    found = [(start, _offset(start, zone))]
    for day in range(start, end, A_DAY):
        until = min(day + A_DAY, end)
        if _offset(until, zone) == found[-1][1]:
            continue
        for quarter in range(day + 1, until + 1):
            if (offset := _offset(quarter, zone)) != found[-1][1]:
                found.append((quarter, offset))
    return [each for each in found if each[0] < end or each[0] == start]


def _offset(quarter: int, zone: datetime.tzinfo) -> int:
    ahead = moment_of(quarter).astimezone(zone).utcoffset() or datetime.timedelta(0)
    return round(ahead / QUARTER)


def local(start: int, end: int, zone: datetime.tzinfo, name: str = "start") -> Combinable:
    """Return the expression of a quarter column on the reader's clock, for quarters of this span."""
    changes = offsets(start, end, zone)
    whens = [
        When(**{f"{name}__lt": until}, then=F(name) + Value(offset)) for (_, offset), (until, _) in pairwise(changes)
    ]
    last = F(name) + Value(changes[-1][1])
    return Case(*whens, default=last, output_field=IntegerField()) if whens else last


def day_number(clock: Combinable) -> "ExpressionWrapper[Any]":
    """Return the expression of the reader's day, counted from 1970."""
    return ExpressionWrapper(clock / A_DAY, output_field=IntegerField())


def hour_of_week(clock: Combinable) -> "ExpressionWrapper[Any]":
    """Return the expression of the hour in the reader's week: 0 is the first one of Monday."""
    return ExpressionWrapper((clock + THURSDAY) % A_WEEK / 4, output_field=IntegerField())


def day_of(number: int) -> datetime.date:
    """Return the day with this number."""
    return EPOCH_DAY + number * ONE_DAY


def period_of(day: datetime.date, by: str) -> datetime.date:
    """Return the first day of the day's week or month, or the day itself."""
    if by == "week":
        return day - day.weekday() * ONE_DAY
    return day.replace(day=1) if by == "month" else day


def periods(span: Span, by: str) -> list[tuple[datetime.date, int, int]]:
    """Return the span's days, weeks or months: the first day of each that is in the span, and its quarters."""
    firsts: list[datetime.date] = []
    for day in span.each_day():
        if not firsts or period_of(day, by) != period_of(firsts[-1], by):
            firsts.append(day)
    bounds = [midnight(day, span.zone) for day in firsts] + [span.end]
    return [(day, bounds[number], bounds[number + 1]) for number, day in enumerate(firsts)]


def reader_zone() -> datetime.tzinfo:
    """Return the time zone of who reads this page."""
    return timezone.get_current_timezone()
