"""The dashboard and the reports, visited in the server. Runs inside the product's database."""

import functools
import io
import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from conversations.figures.rebuilding import rebuild
from conversations.models import ChatFigures
from tests.bench.visits import _worked


def fill_figures(number: int) -> dict[str, Any]:
    """Make so many messages and count them; return how many chats, and the seconds that counting them took."""
    call_command("migrate", verbosity=0, interactive=False)
    # What it says belongs in no pipe.
    call_command("make_demo_data", messages=number, stdout=io.StringIO())
    User.objects.create(username="boss", is_staff=True, is_superuser=True)
    began = time.perf_counter()
    for _ in rebuild():
        pass
    return {"chats": ChatFigures.objects.count(), "seconds": time.perf_counter() - began}


def dashboard_pages() -> dict[str, str]:
    """Return what is visited."""
    reports = reverse("admin:reports")
    pages = {"dashboard": reverse("admin:index")}
    for view in ("overview", "answers", "hours", "split", "tags"):
        pages |= {f"reports: {view}, {span}": f"{reports}?view={view}&span={span}" for span in ("7d", "28d")}
    return pages


@functools.cache
def _client(zone: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="boss"))
    client.cookies["timezone"] = zone
    return client


def visit_dashboard(name: str, zone: str) -> tuple[float, float]:
    """Return the processor time that a page takes, here and in the database's process, and the time by the clock."""
    start, before = time.perf_counter(), _worked()
    answer = _client(zone).get(dashboard_pages()[name])
    if answer.status_code != 200:
        raise RuntimeError(f"{name} answered {answer.status_code}")
    return _worked() - before, time.perf_counter() - start
