"""Several machines on one: each with a data folder and, where this one allows it, a host name of its own.

They share PostgreSQL, Redis and the keys, and nothing else.
"""

import os
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.product import Product

WEB, WORKERS = 2, 3
SETTLING = 2.0


def own_name(name: str) -> list[str]:
    """Return what a command begins with to have a host name of its own; nothing where that is not allowed."""
    prefix = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name]
    if os.geteuid() or not shutil.which("unshare"):
        return []
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return [] if tried.returncode else prefix


class Fleet:
    """Two web servers and three worker clusters."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        def machine(name: str, option: str) -> Product:
            return Product(
                folder / name,
                database_url=database_url,
                redis_url=redis_url,
                options=[option],
                prefix=own_name(name),
            )

        self.web = [machine(f"web-{number}", "--web-only") for number in range(WEB)]
        self.workers = [machine(f"worker-{number}", "--worker-only") for number in range(WORKERS)]
        # Programs that look and ask run here: it has the same database, and nobody kills it.
        self.office = Product(folder / "office", database_url=database_url, redis_url=redis_url)
        self.office.var_dir.mkdir(parents=True)
        self.have_names = bool(own_name("probe"))

    @property
    def machines(self) -> list[Product]:
        """Return all of them."""
        return [*self.web, *self.workers]

    def start(self) -> None:
        """Start the first alone, which prepares the database, and then the others at once."""
        first, *others = self.machines
        first.start()
        for machine in others:
            machine.start(until_ready=False)
        for machine in others:
            machine.wait_until_ready()

    def close(self) -> None:
        """End everything."""
        for machine in self.machines:
            machine.close()


@contextmanager
def fleet(folder: Path, database_url: str, redis_url: str) -> Iterator[Fleet]:
    """Run the machines as long as the block runs."""
    made = Fleet(folder, database_url, redis_url)
    try:
        made.start()
        yield made
    finally:
        made.close()


class Outages:
    """One machine after the other loses its power, and comes back."""

    def __init__(self, machines: list[Product], seed: int) -> None:
        self._machines = machines
        self._rng = random.Random(seed)
        self._is_over = threading.Event()
        self._raised: list[BaseException] = []
        self.count: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._guard)
        self._thread.start()

    def _guard(self) -> None:
        try:
            while not self._is_over.is_set():
                self._one()
        except BaseException as error:  # noqa: BLE001 - raised again in `end`
            self._raised.append(error)

    def _one(self) -> None:
        machine = self._rng.choice(self._machines)
        self.count[machine.var_dir.parent.name] += 1
        machine.lose_power()
        time.sleep(self._rng.random() * 2)
        machine.start()
        time.sleep(self._rng.random() * SETTLING)

    def end(self) -> None:
        """Let the last one come back; raises what went wrong."""
        self._is_over.set()
        self._thread.join(120)
        assert not self._thread.is_alive()
        if self._raised:
            raise self._raised[0]
