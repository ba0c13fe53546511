"""Figures: how they are taken, and the one table in which they are shown."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Name = TypeVar("Name")

LEAST_ROUNDS = 3
HEADINGS = ("what", "on", "ratio", "promise", "context")


@dataclass(frozen=True)
class Figure:
    """One line of the table: a ratio, what it should be, and the absolute numbers it was made of."""

    what: str
    where: str
    ratio: float
    promise: str = ""
    context: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as it is shown."""
        return (self.what, self.where, f"{self.ratio:.2f}", self.promise, self.context)


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def percentile_95(values: Sequence[float]) -> float:
    """Return the value that one in twenty is above."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]


def in_turns(
    measures: Mapping[Name, Callable[[], float]], rounds: int, *, seconds: float = math.inf
) -> dict[Name, list[float]]:
    """Take A B C, A B C, …: what else goes on in the machine meets all of them alike.

    On a slow or busy machine fewer rounds must do: after `seconds` no further one begins, but three are the least.
    """
    taken: dict[Name, list[float]] = {name: [] for name in measures}
    end = time.monotonic() + seconds
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.monotonic() > end:
            break
        for name, measure in measures.items():
            taken[name].append(measure())
    return taken


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def milliseconds(seconds: float) -> str:
    """Return a time as it is shown in the context."""
    value = seconds * 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2g} ms"


def show(figures: Sequence[Figure]) -> str:
    """Return the table."""
    lines = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (lines[0], rule, *lines[1:])
    )
