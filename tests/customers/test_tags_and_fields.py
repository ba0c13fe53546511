"""Tags and custom fields in the services: what is known, what is new, what is refused, what goes out."""

from __future__ import annotations

from typing import Any

import pytest

from customers.models import Customer, CustomField, Tag
from customers.services import customer_add_tags, customer_refresh, customer_set_fields
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from tests.base.acme import Acme


def history(person: Customer) -> list[tuple[str, str, str]]:
    return [(change.what, change.before, change.after) for change in person.changes.order_by("id")]


def field(acme: Acme, name: str, type: str = "text", **more: Any) -> CustomField:
    """Make a field that Proto has too."""
    given = {"subcompany_id": acme.teamspace.subcompany_id, "name": name, "type": type, **more}
    for known in acme.remote.read("fields", subcompany_id=acme.teamspace.subcompany_id)["fields"]:
        if known["name"] == name:
            acme.remote.post(f"fields/{known['id']}/delete", {})
    remote_id = acme.remote.post("fields", given)["id"]
    return CustomField.objects.create(teamspace=acme.teamspace, remote_id=remote_id, name=name, type=type, **more)


# --- tags -----------------------------------------------------------------------------------------


def test_adding_tags(acme: Acme) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=acme.teamspace, name="vip")
    call = customer_add_tags(customer=person, names=["vip", " new one ", "vip", ""], create=True, by=acme.agent)
    assert call is not None
    assert call.payload == {"tags": ["vip", "new one"], "create_if_not_exists": True}
    acme.send()
    assert set(acme.at_proto(person)["tags"]) == {"vip", "new one"}
    assert set(person.tags.values_list("name", flat=True)) == {"vip", "new one"}
    assert history(person) == [("Tags", "", "new one, vip")]
    assert customer_add_tags(customer=person, names=["vip"], create=True, by=None) is None
    assert Call.objects.filter(operation="add_tags").count() == 1


def test_unknown_tags_need_the_permission(acme: Acme, other_teamspace: Teamspace) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=other_teamspace, name="theirs")
    for name in ("unheard-of", "theirs"):
        with pytest.raises(Refused, match=f"no tag named {name}"):
            customer_add_tags(customer=person, names=[name], create=False, by=None)
    assert not Tag.objects.filter(teamspace=acme.teamspace).exists()
    assert not Call.objects.exists()


def test_tags_on_their_way_survive_a_refresh(acme: Acme) -> None:
    person = acme.known_person()
    acme.remote.fault("error", "add-tags", status=400)
    customer_add_tags(customer=person, names=["refused by proto"], create=True, by=None)
    acme.send()
    acme.change_remote(person, tags=["vip"])
    customer_refresh(customer=person, by=None)
    acme.send()
    assert set(person.tags.values_list("name", flat=True)) == {"vip", "refused by proto"}


# --- custom fields --------------------------------------------------------------------------------


def test_setting_fields_by_type(acme: Acme) -> None:
    person = acme.known_person()
    values = {
        field(acme, "A text"): "héllo",
        field(acme, "A number", "number"): 12.5,
        field(acme, "A toggle", "toggle"): False,
        field(acme, "A date", "date"): "2026-01-05",
        field(acme, "A select", "select", select_options=["One", "Two"]): "Two",
    }
    customer_set_fields(customer=person, values=values, by=acme.agent)
    acme.send()
    [request] = acme.remote.requests("add-custom-fields")
    assert request["body"] == {"custom_fields": [{"id": f.remote_id, "value": value} for f, value in values.items()]}
    assert acme.at_proto(person)["custom_fields"] == {f.name: value for f, value in values.items()}
    assert {value.field: value.value for value in person.field_values.select_related("field")} == values
    assert ("A toggle", "", "No") in history(person)


def test_a_field_whose_id_is_not_known_goes_by_its_name(acme: Acme) -> None:
    person, known = acme.known_person(), field(acme, "By name")
    CustomField.objects.filter(pk=known.pk).update(remote_id="")
    known.refresh_from_db()
    customer_set_fields(customer=person, values={known: "x"}, by=None)
    acme.send()
    assert acme.remote.requests("add-custom-fields")[0]["body"] == {
        "custom_fields": [{"name": "By name", "value": "x"}]
    }


def test_unchanged_fields_are_left_out(acme: Acme) -> None:
    person, one, two = acme.known_person(), field(acme, "One"), field(acme, "Two", "number")
    customer_set_fields(customer=person, values={one: "a", two: 0}, by=None)
    assert customer_set_fields(customer=person, values={one: "a", two: 0}, by=None) is None
    call = customer_set_fields(customer=person, values={one: "a", two: 1}, by=None)
    assert call is not None
    assert [entry["name"] for entry in call.payload["custom_fields"]] == ["Two"]


@pytest.mark.parametrize("empty", [None, ""])
def test_emptying_a_field_is_refused(acme: Acme, empty: Any) -> None:
    person, one, two = acme.known_person(), field(acme, "One"), field(acme, "Two")
    customer_set_fields(customer=person, values={one: "a"}, by=None)
    with pytest.raises(Refused, match="One cannot be emptied"):
        customer_set_fields(customer=person, values={two: "b", one: empty}, by=None)
    assert list(person.field_values.values_list("value", flat=True)) == ["a"]
    assert customer_set_fields(customer=person, values={one: "a", two: empty}, by=None) is None


def test_fields_of_another_teamspace_are_refused(acme: Acme, other_teamspace: Teamspace) -> None:
    theirs = CustomField.objects.create(teamspace=other_teamspace, name="Theirs")
    with pytest.raises(Refused, match="another teamspace"):
        customer_set_fields(customer=acme.known_person(), values={theirs: "x"}, by=None)
