"""Threads of one process write their deliveries to SQLite together: each once, and none at the cost of another."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection, connections

from protoadmin.connections.models import Channel
from tests.webhooks.ways import Reply, ask, through_wsgi
from webhooks import storing
from webhooks.models import Delivery

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has one lock for all"),
]


class Asking:
    """Requests from several threads at once; `finish` returns their answers."""

    def __init__(self, *bodies: Any, channel: str = "channel-1") -> None:
        self.replies: dict[int, Reply] = {}
        self._threads = [threading.Thread(target=self._ask, args=item) for item in enumerate(bodies)]
        self._channel = channel
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int, body: Any) -> None:
        try:
            self.replies[number] = ask(through_wsgi, body, channel=self._channel)
        finally:
            connections.close_all()

    def finish(self) -> list[int]:
        """Wait for all, and return the statuses in order."""
        for thread in self._threads:
            thread.join(30)
        return [self.replies[number].status for number in sorted(self.replies)]


@pytest.fixture
def another(channel: Channel) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        yield other


def wait_until_gathered(number: int) -> None:
    end = time.monotonic() + 20
    while len(storing.together._waiting) < number:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_gathers_before_the_gate_is_written_at_once(channel: Channel) -> None:
    bodies = [{"events": [], "number": number} for number in range(12)]
    with storing.together._gate:
        asking = Asking(*bodies)
        wait_until_gathered(12)
        assert not Delivery.objects.exists()
    assert asking.finish() == [200] * 12
    assert len({bytes(body) for body in Delivery.objects.values_list("body", flat=True)}) == 12
    assert Delivery.objects.count() == 12


def test_one_whose_channel_is_gone_does_not_cost_the_others(channel: Channel) -> None:
    gone = Channel.objects.create(name="Gone", channel_id="gone", teamspace=channel.teamspace, secret=channel.secret)
    assert ask(through_wsgi, {"events": []}, channel="gone").status == 200
    Delivery.objects.all().delete()
    with storing.together._gate:
        asking = Asking({"events": []}, {"events": [1]})
        late = Asking({"events": []}, channel="gone")
        wait_until_gathered(3)
        gone.delete()
    assert asking.finish() == [200, 200]
    assert late.finish() == [404]
    assert Delivery.objects.exclude(state="rejected").count() == 2


def test_a_lock_that_is_held_is_waited_for(another: sqlite3.Connection) -> None:
    another.execute("BEGIN IMMEDIATE")
    asking = Asking({"events": []})
    time.sleep(0.3)
    assert not asking.replies
    another.execute("COMMIT")
    assert asking.finish() == [200]
    assert Delivery.objects.count() == 1


def test_but_not_for_ever(another: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    assert ask(through_wsgi, {"events": []}).status == 200
    another.execute("BEGIN IMMEDIATE")
    reply = ask(through_wsgi, {"events": []})
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    another.execute("ROLLBACK")
    assert ask(through_wsgi, {"events": []}).status == 200


def test_the_connection_is_left_as_it_was(channel: Channel) -> None:
    def patience() -> Any:
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA busy_timeout").fetchone()

    before = patience()
    assert ask(through_wsgi, {"events": []}).status == 200
    assert patience() == before == (20_000,)
    assert not connection.connection.in_transaction
