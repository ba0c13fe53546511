"""Dashboard and reports at 10,000 messages and at 1,000,000; BENCH_MESSAGES=100000 for fewer.

What is compared is processor time, as with the other pages.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, in_turns, median, milliseconds
from tests.bench.inside import Inside
from tests.support.servers import Postgres

SMALL = 10_000
LARGE = int(os.environ.get("BENCH_MESSAGES") or 1_000_000)
ROUNDS, SECONDS = 7, 4.0
# Ahead of UTC by whole hours, and by three quarters of one.
ZONES = ("Europe/Vienna", "Asia/Kathmandu")


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; one database after the other."""
    found: list[Figure] = []
    for place, here in (("SQLite", None), ("PostgreSQL", server)):
        if place == "SQLite" or here is not None:
            with ExitStack() as stack:
                small, large = (
                    stack.enter_context(
                        Inside(folder / f"{place}-{size}", database_url=here.new_database() if here else "")
                    )
                    for size in (SMALL, LARGE)
                )
                small.ask("fill_figures", number=SMALL)
                found.append(_counting(place, large.ask("fill_figures", number=LARGE)))
                found += [
                    _page(place, name, zone, small, large) for name in small.ask("dashboard_pages") for zone in ZONES
                ]
    return found


def _counting(place: str, took: dict[str, Any]) -> Figure:
    rate = LARGE / took["seconds"]
    context = f"{took['chats']} chats, {took['chats'] / took['seconds']:.0f} chats/s, {rate:.0f} messages/s"
    return Figure("figures counted anew, seconds a million messages", place, 1_000_000 / rate, "", context)


def _page(place: str, name: str, zone: str, small: Inside, large: Inside) -> Figure:
    clock: list[float] = []

    def way(inside: Inside, times: list[float]) -> float:
        worked, passed = inside.ask("visit_dashboard", name=name, zone=zone)
        times.append(passed)
        return float(worked)

    ways: dict[str, Callable[[], float]] = {"small": partial(way, small, []), "large": partial(way, large, clock)}
    in_turns(ways, 1)
    taken = in_turns(ways, ROUNDS, seconds=SECONDS)
    before, after = median(taken["small"]), median(taken["large"])
    context = f"{milliseconds(before)} -> {milliseconds(after)}; by the clock {milliseconds(median(clock))}"
    return Figure(f"{name} ({zone})", place, after / before, "<= 1.2" if name == "dashboard" else "", context)
