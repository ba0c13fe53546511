"""Exports: messages to CSV against a bare loop from a cursor to csv.writer, and the memory that it takes."""

import os
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, in_turns, median
from tests.bench.inside import Inside
from tests.support.servers import Postgres

MIB = 1024 * 1024
PROMISED_RATE = "≥ 0.50"


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures, on SQLite and on PostgreSQL if there is one; BENCH_MESSAGES=100000 for fewer messages."""
    number = int(os.environ.get("BENCH_MESSAGES", "1000000"))
    databases = {"SQLite": ""} | ({"PostgreSQL": server.new_database()} if server else {})
    found: list[Figure] = []
    for where, url in databases.items():
        own = folder / f"export-{where}"
        with Inside(own, database_url=url) as inside:
            inside.ask("migrate")
            inside.ask("fill_talks", number=number)
        # A process of its own, as small as a worker that has done nothing else yet.
        with Inside(own, database_url=url) as inside:
            found += _measured(inside, own, where)
    return found


def _measured(inside: Inside, folder: Path, where: str) -> list[Figure]:
    exports: list[Any] = []

    def bare(joined: bool) -> float:
        return float(inside.ask("bare_csv", folder=str(folder), joined=joined)[0])

    def export() -> float:
        exports.append(inside.ask("whole_export", what="messages", format="csv"))
        return float(exports[-1]["seconds"])

    times = in_turns({"joined": lambda: bare(True), "table": lambda: bare(False), "export": export}, 3)
    rows = exports[0]["rows"]
    rate = {name: rows / median(seconds) for name, seconds in times.items()}
    words = f"{rate['export']:,.0f} rows/s, bare {{:,.0f}}"
    found = [
        Figure("messages to CSV : bare loop, same columns", where, rate["export"] / rate["joined"], PROMISED_RATE,
               words.format(rate["joined"])),
        Figure("messages to CSV : bare loop, one table", where, rate["export"] / rate["table"], "",
               words.format(rate["table"])),
        _memory("messages to CSV", where, max(exports, key=lambda each: each["peak"])),
    ]  # fmt: skip
    for what, format in (("messages", "xlsx"), ("messages", "jsonl"), ("conversations", "csv")):
        taken = inside.ask("whole_export", what=what, format=format)
        found.append(_memory(f"{what} to {format}", where, taken))
    return found


def _memory(what: str, where: str, taken: dict[str, Any]) -> Figure:
    """Return the most memory of the process, in parts of 150 MiB."""
    context = (
        f"{taken['rows']:,} rows in {taken['seconds']:.1f} s, {taken['size'] / MIB:.0f} MiB; at most "
        f"{taken['peak'] / MIB:.0f} MiB of memory, {taken['before'] / MIB:.0f} before"
    )
    return Figure(f"{what}: memory : 150 MiB", where, taken["peak"] / (150 * MIB), "≤ 1.00", context)
