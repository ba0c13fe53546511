"""From a delivery's first byte to its messages in the database, under 50 deliveries a second on a running product."""

import itertools
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.figures import Figure, median, milliseconds, percentile_95
from tests.bench.receiver_load import Line, Target
from tests.bench.running import Running, running
from tests.support.servers import Postgres, Redis

A_SECOND = 50
SECONDS = 30.0
LINES = 5
"""Connections: one answer that is late must not delay the next delivery."""
LOOK_EVERY = 0.02
PATIENCE = 30.0
SECRET = "the-secret-of-a-channel"
SERIAL = re.compile(r"of (\d+):")
NEWER = "SELECT id, text FROM conversations_message WHERE id > {} AND position = 2 ORDER BY id"
PROMISED = 1.0


def measure(folder: Path, server: Postgres | None, queue: Redis | None) -> list[Figure]:
    """Return a line for each installation."""
    figures = []
    with running(folder / "lag-sqlite", options=()) as product:
        figures.append(_measure("SQLite FULL", product))
    if server and queue:
        with running(folder / "lag-postgres", server=server, queue=queue, options=()) as product:
            figures.append(_measure("PostgreSQL, Redis", product))
    return figures


def _measure(place: str, product: Running) -> Figure:
    product.inside.ask("open_channel", secret=SECRET)
    # The first one waits for the workers to be there at all.
    _lags(product, number=1)
    lags = _lags(product, number=int(A_SECOND * SECONDS))
    slow = percentile_95(lags)
    context = f"median {milliseconds(median(lags))}, 95th percentile {milliseconds(slow)}, {len(lags)} deliveries"
    return Figure(f"delivery to message / 1 s, {A_SECOND} a second", place, slow / PROMISED, "<= 0.3", context)


def _lags(product: Running, number: int) -> list[float]:
    """Post so many at their times; return for each how long it took until another connection saw its last message."""
    sent: dict[int, float] = {}
    began = time.perf_counter()
    posting = []
    for first in range(min(LINES, number)):
        target = Target(product.product.port, "/webhooks/bench/", SECRET.encode(), serial=next(_bases) * 1_000_000)
        times = range(first, number, LINES)
        posting.append(threading.Thread(target=_post, args=(target, began, times, sent)))
    with closing(_connect(product)) as connection:
        look = _looker(connection)
        look()
        for thread in posting:
            thread.start()
        seen = _watch(look, number)
    for thread in posting:
        thread.join()
    return [seen[serial] - sent[serial] for serial in sent]


def _post(target: Target, began: float, positions: range, sent: dict[int, float]) -> None:
    line = Line(target.port)
    for position in positions:
        time.sleep(max(0.0, began + position / A_SECOND - time.perf_counter()))
        request = target.next_request()
        sent[target.serial] = time.perf_counter()
        line.send(request)
        while not line.is_answered():
            pass
    line.socket.close()


def _watch(look: Callable[[], list[int]], number: int) -> dict[int, float]:
    seen: dict[int, float] = {}
    end = time.perf_counter() + number / A_SECOND + PATIENCE
    while len(seen) < number:
        assert time.perf_counter() < end, f"only {len(seen)} of {number} deliveries became messages"
        for serial in look():
            seen[serial] = time.perf_counter()
        time.sleep(LOOK_EVERY)
    return seen


_bases = itertools.count(1)


def _connect(product: Running) -> Any:
    url = product.product.database_url
    if url:
        return psycopg.connect(url, autocommit=True)
    path = product.product.var_dir / "proto-admin.sqlite3"
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)


def _looker(connection: Any) -> Callable[[], list[int]]:
    """Return a function that returns the serials of the deliveries whose last message is new."""
    newest = 0
    mark = "?" if isinstance(connection, sqlite3.Connection) else "%s"

    def look() -> list[int]:
        nonlocal newest
        rows = connection.execute(NEWER.format(mark), (newest,)).fetchall()
        newest = rows[-1][0] if rows else newest
        return [int(found[1]) for _, text in rows if (found := SERIAL.search(text))]

    return look
