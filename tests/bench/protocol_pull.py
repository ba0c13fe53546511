"""Pull customers against its floor: the same pages fetched with bare requests, the same rows written in bulk."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, median
from tests.bench.inside import Inside
from tests.support.product import ROOT, migrated_database_beside
from tests.support.servers import Postgres

NUMBER = int(os.environ.get("BENCH_CUSTOMERS") or 100_000)
ROUNDS = 3


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; BENCH_CUSTOMERS=10000 for a short look."""
    command = [sys.executable, "-m", "tests.bench.protocol_remote", str(NUMBER)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as remote:
        assert remote.stdin is not None
        assert remote.stdout is not None
        port = int(remote.stdout.readline())
        figures = []
        for name in ("SQLite FULL", "PostgreSQL") if server else ("SQLite FULL",):
            url = migrated_database_beside(server.url()) if server and name == "PostgreSQL" else ""
            figures += _figures(name, folder / f"pull-{name[:6]}", url, port)
        remote.stdin.close()
    return figures


def _figures(name: str, folder: Path, url: str, port: int) -> list[Figure]:
    floors, first, second = [], [], []
    with Inside(folder, database_url=url) as ours, Inside(folder, database_url=url) as bare:
        if not url:
            ours.ask("migrate")
        for _ in range(ROUNDS):
            floor, project = bare.ask("protocol_project", port=port), ours.ask("protocol_project", port=port)
            floors.append(float(bare.ask("protocol_floor", project=floor)))
            bare.ask("protocol_forget", project=floor)
            first.append(ours.ask("protocol_pulled", project=project))
            second.append(ours.ask("protocol_pulled", project=project))
            ours.ask("protocol_forget", project=project)
    took, again = _middle(first, "seconds"), _middle(second, "seconds")
    database, database_again = _middle(first, "database"), _middle(second, "database")
    peak = max(each["mib"] for each in (*first, *second))
    what = f"pull of {NUMBER:,}"
    return [
        Figure(f"{what} / floor", name, took / median(floors), "<= 1.3", f"{median(floors):.1f} s -> {took:.1f} s"),
        Figure(
            f"{what}, database first time / unchanged",
            name,
            database / database_again,
            ">= 5",
            f"{database:.2f} s -> {database_again:.2f} s; in all {again:.1f} s",
        ),
        Figure(f"{what}, memory of the worker in MiB", name, peak, "<= 150"),
    ]


def _middle(taken: list[dict[str, Any]], name: str) -> float:
    return median([float(each[name]) for each in taken])
