"""The Developer API: good and bad answers of every endpoint (seeds 000, 001)."""

from typing import Any

import pytest

from tests.sandbox.remote import Remote, problems

EVERY_ENDPOINT = [
    ("POST", "/conversations/{sub}/create-ticket"),
    ("GET", "/customers/{sub}/customer/ann/get-customer"),
    ("PUT", "/customers/{sub}/create-customer/ann"),
    ("PUT", "/customers/{sub}/customer/ann/add-tags"),
    ("PUT", "/customers/{sub}/customer/ann/add-custom-fields"),
    ("GET", "/custom-fields/{sub}/list-custom-fields"),
    ("POST", "/custom-fields/{sub}/create-custom-field"),
    ("DELETE", "/custom-fields/{sub}/custom-field/x/delete-custom-fields"),
]
WITH_BODY = [(method, path) for method, path in EVERY_ENDPOINT if method in ("POST", "PUT")]


# --- who may


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {secret}", "{secret}"])
def test_every_endpoint_wants_the_takeover_secret(remote: Remote, method: str, path: str, header: str | None) -> None:
    secret = remote.teamspace["takeover_secret"]
    headers = {} if header is None else {"Authorization": header.format(secret=secret)}
    answer = remote.call(method, path, {} if method != "GET" else None, headers=headers)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
def test_a_secret_opens_its_own_teamspace_alone(remote: Remote, method: str, path: str) -> None:
    other = remote.get("/connections.json")[1]
    foreign = {"Authorization": f"Bearer {other['takeover_secret']}"}
    assert remote.call(method, path, headers=foreign).status_code == 401
    unknown = remote.call(method, path.replace("{sub}", "01NOBODY"))
    assert unknown.status_code == 404
    assert "01NOBODY" in unknown.json()["detail"]
    assert remote.call(method, path.replace("{sub}", "01NOBODY"), headers={}).status_code == 401


def test_the_word_bearer_may_be_written_as_one_likes(remote: Remote) -> None:
    headers = {"Authorization": f"bearer  {remote.teamspace['takeover_secret']} "}
    assert remote.call("GET", "/custom-fields/{sub}/list-custom-fields", headers=headers).status_code == 200


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
def test_another_method_is_405_and_another_path_404(remote: Remote, method: str, path: str) -> None:
    wrong = remote.call("PATCH", path)
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})
    assert method in wrong.headers["Allow"]
    lost = remote.call(method, path + "/more")
    assert (lost.status_code, lost.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_that_is_no_json_object_is_refused_as_fastapi_does(remote: Remote, method: str, path: str) -> None:
    json_type = remote.auth | {"Content-Type": "application/json"}
    broken = remote.call(method, path, data=b'{"subject": ', headers=json_type)
    assert problems(broken) == [(("body", 12), "json_invalid")]
    assert problems(remote.call(method, path, data=b'{"subject": NaN}', headers=json_type))[0][1] == "json_invalid"
    assert problems(remote.call(method, path, data=b'{"a": 1e999}', headers=json_type))[0][1] == "json_invalid"
    assert problems(remote.call(method, path, headers=json_type)) == [(("body",), "missing")]
    assert problems(remote.call(method, path, ["a"])) == [(("body",), "model_attributes_type")]
    as_text = remote.call(method, path, data=b"{}", headers=remote.auth | {"Content-Type": "text/plain"})
    assert problems(as_text) == [(("body",), "model_attributes_type")]
    for strange in (b"\xff{}", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"):
        assert remote.call(method, path, data=strange, headers=json_type).status_code == 400


# --- create-ticket


def test_a_ticket_is_made_and_only_its_id_comes_back(remote: Remote, ann: dict[str, Any]) -> None:
    answer = remote.ticket("Où est ma commande ?")
    assert answer.status_code == 200
    assert list(answer.json()) == ["id"]
    (ticket,) = remote.tickets()
    assert (ticket["id"], ticket["subject"]) == (answer.json()["id"], "Où est ma commande ?")
    assert len(ticket["id"]) == 26


def test_each_of_the_four_identifiers_finds_the_person(remote: Remote, ann: dict[str, Any]) -> None:
    remote.control(f"/people/{remote.sub}/ann", external_customer_id="EXT-1", gateway_profile_id="human_1")
    given = {
        "customer_id": ann["id"],
        "external_customer_id": "EXT-1",
        "gateway_profile_id": "human_1",
        "provided_unique_id": "ann",
    }
    for key, value in given.items():
        assert remote.ticket(**{key: value}).status_code == 200, key
    assert remote.ticket(**given).status_code == 200
    assert len(remote.tickets()) == 5


def test_a_ticket_needs_a_subject(remote: Remote, ann: dict[str, Any]) -> None:
    path = "/conversations/{sub}/create-ticket"
    assert problems(remote.call("POST", path, {"provided_unique_id": "ann"})) == [(("body", "subject"), "missing")]
    assert problems(remote.ticket("")) == [(("body", "subject"), "string_too_short")]
    assert problems(remote.ticket(7)) == [(("body", "subject"), "string_type")]
    assert problems(remote.ticket("\ud800")) == [(("body", "subject"), "string_unicode")]
    assert remote.tickets() == []


def test_a_ticket_needs_a_person_who_is_known(remote: Remote, ann: dict[str, Any]) -> None:
    path = "/conversations/{sub}/create-ticket"
    for body in ({}, {"provided_unique_id": ""}, {"customer_id": None}):
        assert problems(remote.call("POST", path, {"subject": "x"} | body)) == [(("body",), "value_error")]
    assert problems(remote.ticket(customer_id=5)) == [(("body", "customer_id"), "string_type")]
    for key in ("customer_id", "external_customer_id", "gateway_profile_id", "provided_unique_id"):
        answer = remote.ticket(**{key: "nobody"})
        assert answer.status_code == 404
        assert "nobody" in answer.json()["detail"]
    assert remote.ticket(provided_unique_id="ann", customer_id="nobody").status_code == 404
    remote.save("bob", name="Bob")
    assert problems(remote.ticket(provided_unique_id="bob", customer_id=ann["id"])) == [(("body",), "value_error")]
    assert remote.tickets() == remote.tickets("bob") == []


# --- people


def test_a_person_comes_with_everything_but_custom_field_values(remote: Remote) -> None:
    remote.save(location="İzmir", **{"name": "Ann"})
    remote.control(f"/people/{remote.sub}/ann", custom_fields={"Plan": "Plus"}, tags=["vip"])
    shown = remote.call("GET", remote.customer("ann", "get-customer")).json()
    assert set(shown) == {
        "id",
        "provided_unique_id",
        "external_customer_id",
        "gateway_profile_id",
        "name",
        "location",
        "email",
        "phone_number",
        "avatar",
        "tags",
        "created_at",
        "updated_at",
    }
    assert (shown["name"], shown["location"], shown["tags"], shown["email"]) == ("Ann", "İzmir", ["vip"], None)


def test_an_unknown_person_is_404(remote: Remote) -> None:
    for method, rest, body in (
        ("GET", "get-customer", None),
        ("PUT", "add-tags", {"tags": ["vip"]}),
        ("PUT", "add-custom-fields", {"custom_fields": [{"name": "Plan", "value": "Plus"}]}),
    ):
        answer = remote.call(method, remote.customer("nobody", rest), body)
        assert answer.status_code == 404, rest
        assert "nobody" in answer.json()["detail"]


def test_people_of_another_teamspace_are_unknown(remote: Remote, ann: dict[str, Any]) -> None:
    remote.teamspace = remote.get("/connections.json")[1]
    assert remote.call("GET", remote.customer("ann", "get-customer")).status_code == 404
    assert remote.ticket(customer_id=ann["id"]).status_code == 404


def test_insert_customer_is_an_upsert(remote: Remote) -> None:
    first = remote.save(name="Ann", email="ann@example.com", shoe_size=42).json()
    second = remote.save(email="", avatar="https://example.com/a.png").json()
    assert (second["id"], second["name"], second["email"]) == (first["id"], "Ann", "")
    assert second["avatar"] == "https://example.com/a.png"
    assert second["created_at"] == first["created_at"]
    assert "shoe_size" not in second
    assert remote.save("empty", **{"unknown": 1}).json()["name"] is None
    assert remote.call("GET", remote.customer("ann", "get-customer")).json() == second


@pytest.mark.parametrize("field", ["external_customer_id", "name", "location", "email", "phone_number", "avatar"])
@pytest.mark.parametrize("value", [5, None, ["a"], {"a": 1}, True])
def test_the_six_fields_are_strings(remote: Remote, ann: dict[str, Any], field: str, value: Any) -> None:
    answer = remote.save(**{field: value, "location": "elsewhere"} | {field: value})
    assert problems(answer) == [(("body", field), "string_type")]
    assert answer.json()["detail"][0]["input"] == value
    assert answer.json()["detail"][0]["msg"] == "Input should be a valid string"
    assert remote.person()["location"] is None


@pytest.mark.parametrize(
    "email", ["ann", "ann@", "@example.com", "ann@localhost", "a b@example.com", "a@b@example.com"]
)
def test_a_malformed_email_is_refused(remote: Remote, ann: dict[str, Any], email: str) -> None:
    assert problems(remote.save(email=email)) == [(("body", "email"), "value_error")]
    assert remote.person()["email"] == "ann@example.com"


@pytest.mark.parametrize("unique", ["a/b", "a b", "ä@example.com", "+49 30", "100%", "?x=1", "佐藤", "a;b#c", "%2F"])
def test_ids_may_hold_any_sign(remote: Remote, unique: str) -> None:
    assert remote.save(unique, name="Odd").json()["provided_unique_id"] == unique
    assert remote.call("GET", remote.customer(unique, "get-customer")).json()["name"] == "Odd"


# --- tags


def test_tags_are_added_and_unknown_ones_only_when_told(remote: Remote, ann: dict[str, Any]) -> None:
    path = remote.customer("ann", "add-tags")
    assert remote.call("PUT", path, {"tags": ["vip", "billing", "vip"]}).json()["tags"] == ["vip", "billing"]
    refused = remote.call("PUT", path, {"tags": ["complaint", "brand new"]})
    assert refused.status_code == 404
    assert "brand new" in refused.json()["detail"]
    assert remote.person()["tags"] == ["vip", "billing"]
    made = remote.call("PUT", path, {"tags": ["brand new"], "create_if_not_exists": True})
    assert made.json()["tags"] == ["vip", "billing", "brand new"]
    remote.save("bob", name="Bob")
    assert remote.call("PUT", remote.customer("bob", "add-tags"), {"tags": ["brand new"]}).status_code == 200


def test_bad_tags_are_refused(remote: Remote, ann: dict[str, Any]) -> None:
    path = remote.customer("ann", "add-tags")
    assert problems(remote.call("PUT", path, {})) == [(("body", "tags"), "missing")]
    assert problems(remote.call("PUT", path, {"tags": "vip"})) == [(("body", "tags"), "list_type")]
    assert problems(remote.call("PUT", path, {"tags": ["vip", 3, ""]})) == [
        (("body", "tags", 1), "string_type"),
        (("body", "tags", 2), "string_too_short"),
    ]
    assert problems(remote.call("PUT", path, {"tags": [], "create_if_not_exists": "yes"})) == [
        (("body", "create_if_not_exists"), "bool_type")
    ]
    assert remote.person()["tags"] == []
