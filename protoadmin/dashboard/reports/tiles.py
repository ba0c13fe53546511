"""The tiles: each figure of a span, how it was in the span before, and the way to the chats that it counts."""

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from conversations.figures.answer_times import Times, answer_times
from conversations.figures.definitions import FIGURES, PERCENTILES, Figure
from conversations.figures.folding import moment_of
from conversations.figures.reading import MOST, Scope, tickets, totals
from conversations.figures.spans import Span
from conversations.figures.steps import WORDS
from protoadmin.dashboard.reports.asking import Asked
from protoadmin.dashboard.reports.words import change, duration, number, share

MORE = ("more", "fewer")


@dataclass(frozen=True)
class Tile:
    """One figure as it is shown."""

    figure: Figure
    value: str
    url: str
    change: str = ""
    more: str = ""
    meaning: str = ""


def tiles(asked: Asked, scope: Scope, span: Span, waits: int, now: datetime.datetime | None = None) -> list[Tile]:
    """Return the tiles of a span; `waits` customers of this scope wait for an answer."""
    now = now or timezone.now()
    before = span.before(now)
    counts, earlier = totals(scope, span.start, span.end), totals(scope, *before)
    than = _than(span)
    found = []
    for name in ("started", "human", "bot", "agent", *(["other"] if counts["other"] else []), "handed_over"):
        words = change(counts[name], earlier[name], than, number(earlier[name]), words=MORE)
        url = asked.chats_url(name, span.start, span.end)
        found.append(Tile(FIGURES[name], number(counts[name]), url, words, meaning=FIGURES[name].meaning))
    alone, alone_before = share(counts["bot_alone"], counts["ended"]), share(earlier["bot_alone"], earlier["ended"])
    found.append(
        Tile(
            FIGURES["bot_alone"],
            alone,
            asked.chats_url("bot_alone", span.start, span.end),
            f"{than}: {alone_before}",
            f"{number(counts['bot_alone'])} of {number(counts['ended'])} ended chats",
            FIGURES["bot_alone"].meaning,
        )
    )
    started = None if asked.channel or asked.lang else counts["started"] + earlier["started"]
    found += _answer_tiles(asked, scope, span, before, started)
    found.append(_waiting(asked, waits))
    if not (asked.channel or asked.lang):
        found.append(_tickets(scope, span, before, than))
    return found


def _than(span: Span) -> str:
    return "the day before" if span.days == 1 else f"the {span.days} days before"


def _answer_tiles(asked: Asked, scope: Scope, span: Span, before: tuple[int, int], started: int | None) -> list[Tile]:
    (earlier, now) = answer_times(scope, [before, (span.start, span.end)], started=started)
    found, than = [], _than(span)
    for name, times, times_before in (("answer", now[0], earlier[0]), ("agent_answer", now[1], earlier[1])):
        figure = FIGURES[name]
        words = change(
            times.median, times_before.median, than, duration(times_before.median), words=("longer", "shorter")
        )
        found.append(
            Tile(
                figure,
                duration(times.median),
                asked.chats_url(figure.chats, span.start, span.end),
                words,
                _how_many(times),
                f"{figure.meaning} {PERCENTILES} {exactness(times)}",
            )
        )
    return found


def _how_many(times: Times) -> str:
    if not times.chats:
        return "no answer of which Proto told the time"
    return f"median of {number(times.chats)} chats; 90th percentile {duration(times.ninetieth)}"


def exactness(times: Times) -> str:
    """Say how exact the times are."""
    return "They are exact." if times.is_exact else f"They are taken from a histogram: {WORDS}."


def _waiting(asked: Asked, waits: int) -> Tile:
    value = number(waits) if waits <= MOST else f"more than {number(MOST)}"
    return Tile(FIGURES["waiting"], value, asked.waiting_url(), meaning=FIGURES["waiting"].meaning)


def _tickets(scope: Scope, span: Span, before: tuple[int, int], than: str) -> Tile:
    (earlier, made) = tickets(scope.teamspaces, [before, (span.start, span.end)])
    words = change(made, earlier, than, number(earlier), words=MORE)
    figure = FIGURES["tickets"]
    return Tile(figure, number(made), tickets_url(scope, span.start, span.end), words, meaning=figure.meaning)


def tickets_url(scope: Scope, start: int, end: int) -> str:
    """Return the list of the tickets that were made between two quarters."""
    query = {"created_at__gte": moment_of(start).isoformat(), "created_at__lt": moment_of(end).isoformat()}
    if len(scope.teamspaces) == 1:
        query["teamspace"] = str(scope.teamspaces[0])
    return f"{reverse('admin:conversations_ticket_changelist')}?{urlencode(query)}"
