"""Who asks for 200 writes while everything is being killed: a browser's clicks, and a program beside it."""

import itertools
import json
import random
import threading
import time
from contextlib import suppress

import requests

from tests.outbox.remote import Remote
from tests.support.product import Product

PEOPLE, TICKETS, TAGS, FIELDS, SAVES = 30, 60, 20, 20, 100
PATIENCE = 60.0

CONNECT = """
import json
known, connection = json.loads({given!r})
place = Teamspace.objects.create(name="Storm", **connection)
for unique in known:
    Customer.objects.create(teamspace=place, provided_unique_id=unique, name="?")
print(json.dumps(list(Customer.objects.order_by("pk").values_list("pk", flat=True))))
"""
# Each of these is one transaction, as a click is. What a killed database connection interrupts is asked for again.
PROGRAM = """
import random, time
from customers.services import customer_change, customer_push, field_create
rng = random.Random({seed})
place = Teamspace.objects.earliest("pk")
people = list(Customer.objects.filter(teamspace=place).order_by("pk")[:{people}])
jobs = ["save"] * {saves} + ["field"] * {fields}
rng.shuffle(jobs)
for number, job in enumerate(jobs):
    with transaction.atomic():
        if job == "save":
            # A few people are saved again and again, so that saves replace each other.
            person = rng.choice(people[:10] if rng.random() < 0.6 else people)
            customer_change(customer=person, values={{"name": f"v{{number:04}}"}}, by=None)
            customer_push(customer=person, by=None)
        else:
            field = CustomField.objects.create(teamspace=place, name=f"Storm {{number:04}}", type="text")
            field_create(field=field, by=None)
    time.sleep(rng.random() * 2 * {seconds} / len(jobs))
print("asked for", len(jobs))
"""


def connect(product: Product, remote: Remote) -> list[int]:
    """Make our side of the sandbox' first teamspace with some of its people; return their keys."""
    given = remote.connection()
    rows = remote.read("people", subcompany_id=given["subcompany_id"], limit=PEOPLE)["people"]
    connection = {name: given[name] for name in ("subcompany_id", "takeover_secret", "base_url")}
    said = product.python(CONNECT.format(given=json.dumps([[row["provided_unique_id"] for row in rows], connection])))
    found: list[int] = json.loads(said)
    assert len(found) == PEOPLE
    return found


class Browser:
    """A person at the admin's pages: presses a button again until an answer comes, with the same form each time."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.session = requests.Session()
        self.repeated = 0
        self._log_in()

    def _log_in(self) -> None:
        name, password = self.product.login()
        page = f"{self.product.url}/admin/login/"
        self.session.get(page, timeout=20)
        form = {"username": name, "password": password, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        answer = self.session.post(page, data=form, timeout=20, allow_redirects=False)
        assert answer.status_code == 302, answer.status_code

    def press(self, person: int, button: str, **fields: str) -> None:
        """Press a button of a person's page; a lost answer is answered by the same click once more."""
        url = f"{self.product.url}/admin/customers/customer/{person}/do/{button}/"
        form = {**fields, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        end = time.monotonic() + PATIENCE
        for attempt in itertools.count():
            with suppress(requests.RequestException):
                answer = self.session.post(url, data=form, timeout=10, allow_redirects=False)
                assert answer.status_code == 302, (answer.status_code, answer.text[:500])
                self.repeated += attempt
                return
            assert time.monotonic() < end, "the web server did not come back"
            time.sleep(0.2)


class Asking:
    """Both at work, beside the killing; `finish` waits for them and raises what they met."""

    def __init__(
        self, product: Product, people: list[int], seed: int, seconds: float, *, office: Product | None = None
    ) -> None:
        self.people, self.seed, self.seconds = people, seed, seconds
        # Where the program runs: beside the product, unless that loses its power.
        self.office = office or product
        self.browser = Browser(product)
        self._raised: list[BaseException] = []
        self._threads = [threading.Thread(target=self._guard, args=(work,)) for work in (self._click, self._program)]
        for thread in self._threads:
            thread.start()

    def _guard(self, work: object) -> None:
        assert callable(work)
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again in `finish`
            self._raised.append(error)

    def _click(self) -> None:
        rng = random.Random(self.seed)
        clicks = ["create-ticket"] * TICKETS + ["add-tags"] * TAGS
        rng.shuffle(clicks)
        for number, button in enumerate(clicks):
            person, key = rng.choice(self.people), f"click-{number:04}-{self.seed}"
            if button == "create-ticket":
                fields = {"subject": f"Storm {number:04}", "identifier": "provided_unique_id"}
            else:
                fields = {"more": f"storm {number:04}"}
            self.browser.press(person, button, request_key=key, **fields)
            time.sleep(rng.random() * 2 * self.seconds / len(clicks))

    def _program(self) -> None:
        code = PROGRAM.format(seed=self.seed, people=PEOPLE, saves=SAVES, fields=FIELDS, seconds=self.seconds)
        self.office.python("from django.db import transaction\n" + code)

    @property
    def is_busy(self) -> bool:
        """Whether there is more to ask for."""
        return any(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        """Wait for the end."""
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        if self._raised:
            raise self._raised[0]
