"""What the two benchmarks of pulls have in common: where they run, and the figures that they make."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, median
from tests.support.product import ROOT, migrated_database_beside
from tests.support.servers import Postgres

Measured = dict[str, Any]


@dataclass
class Taken:
    """What was measured, round by round: the first pull, and another one with nothing changed."""

    first: list[Measured] = field(default_factory=list)
    again: list[Measured] = field(default_factory=list)

    def middle(self, name: str, *, again: bool = False) -> float:
        """Return the median of the rounds."""
        return median([float(each[name]) for each in (self.again if again else self.first)])


@contextmanager
def remote(module: str, *arguments: str) -> Iterator[int]:
    """Run a remote that only sends prepared answers, in a process of its own; give its port."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def databases(folder: Path, what: str, server: Postgres | None) -> Iterator[tuple[str, Path, str]]:
    """Return each database to measure on: its name, a folder, its URL."""
    yield "SQLite FULL", folder / f"{what}-sqlite", ""
    if server is not None:
        yield "PostgreSQL", folder / f"{what}-postgresql", migrated_database_beside(server.url())


def floor_figure(what: str, where: str, taken: Taken, floor: float, *, promise: str) -> Figure:
    """Return the time of the first pull by its floor."""
    took = taken.middle("seconds")
    return Figure(f"{what} / floor", where, took / floor, promise, f"{floor:.1f} s -> {took:.1f} s")


def database_figure(what: str, where: str, taken: Taken, *, promise: str) -> Figure:
    """Return the database's time of the first pull by that of an unchanged one."""
    first, again = taken.middle("database"), taken.middle("database", again=True)
    context = f"{first:.2f} s -> {again:.2f} s; in all {taken.middle('seconds', again=True):.1f} s"
    return Figure(f"{what}, database first time / unchanged", where, first / again, promise, context)


def memory_figures(what: str, where: str, taken: Taken, small: float) -> list[Figure]:
    """Return the worker's own memory at the most, and that by what a tenth of the rows needs."""
    most = max(float(each["mib"]) for each in (*taken.first, *taken.again))
    growth = f"{small:.0f} MiB for a tenth -> {taken.middle('mib'):.0f} MiB"
    return [
        Figure(f"{what}, MiB of the worker", where, most, "<= 150", "anonymous memory (RssAnon) at the most"),
        Figure(f"{what}, memory / a tenth of it", where, taken.middle("mib") / small, "flat", growth),
    ]
