"""Workers killed with -9 in the middle of a pull, for real: another one goes on, and the pull ends complete."""

from __future__ import annotations

import json
import time

import pytest
import requests

from tests.support.product import Product

CONNECT = """
from protoadmin.connections.models import HelpdeskAccount, Teamspace
from customers.helpdesk.pulling import pull_start
teamspace = Teamspace.objects.create(name="Home", subcompany_id="home")
account = HelpdeskAccount.objects.create(
    name="Desk", teamspace=teamspace, base_url={base_url!r}, api_key={api_key!r}, requests_per_minute=6000, pull_every=0
)
pull_start(account=account, by=None)
"""
STATE = """
import json
from customers.models import Contact
from protoadmin.runs.models import Run
run = Run.objects.get()
counts = [run.done, run.failed, run.total, Contact.objects.count()]
print(json.dumps([run.state, run.error, *counts]))
"""
CONTACTS = 6000


@pytest.mark.kill
@pytest.mark.slow
def test_workers_killed_in_the_middle(product: Product) -> None:
    connection = requests.get(f"{product.sandbox_url}/_sandbox/connections.json", timeout=10).json()[0]
    make = f"{product.sandbox_url}/_sandbox/helpdesk/{connection['subcompany_id']}/contacts/make"
    requests.post(make, json={"count": CONTACTS}, timeout=60).raise_for_status()
    slow = {"kind": "drip", "match": "/contacts", "seconds": 4, "times": 1}
    requests.post(f"{product.sandbox_url}/_sandbox/faults", json=slow, timeout=10).raise_for_status()
    account = connection["helpdesk_accounts"][0]
    product.python(CONNECT.format(base_url=account["base_url"], api_key=account["api_key"]))
    kills = 0
    end = time.monotonic() + 120
    while time.monotonic() < end:
        state, error, *counts = json.loads(product.python(STATE))
        if state in ("done", "failed"):
            break
        if kills < 3:
            # Once while it reads, then while it writes, wherever that is.
            product.kill("task-worker", every=True)
            kills += 1
            time.sleep(1)
    done, failed, total, contacts = counts
    assert (state, error, kills > 0) == ("done", "", True)
    assert failed == 0
    assert done == total
    assert contacts > CONTACTS
