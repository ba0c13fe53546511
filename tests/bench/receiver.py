"""The receiver against the floor: the same server, database and durability, in turns, at 8 and at 32 connections."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from protoadmin.serving.launch import Options, _granian
from protoadmin.serving.ports import answers
from tests.bench import floor
from tests.bench.figures import Figure, in_turns, median, milliseconds, percentile_95
from tests.bench.inside import Inside
from tests.bench.receiver_load import Outcome, Target, load
from tests.support.product import ROOT, Product, migrated_database_beside
from tests.support.servers import LOOPBACK, Postgres, find_postgres, free_port, postgres

ROUNDS = 9
SECONDS = 1.5
"""Of one run."""
LINE_SECONDS = 40.0
CONNECTIONS = (8, 32)
SECRET = b"the-secret-of-a-channel"
PROMISE, UNDER_DRAIN = ">= 1.0", ">= 0.6"


def measure(folder: Path) -> list[Figure]:
    """Return the figures for SQLite with FULL, and for a PostgreSQL that waits for the disk."""
    figures = _measure_on("SQLite FULL", folder / "receiver-sqlite", None)
    if find_postgres():
        with postgres(is_durable=True) as server:
            figures += _measure_on("PostgreSQL", folder / "receiver-postgres", server)
    return figures


class Place:
    """A database with the product's web server and the floor on it, and a process inside."""

    def __init__(self, product: Product, inside: Inside) -> None:
        self.product, self.inside = product, inside
        self.floor_port = free_port()
        self.receiver = Target(product.port, "/webhooks/bench/", SECRET)
        self.floor = Target(self.floor_port, "/floor/", floor.SECRET)

    @contextmanager
    def floor_served(self) -> Iterator[None]:
        """Serve the floor by the product's own command line."""
        command = _granian(Options(host=LOOPBACK, port=self.floor_port, sandbox_port=0))
        env = {name: value for name, value in self.product.env.items() if name != "DJANGO_SETTINGS_MODULE"}
        paths = os.pathsep.join(filter(None, [str(ROOT), env.get("PYTHONPATH")]))
        process = subprocess.Popen(
            [*command[:-1], "tests.bench.floor:application"], cwd=ROOT, env={**env, "PYTHONPATH": paths}
        )
        try:
            self.product.wait_for(lambda: answers(LOOPBACK, self.floor_port), "the floor")
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def place(folder: Path, server: Postgres | None) -> Iterator[Place]:
    """Run both servers on a new database that knows one channel; no worker."""
    url = migrated_database_beside(server.url()) if server else ""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Product(folder, database_url=url, options=["--web-only"]) as product,
        Inside(product.var_dir, database_url=url) as inside,
    ):
        inside.ask("open_channel", secret=SECRET.decode())
        here = Place(product, inside)
        with here.floor_served():
            yield here


def _measure_on(name: str, folder: Path, server: Postgres | None) -> list[Figure]:
    with place(folder, server) as here:
        figures = [_against_floor(name, here, connections) for connections in CONNECTIONS]
        return [*figures, _under_drain(name, here)]


def _against_floor(name: str, here: Place, connections: int) -> Figure:
    outcomes: dict[str, list[Outcome]] = {"receiver": [], "floor": []}

    def run(which: str, target: Target) -> Callable[[], float]:
        def rate() -> float:
            outcomes[which].append(load(target, connections, SECONDS))
            return outcomes[which][-1].rate

        return rate

    ways = {"receiver": run("receiver", here.receiver), "floor": run("floor", here.floor)}
    for warm_up in ways.values():
        warm_up()
    taken = in_turns(ways, ROUNDS, seconds=LINE_SECONDS)
    ours, bare = median(taken["receiver"]), median(taken["floor"])
    late = percentile_95([each for outcome in outcomes["receiver"] for each in outcome.latencies])
    own = median([outcome.own_share for outcome in outcomes["receiver"]])
    context = f"{bare:.0f} -> {ours:.0f} deliveries/s, 95th percentile {milliseconds(late)}; load {own:.0%} of a core"
    return Figure(f"receiver / floor, {connections} connections", name, ours / bare, PROMISE, context)


def _under_drain(name: str, here: Place) -> Figure:
    """Compare the receiver with itself while a worker drains as fast as it can."""
    drained: list[float] = []

    def disturbed() -> float:
        here.inside.ask("pile", number=int(SECONDS * 8000))
        here.inside.begin("drain_for", seconds=SECONDS * 1.2)
        rate = load(here.receiver, CONNECTIONS[0], SECONDS).rate
        answer = here.inside.finish()
        drained.append(answer["done"] / answer["seconds"])
        assert answer["left"], "the drain had nothing left to do before the run's end"
        here.inside.ask("clear")
        return rate

    def alone() -> float:
        return load(here.receiver, CONNECTIONS[0], SECONDS).rate

    taken = in_turns({"alone": alone, "disturbed": disturbed}, ROUNDS, seconds=LINE_SECONDS)
    before, after = median(taken["alone"]), median(taken["disturbed"])
    context = f"{before:.0f} -> {after:.0f} deliveries/s; the drain meanwhile {median(drained):.0f} deliveries/s"
    return Figure("receiver while a drain runs / alone", name, after / before, UNDER_DRAIN, context)
