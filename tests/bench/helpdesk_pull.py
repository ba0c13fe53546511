"""Pull everything from a helpdesk against its floor: the same lists by bare requests, the same rows written in bulk."""

import os
from pathlib import Path

from tests.bench.figures import Figure, median
from tests.bench.inside import Inside
from tests.bench.pulls import Taken, database_figure, databases, floor_figure, memory_figures, remote
from tests.support.servers import Postgres

NUMBER = int(os.environ.get("BENCH_CONTACTS") or 100_000)
ROUNDS = 3


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; BENCH_CONTACTS=10000 for a short look."""
    with remote("tests.bench.helpdesk_remote") as port:
        return [
            figure
            for name, place, url in databases(folder, "helpdesk", server)
            for figure in _figures(name, place, url, port)
        ]


def _figures(name: str, folder: Path, url: str, port: int) -> list[Figure]:
    floors, taken = [], Taken()
    with Inside(folder, database_url=url) as first:
        first.ask("migrate")
    with Inside(folder, database_url=url) as few:
        account = few.ask("helpdesk_account", port=port, number=NUMBER // 10)
        small = float(few.ask("helpdesk_pulled", account=account)["mib"])
        few.ask("helpdesk_forget", account=account)
    with Inside(folder, database_url=url) as ours, Inside(folder, database_url=url) as bare:
        for _ in range(ROUNDS):
            floor, account = (each.ask("helpdesk_account", port=port, number=NUMBER) for each in (bare, ours))
            floors.append(float(bare.ask("helpdesk_floor", account=floor)))
            bare.ask("helpdesk_forget", account=floor)
            taken.first.append(ours.ask("helpdesk_pulled", account=account))
            taken.again.append(ours.ask("helpdesk_pulled", account=account))
            # Not in the process whose memory is looked at: it reads all of them.
            bare.ask("helpdesk_forget", account=account)
    what = f"helpdesk: pull of {NUMBER:,} contacts"
    return [
        floor_figure(what, name, taken, median(floors), promise=""),
        database_figure(what, name, taken, promise=""),
        *memory_figures(what, name, taken, small),
    ]
