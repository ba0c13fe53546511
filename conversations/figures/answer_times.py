"""Medians and 90th percentiles of answer times: exact from the chats' rows, or from histograms with a stated error."""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Sum, Value, When

from conversations.figures.folding import moment_of
from conversations.figures.reading import Scope, totals
from conversations.figures.spans import A_DAY
from conversations.figures.steps import time_of
from conversations.models import AnswerTally, ChatFigures

# Up to so many chats in the span their own rows are read; of more, histograms.
EXACT, EXACT_BY_PERIOD = 2_000, 20_000
MOST_RANGES = 4
Bounds = list[tuple[int, int]]


@dataclass(frozen=True)
class Times:
    """Median and 90th percentile, in milliseconds; None where no chat was answered."""

    chats: int
    median: int | None
    ninetieth: int | None
    is_exact: bool


def answer_times(
    scope: Scope, bounds: Bounds, exact: int = EXACT, started: int | None = None
) -> list[tuple[Times, Times]]:
    """Return the times to the first answer, and to the first agent's, of chats that began in each of these spans.

    `started` is how many chats of the teamspaces began in all of them, where it is known already.
    """
    if started is None:
        everything = Scope(scope.teamspaces)
        started = sum(totals(everything, start, end, ("started",))["started"] for start, end in _joined(bounds))
    if started <= exact:
        return _exact(scope, bounds)
    return [(_from_steps(first), _from_steps(agents)) for first, agents in _steps(scope, bounds)]


def _joined(bounds: Bounds) -> Bounds:
    """Return spans that follow on each other as one."""
    found: Bounds = []
    for start, end in sorted(bounds):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _exact(scope: Scope, bounds: Bounds) -> list[tuple[Times, Times]]:
    given: list[tuple[list[int], list[int]]] = [([], []) for _ in bounds]
    rows = ChatFigures.objects.filter(scope.rows(), _began(_joined(bounds))).order_by()
    # An agent's answer may have a time where the first answer, which was pulled, has none.
    rows = rows.exclude(answer_ms=None, agent_ms=None)
    told: Any = rows.annotate(span=_which("started_at", bounds, moments=True))
    for number, answer, agent in told.values_list("span", "answer_ms", "agent_ms"):
        for times, took in zip(given[number], (answer, agent), strict=True):
            if took is not None:
                times.append(took)
    return [(_of(sorted(first)), _of(sorted(agents))) for first, agents in given]


def _began(bounds: Bounds) -> Q:
    wanted = Q()
    for start, end in bounds:
        wanted |= Q(started_at__gte=moment_of(start), started_at__lt=moment_of(end))
    return wanted


def _which(name: str, bounds: Bounds, *, moments: bool = False) -> Case:
    """Return the expression of the number of the span in which a row is."""
    whens = []
    for number, (start, end) in enumerate(bounds):
        low, high = (moment_of(start), moment_of(end)) if moments else (start, end)
        whens.append(When(**{f"{name}__gte": low, f"{name}__lt": high}, then=Value(number)))
    return Case(*whens, output_field=IntegerField())


def _of(times: list[int]) -> Times:
    if not times:
        return Times(0, None, None, is_exact=True)
    return Times(len(times), times[rank(len(times), 0.5) - 1], times[rank(len(times), 0.9) - 1], is_exact=True)


def rank(number: int, share: float) -> int:
    """Return the place, counted from 1, of a percentile among so many in order (nearest rank)."""
    return max(math.ceil(number * share - 1e-9), 1)


def _steps(scope: Scope, bounds: Bounds) -> list[tuple[Counter[int], Counter[int]]]:
    """Return the histograms: whole UTC days from the sums, what is before and after them from the chats' rows."""
    found: list[tuple[Counter[int], Counter[int]]] = [(Counter(), Counter()) for _ in bounds]
    inner, edges = [], []
    for number, (start, end) in enumerate(bounds):
        first, last = -(-start // A_DAY) * A_DAY, end // A_DAY * A_DAY
        if first < last:
            inner.append((number, first, last))
            edges += [(number, start, first), (number, last, end)]
        else:
            edges.append((number, start, end))
    edges = [edge for edge in edges if edge[1] < edge[2]]
    if inner:
        _add_days(found, scope, inner)
    if edges:
        _add_edges(found, scope, edges)
    return found


def _add_days(found: list[tuple[Counter[int], Counter[int]]], scope: Scope, inner: list[tuple[int, int, int]]) -> None:
    bounds = [(start, end) for _, start, end in inner]
    rows = AnswerTally.objects.filter(scope.where(), start__gte=bounds[0][0], start__lt=bounds[-1][1]).order_by()
    if any(one[1] != other[0] for one, other in pairwise(bounds)):
        rows = rows.filter(_within("start", bounds))
    grouped = rows.annotate(span=_which("start", bounds)).values("span", "by_agent", "step").annotate(n=Sum("chats"))
    for span, by_agent, step, number in grouped.values_list("span", "by_agent", "step", "n"):
        found[inner[span][0]][by_agent][step] += number


def _within(name: str, bounds: Bounds) -> Q:
    wanted = Q()
    for start, end in bounds:
        wanted |= Q(**{f"{name}__gte": start, f"{name}__lt": end})
    return wanted


def _add_edges(found: list[tuple[Counter[int], Counter[int]]], scope: Scope, edges: list[tuple[int, int, int]]) -> None:
    joined = _joined([(start, end) for _, start, end in edges])
    # One range a query is read from the index; many are met on the way through all of them.
    parts = [[each] for each in joined] if len(joined) <= MOST_RANGES else [joined]
    for part in parts:
        first, last = part[0][0], part[-1][1]
        within = Q(started_at__gte=moment_of(first), started_at__lt=moment_of(last))
        inside = [edge for edge in edges if first <= edge[1] and edge[2] <= last]
        rows = ChatFigures.objects.filter(scope.rows(), within).order_by()
        if len(part) > 1:
            rows = rows.filter(_began(part))
        rows = rows.annotate(span=_which("started_at", [(start, end) for _, start, end in inside], moments=True))
        rows = rows.exclude(answer_step=None, agent_step=None)
        grouped = rows.values("span", "answer_step", "agent_step").annotate(n=Count("pk"))
        counted: Any = grouped.values_list("span", "answer_step", "agent_step", "n")
        for span, answer, agent, number in counted:
            for steps, step in zip(found[inside[span][0]], (answer, agent), strict=True):
                if step is not None:
                    steps[step] += number


def _from_steps(steps: Counter[int]) -> Times:
    number = sum(steps.values())
    if not number:
        return Times(0, None, None, is_exact=True)
    return Times(number, _at(steps, rank(number, 0.5)), _at(steps, rank(number, 0.9)), is_exact=False)


def _at(steps: Counter[int], place: int) -> int:
    """Return the time that stands for the step of the chat at this place."""
    passed = 0
    for step in sorted(steps):
        passed += steps[step]
        if passed >= place:
            return time_of(step)
    raise AssertionError("a place beyond the end")
