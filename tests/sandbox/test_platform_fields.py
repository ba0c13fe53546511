"""The Developer API: custom fields and their values (seeds 000, 001)."""

from typing import Any

import pytest

from tests.sandbox.remote import Remote, problems

# --- custom field values


def test_values_are_set_by_id_or_by_name(remote: Remote, ann: dict[str, Any]) -> None:
    fields = {field["name"]: field for field in remote.call("GET", "/custom-fields/{sub}/list-custom-fields").json()}
    answer = remote.call(
        "PUT",
        remote.customer("ann", "add-custom-fields"),
        {
            "custom_fields": [
                {"id": fields["Plan"]["id"], "value": "Plus"},
                {"name": "Newsletter", "value": True},
                {"name": "Loyalty points", "value": 12.5},
                {"name": "Customer since", "value": "2024-02-29"},
                {"name": "Preferred name", "value": "Annie"},
            ]
        },
    )
    assert answer.status_code == 200
    assert "custom_fields" not in answer.json()
    assert remote.person()["custom_fields"] == {
        "Plan": "Plus",
        "Newsletter": True,
        "Loyalty points": 12.5,
        "Customer since": "2024-02-29",
        "Preferred name": "Annie",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Plan", "Gold"),
        ("Plan", ["Plus"]),
        ("Plan", None),
        ("Newsletter", "maybe"),
        ("Newsletter", 1),
        ("Loyalty points", "many"),
        ("Loyalty points", True),
        ("Customer since", "yesterday"),
        ("Customer since", "20240229"),
        ("Customer since", "2023-02-29"),
        ("Preferred name", 5),
    ],
)
def test_a_value_has_to_fit_its_field(remote: Remote, ann: dict[str, Any], name: str, value: Any) -> None:
    answer = remote.call(
        "PUT",
        remote.customer("ann", "add-custom-fields"),
        {"custom_fields": [{"name": "Newsletter", "value": False}, {"name": name, "value": value}]},
    )
    assert problems(answer)[0][0] == ("body", "custom_fields", 1, "value")
    assert remote.person()["custom_fields"] == {}


def test_custom_fields_have_to_be_named_and_known(remote: Remote, ann: dict[str, Any]) -> None:
    path = remote.customer("ann", "add-custom-fields")
    assert problems(remote.call("PUT", path, {})) == [(("body", "custom_fields"), "missing")]
    assert problems(remote.call("PUT", path, {"custom_fields": {}})) == [(("body", "custom_fields"), "list_type")]
    bad = remote.call("PUT", path, {"custom_fields": [{"value": "x"}, {"name": "Plan"}, "Plan", {"id": 3, "value": 1}]})
    assert problems(bad) == [
        (("body", "custom_fields", 0), "value_error"),
        (("body", "custom_fields", 1, "value"), "missing"),
        (("body", "custom_fields", 2), "model_attributes_type"),
        (("body", "custom_fields", 3, "id"), "string_type"),
    ]
    for item in ({"name": "Shoe size"}, {"id": "01NOFIELD"}):
        answer = remote.call("PUT", path, {"custom_fields": [{"name": "Plan", "value": "Plus"}, item | {"value": "9"}]})
        assert answer.status_code == 404
        assert next(iter(item.values())) in answer.json()["detail"]
    assert remote.person()["custom_fields"] == {}


# --- custom field definitions


def test_fields_are_listed_made_and_deleted(remote: Remote, ann: dict[str, Any]) -> None:
    create = "/custom-fields/{sub}/create-custom-field"
    made = remote.call("POST", create, {"name": "Größe", "type": "select", "select_options": ["S", "L"]}).json()
    assert made == {
        "id": made["id"],
        "name": "Größe",
        "type": "select",
        "select_options": ["S", "L"],
        "description": None,
    }
    plain = remote.call("POST", create, {"name": "Notes", "type": "text", "select_options": None}).json()
    listed = remote.call("GET", "/custom-fields/{sub}/list-custom-fields").json()
    assert listed[-2:] == [made, plain]
    assert {field["type"] for field in listed} == {"text", "number", "toggle", "date", "select"}
    remote.call(
        "PUT", remote.customer("ann", "add-custom-fields"), {"custom_fields": [{"id": made["id"], "value": "S"}]}
    )
    delete = f"/custom-fields/{{sub}}/custom-field/{made['id']}/delete-custom-fields"
    assert remote.call("DELETE", delete).json() == {"id": made["id"]}
    assert remote.call("DELETE", delete).status_code == 404
    assert remote.person()["custom_fields"] == {}
    assert made not in remote.call("GET", "/custom-fields/{sub}/list-custom-fields").json()


def test_a_field_of_another_teamspace_cannot_be_deleted(remote: Remote) -> None:
    other = remote.get("/connections.json")[1]["subcompany_id"]
    foreign = remote.get("/fields", subcompany_id=other)["fields"][0]
    delete = f"/custom-fields/{{sub}}/custom-field/{foreign['id']}/delete-custom-fields"
    assert remote.call("DELETE", delete).status_code == 404
    assert foreign in remote.get("/fields", subcompany_id=other)["fields"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, {("body", "name"), ("body", "type")}),
        ({"name": "", "type": "text"}, {("body", "name")}),
        ({"name": "A", "type": "dropdown"}, {("body", "type")}),
        ({"name": "A", "type": "select"}, {("body", "select_options")}),
        ({"name": "A", "type": "select", "select_options": []}, {("body", "select_options")}),
        ({"name": "A", "type": "select", "select_options": ["a", "a"]}, {("body", "select_options")}),
        ({"name": "A", "type": "select", "select_options": ["a", 1]}, {("body", "select_options", 1)}),
        ({"name": "A", "type": "text", "select_options": ["a"]}, {("body", "select_options")}),
        ({"name": "A", "type": "text", "select_options": []}, {("body", "select_options")}),
        ({"name": "A", "type": "text", "select_options": "a"}, {("body", "select_options")}),
    ],
)
def test_a_bad_definition_is_refused(remote: Remote, body: dict[str, Any], where: set[tuple[Any, ...]]) -> None:
    before = remote.get("/fields", subcompany_id=remote.sub)
    answer = remote.call("POST", "/custom-fields/{sub}/create-custom-field", body)
    assert {loc for loc, _ in problems(answer)} == where
    assert remote.get("/fields", subcompany_id=remote.sub) == before


def test_a_name_can_be_given_once(remote: Remote) -> None:
    answer = remote.call("POST", "/custom-fields/{sub}/create-custom-field", {"name": "Plan", "type": "text"})
    assert answer.status_code == 409
    assert "Plan" in answer.json()["detail"]
