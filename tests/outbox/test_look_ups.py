"""Unconfirmed requests that a read can tell about: it may confirm, and never deny."""

from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from customers.models import CustomField
from customers.services import field_create
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.claiming import claim_look_up
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.sending import look_up
from protoadmin.outbox.services import call_send_again
from tests.outbox.remote import Remote
from tests.outbox.scene import field, fresh, state_of, wait_is_over, work

LIST, CREATE = "list-custom-fields", "create-custom-field"


def somebody_else_makes(teamspace: Teamspace, name: str, type: str = "text") -> str:
    """Make a field at Proto past the outbox; return its id."""
    answer = requests.post(
        f"{teamspace.base_url}/v1/custom-fields/{teamspace.subcompany_id}/create-custom-field",
        json={"name": name, "type": type},
        headers={"Authorization": f"Bearer {teamspace.takeover_secret}"},
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def lost(teamspace: Teamspace, remote: Remote, kind: str = "drop_after", **values: Any) -> Call:
    call = field(teamspace, **values)
    remote.fault(kind, match=CREATE, times=1)
    work()
    assert state_of(call) == CallState.UNCONFIRMED
    assert fresh(call).next_attempt_at is not None
    return call


def test_exactly_one_that_is_ours_is_done(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote)
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE
    assert "looked up" in fresh(call).error
    assert fresh(call).response["name"] == CustomField.objects.get().name
    assert CustomField.objects.get().remote_id == fresh(call).response["id"]
    assert len(remote.requests(CREATE)) == 1


def test_a_select_is_found_by_its_options(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote, type="select", select_options=["a", "b"])
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE


def test_none_asks_a_person_after_three_looks(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote, "drop_before")
    work(6)
    assert len(remote.requests(LIST)) == 3
    assert state_of(call) == CallState.UNCONFIRMED
    assert fresh(call).next_attempt_at is None
    assert len(remote.requests(CREATE)) == 1


def test_several_ask_a_person(teamspace: Teamspace, remote: Remote) -> None:
    """The sandbox knows no two fields of one name; a list that has two is the answer of the fault."""
    call = lost(teamspace, remote)
    name = CustomField.objects.get().name
    twins = [{"id": str(number), "name": name, "type": "text", "select_options": None} for number in (1, 2)]
    remote.fault("wrong_shape", match=LIST, body=twins)
    work(6)
    assert state_of(call) == CallState.UNCONFIRMED
    assert fresh(call).next_attempt_at is None


def test_one_that_was_known_before_does_not_count(teamspace: Teamspace, remote: Remote) -> None:
    name = "Known before"
    known = somebody_else_makes(teamspace, name)
    CustomField.objects.create(teamspace=teamspace, name=name, type="text", remote_id=known)
    row = CustomField.objects.create(teamspace=teamspace, name=name, type="text")
    call = field_create(field=row, by=None)
    remote.fault("drop_before", match=CREATE, times=1)
    work()
    assert fresh(call).context["known"] == {"ids": [known]}
    # What counts is what was known before the attempt, not what our rows say by now.
    CustomField.objects.filter(remote_id=known).delete()
    work(6)
    assert state_of(call) == CallState.UNCONFIRMED


def test_what_became_known_before_the_second_attempt_counts_as_known(
    teamspace: Teamspace, agent: User, remote: Remote
) -> None:
    call = lost(teamspace, remote, "drop_before", name="Mine")
    other = somebody_else_makes(teamspace, "Mine")
    CustomField.objects.create(teamspace=teamspace, name="Other row", remote_id=other)
    call_send_again(call=call, by=agent)
    remote.fault("drop_before", match=CREATE, times=1)
    work(6)
    assert fresh(call).context["known"]["ids"] == [other]
    assert state_of(call) == CallState.UNCONFIRMED


@pytest.mark.parametrize("change", [{"name": "Another"}, {"type": "number"}])
def test_another_content_is_not_ours(change: dict[str, Any], teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote, "drop_before", name="Ours", type="text")
    there = {"name": "Ours", "type": "text", **change}
    somebody_else_makes(teamspace, f"{there['name']} {call.pk}" if "name" in change else there["name"], there["type"])
    work(6)
    assert state_of(call) == CallState.UNCONFIRMED


def test_it_may_still_be_on_its_way_and_is_found_by_a_later_look(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote, "drop_before", name="Late one")
    wait_is_over()
    work()
    assert state_of(call) == CallState.UNCONFIRMED
    somebody_else_makes(teamspace, "Late one")
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE


def test_an_outage_uses_up_no_look(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote)
    remote.fault("error", match=LIST, times=8)
    work(9)
    assert state_of(call) == CallState.UNCONFIRMED
    wait_is_over()
    work()
    assert state_of(call) == CallState.DONE


def test_a_look_up_that_is_refused_is_not_repeated(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote)
    Teamspace.objects.update(takeover_secret="no-longer-the-secret")
    work(4)
    assert fresh(call).next_attempt_at is None
    assert len(remote.requests(LIST)) == 1


def test_what_was_found_but_cannot_be_stored_asks_a_person(teamspace: Teamspace, remote: Remote) -> None:
    call = lost(teamspace, remote, name="Twice here")
    made = next(item for item in _listed(teamspace) if item["name"] == "Twice here")
    # A sync gave the id to another row of ours meanwhile: an id can be stored once in a teamspace.
    CustomField.objects.create(teamspace=teamspace, name="Twice here", remote_id=made["id"])
    wait_is_over()
    work()
    assert (state_of(call), fresh(call).next_attempt_at) == (CallState.UNCONFIRMED, None)


def _listed(teamspace: Teamspace) -> list[dict[str, str]]:
    answer = requests.get(
        f"{teamspace.base_url}/v1/custom-fields/{teamspace.subcompany_id}/list-custom-fields",
        headers={"Authorization": f"Bearer {teamspace.takeover_secret}"},
        timeout=10,
    )
    found: list[dict[str, str]] = answer.json()
    return found


def test_a_look_up_does_not_undo_what_a_person_said_meanwhile(
    teamspace: Teamspace, agent: User, remote: Remote
) -> None:
    call = lost(teamspace, remote)
    wait_is_over()
    doubtful = claim_look_up()
    assert doubtful is not None
    assert claim_look_up() is None  # nobody else looks at the same time
    call_send_again(call=call, by=agent)
    look_up(doubtful)
    assert state_of(call) == CallState.QUEUED
