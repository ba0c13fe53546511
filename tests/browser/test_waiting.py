"""Pages that wait for a worker, while none runs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import desks_in
from tests.browser.house import House, copied
from tests.support.product import ROOT, Product

pytestmark = pytest.mark.browser

NO_WORKER = "No worker is running"
# As if the time had passed after which a silent worker counts as gone.
TIME_PASSES = """
from datetime import timedelta
from django.utils import timezone
from protoadmin.workers.models import Heartbeat
Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
"""
PAGES = ("/admin/", "/admin/customers/customer/", "/admin/outbox/call/", "/admin/conversations/ticket/")


@pytest.fixture
def quiet_house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    """Return a house in which nobody works: web server and sandbox alone."""
    with Product(copied(furnished, tmp_path), options=("--sandbox", "--web-only")) as product:
        product.manage("load_demo", "--sandbox", product.sandbox_url)
        product.python(TIME_PASSES)
        yield House(product)


@contextmanager
def worker_of(product: Product) -> Iterator[None]:
    """Run a worker of this product, and stop it in good order."""
    command = [sys.executable, "manage.py", "qcluster"]
    with (product.var_dir / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            command, cwd=ROOT, env=product.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)


def test_waiting_pages_say_that_no_worker_runs_and_go_on_when_one_does(quiet_house: House, browser: Browser) -> None:
    product, remote = quiet_house.product, quiet_house.remote
    person, mark = quiet_house.somebody(), remote.mark()
    with desks_in(quiet_house, browser) as seat:
        with worker_of(product):
            sam = seat("sam")
            sam.open(person)
            expect(sam.page.locator("#no-workers")).not_to_contain_text(NO_WORKER)
        sam.page.get_by_label("Location").fill("Quito, Ecuador")
        sam.save()
        expect(sam.badge).to_have_text("Queued")
        sam.stay()
        product.python(TIME_PASSES)
        expect(sam.page.locator("#no-workers")).to_contain_text(NO_WORKER)
        _every_page_says_so(seat("ada").page.context.new_page())

        with worker_of(product):
            expect(sam.badge).to_have_text("Done")
            expect(sam.page.locator("#no-workers")).not_to_contain_text(NO_WORKER)
            assert sam.has_stayed()
    (body,) = remote.bodies("create-customer", after=mark)
    assert body["location"] == "Quito, Ecuador"


def _every_page_says_so(page: Page) -> None:
    for path in (*PAGES, "/admin/customers/customfield/", "/admin/connections/teamspace/", "/admin/runs/run/"):
        page.goto(path)
        expect(page.locator("#no-workers"), path).to_contain_text(NO_WORKER)
    page.goto("/admin/connections/teamspace/")
    page.get_by_role("link", name="Acme Support").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#panel-connection")).to_contain_text("Queued")
    expect(page.locator("#no-workers")).to_contain_text(NO_WORKER)
