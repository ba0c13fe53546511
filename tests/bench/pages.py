"""Customer list, customer page and the helpdesk's lists, with 1,000 rows and with 100,000, in the server.

What is compared is processor time, the page's own and that of its database process: unlike the clock it says the
same on a busy machine. Nothing in these pages waits for a disk or a network.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.figures import Figure, in_turns, median, milliseconds
from tests.bench.inside import Inside
from tests.support.servers import Postgres

SMALL, LARGE = 1_000, 100_000
ROUNDS = 5
SECONDS = 0.5
"""For one line of the table."""
PROMISE = "<= 1.2"
# Pages whose names begin so; all without it.
ONLY = tuple((os.environ.get("BENCH_PAGES") or "").split(","))


@contextmanager
def towns(folder: Path, server: Postgres | None) -> Iterator[dict[str, tuple[Inside, Inside]]]:
    """Give a small and a large town on each database; they are built side by side."""
    with ExitStack() as stack:
        pairs: dict[str, tuple[Inside, Inside]] = {}
        for place in ("SQLite", "PostgreSQL") if server else ("SQLite",):
            small, large = (
                stack.enter_context(
                    Inside(folder / f"{place}-{size}", database_url=_url(server if place == "PostgreSQL" else None))
                )
                for size in (SMALL, LARGE)
            )
            pairs[place] = small, large
        for small, large in pairs.values():
            small.begin("prepare", number=SMALL)
            large.begin("prepare", number=LARGE)
        for inside in (inside for pair in pairs.values() for inside in pair):
            inside.finish()
        yield pairs


def _url(server: Postgres | None) -> str:
    return server.new_database() if server else ""


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; AssertionError when a page needs more queries for more people."""
    with towns(folder, server) as pairs:
        asked = [(place, name, user) for place in pairs for name, user in pairs[place][0].ask("visits")]
        lines = [line for line in asked if line[1].startswith(ONLY)]
        queries = [_queries(*line, *pairs[line[0]]) for line in lines]
        return [_compare(*line, *pairs[line[0]], count) for line, count in zip(lines, queries, strict=True)]


def _queries(place: str, name: str, user: str, small: Inside, large: Inside) -> int:
    """Return how many queries a page makes, whatever the number of people."""
    few, rows_small = small.ask("queries", name=name, user=user)
    many, rows_large = large.ask("queries", name=name, user=user)
    assert few == many, f"{name} for {user} on {place}: {few} queries with {SMALL} people, {many} with {LARGE}"
    assert rows_small == rows_large, f"{name} for {user} on {place} lists {rows_small} people, and {rows_large}"
    return int(many)


def _compare(place: str, name: str, user: str, small: Inside, large: Inside, queries: int) -> Figure:
    clock: dict[str, list[float]] = {"small": [], "large": []}

    def way(size: str, inside: Inside) -> Callable[[], float]:
        def visit() -> float:
            worked, passed = inside.ask("visit", name=name, user=user)
            clock[size].append(passed)
            return float(worked)

        return visit

    taken = in_turns({"small": way("small", small), "large": way("large", large)}, ROUNDS, seconds=SECONDS)
    before, after = median(taken["small"]), median(taken["large"])
    times = f"{milliseconds(before)} -> {milliseconds(after)}"
    context = f"{times}; by the clock {milliseconds(median(clock['large']))}; {queries} queries"
    return Figure(f"{name} ({user})", place, after / before, PROMISE, context)
