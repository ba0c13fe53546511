"""The stand-in of the helpdesk: the documents' paths and fields, keys, filters, and people that others know too."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpdesk.desk import ACME, JANE, JOHN, Desk

DOCUMENTED = {"companies": ACME, "contacts": JOHN, "conversations": JANE}


def get(desk: Desk, path: str, key: str | None = "", **params: str) -> requests.Response:
    """Ask as the account does, or with another key, or (None) without one."""
    headers = {} if key is None else {"Authorization": f"Bearer {key or desk.known['api_key']}"}
    return desk.session.get(f"{desk.known['base_url']}{path}", headers=headers, params=params, timeout=10)


@pytest.mark.parametrize("resource", DOCUMENTED)
def test_the_documented_fields_and_no_others(remote_desk: Desk, resource: str) -> None:
    answer = get(remote_desk, f"/{resource}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    listed: list[dict[str, Any]] = answer.json()
    assert len(listed) > 20
    assert {tuple(item) for item in listed} == {tuple(DOCUMENTED[resource])}
    assert len({item["id"] for item in listed}) == len(listed)


@pytest.mark.parametrize("resource", ["contacts", "conversations"])
def test_of_one_company(remote_desk: Desk, resource: str) -> None:
    everything = get(remote_desk, f"/{resource}").json()
    company = everything[0]["companyId"]
    found = get(remote_desk, f"/{resource}", companyId=company).json()
    assert found == [item for item in everything if item["companyId"] == company]
    assert get(remote_desk, f"/{resource}", companyId="unknown").json() == []


def test_who_may_not(remote_desk: Desk) -> None:
    for key in (None, "wrong"):
        answer = get(remote_desk, "/companies", key)
        assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert get(remote_desk, "/nothing").status_code == 404
    other = remote_desk.session.get(f"{remote_desk.url}/_sandbox/connections.json", timeout=10).json()[1]
    theirs = get(remote_desk, "/companies", other["helpdesk_accounts"][0]["api_key"]).json()
    assert not {item["id"] for item in theirs} & {item["id"] for item in get(remote_desk, "/companies").json()}


def test_contacts_are_people_of_the_teamspace(remote_desk: Desk) -> None:
    wanted: dict[str, str] = {"teamspace": remote_desk.connection["subcompany_id"], "limit": "1000"}
    answer = remote_desk.session.get(f"{remote_desk.url}/_sandbox/people", params=wanted, timeout=10)
    mails = {person["email"] for person in answer.json()["people"] if person["email"]}
    contacts = [item["email"].lower() for item in get(remote_desk, "/contacts").json() if item["email"]]
    assert len(contacts) > 40
    assert set(contacts) <= mails


def test_the_documents_curl_lines(remote_desk: Desk, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    for resource, example in DOCUMENTED.items():
        remote_desk.only(resource, example, {**example, "id": "of another company", "companyId": "another"})
    script = Path(__file__).parents[1] / "api" / "documented.sh"
    known = {"BASE": remote_desk.url, "API_KEY": remote_desk.known["api_key"], "COMPANY_ID": ACME["id"]}
    subprocess.run(["sh", str(script), str(tmp_path)], env={**known, "PATH": "/usr/bin:/bin"}, check=True, timeout=60)
    found = {path.stem: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert {name: len(items) for name, items in found.items()} == {
        **dict.fromkeys(DOCUMENTED, 2),
        **{"contacts_of_company": 1, "conversations_of_company": 1},
    }
    assert all(found[name][0] == example for name, example in DOCUMENTED.items())
    assert (found["contacts_of_company"], found["conversations_of_company"]) == ([JOHN], [JANE])
