"""Workers killed with -9 wherever a pull is, and a Protocol that fails in every way: nobody twice, nobody gone.

KILL_SEED=<number> repeats the dice of an earlier run.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.clients.server import Server, answer
from tests.protocol.pages import Answers, Said, page
from tests.support.product import Product

NUMBER = 3000
PER_PAGE = 100
PATIENCE = 150.0
FAULTS: dict[str, bytes] = {
    "429": answer('{"message": "slow down"}', status="429 Too Many Requests", headers={"Retry-After": "1"}),
    "hang up": b"",
    "web page": answer("<!doctype html><p>Maintenance</p>", kind="text/html"),
    "500": answer("{}", status="500 Internal Server Error"),
    "cut off": answer('{"has_more": true, "data": [{"id": "c'),
}
CONNECT = """
from protoadmin.connections.models import ProtocolProject, Teamspace
teamspace = Teamspace.objects.create(name="Acme", subcompany_id="acme")
project = ProtocolProject.objects.create(name="Acme", teamspace=teamspace, token="a-token-of-a-test", base_url={url!r})
ProtocolCustomer.objects.create(project=project, protocol_id="old", username="Old")
"""
PULL = """
from protoadmin.connections.models import ProtocolProject
from customers.protocol.services import protocol_pull
protocol_pull(project=ProtocolProject.objects.get(), by=None)
"""
STATE = """
import json
run = Run.objects.order_by("pk").last()
print(json.dumps([run.state, run.error, run.done, run.failed, run.total]))
"""
ROWS = """
import json
print(json.dumps(sorted(ProtocolCustomer.objects.values_list("protocol_id", "gone_at"), key=str), default=str))
"""


@dataclass
class Protocol:
    """The list of a project, page by page, and what goes wrong with it."""

    dice: random.Random
    faults: tuple[str, ...] = ()
    repeats: bool = False
    removed: set[int] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)

    def answering(self, after: str | None, number: int) -> Said:
        """Answer slowly enough that a worker can be met anywhere."""
        time.sleep(0.05)
        if self.faults and self.dice.random() < 0.2:
            fault = self.dice.choice(self.faults)
            self.met[fault] += 1
            return FAULTS[fault]
        start = 0 if after is None else int(after[1:]) + 1
        if self.repeats and start > NUMBER // 2:
            self.met["repeat"] += 1
            start -= 2 * PER_PAGE
        said = page(start, min(PER_PAGE, NUMBER - start), more=start + PER_PAGE < NUMBER)
        said["data"] = [item for item in said["data"] if int(item["id"][1:]) not in self.removed]
        return said


class Killer:
    """Pulls, and kills every worker at so many moments drawn by lot."""

    def __init__(self, product: Product, dice: random.Random) -> None:
        self.product = product
        self.dice = dice
        self.killed = 0

    def pull(self, kills: int) -> list[Any]:
        """Return how a new pull ended: its state, error, counts."""
        self.product.python(PULL)
        end = time.monotonic() + PATIENCE
        for turn in range(1000):
            if turn < kills:
                time.sleep(self.dice.uniform(0.1, 1.2))
                self.killed += len(self.product.kill("task-worker", every=True))
            ended: list[Any] = json.loads(self.product.python(STATE))
            if ended[0] in ("done", "failed"):
                return ended
            assert time.monotonic() < end, ended
        raise AssertionError("the pull goes on and on")

    def rows(self) -> tuple[list[str], set[str]]:
        """Return all ids that are there, and those that are marked gone."""
        rows = json.loads(self.product.python(ROWS))
        return [row[0] for row in rows], {row[0] for row in rows if row[1] is not None}


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_anywhere_with_every_fault(product: Product) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    print(f"\nKILL_SEED={seed}")
    dice = random.Random(seed)
    protocol = Protocol(dice, faults=tuple(FAULTS))
    with Server(Answers(protocol.answering)) as server:
        product.python(CONNECT.format(url=server.url))
        killer = Killer(product, dice)
        everybody = sorted(["old", *(f"c{number}" for number in range(NUMBER))])

        state, error, done, failed, total = _pull_until_done(killer, kills=4)
        assert (state, error, done, failed, total) == ("done", "", NUMBER, 0, NUMBER)
        assert killer.rows() == (everybody, {"old"})

        # A list that leads nowhere: it says so, and what is missing from it meanwhile is not marked.
        protocol.faults, protocol.repeats, protocol.removed = (), True, {5}
        state, error, *_ = killer.pull(kills=1)
        assert state == "failed"
        assert "Nothing is marked gone" in error or "died three times" in error
        assert killer.rows() == (everybody, {"old"})

        protocol.repeats = False
        state, error, done, failed, total = _pull_until_done(killer, kills=0)
        assert (state, error, done, failed, total) == ("done", "", NUMBER - 1, 0, NUMBER - 1)
        assert killer.rows() == (everybody, {"old", "c5"})
    print(f"killed {killer.killed} workers; met {dict(protocol.met)}")
    assert killer.killed > 5
    assert protocol.met["repeat"]


def _pull_until_done(killer: Killer, *, kills: int) -> list[Any]:
    """Pull again where one ended early; each such end says where, and has marked nobody."""
    gone = killer.rows()[1]
    for _ in range(4):
        ended = killer.pull(kills)
        if ended[0] == "done":
            return ended
        assert "nothing is marked gone" in ended[1].lower() or "died three times" in ended[1], ended
        ids, gone_now = killer.rows()
        assert len(ids) == len(set(ids))
        assert gone_now == gone
    raise AssertionError("no pull came to its end")
