"""From the click to the remote system's receipt: a person presses Save or Create ticket while the worker is idle."""

import html
import itertools
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import requests

from tests.bench.figures import Figure, in_turns, median, milliseconds, percentile_95
from tests.bench.running import TIMEOUT, Running, running
from tests.support.servers import Postgres, Redis

CLICKS = 20
SECONDS = 60.0
PROMISED = 0.5
INPUT = re.compile(r"<(?:input|textarea)\b[^>]*>")
PATIENCE = 15.0


def measure(folder: Path, server: Postgres | None, queue: Redis | None) -> list[Figure]:
    """Return a line for each button and installation."""
    with ExitStack() as stack:
        places = {"SQLite": stack.enter_context(running(folder / "clicks-sqlite"))}
        if server and queue:
            places["PostgreSQL, Redis"] = stack.enter_context(
                running(folder / "clicks-postgres", server=server, queue=queue)
            )
        people = {place: Agent(product) for place, product in places.items()}
        ways = {(what, place): way for place, agent in people.items() for what, way in agent.ways()}
        taken = in_turns(ways, CLICKS, seconds=SECONDS)
    return [_figure(what, place, times) for (what, place), times in taken.items()]


def _figure(what: str, place: str, times: list[float]) -> Figure:
    middle, slow = median(times), percentile_95(times)
    context = f"median {milliseconds(middle)}, 95th percentile {milliseconds(slow)}, {len(times)} clicks"
    return Figure(f"{what}: click to receipt / {milliseconds(PROMISED)}", place, middle / PROMISED, "<= 1", context)


class Agent:
    """Somebody who is logged in and clicks."""

    def __init__(self, product: Running) -> None:
        self._running = product
        self._base = product.product.url
        self._browser = requests.Session()
        self._people = itertools.cycle(product.inside.ask("sendable_people"))
        self._rng = Random(5)
        self._numbers = itertools.count(1)
        self._log_in()

    def ways(self) -> list[tuple[str, Callable[[], float]]]:
        """Return what is measured."""
        return [("Save", self.save), ("Create ticket", self.create_ticket)]

    def _log_in(self) -> None:
        name, password = self._running.product.login()
        page = self._get("/admin/login/")
        fields = {**_fields(page), "username": name, "password": password, "next": "/admin/"}
        answer = self._post("/admin/login/", fields)
        assert answer.status_code == 302, "the login was refused"

    def save(self) -> float:
        """Change a person's place and press Save; return the seconds until the sandbox had it."""
        address = f"/admin/customers/customer/{next(self._people)}/change/"
        fields = _fields(self._get(address))
        fields["location"] = f"Street {next(self._numbers)}"
        return self._click(address, {**fields, "_save": "Save"}, "create-customer")

    def create_ticket(self) -> float:
        """Press Create ticket."""
        address = f"/admin/customers/customer/{next(self._people)}/"
        page = self._get(f"{address}change/")
        start = page.index('action="' + address + "do/create-ticket/")
        fields = _fields(page[start : page.index("</form>", start)])
        fields |= {"subject": f"Question {next(self._numbers)}", "identifier": "provided_unique_id"}
        return self._click(f"{address}do/create-ticket/", fields, "create-ticket")

    def _click(self, address: str, fields: dict[str, str], path: str) -> float:
        # The worker is idle, and its loops are somewhere between two looks.
        time.sleep(0.2 + self._rng.random() * 0.4)
        after, clicked = self._running.last(), time.time()
        answer = self._post(address, fields)
        assert answer.status_code == 302, f"{address} answered {answer.status_code}"
        while not (found := self._receipts(after, path)):
            assert time.time() < clicked + PATIENCE, f"the sandbox never received {path}"
            time.sleep(0.02)
        return float(found[0]["at"]) - clicked

    def _receipts(self, after: int, path: str) -> list[dict[str, Any]]:
        return [entry for entry in self._running.received(after) if path in entry["path"]]

    def _get(self, address: str) -> str:
        answer = self._browser.get(self._base + address, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.text

    def _post(self, address: str, fields: dict[str, str]) -> requests.Response:
        headers = {"Referer": self._base + address}
        return self._browser.post(
            self._base + address, data=fields, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )


def _fields(page: str) -> dict[str, str]:
    """Return the inputs of a page that have a value, as a browser would send them back."""
    found: dict[str, str] = {}
    for tag in INPUT.findall(page):
        attributes = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if attributes.get("name") and attributes.get("type") not in {"submit", "checkbox", "radio", "file"}:
            found.setdefault(attributes["name"], attributes.get("value", ""))
    return found
