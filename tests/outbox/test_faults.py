"""Every way in which a request can go wrong, over real HTTP, for every kind of request."""

import json
from typing import Any, NamedTuple

import pytest
from django.forms.models import model_to_dict

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.services import gate_of
from tests.outbox.remote import Remote
from tests.outbox.scene import OPERATIONS, PATHS, ask, fresh, known_to_proto, save, state_of, wait_is_over, work
from tests.support.servers import free_port

QUEUED, DONE, FAILED, UNCONFIRMED = CallState.QUEUED, CallState.DONE, CallState.FAILED, CallState.UNCONFIRMED
SECRET = "sandbox-demo-takeover-acme-support"
ECHO = f"Bearer {SECRET} was not welcome, {{'token': '{SECRET}'}}"
WRITES = ("create_ticket", "save_customer", "create_custom_field")


class Fault(NamedTuple):
    """A kind of fault; what becomes of an unrepeatable, a repeatable and a watched request; words on the page."""

    options: dict[str, Any]
    has_effect: bool
    unrepeatable: CallState
    repeatable: CallState
    watched: CallState
    words: str


LOST = (UNCONFIRMED, QUEUED, FAILED)
BUSY = (QUEUED, QUEUED, FAILED)
GOOD = (DONE, DONE, DONE)
FAULTS = {
    "slow": Fault({"seconds": 0.3}, True, *GOOD, ""),
    "drip": Fault({"seconds": 0.3}, True, *GOOD, ""),
    "error": Fault({"status": 500, "detail": ECHO}, False, *LOST, "status 500"),
    "error_after": Fault({"status": 502, "detail": ECHO}, True, *LOST, "status 502"),
    "rate_limit": Fault({"retry_after": 30}, False, *BUSY, "asks for fewer requests"),
    "unavailable": Fault({"retry_after": 30, "as_date": True}, False, *BUSY, "is busy"),
    "drop_before": Fault({}, False, *LOST, "broke before an answer came"),
    "drop_after": Fault({}, True, *LOST, "broke before an answer came"),
    "html": Fault({}, False, *LOST, "a web page instead of data"),
    "truncated": Fault({}, True, *LOST, "broke off"),
    "wrong_shape": Fault({"body": [ECHO]}, True, *LOST, "unexpected form"),
    "garbage": Fault({}, False, *LOST, "could not be understood"),
    "huge": Fault({"mib": 5}, True, *LOST, "too large"),
    "redirect": Fault({"location": f"https://elsewhere.example/?token={SECRET}"}, False, UNCONFIRMED, FAILED, FAILED,
                      "redirects to https://elsewhere.example/"),
}  # fmt: skip


def expected(fault: Fault, operation: str) -> CallState:
    if operation == "test_connection":
        return fault.watched
    return fault.repeatable if operation in ("save_customer", "get_customer") else fault.unrepeatable


def assert_no_token(call: Call, caplog: pytest.LogCaptureFixture) -> None:
    row = json.dumps(model_to_dict(fresh(call)), default=str)
    gate = gate_of(call.teamspace) if call.teamspace else None
    for text in (row, caplog.text, gate.pause_reason if gate else ""):
        assert SECRET not in text


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault(kind: str, operation: str, person: Customer, remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    """One attempt goes wrong, and then all is well: what is safe is sent again, and nothing else is."""
    fault, path = FAULTS[kind], PATHS[operation]
    assert person.teamspace.takeover_secret == SECRET
    caplog.set_level("DEBUG")
    if operation != "save_customer":
        known_to_proto(person)
    call = ask(operation, person)
    remote.fault(kind, match=path, times=1, **fault.options)
    work()
    call, first = fresh(call), expected(fault, operation)
    assert (call.state, call.attempts) == (first, 1)
    assert fault.words in call.error
    (received,) = remote.requests(path)
    assert received["fault"] == kind
    assert received["effect"] == (fault.has_effect and operation in WRITES)
    assert call.request["method"] == received["method"]
    assert_no_token(call, caplog)

    wait_is_over()
    work()
    found_by_look_up = operation == "create_custom_field" and first == UNCONFIRMED and fault.has_effect
    assert state_of(call) == (DONE if first == QUEUED or found_by_look_up else first)
    assert len(remote.requests(path)) == (2 if first == QUEUED else 1)
    assert_no_token(call, caplog)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_connection_that_is_refused(operation: str, person: Customer, remote: Remote) -> None:
    Teamspace.objects.update(base_url=f"http://127.0.0.1:{free_port()}/api/platform")
    call = ask(operation, person)
    work()
    assert state_of(call) == (FAILED if operation == "test_connection" else QUEUED)
    assert "refused the connection" in fresh(call).error
    if operation == "test_connection":
        return
    known_to_proto(Customer(teamspace=_healed(remote), provided_unique_id=person.provided_unique_id, name="Ann"))
    wait_is_over()
    work()
    assert state_of(call) == DONE
    assert fresh(call).attempts == 2
    assert fresh(call).error == ""


def _healed(remote: Remote) -> Teamspace:
    Teamspace.objects.update(base_url=remote.connection()["base_url"])
    return Teamspace.objects.get()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("change", [{"takeover_secret": "wrong-secret-123456"}, {"subcompany_id": "01NOBODY"}])
def test_a_refusal_fails_at_once(
    operation: str, change: dict[str, str], person: Customer, remote: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    place = person.teamspace
    for name, value in change.items():
        setattr(place, name, value)
    place.save()
    call = ask(operation, person)
    work(2)
    call = fresh(call)
    assert call.state == FAILED
    assert call.status_code == (401 if "takeover_secret" in change else 404)
    assert ("did not accept the secret" if call.status_code == 401 else "knows nothing") in call.error
    assert len(remote.requests(PATHS[operation])) == 1
    assert "wrong-secret-123456" not in caplog.text + json.dumps(model_to_dict(call), default=str)


def test_the_words_of_a_422_stand_at_their_field(person: Customer, remote: Remote) -> None:
    call = save(person, email="nobody@nowhere")
    work()
    call = fresh(call)
    assert (call.state, call.status_code) == (FAILED, 422)
    assert list(call.error_fields) == ["email"]
    assert "not a valid email address" in call.error_fields["email"]
    assert "not a valid email address" in call.error
    assert not remote.effects("create-customer")


def test_without_a_secret_nothing_goes_out(person: Customer, remote: Remote) -> None:
    Teamspace.objects.update(takeover_secret="")
    call = ask("save_customer", person)
    work()
    assert state_of(call) == FAILED
    assert "has no takeover secret" in fresh(call).error
    assert not remote.requests()


def test_an_unsafe_id_never_leaves(person: Customer, remote: Remote) -> None:
    Customer.objects.update(provided_unique_id="..")
    person.refresh_from_db()
    call = ask("save_customer", person)
    work()
    assert state_of(call) == FAILED
    assert not remote.requests()


def test_a_request_that_cannot_be_built_fails_and_holds_up_nobody(person: Customer, remote: Remote) -> None:
    broken = ask("create_ticket", person)
    Call.objects.filter(pk=broken.pk).update(payload={})
    good = ask("save_customer", person)
    work()
    assert state_of(broken) == FAILED
    assert "could not be built" in fresh(broken).error
    assert state_of(good) == DONE
