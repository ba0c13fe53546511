"""2,000 deliveries at full speed, and SIGKILL to web and worker processes: each message once, in order.

KILL_SEED=<number> repeats the kills of an earlier run.
"""

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kill import posters
from tests.kill.delivered import FIGURES, TELL, check, check_figures
from tests.kill.poison.sitecustomize import DEADLY
from tests.kill.posters import CONNECT, Posters
from tests.kill.storm import Killer
from tests.support.product import Part, Product, migrated_database_beside

NewProduct = Callable[..., Product]
WANTED = 2000
AFTERWARDS = 4.0
PAUSE = 0.5
# So many answers come between two kills of the web server, however slow the machine is; at most so many seconds.
PROGRESS, PATIENCE = 25, 20.0
VICTIMS: tuple[Part, ...] = (
    *("web-worker",) * 5, "web", *("task-worker",) * 5, "sentinel", "helper", "cluster",
)  # fmt: skip


def rage(product: Product, posting: Posters, killer: Killer) -> None:
    """Kill one process after the other as long as deliveries come, and for a few seconds of draining after."""
    end = None
    while end is None or time.monotonic() < end:
        if end is None and not posting.are_busy:
            end = time.monotonic() + AFTERWARDS
        victim = killer.rng.choice(VICTIMS)
        if victim.startswith("web"):
            posting.wait_for_answers(PROGRESS, PATIENCE)
        killer._kill_one(victim)
        time.sleep(killer.rng.random() * 2 * PAUSE)


def storm(product: Product) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    print(f"\nKILL_SEED={seed}")
    product.start()
    product.python(CONNECT)
    began, killer = time.monotonic(), Killer(product, seed)
    posting = Posters(product.port, WANTED)
    rage(product, posting, killer)
    posting.finish()
    posted = time.monotonic() - began
    told = json.loads(product.python(TELL, timeout=360))
    print(f"killed: {dict(killer.killed)}; answers: {dict(posting.outcomes)} in {posted:.0f} s")
    attempts = check(told, posting.answered)
    check_figures(*json.loads(product.python(FIGURES, timeout=360)))
    unsure = len(told["deliveries"]) - len(posting.answered)
    print(f"{len(posting.answered)} answered 200, {unsure} more stored whose answer was lost: each message once")
    print(f"deliveries by attempts: {dict(sorted(attempts.items()))}; put aside, replayed: {len(told['unlucky'])}")
    print(f"after {time.monotonic() - began:.0f} s")


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_delivery_answered_200_is_its_messages_once(new_product: NewProduct) -> None:
    storm(new_product(options=[]))


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.timeout(600)
def test_on_postgresql_and_redis_too(new_product: NewProduct, postgres_server: Any, redis_own: Any) -> None:
    url = migrated_database_beside(postgres_server.url())
    storm(new_product(database_url=url, redis_url=redis_own.url, options=[]))


STATES = """
import json
from webhooks.models import Delivery
rows = Delivery.objects.order_by("pk").values_list("state", "attempts", "error")
print(json.dumps([list(rows), Message.objects.count()]))
"""


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_that_kills_its_worker_stops_at_the_third_attempt_and_the_others_go_on(new_product: NewProduct) -> None:
    poison = Path(posters.__file__).parent / "poison"
    product = new_product(options=[], env={"PYTHONPATH": str(poison)})
    product.start()
    product.python(CONNECT)
    deadly = json.dumps({"events": [{"chat": {"id": "c"}, "messages": [{"type": "text", "data": {"text": DEADLY}}]}]})
    began = time.monotonic()
    for number in range(20):
        body = deadly.encode() if number == 10 else posters.body_of(number)
        assert posters.post(product.port, body) == "200"

    def rows() -> tuple[list[list[Any]], int]:
        found, messages = json.loads(product.python(STATES))
        return found, messages

    def others_are_done() -> bool:
        return all(state == "processed" for state, *_ in rows()[0][:10] + rows()[0][11:])

    product.wait_for(others_are_done, "the others to be processed", 240)
    others = time.monotonic() - began
    product.wait_for(lambda: rows()[0][10][0] == "failed", "the deadly one to be put aside", 240)
    found, messages = rows()
    state, attempts, error = found[10]
    assert (state, attempts) == ("failed", 3)
    assert "begun 3 times" in error
    assert messages == 19 * 3
    print(f"\nothers processed after {others:.0f} s, the deadly one put aside after {time.monotonic() - began:.0f} s")
    assert posters.post(product.port, posters.body_of(99)) == "200"
    product.wait_for(lambda: rows()[0][-1][0] == "processed", "one that comes later", 60)
