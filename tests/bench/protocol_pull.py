"""Pull customers against its floor: the same pages fetched with bare requests, the same rows written in bulk."""

import os
from pathlib import Path

from tests.bench.figures import Figure, median
from tests.bench.inside import Inside
from tests.bench.pulls import Taken, database_figure, databases, floor_figure, memory_figures, remote
from tests.support.servers import Postgres

NUMBER = int(os.environ.get("BENCH_CUSTOMERS") or 100_000)
ROUNDS = 3
REMOTE = "tests.bench.protocol_remote"


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; BENCH_CUSTOMERS=10000 for a short look."""
    with remote(REMOTE, str(NUMBER)) as port, remote(REMOTE, str(NUMBER // 10)) as small:
        return [
            figure
            for name, place, url in databases(folder, "protocol", server)
            for figure in _figures(name, place, url, port, small)
        ]


def _figures(name: str, folder: Path, url: str, port: int, small_port: int) -> list[Figure]:
    floors, taken = [], Taken()
    with Inside(folder, database_url=url) as first:
        first.ask("migrate")
    with Inside(folder, database_url=url) as few:
        project = few.ask("protocol_project", port=small_port)
        small = float(few.ask("protocol_pulled", project=project)["mib"])
        few.ask("protocol_forget", project=project)
    with Inside(folder, database_url=url) as ours, Inside(folder, database_url=url) as bare:
        for _ in range(ROUNDS):
            floor, project = bare.ask("protocol_project", port=port), ours.ask("protocol_project", port=port)
            floors.append(float(bare.ask("protocol_floor", project=floor)))
            bare.ask("protocol_forget", project=floor)
            taken.first.append(ours.ask("protocol_pulled", project=project))
            taken.again.append(ours.ask("protocol_pulled", project=project))
            # Not in the process whose memory is looked at: it reads all of them.
            bare.ask("protocol_forget", project=project)
    what = f"Protocol: pull of {NUMBER:,}"
    return [
        floor_figure(what, name, taken, median(floors), promise="<= 1.3"),
        database_figure(what, name, taken, promise=">= 5"),
        *memory_figures(what, name, taken, small),
    ]
