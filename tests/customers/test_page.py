"""An agent's whole job on a person's page, by HTTP requests and a real sandbox, and what each button refuses."""

from __future__ import annotations

import pytest

from customers.models import Customer, CustomField, CustomFieldValue, Tag
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.staff.roles import ADMINISTRATOR
from tests.access.people import client_of, new_person
from tests.base.acme import Acme, button, key, last_call, page, panel, said, text_of

BUTTONS = ("add-tags", "set-custom-fields", "refresh", "insert")


def shown(acme: Acme, person: Customer, name: str = "sending") -> str:
    return text_of(acme.client().get(panel(person, name)))


def test_save_and_see_that_proto_took_it(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    response = acme.client().post(page(person), {**person.remote_values(), "name": "Anna"})
    assert said(response) == "Saved here, and on its way to Proto."
    assert "At Proto Queued" in shown(acme, person)
    acme.send()
    assert "At Proto Done" in shown(acme, person)
    assert acme.at_proto(person)["name"] == "Anna"


def test_a_failed_save_says_why_and_can_be_sent_again(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    acme.remote.fault("error", "create-customer", status=400, detail="Not on a Friday", times=1)
    acme.client().post(page(person), {**person.remote_values(), "name": "Anna"})
    acme.send()
    assert "At Proto Failed" in shown(acme, person)
    assert "Not on a Friday" in shown(acme, person)
    call = last_call(person, "save_customer")
    response = acme.client().post(button(call, "send-again"), {"next": page(person)})
    assert (response.status_code, response["Location"]) == (302, page(person))
    acme.send()
    assert acme.at_proto(person)["name"] == "Anna"
    assert "At Proto Done" in shown(acme, person)


def test_add_tags_existing_and_new(acme: Acme) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=acme.teamspace, name="vip")
    fields = {**key(), "tags": ["vip"], "more": "brand new, überfällig"}
    response = acme.administrator().post(button(person, "add-tags"), fields)
    assert said(response) == "Tags added here, and on their way to Proto."
    assert "vip queued" in shown(acme, person, "person")
    acme.send()
    assert acme.at_proto(person)["tags"] == ["vip", "brand new", "überfällig"]
    assert "queued" not in shown(acme, person, "person")


def test_support_adds_existing_tags_only(acme: Acme) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=acme.teamspace, name="vip")
    refused = acme.client().post(button(person, "add-tags"), {**key(), "more": "vip, made up"})
    assert refused.status_code == 422
    assert "There is no tag named made up." in text_of(refused)
    assert 'value="vip, made up"' in refused.content.decode()
    assert not person.tags.exists()
    assert acme.client().post(button(person, "add-tags"), {**key(), "more": "vip"}).status_code == 302
    assert [request["body"] for request in _sent(acme, "add-tags")] == [
        {"tags": ["vip"], "create_if_not_exists": False}
    ]


def _sent(acme: Acme, match: str) -> list[dict[str, object]]:
    acme.send()
    return acme.remote.requests(match)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "at least one tag"),
        ({"more": " , ;"}, "at least one tag"),
        ({"more": "x" * 101}, "at most 100"),
        ({"tags": ["forged"]}, "valid choice"),
    ],
)
def test_tags_that_are_none(acme: Acme, fields: dict[str, object], words: str) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=acme.teamspace, name="vip")
    refused = acme.administrator().post(button(person, "add-tags"), {**key(), **fields})
    assert refused.status_code == 422
    assert words in text_of(refused)


def test_set_custom_fields_with_an_input_for_each_type(acme: Acme) -> None:
    person = acme.known_person()
    types = {
        "Note": "text",
        "Points": "number",
        "Member": "toggle",
        "Since": "date",
        "Plan": "select",
        "Odd": "unheard-of",
    }
    fields = {
        name: CustomField.objects.create(
            teamspace=acme.teamspace, name=name, type=type, select_options=["A", "B"] if type == "select" else []
        )
        for name, type in types.items()
    }
    dialog = acme.client().get(page(person)).content.decode()
    assert 'type="date"' in dialog
    assert 'type="number"' in dialog
    typed = {
        "Note": " hi ",
        "Points": "12345678901234567890",
        "Member": "no",
        "Since": "2026-01-05",
        "Plan": "B",
        "Odd": "x",
    }
    posted = {**key(), **{f"field_{fields[name].pk}": value for name, value in typed.items()}}
    assert acme.client().post(button(person, "set-custom-fields"), posted).status_code == 302
    kept = {value.field.name: value.value for value in person.field_values.select_related("field")}
    assert kept == {
        "Note": "hi", "Points": 12345678901234567890, "Member": False, "Since": "2026-01-05", "Plan": "B", "Odd": "x",
    }  # fmt: skip
    again = acme.client().post(button(person, "set-custom-fields"), posted | key())
    assert said(again) == "Nothing was changed, so nothing is sent."
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("number", "many"),
        ("number", "nan"),
        ("number", "1e999"),
        ("date", "31.31.2026"),
        ("select", "C"),
        ("toggle", "maybe"),
    ],
)
def test_a_value_that_does_not_fit(acme: Acme, type: str, value: str) -> None:
    person = acme.known_person()
    options = ["A", "B"] if type == "select" else []
    field = CustomField.objects.create(teamspace=acme.teamspace, name="F", type=type, select_options=options)
    refused = acme.client().post(button(person, "set-custom-fields"), {**key(), f"field_{field.pk}": value})
    assert refused.status_code == 422
    assert not CustomFieldValue.objects.exists()


def test_emptying_a_value_is_refused_with_a_reason(acme: Acme) -> None:
    person = acme.known_person()
    field = CustomField.objects.create(teamspace=acme.teamspace, name="Note")
    CustomFieldValue.objects.create(customer=person, field=field, value="hi")
    refused = acme.client().post(button(person, "set-custom-fields"), {**key(), f"field_{field.pk}": ""})
    assert refused.status_code == 422
    assert "Note cannot be emptied" in text_of(refused)


def test_an_option_that_is_gone_is_no_obstacle_to_the_other_fields(acme: Acme) -> None:
    person = acme.known_person()
    plan = CustomField.objects.create(teamspace=acme.teamspace, name="Plan", type="select", select_options=["New"])
    note = CustomField.objects.create(teamspace=acme.teamspace, name="Note")
    CustomFieldValue.objects.create(customer=person, field=plan, value="Old")
    dialog = acme.client().get(page(person)).content.decode()
    assert "Old (no longer offered)" in dialog
    fields = {**key(), f"field_{plan.pk}": "Old", f"field_{note.pk}": "hi"}
    assert acme.client().post(button(person, "set-custom-fields"), fields).status_code == 302
    assert [entry["name"] for entry in last_call(person, "set_custom_fields").payload["custom_fields"]] == ["Note"]


def test_refresh_shows_what_differed(acme: Acme) -> None:
    person = acme.known_person(name="Ann", location="Wien")
    acme.change_remote(person, name="Anna", tags=["vip"])
    assert acme.client().post(button(person, "refresh")).status_code == 302
    acme.send()
    said = shown(acme, person)
    assert "Proto had otherwise: Name Ann → Anna" in said
    assert "Tags empty → vip" in said
    acme.client().post(button(person, "refresh"))
    acme.send()
    assert "nothing was different" in shown(acme, person)


def test_a_person_proto_does_not_know_can_be_inserted(acme: Acme) -> None:
    person = acme.person(name="Ann")
    acme.client().post(button(person, "refresh"))
    acme.send()
    assert "Proto does not know this person" in shown(acme, person)
    assert button(person, "insert") in acme.client().get(page(person)).content.decode()
    assert acme.client().post(button(person, "insert")).status_code == 302
    acme.send()
    assert acme.at_proto(person)["name"] == "Ann"
    assert "Proto does not know this person" not in shown(acme, person)
    assert button(person, "insert") not in acme.client().get(page(person)).content.decode()


def test_get_changes_nothing(acme: Acme) -> None:
    person = acme.known_person()
    for name in (*BUTTONS, "create-ticket"):
        response = acme.client().get(button(person, name))
        assert (response.status_code, response["Allow"]) == (405, "POST")
    assert not Call.objects.exists()


def test_no_permission_is_403_and_other_peoples_records_404(acme: Acme, other_teamspace: Teamspace) -> None:
    person, theirs = acme.known_person(), Customer.objects.create(teamspace=other_teamspace, provided_unique_id="x")
    for name in (*BUTTONS, "create-ticket"):
        assert acme.manager().post(button(person, name), key()).status_code == 403
        assert acme.client().post(button(theirs, name), key()).status_code == 404
        assert acme.administrator().post(button(theirs, name), key()).status_code == 404
    for name in ("sending", "person", "tickets", "history"):
        assert acme.client().get(panel(theirs, name)).status_code == 404
    assert acme.client().post(button(person, "no-such-button")).status_code == 404
    assert acme.client().get(panel(person, "no-such-panel")).status_code == 404
    assert (
        client_of(new_person("nobody", teamspaces=(acme.teamspace,))).post(button(person, "refresh")).status_code == 403
    )
    assert client_of(None).post(button(person, "refresh")).status_code == 302
    assert not Call.objects.exists()


def test_buttons_need_the_csrf_token(acme: Acme) -> None:
    person = acme.known_person()
    assert acme.client(csrf=True).post(button(person, "refresh")).status_code == 403
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/admin/", "javascript:alert(1)", "/elsewhere/", "/admin/../x"]
)
def test_back_leads_to_our_own_pages_only(acme: Acme, where: str) -> None:
    person = acme.known_person()
    response = acme.client().post(button(person, "refresh"), {"next": where})
    assert response.status_code == 302
    assert "evil" not in response["Location"]
    assert "javascript" not in response["Location"]
    assert response["Location"].startswith("/admin/")


def test_the_history_tells_who_changed_what(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    acme.client().post(page(person), {**person.remote_values(), "name": "Anna"})
    acme.send()
    acme.change_remote(person, location="Wien")
    acme.client().post(button(person, "refresh"))
    acme.send()
    said = shown(acme, person, "history")
    assert "Name : Ann → Anna support" in said
    assert "Location : Wien Proto" in said


def test_a_refused_service_is_said_and_nothing_is_written(acme: Acme) -> None:
    person = acme.person(provided_unique_id="", name="Ann")
    response = acme.client().post(button(person, "refresh"))
    assert "has no unique id" in said(response)
    assert not Call.objects.exists()


def test_one_button_may_be_pressed_by_several_people(acme: Acme) -> None:
    person = acme.known_person()
    acme.client().post(button(person, "refresh"))
    acme.send()
    acme.administrator().post(button(person, "refresh"))
    asked = Call.objects.order_by("id").values_list("requested_by__username", flat=True)
    assert list(asked) == ["support", acme.user(ADMINISTRATOR).username]
