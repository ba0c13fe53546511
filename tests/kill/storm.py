"""What goes wrong: faults of the remote system, and SIGKILL to the product's processes at random moments."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.outbox.remote import Remote
from tests.support.product import Part, Product

FAULTS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("slow", 0.3, {"seconds": 0.6}),
    ("drop_before", 0.05, {}),
    ("drop_after", 0.06, {}),
    ("error_after", 0.06, {"status": 500}),
    ("rate_limit", 0.03, {"retry_after": 1}),
    ("unavailable", 0.03, {"retry_after": 1}),
    ("html", 0.04, {"effect": True}),
    ("html", 0.03, {"effect": False}),
)
# Those that are started again with ever longer pauses are killed less often.
VICTIMS: dict[Part, int] = {"task-worker": 16, "helper": 3, "sentinel": 2, "cluster": 1, "web-worker": 4, "web": 2}


def make_trouble(remote: Remote) -> None:
    """Have about two requests of five go wrong in one way or another."""
    for kind, probability, options in FAULTS:
        remote.fault(kind, probability=probability, **options)


class Killer:
    """Kills one process after the other, of kinds drawn by lot."""

    def __init__(self, product: Product, seed: int) -> None:
        self.product = product
        self.rng = random.Random(seed)
        self.killed: Counter[str] = Counter()

    def rage(self, seconds: float, is_needed: Callable[[], bool]) -> None:
        """Kill for so long, and on while it `is_needed`."""
        plan = [part for part, times in VICTIMS.items() for _ in range(times)]
        self.rng.shuffle(plan)
        began = time.monotonic()
        for number, part in enumerate(plan):
            moment = began + seconds * (number + self.rng.random()) / len(plan)
            time.sleep(max(0.0, moment - time.monotonic()))
            if time.monotonic() - began > seconds * 2 and not is_needed():
                return
            self._kill_one(part)

    def _kill_one(self, part: Part) -> None:
        found = self.product.pids(part)
        if not found:
            return
        with suppress(ProcessLookupError):
            os.kill(self.rng.choice(found), signal.SIGKILL)
            self.killed[part] += 1
