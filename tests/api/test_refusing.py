"""Everything that is not answered with data is said in JSON, with the status that fits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from protoadmin.api.cursors import cursor_of
from protoadmin.api.models import ApiKey
from protoadmin.api.services import key_of, key_revoke, new_token
from tests.api.house import House, example_company, many_contacts, new_key

LISTS = ("companies", "contacts", "conversations")


def assert_says_no(response: Any, status: int) -> None:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json()) == ["error"]
    assert response.json()["error"]


# --- 401 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", LISTS)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "Bearer nonsense",
        "Bearer pak_00000000_" + "x" * 43,
        "Bearer é",
        "x",
    ],
)
def test_without_a_key_that_is_known(resource: str, header: str | None, house: House) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = Client().get(f"/api/v1/{resource}", headers=headers)
    assert_says_no(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_nearly_the_key(house: House) -> None:
    for wrong in (house.token[:-1], house.token + "x", house.token[:-1] + "!", house.token.upper(), house.key.hash):
        assert_says_no(house.get("/companies", wrong), 401)
    _, prefix, _ = new_token()
    assert_says_no(house.get("/companies", house.token.replace(house.key.prefix, prefix)), 401)


def test_a_key_that_opened_once(house: House) -> None:
    assert house.get("/companies").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_says_no(house.get("/companies"), 401)
    ApiKey.objects.update(expires_at=None)
    assert house.get("/companies").status_code == 200
    house.owner.is_active = False
    house.owner.save()
    assert_says_no(house.get("/companies"), 401)
    house.owner.is_active = True
    house.owner.save()
    assert key_revoke(key=house.key)
    assert_says_no(house.get("/companies"), 401)
    assert not key_revoke(key=house.key)


def test_the_key_is_kept_as_a_hash_alone(house: House) -> None:
    secret = house.token.removeprefix(f"{house.key.prefix}_")
    assert len(secret) == 43
    kept = [str(value) for value in ApiKey.objects.values_list().get()]
    assert not any(secret in value for value in kept)
    found = key_of(house.token)
    assert found is not None
    assert found.pk == house.key.pk


def test_a_session_opens_nothing(house: House) -> None:
    client = Client()
    client.force_login(house.owner)
    assert_says_no(client.get("/api/v1/companies"), 401)


# --- 400, 404, 405 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=1001", "limit=x", "limit=", "limit=1e3", "limit=" + "9" * 500, "limit=%00"),
        *("updatedSince=yesterday", "updatedSince=", "updatedSince=%00", "updatedSince=2024-13-01T00:00:00Z"),
        *("updatedSince=0001-01-01T00:00:00%2B23:59", "updatedSince=9999-12-31T23:59:59-23:59", "updatedSince=12"),
        *("after=", "after=x", "after=%00", "after=AAAAAAAAAAAAMS4xLjE", "after=é", "after=" + "A" * 5000),
    ],
)
def test_a_bad_parameter(resource: str, query: str, house: House) -> None:
    assert_says_no(house.get(f"/{resource}?{query}"), 400)


@pytest.mark.parametrize("resource", ["contacts", "conversations"])
@pytest.mark.parametrize("company", ["%00", "x%00y", "x" * 1001])
def test_no_id_of_a_company(resource: str, company: str, house: House) -> None:
    assert_says_no(house.get(f"/{resource}?companyId={company}"), 400)


def test_the_cursor_of_another_list(house: House) -> None:
    assert house.get(f"/contacts?after={cursor_of((0, 1, 1), 'contacts')}").status_code == 200
    assert_says_no(house.get(f"/contacts?after={cursor_of((0, 1, 1), 'companies')}"), 400)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/", "/api/v1", "/api/v1/", "/api/v2/companies", "/api/v1/nothing", "/api/v1/companies/", "/api//v1"),
        *("/api/v1/companies/1", "/api/v1/%00", "/api/%ff", "/api/v1/../../admin", "/api/v1/companies%0a"),
    ],
)
def test_where_there_is_nothing(path: str, house: House) -> None:
    for client in (Client(), Client(headers={"Authorization": f"Bearer {house.token}"})):
        assert_says_no(client.get(path), 404)
        assert_says_no(client.post(path), 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("resource", LISTS)
def test_other_methods(resource: str, method: str, house: House) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {house.token}"})
    response = getattr(client, method)(f"/api/v1/{resource}")
    assert_says_no(response, 405)
    assert "GET" in response.headers["Allow"]


def test_a_host_that_is_not_ours(house: House) -> None:
    assert_says_no(Client().get("/api/v1/companies", headers={"Host": "elsewhere.example"}), 400)


def test_what_breaks_is_said_in_json(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> Any:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("protoadmin.api.views.sight_of", broken)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {house.token}"})
    response = client.get("/api/v1/companies")
    assert_says_no(response, 500)
    assert "secret" not in response.content.decode()


def test_pages_outside_keep_their_own_words(db: None) -> None:
    assert Client().get("/admin/login/").headers["Content-Type"].startswith("text/html")
    assert Client().get("/nothing").headers["Content-Type"].startswith("text/html")


def test_head_is_get_without_a_body(house: House) -> None:
    many_contacts(house.account, 1500)
    example_company(house.account)
    client = Client(headers={"Authorization": f"Bearer {house.token}"})
    for resource in LISTS:
        got, head = client.get(f"/api/v1/{resource}"), client.head(f"/api/v1/{resource}")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["ETag"] == got.headers["ETag"]


# --- 429 --------------------------------------------------------------------------------------------


def test_more_requests_than_a_minute_has(house: House) -> None:
    _, token = new_key(house.owner, house.teamspace, requests_per_minute=3)
    answers = [house.get("/companies", token).status_code for _ in range(3)]
    assert answers == [200, 200, 200]
    for _ in range(2):
        response = house.get("/companies", token)
        assert_says_no(response, 429)
        assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert house.get("/companies").status_code == 200, "another key has its own"


def test_the_next_minute_begins_anew(house: House) -> None:
    key, token = new_key(house.owner, house.teamspace, requests_per_minute=1)
    now = timezone.now()
    for began in (now - timedelta(seconds=61), now + timedelta(hours=1)):
        ApiKey.objects.filter(pk=key.pk).update(minute_began_at=began, minute_requests=1)
        assert house.get("/companies", token).status_code == 200
        assert_says_no(house.get("/companies", token), 429)


def test_the_wait_is_what_is_left_of_the_minute(house: House) -> None:
    key, token = new_key(house.owner, house.teamspace, requests_per_minute=1)
    began = timezone.now() - timedelta(seconds=20)
    ApiKey.objects.filter(pk=key.pk).update(minute_began_at=began, minute_requests=1)
    assert int(house.get("/companies", token).headers["Retry-After"]) in range(38, 42)


def test_the_default_is_a_hundred(house: House) -> None:
    assert ApiKey._meta.get_field("requests_per_minute").default == 100


def test_its_use_is_noted_once_a_minute(house: House) -> None:
    assert ApiKey.objects.get().last_used_at is None
    house.get("/companies")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    assert timezone.now() - first < timedelta(seconds=30)
    house.get("/companies")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    house.get("/companies")
    again = ApiKey.objects.get().last_used_at
    assert again is not None
    assert again >= first
