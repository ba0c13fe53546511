"""The tables of the reports, and the charts that are drawn of them: every number leads to the chats that it counts."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from conversations.figures.answer_times import EXACT_BY_PERIOD, answer_times
from conversations.figures.definitions import FIGURES, PERCENTILES
from conversations.figures.reading import Scope, by_day, by_hour, split, tickets
from conversations.figures.spans import Span, period_of, periods
from conversations.figures.tagging import top_tags
from conversations.inbox.counted import WEEKDAYS
from conversations.inbox.filters import UNKNOWN_LANGUAGE
from protoadmin.clients.messaging import LANGUAGES
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.dashboard.reports.asking import Asked
from protoadmin.dashboard.reports.tiles import exactness, tickets_url
from protoadmin.dashboard.reports.words import duration, number, share

SIDES = ("human", "bot", "agent")
Periods = list[tuple[datetime.date, int, int]]


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table: as people read it, as a program reads it, and where it leads."""

    text: str
    value: Any = ""
    url: str = ""


@dataclass
class Table:
    """A table, and its charts: each the numbers of some columns."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    charts: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    # The hours of the week are shown in colours.
    is_heat_map: bool = False


def overview(asked: Asked, scope: Scope, span: Span) -> list[Table]:
    """Return what happened in each day, week or month."""
    by = asked.grouped(span)
    parts = periods(span, by)
    sums = _by_period(by_day(scope, span), parts, by)
    made = tickets(scope.teamspaces, [(start, end) for _, start, end in parts])
    counted = ("started", *SIDES, "handed_over")
    columns = [by.title(), *(FIGURES[name].label for name in counted), FIGURES["bot_alone"].label, "Tickets created"]
    table = Table(f"By {by}", columns)
    for (day, start, end), counts, new in zip(parts, sums, made, strict=True):
        row = [Cell(_day_words(day, by), day.isoformat())]
        row += [_count(counts[name], asked.chats_url(name, start, end)) for name in counted]
        row.append(_alone(counts, asked.chats_url("bot_alone", start, end)))
        row.append(_count(new, tickets_url(scope, start, end)))
        table.rows.append(row)
    if asked.channel or asked.lang:
        # A ticket belongs to neither.
        table.columns.pop()
        table.rows = [row[:-1] for row in table.rows]
    table.charts = [
        _chart(table, [1, 5], "Chats started and hand-overs"),
        _chart(table, [2, 3, 4], "Messages", stacked=True),
    ]
    return [table]


def _by_period(days: dict[datetime.date, Counter[str]], parts: Periods, by: str) -> list[Counter[str]]:
    sums: dict[datetime.date, Counter[str]] = {}
    for day, counts in days.items():
        sums.setdefault(period_of(day, by), Counter()).update(counts)
    return [sums.get(period_of(day, by), Counter()) for day, _, _ in parts]


def _day_words(day: datetime.date, by: str) -> str:
    if by == "month":
        return f"{day:%B %Y}"
    return f"Week of {day:%d %b}" if by == "week" else f"{day:%a %d %b}"


def _count(value: int, url: str) -> Cell:
    return Cell(number(value), value, url if value else "")


def _alone(counts: Counter[str], url: str) -> Cell:
    """Return the share of the ended chats that the bot ended alone."""
    part, whole = counts["bot_alone"], counts["ended"]
    return Cell(share(part, whole), round(part / whole, 4) if whole else "", url if part else "")


def _chart(table: Table, columns: list[int], title: str, *, unit: str = "", stacked: bool = False) -> dict[str, Any]:
    """Return a chart of some columns: what the page's script draws, each point with where it leads."""
    return {
        "title": title,
        "labels": [row[0].text for row in table.rows],
        "stacked": stacked,
        "type": "line" if unit == "ms" else "bar",
        "unit": unit,
        "sets": [
            {
                "label": table.columns[column],
                "data": [row[column].value if row[column].value != "" else None for row in table.rows],
                "urls": [row[column].url for row in table.rows],
            }
            for column in columns
        ],
    }


def answers(asked: Asked, scope: Scope, span: Span) -> list[Table]:
    """Return the answer times of the chats that began in each day, week or month."""
    by = asked.grouped(span)
    parts = periods(span, by)
    found = answer_times(scope, [(start, end) for _, start, end in parts], EXACT_BY_PERIOD)
    columns = [by.title(), "Answered chats", "First answer, median", "90th percentile"]
    columns += ["Chats with an agent's answer", "First agent answer, median", "90th percentile (agent)"]
    table = Table(f"Answer times by {by}", columns, note=f"{PERCENTILES} {exactness(found[0][0])}")
    for (day, start, end), (first, agents) in zip(parts, found, strict=True):
        row = [Cell(_day_words(day, by), day.isoformat())]
        for name, times in (("answered", first), ("agent_answered", agents)):
            url = asked.chats_url(name, start, end) if times.chats else ""
            row.append(_count(times.chats, url))
            row += [Cell(duration(each), "" if each is None else each, url) for each in (times.median, times.ninetieth)]
        table.rows.append(row)
    if not all(times.is_exact for pair in found for times in pair):
        table.note = f"{PERCENTILES} {exactness(next(t for pair in found for t in pair if not t.is_exact))}"
    table.charts = [
        _chart(table, [2, 3], "Time to the first answer", unit="ms"),
        _chart(table, [5, 6], "Time to the first answer of an agent", unit="ms"),
    ]
    return [table]


def hours(asked: Asked, scope: Scope, span: Span) -> list[Table]:
    """Return the customers' messages by weekday and hour of the reader's."""
    said = by_hour(scope, span)
    table = Table(FIGURES["hours"].label, ["Weekday", *(f"{hour}:00" for hour in range(24))], is_heat_map=True)
    table.note = FIGURES["hours"].meaning
    for day, name in enumerate(WEEKDAYS):
        row = [Cell(name, name)]
        for hour in range(24):
            url = asked.chats_url("human", span.start, span.end, hour=str(day * 24 + hour))
            row.append(_count(said[day * 24 + hour], url))
        table.rows.append(row)
    return [table]


def splits(asked: Asked, scope: Scope, span: Span) -> list[Table]:
    """Return the figures by teamspace, by channel and by language."""
    ways = (("teamspace", "teamspace_pk"), ("channel", "channel_pk"), ("lang", "lang"))
    return [_split(asked, scope, span, name, column) for name, column in ways if not getattr(asked, name)]


def _split(asked: Asked, scope: Scope, span: Span, name: str, column: str) -> Table:
    found = split(scope, span, column)
    words = _names(name, [each for each, _ in found])
    counted = ("started", *SIDES, "handed_over")
    label = "Language" if name == "lang" else name.title()
    table = Table(
        f"By {label.lower()}", [label, *(FIGURES[each].label for each in counted), FIGURES["bot_alone"].label]
    )
    for each, counts in found:
        own = {name: str(each) if each != "" else UNKNOWN_LANGUAGE}
        row = [Cell(words.get(each, str(each)), words.get(each, str(each)))]
        row += [_count(counts[it], asked.chats_url(it, span.start, span.end, **own)) for it in counted]
        row.append(_alone(counts, asked.chats_url("bot_alone", span.start, span.end, **own)))
        table.rows.append(row)
    return table


def _names(name: str, keys: list[Any]) -> dict[Any, str]:
    if name == "lang":
        return {"": "Not known", **LANGUAGES}
    model: Any = Teamspace if name == "teamspace" else Channel
    return dict(model.objects.filter(pk__in=keys).values_list("pk", "name"))


def tags(asked: Asked, scope: Scope, span: Span) -> list[Table]:
    """Return how many chats are with people of each tag."""
    found = top_tags(scope, span.start, span.end)
    table = Table(FIGURES["tags"].label, ["Tag", "Chats started"], note=FIGURES["tags"].meaning)
    if found.start > span.start:
        table.note += f" Counted among the newest {number(found.chats)} chats of the span; the lists have the same."
    several = len(scope.teamspaces) > 1
    for pk, tag, teamspace, chats in found.tags:
        url = asked.chats_url("started", found.start, span.end, tag=str(pk))
        table.rows.append([Cell(f"{tag} ({teamspace})" if several else tag, tag), _count(chats, url)])
    table.charts = [_chart(table, [1], "Chats by tag")] if table.rows else []
    return [table]


BUILDERS = {"overview": overview, "answers": answers, "hours": hours, "split": splits, "tags": tags}
