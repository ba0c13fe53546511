"""Search at 10,000 messages and at 1,000,000, beside the stock admin's `icontains` on the same million.

BENCH_MESSAGES=100000 for fewer. What is compared is processor time, as with the other pages.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.figures import Figure, in_turns, median, milliseconds
from tests.bench.inside import Inside
from tests.support.servers import Postgres

SMALL = 10_000
LARGE = int(os.environ.get("BENCH_MESSAGES") or 1_000_000)
ROUNDS, SECONDS = 5, 0.5
# As typical as a question gets; the others are compared with it.
TYPICAL = "common word"
# Asked by somebody of two teamspaces as well; the others by somebody who sees all.
BY_BOTH = ("rare word", "common word", "in none")
STOCK = ("rare word", "common word", "two Chinese characters, rare", "in none")


@contextmanager
def pairs(folder: Path, place: str, server: Postgres | None) -> Iterator[tuple[Inside, Inside]]:
    """Give a small and a large collection of messages on one database."""
    with ExitStack() as stack:
        small, large = (
            stack.enter_context(
                Inside(folder / f"{place}-{size}", database_url=server.new_database() if server else "")
            )
            for size in (SMALL, LARGE)
        )
        large.begin("fill_messages", number=LARGE)
        small.ask("fill_messages", number=SMALL)
        large.finish()
        yield small, large


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; one database after the other, as a million messages take a while."""
    found: list[Figure] = []
    for place, here in (("SQLite", None), ("PostgreSQL", server)):
        if place == "SQLite" or here is not None:
            with pairs(folder, place, here) as (small, large):
                found += _figures(place, small, large)
    return found


def _figures(place: str, small: Inside, large: Inside) -> list[Figure]:
    found, times = [], {}
    for name in small.ask("search_questions"):
        for user in ("boss", "agent") if name in BY_BOTH else ("boss",):
            before, after, clock, shown = _compare(name, user, small, large)
            times[name, user] = after
            context = (
                f"{milliseconds(before)} -> {milliseconds(after)}; by the clock {milliseconds(clock)}; {shown} shown"
            )
            found.append(Figure(f"search: {name} ({user})", place, after / before, "<= 1.2", context))
    worst = max(times, key=lambda key: times[key])
    typical = times[TYPICAL, "boss"]
    found.append(
        Figure(
            f"search: worst of these, {worst[0]} ({worst[1]})",
            place,
            times[worst] / typical,
            "<= 5",
            "of a common word",
        )
    )
    return found + [figure for name in STOCK for figure in _against_stock(name, place, large)]


def _compare(name: str, user: str, small: Inside, large: Inside) -> tuple[float, float, float, str]:
    clock: list[float] = []
    shown: dict[str, int] = {}

    def way(size: str, inside: Inside) -> Callable[[], float]:
        def visit() -> float:
            worked, passed, rows = inside.ask("search", name=name, user=user)
            shown[size] = rows
            if size == "large":
                clock.append(passed)
            return float(worked)

        return visit

    ways = {"small": way("small", small), "large": way("large", large)}
    in_turns(ways, 1)
    taken = in_turns(ways, ROUNDS, seconds=SECONDS)
    rows = str(shown["large"]) if shown["large"] == shown["small"] else f"{shown['small']} and {shown['large']}"
    return median(taken["small"]), median(taken["large"]), median(clock), rows


def _against_stock(name: str, place: str, large: Inside) -> list[Figure]:
    """Compare with the stock admin's list of matches; neither it nor `alone` makes a page of what it has found."""
    taken = in_turns(
        {
            "alone": lambda: float(large.ask("search_alone", name=name)),
            "page": lambda: float(large.ask("search", name=name, user="boss")[1]),
            "stock": lambda: float(large.ask("stock_search", name=name)[1]),
        },
        3,
    )
    alone, page, stock = (median(taken[way]) for way in ("alone", "page", "stock"))
    context = f"{milliseconds(stock)} against {{}}, by the clock"
    return [
        Figure(f"search: {name}, stock over ours", place, stock / alone, ">= 30", context.format(milliseconds(alone))),
        Figure(
            f"search: {name}, stock over our whole page", place, stock / page, "", context.format(milliseconds(page))
        ),
    ]
