"""The outbox's throughput: queued calls drained by the real workers, against bare posts to the same sandbox."""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import requests

from protoadmin.outbox.claiming import AT_ONCE_PER_CONNECTION
from tests.bench.figures import Figure, in_turns, median, seconds_of
from tests.bench.running import TIMEOUT, Running, running
from tests.support.servers import Postgres, Redis

ROUNDS = 8
BATCH = 125
"""Calls a round: eight rounds make a thousand."""
SECONDS = 25.0
PATIENCE = 90.0


def measure(folder: Path, server: Postgres | None, queue: Redis | None) -> list[Figure]:
    """Return how the product compares with posts from one session, and from as many threads as workers send with."""
    with ExitStack() as stack:
        places = {
            "SQLite FULL": stack.enter_context(running(folder / "out-full")),
            "SQLite NORMAL": stack.enter_context(running(folder / "out-normal", env={"SQLITE_SYNCHRONOUS": "NORMAL"})),
        }
        if server:
            places["PostgreSQL, Redis" if queue else "PostgreSQL"] = stack.enter_context(
                running(folder / "out-postgres", server=server, queue=queue)
            )
        figures: list[Figure] = []
        rates: dict[str, dict[str, float]] = {}
        for place, product in places.items():
            taken = _rates(product)
            rates[place] = taken
            figures += _figures(place, taken)
    full, normal = (rates[f"SQLite {how}"]["workers"] for how in ("FULL", "NORMAL"))
    figures.append(
        Figure(
            "outbox: synchronous FULL / NORMAL",
            "SQLite",
            full / normal,
            context=f"{normal:.0f} -> {full:.0f} calls/s",
        )
    )
    return figures


def _rates(product: Running) -> dict[str, float]:
    bare = Bare(product)
    ways = {
        "workers": partial(_drain, product),
        "one session": partial(seconds_of, partial(bare.post, 1)),
        "threads": partial(seconds_of, partial(bare.post, AT_ONCE_PER_CONNECTION)),
    }
    return {name: BATCH / median(times) for name, times in in_turns(ways, ROUNDS, seconds=SECONDS).items()}


def _figures(place: str, rates: dict[str, float]) -> Iterator[Figure]:
    for against, words in (("one session", "one session"), ("threads", f"{AT_ONCE_PER_CONNECTION} threads")):
        context = f"{rates[against]:.0f} -> {rates['workers']:.0f} calls/s"
        yield Figure(f"outbox / bare posts from {words}", place, rates["workers"] / rates[against], context=context)


def _drain(product: Running) -> float:
    """Queue calls while their connection rests, let it go on, and return the seconds until the last one is done."""
    product.inside.ask("queue", number=BATCH)
    product.inside.ask("resume")
    end = time.monotonic() + PATIENCE
    while (progress := product.inside.ask("progress"))["left"]:
        assert time.monotonic() < end, f"{progress['left']} calls are still on their way after {PATIENCE:.0f} s"
        time.sleep(0.2)
    assert progress["done"] == BATCH, f"only {progress['done']} of {BATCH} calls are done: {progress['otherwise']}"
    return float(progress["seconds"])


class Bare:
    """The same requests without a product: half upserts, half tickets, of different people."""

    def __init__(self, product: Running) -> None:
        connections = product.api.get(f"{product.product.sandbox_url}/_sandbox/connections.json", timeout=TIMEOUT)
        teamspace = connections.json()[0]
        self._base, self._secret = teamspace["base_url"], teamspace["takeover_secret"]
        self._teamspace = teamspace["subcompany_id"]
        self._numbers = itertools.count(1)

    def post(self, threads: int) -> None:
        """Send one batch, shared between so many threads with a session each."""
        shares = [BATCH // threads + (position < BATCH % threads) for position in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(self._send, share) for share in shares]:
                done.result()

    def _send(self, number: int) -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self._secret}"
        for position in range(number):
            # Each second one is a ticket of the person just sent.
            send = self._ticket if position % 2 else self._save
            send(session).raise_for_status()

    @property
    def _save(self) -> Callable[[requests.Session], requests.Response]:
        person = self._last = f"bare-{next(self._numbers)}"
        return lambda session: self._call(session, "PUT", f"customers/{{}}/create-customer/{person}", {"name": person})

    @property
    def _ticket(self) -> Callable[[requests.Session], requests.Response]:
        body = {"subject": "Question", "provided_unique_id": "bare-1"}
        return lambda session: self._call(session, "POST", "conversations/{}/create-ticket", body)

    def _call(self, session: requests.Session, method: str, path: str, body: dict[str, Any]) -> requests.Response:
        address = f"{self._base}/v1/{path.format(self._teamspace)}"
        return session.request(method, address, json=body, timeout=TIMEOUT)
