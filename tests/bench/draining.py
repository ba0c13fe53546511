"""The drain against a bare loop on the same deliveries, and a backlog that is worked off while new ones come in."""

import os
import time
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, in_turns, median
from tests.bench.inside import Inside
from tests.bench.receiver_load import Line, Target
from tests.support.product import Product, migrated_database_beside
from tests.support.servers import Postgres

ROUNDS = 7
SECONDS = 40.0
NUMBER = 3000
"""Deliveries a round."""
SECRET = "the-secret-of-a-channel"
BACKLOG = int(os.environ.get("BENCH_BACKLOG") or 10_000)
NEW, NEW_A_SECOND = 50, 100
"""How many new ones are posted one after the other, and how many a second."""
PROMISE = ">= 0.7"
PATIENCE = 600.0


def measure(folder: Path, server: Postgres | None) -> list[Figure]:
    """Return the figures; BENCH_BACKLOG=100000 for the whole of what is promised."""
    figures = []
    for name in ("SQLite FULL", "PostgreSQL") if server else ("SQLite FULL",):
        url = migrated_database_beside(server.url()) if server and name == "PostgreSQL" else ""
        figures.append(_against_bare_loop(name, folder / f"drain-{name[:6]}", url))
    for name in ("SQLite FULL", "PostgreSQL") if server else ("SQLite FULL",):
        url = migrated_database_beside(server.url()) if server and name == "PostgreSQL" else ""
        figures.append(_backlog(name, folder / f"backlog-{name[:6]}", url))
    return figures


def _against_bare_loop(name: str, folder: Path, url: str) -> Figure:
    with Inside(folder, database_url=url) as inside:
        if not url:
            inside.ask("migrate")
        inside.ask("open_channel", secret=SECRET)

        def run(task: str) -> float:
            inside.ask("pile", number=NUMBER)
            seconds = float(inside.ask(task))
            inside.ask("clear")
            return seconds

        # The chats are there, as they are for nearly every delivery of a day.
        run("drain_all")
        taken = in_turns({task: partial(run, task) for task in ("drain_all", "bare_loop")}, ROUNDS, seconds=SECONDS)
    ours, bare = (NUMBER / median(taken[task]) for task in ("drain_all", "bare_loop"))
    context = f"{bare:.0f} -> {ours:.0f} deliveries/s of 3 messages, in batches of 500"
    return Figure("drain / bare loop of bulk_create", name, ours / bare, PROMISE, context)


def _backlog(name: str, folder: Path, url: str) -> Figure:
    """Start the product on a backlog, post on, and wait until nothing is left; every delivery must become messages."""
    folder.mkdir(parents=True, exist_ok=True)
    product = Product(folder, database_url=url, env={"WORKERS": "4"}, options=[])
    try:
        product.var_dir.mkdir(parents=True, exist_ok=True)
        with Inside(product.var_dir, database_url=url) as inside:
            if not url:
                inside.ask("migrate")
            inside.ask("open_channel", secret=SECRET)
            inside.ask("pile", number=BACKLOG)
            product.start()
            began, came = time.perf_counter(), 0
            target = Target(product.port, "/webhooks/bench/", SECRET.encode())
            line = Line(product.port)
            while inside.ask("left") > NEW:
                assert time.perf_counter() < began + PATIENCE, "the backlog does not shrink"
                came += _post(line, target)
                time.sleep(max(0.0, began + came / NEW_A_SECOND - time.perf_counter()))
            passed = time.perf_counter() - began
            line.socket.close()
            product.wait_for(lambda: inside.ask("left") == 0, "the last ones to be drained")
            messages = inside.ask("messages")
    finally:
        product.close()
    total = BACKLOG + came
    context = f"{total / passed:.0f} deliveries/s, {came} of them new; {passed:.0f} s"
    return Figure(f"backlog of {BACKLOG}: messages made / said", name, messages / (total * 3), "= 1", context)


def _post(line: Line, target: Target) -> int:
    for _ in range(NEW):
        line.send(target.next_request())
        while not line.is_answered():
            pass
    return NEW
