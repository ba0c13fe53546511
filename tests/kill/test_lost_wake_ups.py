"""Wake-ups that never come: the queue is emptied while the cluster holds its breath, and the sweepers find the work."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
import redis

from tests.kill.asking import connect
from tests.outbox.remote import Remote
from tests.support import process_tree
from tests.support.product import Product, migrated_database_beside

NewProduct = Callable[..., Product]
ASK = """
from django_q.brokers import get_broker
from customers.services import customer_change, customer_push
person = Customer.objects.first()
customer_change(customer=person, values={"name": "Nobody was woken"}, by=None)
customer_push(customer=person, by=None)
broker = get_broker()
woken = broker.queue_size()
broker.purge_queue()
print(woken, broker.queue_size())
"""
BEATS = "from protoadmin.workers.heartbeat import workers_alive; print(workers_alive())"


@contextmanager
def held(product: Product) -> Iterator[None]:
    """Stop every process of the cluster for a moment, and `serve`, which would replace a silent one."""
    pids = [pid for pid in product.all_pids() if "qcluster" in process_tree.command_of(pid)]
    assert len(pids) >= 4
    pids += product.pids("serve")
    send_all(pids, signal.SIGSTOP)
    try:
        while not is_free(product):
            # One was stopped in the midst of a transaction, and nobody else could write as long as it stands still.
            send_all(pids, signal.SIGCONT)
            time.sleep(0.05)
            send_all(pids, signal.SIGSTOP)
        yield
    finally:
        send_all(pids, signal.SIGCONT)


def send_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def is_free(product: Product) -> bool:
    """Tell whether one can write: SQLite has one lock for all."""
    if product.database_url:
        return True
    path = product.var_dir / "proto-admin.sqlite3"
    with closing(sqlite3.connect(path, timeout=0.1, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        database.execute("ROLLBACK")
        return True


def deliver_without_wake_up(product: Product, before_asking: Callable[[], object] = lambda: None) -> None:
    product.start()
    remote = Remote(product.sandbox_url)
    connect(product, remote)
    product.wait_for(lambda: product.python(BEATS) == "True", "a heartbeat", 120)
    remote.since = remote.read("status")["last"]
    with held(product):
        before_asking()
        woken, left = map(int, product.python(ASK).split())
        assert woken >= 1
        assert left == 0
        assert not remote.requests()
    began = time.monotonic()
    product.wait_for(lambda: remote.effects("create-customer"), "the save to arrive")
    print(f"\ndelivered {time.monotonic() - began:.1f} s after the cluster went on, without a wake-up")


@pytest.mark.kill
def test_a_deleted_queue_row_delays_by_seconds_only(new_product: NewProduct) -> None:
    deliver_without_wake_up(new_product())


@pytest.mark.kill
@pytest.mark.postgres
@pytest.mark.redis
def test_so_does_an_emptied_redis(new_product: NewProduct, postgres_server: Any, redis_own: Any) -> None:
    product = new_product(database_url=migrated_database_beside(postgres_server.url()), redis_url=redis_own.url)

    def hang_up() -> None:
        # The cluster waits in a blocking read: what comes now would be handed to it past the queue.
        with redis.Redis.from_url(redis_own.url) as client:
            client.client_kill_filter(_type="normal", skipme=True)

    deliver_without_wake_up(product, hang_up)
