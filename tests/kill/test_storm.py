"""200 writes, a remote system that fails in every way, and SIGKILL to any process at random moments.

KILL_SEED=<number> repeats the kills and the writes of an earlier run (the faults are the sandbox' own dice).
"""

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.kill import asking
from tests.kill.asking import Asking
from tests.kill.ledger import Ledger, check
from tests.kill.storm import Killer, make_trouble
from tests.outbox.remote import Remote
from tests.support.product import Product, migrated_database_beside

NewProduct = Callable[..., Product]
STORM_SECONDS = 25.0
CALM_SECONDS = 60.0


def weather_the_storm(product: Product, seed: int) -> Ledger:
    """Ask, fail and kill; then let the remote be well again, and wait until all has ended."""
    product.start()
    remote = Remote(product.sandbox_url)
    remote.begin()
    people = asking.connect(product, remote)
    make_trouble(remote)
    asked = Asking(product, people, seed, STORM_SECONDS)
    killer = Killer(product, seed)
    killer.rage(STORM_SECONDS, lambda: asked.is_busy)
    asked.finish()
    remote.heal()
    ledger = Ledger.take(product, remote, seconds=CALM_SECONDS)
    print(f"killed: {dict(killer.killed)}; clicks repeated after a lost answer: {asked.browser.repeated}")
    return ledger


def storm(product: Product) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    began = time.monotonic()
    print(f"\nKILL_SEED={seed}")
    ledger = weather_the_storm(product, seed)
    print(ledger.summary())
    print(f"after {time.monotonic() - began:.0f} s")
    assert len(ledger.calls) == 200
    check(ledger)
    product.stop()
    assert product.all_pids() == []


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_is_done_twice(new_product: NewProduct) -> None:
    storm(new_product())


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.timeout(300)
def test_nor_on_postgresql_and_redis(new_product: NewProduct, postgres_server: Any, redis_own: Any) -> None:
    storm(new_product(database_url=migrated_database_beside(postgres_server.url()), redis_url=redis_own.url))
