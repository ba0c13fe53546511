"""Find the same people: 100,000 people against 100,000 contacts, in a run as a worker does it."""

import os
from pathlib import Path

from tests.bench.figures import Figure, median
from tests.bench.inside import Inside
from tests.support.servers import Postgres

NUMBER = int(os.environ.get("BENCH_PEOPLE") or 100_000)
ROUNDS = 3
MINUTE = 60


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures of each database; BENCH_PEOPLE=10000 for a short look."""
    places = ("SQLite FULL", "PostgreSQL") if server else ("SQLite FULL",)
    figures = []
    for place in places:
        figures += _figures(folder / place[:6], place, server if place == "PostgreSQL" else None)
    return figures


def _figures(folder: Path, place: str, server: Postgres | None) -> list[Figure]:
    def street(name: str) -> Inside:
        return Inside(folder / name, database_url=server.new_database() if server else "")

    with street("small") as small, street("large") as large:
        small.ask("fill_street", number=NUMBER // 10)
        large.ask("fill_street", number=NUMBER)
        few, many = [], []
        for _ in range(ROUNDS):
            few.append(small.ask("link_street"))
            many.append(large.ask("link_street"))
    took, took_few = (median([each["seconds"] for each in taken]) for taken in (many, few))
    found = f"{many[-1]['linked']:,} linked, {many[-1]['suggestions']:,} suggested"
    what = f"{NUMBER:,} people, as many contacts"
    return [
        Figure(f"{what} / a minute", place, took / MINUTE, "<= 1", f"{took:.1f} s; {found}"),
        Figure(f"{what} / ten times {NUMBER // 10:,}", place, took / (10 * took_few), "<= 1.2", f"{took_few:.2f} s"),
        Figure(f"{what}, memory in MiB", place, max(each["mib"] for each in many)),
    ]
