"""Custom fields: sync what Proto has, add, delete; values are never lost silently."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from customers.fields_sync import take_over_list
from customers.models import CustomField, CustomFieldValue
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from tests.base.acme import Acme, button, key, last_call, listing, page, said, text_of

SYNC = "admin:customers_customfield_list_button"
ADD = "admin:customers_customfield_add"


def sync(acme: Acme) -> dict[str, list[str]]:
    """Press Sync from Proto, have it done; return what was different."""
    fields = {**key(), "teamspace": acme.teamspace.pk}
    assert acme.administrator().post(reverse(SYNC, args=["sync"]), fields).status_code == 302
    acme.send()
    changes: dict[str, list[str]] = last_call(acme.teamspace, "list_custom_fields").context["changes"]
    return changes


def remote_field(acme: Acme, **values: Any) -> dict[str, Any]:
    """Make a field in Proto behind our back."""
    given = {"subcompany_id": acme.teamspace.subcompany_id, "name": f"F {uuid.uuid4().hex[:6]}", "type": "text"}
    made: dict[str, Any] = acme.remote.post("fields", given | values)
    return made


def test_sync_shows_added_changed_and_gone(acme: Acme) -> None:
    mine = remote_field(acme, type="select", select_options=["A"])
    first = sync(acme)
    assert mine["name"] in first["added"]
    row = CustomField.objects.get(remote_id=mine["id"])
    assert (row.type, row.options, row.gone_at) == ("select", ["A"], None)
    assert sync(acme) == {"added": [], "changed": [], "gone": []}

    person = acme.person()
    CustomFieldValue.objects.create(customer=person, field=row, value="A")
    acme.remote.post(f"fields/{mine['id']}", {"select_options": ["A", "B"]})
    assert sync(acme)["changed"] == [mine["name"]]
    row.refresh_from_db()
    assert row.options == ["A", "B"]
    assert "select options" in row.change_note

    acme.remote.post(f"fields/{mine['id']}/delete", {})
    assert sync(acme)["gone"] == [mine["name"]]
    row.refresh_from_db()
    assert row.gone_at is not None
    assert CustomFieldValue.objects.get(field=row).value == "A"
    listed = text_of(acme.client().get(listing(CustomField)))
    assert f"gone {mine['name']}" in listed
    assert sync(acme)["gone"] == []


def test_a_field_that_is_there_again(acme: Acme) -> None:
    item = {"id": "f1", "name": "Plan", "type": "text"}
    take_over_list(acme.teamspace, [item])
    take_over_list(acme.teamspace, [])
    assert take_over_list(acme.teamspace, [item])["changed"] == ["Plan"]
    row = CustomField.objects.get()
    assert (row.gone_at, row.change_note) == (None, "it is there again")


def test_an_unknown_type_is_kept_as_it_came(acme: Acme) -> None:
    mine = remote_field(acme, type="galaxy")
    sync(acme)
    assert CustomField.objects.get(remote_id=mine["id"]).type == "galaxy"


@pytest.mark.parametrize(
    "items",
    [
        [{"id": "f1", "name": "A"}, {"id": "f1", "name": "B"}],
        [{"id": "f1", "name": "A\x00\ud800", "type": None, "select_options": "x", "description": 5}],
        [{"id": "", "name": "A"}, {"id": "f1", "name": ""}],
        [{"id": "f1", "name": "x" * 999, "type": "y" * 99, "select_options": [{"value": "\ud800"}]}],
    ],
)
def test_odd_lists_are_taken_as_far_as_they_go(acme: Acme, items: list[dict[str, Any]]) -> None:
    take_over_list(acme.teamspace, items)
    take_over_list(acme.teamspace, items)
    assert CustomField.objects.get().remote_id == "f1"


def test_options_may_be_objects() -> None:
    field = CustomField(select_options=["A", {"value": "B"}, {"name": "C"}, {"label": "D"}, 5])
    assert field.options == ["A", "B", "C", "D", "5"]


def test_fields_of_others_are_left_alone(acme: Acme, other_teamspace: Teamspace) -> None:
    theirs = CustomField.objects.create(teamspace=other_teamspace, remote_id="theirs", name="Theirs")
    sync(acme)
    theirs.refresh_from_db()
    assert theirs.gone_at is None
    refused = acme.administrator().post(reverse(SYNC, args=["sync"]), {**key(), "teamspace": other_teamspace.pk})
    assert refused.status_code == 422
    assert "Theirs" not in text_of(acme.administrator().get(listing(CustomField)))


def new(acme: Acme, **changes: str) -> Any:
    fields = {"teamspace": str(acme.teamspace.pk), "name": "Mood", "type": "text", "options": ""} | changes
    return acme.administrator().post(reverse(ADD), fields)


def test_adding_a_field(acme: Acme) -> None:
    name = f"Mood {uuid.uuid4().hex[:6]}"
    assert new(acme, name=name, type="select", options="Good\r\n\r\n Bad \n").status_code == 302
    row = CustomField.objects.get(name=name)
    assert (row.remote_id, row.options) == ("", ["Good", "Bad"])
    acme.send()
    row.refresh_from_db()
    [request] = acme.remote.requests("create-custom-field")
    assert request["body"] == {"name": name, "type": "select", "select_options": ["Good", "Bad"]}
    assert row.remote_id
    assert sync(acme)["changed"] == []
    assert CustomField.objects.filter(name=name).count() == 1


@pytest.mark.parametrize(
    ("changes", "at", "words"),
    [
        ({"type": "select"}, "options", "at least one option"),
        ({"type": "select", "options": "A\nA"}, "options", "once"),
        ({"type": "text", "options": "A"}, "options", "Only a select"),
        ({"type": "toggle", "options": "A"}, "options", "Only a select"),
        ({"type": "galaxy"}, "type", "valid choice"),
        ({"name": ""}, "name", "required"),
        ({"name": "Taken"}, "name", "has a field of this name"),
    ],
)
def test_what_is_refused_before_anything_is_sent(acme: Acme, changes: dict[str, str], at: str, words: str) -> None:
    CustomField.objects.create(teamspace=acme.teamspace, name="Taken", remote_id="t1")
    response = new(acme, **changes)
    assert response.status_code == 200
    assert words in " ".join(response.context["adminform"].form.errors[at])
    assert CustomField.objects.count() == 1
    assert not Call.objects.exists()


def test_the_name_of_a_field_that_is_gone_is_free(acme: Acme) -> None:
    take_over_list(acme.teamspace, [{"id": "f1", "name": "Mood"}])
    take_over_list(acme.teamspace, [])
    assert new(acme).status_code == 302


def test_deleting_asks_for_the_name(acme: Acme) -> None:
    mine = remote_field(acme, name=f"To go {uuid.uuid4().hex[:6]}")
    sync(acme)
    row = CustomField.objects.get(remote_id=mine["id"])
    for _ in range(2):
        CustomFieldValue.objects.create(customer=acme.person(), field=row, value="x")
    assert "The values of 2 people go with it" in text_of(acme.administrator().get(page(row)))
    for typed in ("", "to go", mine["name"].lower(), "x"):
        refused = acme.administrator().post(button(row, "delete"), {**key(), "confirm": typed})
        assert refused.status_code == 422
    assert not Call.objects.filter(operation="delete_custom_field").exists()
    assert acme.administrator().post(button(row, "delete"), {**key(), "confirm": mine["name"]}).status_code == 302
    assert CustomField.objects.filter(pk=row.pk).exists()
    acme.send()
    assert not CustomField.objects.filter(pk=row.pk).exists()
    assert not CustomFieldValue.objects.exists()
    left = acme.remote.read("fields", subcompany_id=acme.teamspace.subcompany_id)["fields"]
    assert mine["id"] not in {each["id"] for each in left}


def test_one_that_is_gone_at_proto_counts_as_deleted(acme: Acme) -> None:
    row = CustomField.objects.create(teamspace=acme.teamspace, name="Gone", remote_id="not-there-any-more")
    acme.administrator().post(button(row, "delete"), {**key(), "confirm": "Gone"})
    acme.send()
    call = Call.objects.get()
    assert (call.state, call.status_code) == ("done", 404)
    assert not CustomField.objects.exists()


def test_one_that_proto_refuses_to_delete_stays(acme: Acme) -> None:
    row = CustomField.objects.create(teamspace=acme.teamspace, name="Stays", remote_id="r1")
    acme.remote.fault("error", "delete-custom-fields", status=403)
    acme.administrator().post(button(row, "delete"), {**key(), "confirm": "Stays"})
    acme.send()
    assert Call.objects.get().state == "failed"
    assert CustomField.objects.exists()


def test_one_that_proto_never_took_goes_at_once(acme: Acme) -> None:
    row = CustomField.objects.create(teamspace=acme.teamspace, name="Local")
    response = acme.administrator().post(button(row, "delete"), {**key(), "confirm": "Local"})
    assert "known here only" in said(response)
    assert not CustomField.objects.exists()
    assert not Call.objects.exists()


def test_fields_are_for_administrators(acme: Acme) -> None:
    row = CustomField.objects.create(teamspace=acme.teamspace, name="F", remote_id="r1")
    for client in (acme.client(), acme.manager()):
        assert client.get(page(row)).status_code == 200
        assert client.post(button(row, "delete"), {**key(), "confirm": "F"}).status_code == 403
        assert client.post(reverse(SYNC, args=["sync"]), {**key(), "teamspace": acme.teamspace.pk}).status_code == 403
        assert client.get(reverse(ADD)).status_code == 403
    assert acme.administrator().get(reverse(SYNC, args=["sync"])).status_code == 405
    assert not Call.objects.exists()
