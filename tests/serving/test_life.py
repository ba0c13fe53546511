"""Start, stop, and what happens when a part of it is killed: all for real, with processes of their own."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from protoadmin.serving import ports
from tests.support.product import Part, Product

NewProduct = Callable[..., Product]

BEATS = "from protoadmin.workers.models import Heartbeat; print(*Heartbeat.objects.values_list('pid', flat=True))"


def sentinels_that_beat(product: Product) -> set[int]:
    return {int(pid) for pid in product.python(BEATS).split()}


def wait_for_beat(product: Product) -> int:
    """Wait until the present cluster has done a task; return its sentinel's pid."""
    beating: list[int] = []

    def beats() -> bool:
        beating[:] = set(product.pids("sentinel")) & sentinels_that_beat(product)
        return bool(beating)

    product.wait_for(beats, "a heartbeat", 60)
    return beating[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_in_good_order_and_leaves_nothing(product: Product, number: signal.Signals) -> None:
    wait_for_beat(product)
    assert product.stop(number) == 0
    assert product.all_pids() == []
    assert "Traceback" not in product.output()
    assert "Stopped." in product.output()


def test_a_second_signal_ends_it_at_once(product: Product) -> None:
    # A stopped cluster cannot end in good order.
    product.kill("cluster", number=signal.SIGSTOP)
    serve = product.pids("serve")[0]
    os.kill(serve, signal.SIGINT)
    product.wait_for(lambda: "Stopping." in product.output() and not product.pids("web"), "the web server's end")
    began = time.monotonic()
    assert product.stop() == 0
    assert time.monotonic() - began < 10
    assert product.all_pids() == []


def test_a_later_start_keeps_data_and_keys(new_product: NewProduct) -> None:
    product = new_product()
    began = time.monotonic()
    product.start()
    first, login = time.monotonic() - began, product.login()
    product.stop()
    static_files = (product.var_dir / "static" / "staticfiles.json").stat().st_mtime_ns
    began = time.monotonic()
    product.start()
    print(f"\nfirst start {first:.1f} s, later start {time.monotonic() - began:.1f} s")
    assert product.login() == login
    assert (product.var_dir / "static" / "staticfiles.json").stat().st_mtime_ns == static_files
    assert product.output().count("Address:") == 2


def test_the_first_login_works_and_is_private(product: Product) -> None:
    name, password = product.login()
    path = product.var_dir / "login.txt"
    assert path.stat().st_mode & 0o777 == 0o600
    checks = "from django.contrib.auth import authenticate; print(authenticate("
    assert product.python(f"{checks}username={name!r}, password={password!r}).is_superuser)") == "True"
    assert product.output().count(password) == 1
    product.restart()
    assert product.output().count(password) == 1  # later starts say where it is


@pytest.mark.kill
@pytest.mark.parametrize("part", ["web", "web-worker", "sandbox"])
def test_a_killed_server_is_started_again(product: Product, part: Part) -> None:
    killed = product.kill(part)
    url = product.sandbox_url if part == "sandbox" else product.url
    product.wait_for(lambda: set(product.pids(part)) - set(killed), f"another {part}")
    product.wait_for(lambda: answers(url), f"{url} to answer")


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    return ports.answers(host, int(port))


@pytest.mark.kill
@pytest.mark.parametrize("part", ["cluster", "sentinel"])
def test_a_killed_cluster_is_replaced(product: Product, part: Part) -> None:
    before = wait_for_beat(product)
    old = set(product.pids("task-worker"))
    product.kill(part)
    product.wait_for(lambda: before not in product.pids("sentinel") and product.pids("sentinel"), "a new cluster")
    assert wait_for_beat(product) != before
    assert not old & set(product.all_pids())


@pytest.mark.kill
def test_a_deadlocked_cluster_is_replaced_within_a_minute(product: Product) -> None:
    """Killed idle workers leave the queue's lock taken: the cluster lives and runs nothing (docs/ARCHITECTURE.md)."""
    before = wait_for_beat(product)
    began = time.monotonic()
    product.kill("task-worker", every=True)
    product.wait_for(lambda: before not in product.pids("sentinel"), "the deadlocked cluster to be replaced", 60)
    replaced = time.monotonic() - began
    assert wait_for_beat(product) != before
    print(f"\nreplaced after {replaced:.1f} s, at work again after {time.monotonic() - began:.1f} s")
    assert "has done no work for" in product.output()


@pytest.mark.kill
def test_nothing_outlives_a_killed_serve(product: Product) -> None:
    wait_for_beat(product)
    product.crash()  # waits until all is gone
    product.start()
    wait_for_beat(product)


@pytest.mark.kill
def test_what_nobody_could_tidy_up_is_ended_by_the_next_start(product: Product) -> None:
    wait_for_beat(product)
    product.kill("undertaker", number=signal.SIGSTOP)
    undertaker = product.pids("undertaker")[0]
    serve = product.pids("serve")[0]
    os.kill(serve, signal.SIGKILL)
    os.kill(undertaker, signal.SIGKILL)
    product.stop()
    orphans = set(product.all_pids())
    assert orphans
    product.start()
    assert "left behind were ended" in product.output()
    assert not orphans & set(product.all_pids())


@pytest.mark.kill
def test_a_killed_undertaker_is_replaced(product: Product) -> None:
    killed = product.kill("undertaker")
    product.wait_for(lambda: set(product.pids("undertaker")) - set(killed), "another undertaker")


def test_web_and_worker_can_run_apart_on_the_same_data(new_product: NewProduct) -> None:
    web = new_product(options=["--web-only"])
    web.start()
    assert web.status_of("/admin/login/") == 200
    assert web.pids("cluster") == []
    worker = new_product(options=["--worker-only"])
    worker.var_dir, worker.env = web.var_dir, web.env
    worker.start()
    wait_for_beat(worker)
    assert worker.stop() == 0
    assert web.status_of("/admin/login/") == 200
