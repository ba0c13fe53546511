"""What both sides say at the end, laid side by side."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.outbox.remote import Remote
from tests.support.product import Product

SURELY_UNDONE = (429, 503)
PENDING = ("queued", "sending")
# Waits in the product, then tells everything: one start of Python instead of one for every look.
WAIT = """
import json, time
from django.db.models import Q
from protoadmin.outbox.services import gate_resume
from protoadmin.workers.heartbeat import workers_alive
end = time.monotonic() + {seconds}
under_way = Q(state__in=("queued", "sending")) | Q(state="unconfirmed", next_attempt_at__isnull=False)
while Call.objects.filter(under_way).exists() and time.monotonic() < end:
    # As a person does who sees that Proto is well again: Resume now.
    for place in Teamspace.objects.all():
        gate_resume(connection=place)
    time.sleep(0.5)
"""
TELL = """
fields = ("pk", "operation", "state", "payload", "attempts", "deaths", "replaced_by", "target_id", "error")
rows = list(Call.objects.order_by("pk").values(*fields))
unique = dict(Customer.objects.values_list("pk", "provided_unique_id"))
for row in rows:
    row["person"] = unique.get(row["target_id"]) if row["operation"] in ("save_customer", "add_tags") else None
people = {row.provided_unique_id: row.sync_state for row in Customer.objects.all()}
print(json.dumps({"calls": rows, "people": people}))
"""


@dataclass
class Ledger:
    """Our calls, our people's states, and the remote's journal."""

    calls: list[dict[str, Any]]
    people: dict[str, str]
    journal: list[dict[str, Any]]

    @classmethod
    def take(cls, product: Product, remote: Remote, *, seconds: float) -> "Ledger":
        """Wait until everything has ended, `seconds` at most, and read both sides."""
        said = json.loads(product.python(WAIT.format(seconds=seconds) + TELL, timeout=seconds + 60))
        journal = remote.read("requests", after=remote.since, match="/v1/", limit=100_000)["requests"]
        return cls(said["calls"], said["people"], journal)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """Return the calls of one kind, oldest first."""
        return [call for call in self.calls if call["operation"] == operation]

    def arrivals(self, path: str, key: str) -> dict[str, list[dict[str, Any]]]:
        """Return the requests to a path by what their body has under `key`, in the order in which they came."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for request in self.journal:
            if path in request["path"] and isinstance(request["body"], dict):
                found[str(request["body"].get(key))].append(request)
        return found

    def saves_applied(self) -> dict[str, list[str]]:
        """Return the names that each person was given at the remote, in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for request in self.journal:
            if "/create-customer/" in request["path"] and request["effect"]:
                found[unquote(request["path"].rsplit("/", 1)[1])].append(request["body"]["name"])
        return found

    def summary(self) -> str:
        """Return the counts as a table in words."""
        states: dict[str, Counter[str]] = defaultdict(Counter)
        for call in self.calls:
            states[call["operation"]][call["state"]] += 1
        lines = [f"{name}: {dict(sorted(each.items()))}" for name, each in states.items()]
        lines += [f"failed: {call['operation']}: {call['error']}" for call in self.calls if call["state"] == "failed"]
        faults = Counter(request["fault"] or "none" for request in self.journal)
        deaths, attempts = sum(call["deaths"] for call in self.calls), sum(call["attempts"] for call in self.calls)
        lines.append(f"{len(self.journal)} requests reached the remote, by fault: {dict(faults)}")
        lines.append(f"{attempts} attempts, {deaths} of them ended with the death of their worker")
        return "\n".join(lines)


def check(ledger: Ledger) -> None:
    """Hold what happened against what was promised (DESIGN, section 8)."""
    assert not [call for call in ledger.calls if call["state"] in PENDING]
    _check_unrepeatable(ledger, "create_ticket", "/create-ticket", "subject")
    _check_unrepeatable(ledger, "create_custom_field", "/create-custom-field", "name")
    _check_saves(ledger)
    _check_tags(ledger)


def _check_unrepeatable(ledger: Ledger, operation: str, path: str, key: str) -> None:
    arrivals = ledger.arrivals(path, key)
    for call in ledger.of(operation):
        came = arrivals[call["payload"][key]]
        effects = sum(request["effect"] for request in came)
        # Stricter than the effect: after one that may have had an effect none may follow, whatever came of it.
        assert len([request for request in came if request["status"] not in SURELY_UNDONE]) <= 1, (call, came)
        assert effects <= 1, (call, came)
        assert call["state"] in ("done", "unconfirmed", "failed"), call
        if call["state"] == "done":
            assert effects == 1, (call, came)
        if call["state"] == "failed":
            assert effects == 0, (call, came)
    assert set(arrivals) <= {call["payload"][key] for call in ledger.of(operation)}


def _check_saves(ledger: Ledger) -> None:
    saves: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in ledger.of("save_customer"):
        saves[call["person"]].append(call)
    applied = ledger.saves_applied()
    known = {call["pk"]: call for call in ledger.calls}
    for person, calls in saves.items():
        names = [call["payload"]["name"] for call in calls]
        positions = [names.index(name) for name in applied[person]]
        assert positions == sorted(positions), f"{person}: an older save came after a newer one: {applied[person]}"
        for call in calls:
            if call["state"] == "done":
                assert call["payload"]["name"] in applied[person], call
            elif call["state"] == "dismissed":
                newer = known[call["replaced_by"]]
                assert newer["pk"] > call["pk"]
                assert newer["person"] == person
            else:
                assert (call["state"], call["deaths"] >= 3) == ("unconfirmed", True), call
        newest = calls[-1]
        assert newest["replaced_by"] is None
        assert ledger.people[person] == newest["state"]
        if newest["state"] == "done":
            assert applied[person][-1] == newest["payload"]["name"]


def _check_tags(ledger: Ledger) -> None:
    tagged = {tag for request in ledger.journal if request["effect"] and request["path"].endswith("/add-tags")
              for tag in request["body"]["tags"]}  # fmt: skip
    for call in ledger.of("add_tags"):
        if call["state"] == "done":
            assert set(call["payload"]["tags"]) <= tagged
        else:
            assert (call["state"], call["deaths"] >= 3) == ("unconfirmed", True), call
