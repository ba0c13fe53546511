"""Two web servers and three worker clusters that share PostgreSQL and Redis alone, one losing its power all the time.

Meanwhile 1,000 deliveries come in, 200 writes are asked for, everything is pulled; people, conversations and messages
are exported.
KILL_SEED=<number> repeats the outages and the writes of an earlier run.
"""

import csv
import io
import itertools
import json
import os
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.kill.asking import PEOPLE, Asking
from tests.kill.delivered import TELL, check
from tests.kill.ledger import Ledger
from tests.kill.ledger import check as check_calls
from tests.kill.posters import CONNECT, Posters
from tests.kill.storm import make_trouble
from tests.machines.fleet import Fleet, Outages, fleet
from tests.outbox.remote import Remote
from tests.sandbox.process import SandboxProcess
from tests.support.product import migrated_database_beside
from tests.support.servers import Postgres, Redis

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis, pytest.mark.timeout(900)]

STORM_SECONDS = 30.0
DELIVERIES = 1000
SECOND_SERIES = 100_000
BEGIN = """
import json
from conversations.exporting.services import chats_export
from conversations.inbox.filters import Filters
from customers.exporting.people import PEOPLE
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.runs.services import run_start
from django.contrib.auth.models import User
Channel.objects.exclude(channel_id="storm").update(pull_every=1)
HelpdeskAccount.objects.update(pull_every=1)
boss = User.objects.get(is_superuser=True)
people = Customer.objects.order_by("pk").values_list("pk", flat=True)
known = {{
    "conversations": list(Chat.objects.order_by("pk").values_list("pk", flat=True)),
    "messages": list(Message.objects.order_by("pk").values_list("pk", flat=True)),
}}
exports = {{
    "people": [
        run_start(kind=PEOPLE.name, by=boss, title="Export people", ids=iter(people), parameters={{"format": "csv"}}).pk
        for _ in range(3)
    ],
    "conversations": [
        chats_export(what="conversations", format="csv", by=boss, filters=Filters(), words=[]).pk
        for _ in range(3)
    ],
    "messages": [chats_export(what="messages", format="csv", by=boss, filters=Filters(), words=[]).pk],
}}
place = Teamspace.objects.earliest("pk")
chosen = list(Customer.objects.filter(teamspace=place).order_by("pk").values_list("pk", flat=True)[:{people}])
print(json.dumps([exports, known, chosen]))
"""
END = """
import json, time
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.runs.models import OPEN_STATES
Channel.objects.update(pull_every=0)
HelpdeskAccount.objects.update(pull_every=0)
end = time.monotonic() + 180
while Run.objects.filter(state__in=OPEN_STATES).exists() and time.monotonic() < end:
    time.sleep(0.5)
runs = list(Run.objects.order_by("pk").values("pk", "kind", "title", "state", "error", "requested_by"))
for row, run in zip(runs, Run.objects.order_by("pk")):
    row["at"] = run.created_at.timestamp()
    row["files"] = [bytes(file.content.read()).decode() for file in run.files.filter(purpose="result")]
chats = {}
for message in Message.objects.exclude(chat__channel__channel_id="storm").order_by("chat", "sequence", "pk"):
    if message.repeat_of_id is None:
        chats.setdefault(message.chat.chat_id, []).append([message.author_type, message.text])
people = sorted(Customer.objects.values_list("provided_unique_id", flat=True))
protocol = list(ProtocolCustomer.objects.filter(gone_at=None).values_list("protocol_id", flat=True))
contacts = list(Contact.objects.filter(gone_at=None).values_list("remote_id", flat=True))
print(json.dumps({"runs": runs, "chats": chats, "people": people, "protocol": protocol, "contacts": contacts}))
"""
# Each client reads what its system has, in the way that the product reads it.
REMOTE = """
import json
from conversations.content import author_of, content_of, text_of
from protoadmin.clients import messaging
chats = {}
for chat in Chat.objects.exclude(channel__channel_id="storm").exclude(chat_id=None).select_related("channel"):
    answer = chat.channel.client().send(messaging.list_messages(chat.channel.channel_id, chat.chat_id))
    chats[chat.chat_id] = []
    for item in answer.data:
        kind, data = content_of({**item["message"], "author": item["author"]})
        chats[chat.chat_id].append([author_of(item)[0], text_of(kind, data)])
print(json.dumps(chats))
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Any:
    with SandboxProcess(tmp_path / "sandbox") as process:
        yield process


def check_runs(told: dict[str, Any], began: float) -> None:
    """Every run ended, and those of a schedule began once a minute at the most."""
    assert [(run["title"], run["state"], run["error"]) for run in told["runs"] if run["state"] != "done"] == []
    scheduled: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run in told["runs"]:
        if run["requested_by"] is None and run["at"] > began:
            scheduled[run["kind"], run["title"]].append(run["at"])
    for name, times in scheduled.items():
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert not gaps or min(gaps) > 50, (name, gaps)
    assert scheduled


def check_exports(told: dict[str, Any], exports: dict[str, list[int]], known: dict[str, list[Any]]) -> None:
    """Each export has what was there when it was asked for, and nothing twice."""
    files = {run["pk"]: run["files"][0] for run in told["runs"] if run["files"]}
    for what, column in (("people", "provided_unique_id"), ("conversations", "conversation"), ("messages", "message")):
        assert known[what]
        for pk in exports[what]:
            rows = csv.DictReader(io.StringIO(files[pk].removeprefix("\ufeff"), newline=""))
            found = Counter(row[column] for row in rows)
            assert set(found.values()) == {1}
            assert set(map(str, known[what])) <= found.keys()


def storm(machines: Fleet, remote: Remote, seed: int) -> None:
    """Ask for everything at once while machines lose their power; then look what became of it."""
    (first, second), office = machines.web, machines.office
    # What a load balancer does: it goes on with the other one; here each client has one, and waits for it.
    exports, known, people = json.loads(office.python(BEGIN.format(people=PEOPLE)))
    began = time.time()
    make_trouble(remote)
    posting = [
        Posters(first.port, DELIVERIES // 2, connections=3),
        Posters(second.port, DELIVERIES // 2, connections=3, first=SECOND_SERIES),
    ]
    asked = Asking(first, people, seed, STORM_SECONDS, office=office)
    outages = Outages(machines.machines, seed)
    try:
        asked.finish()
        for each in posting:
            each.finish()
    finally:
        outages.end()
        remote.heal()
    ledger = Ledger.take(office, remote, seconds=150)
    print(f"outages: {dict(outages.count)}; clicks repeated: {asked.browser.repeated}")
    print(ledger.summary())
    assert sum(outages.count.values()) >= 3
    check_calls(ledger)
    attempts = check(json.loads(office.python(TELL, timeout=360)), posting[0].answered | posting[1].answered)
    print(f"deliveries by attempts: {dict(attempts)}; answers: {[dict(each.outcomes) for each in posting]}")
    told = json.loads(office.python(END, timeout=240))
    check_runs(told, began)
    check_exports(told, exports, {**known, "people": told["people"]})
    print(f"runs: {Counter(run['kind'] for run in told['runs'])}")
    assert told["chats"] == {key: value for key, value in json.loads(office.python(REMOTE)).items() if value}
    for name in ("protocol", "contacts"):
        assert told[name]
        assert len(told[name]) == len(set(told[name]))


def shake_what_they_share(machines: Fleet, database: Postgres, queue: Redis) -> None:
    """Restart PostgreSQL, then Redis, which keeps nothing, while deliveries come in: everything goes on by itself."""
    second, office = machines.web[1], machines.office
    posting = Posters(second.port, 300, connections=3, first=2 * SECOND_SERIES)
    time.sleep(1)
    database.restart()
    time.sleep(3)
    queue.restart()
    posting.finish()
    told = json.loads(office.python(TELL, timeout=360))
    assert posting.answered <= {serial for *_, serial in told["deliveries"]}
    assert {state for _, state, _, _ in told["deliveries"]} == {"processed"}
    for machine in machines.web:
        machine.wait_for(lambda machine=machine: _ready(machine.url), "all checks to be well", 90)  # type: ignore[misc]


def _ready(url: str) -> bool:
    return requests.get(f"{url}/readyz", timeout=10).status_code == 200


def test_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, sandbox: SandboxProcess, postgres_server: Postgres, redis_own: Redis
) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    print(f"\nKILL_SEED={seed}")
    began = time.monotonic()
    url = migrated_database_beside(postgres_server.url())
    with fleet(tmp_path, url, redis_own.url) as machines:
        print(f"five machines after {time.monotonic() - began:.0f} s; names of their own: {machines.have_names}")
        remote = Remote(sandbox.url)
        machines.office.manage("load_demo", "--sandbox", sandbox.url)
        machines.office.python(f'{CONNECT}Channel.objects.filter(channel_id="storm").update(pull_every=0)')
        remote.begin()
        storm(machines, remote, seed)
        print(f"after {time.monotonic() - began:.0f} s")
        shake_what_they_share(machines, postgres_server, redis_own)
        print(f"after {time.monotonic() - began:.0f} s")
