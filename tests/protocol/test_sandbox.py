"""The sandbox' Protocol API: the seed's own curl lines, paging, and the shape of refusals."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.outbox.remote import Remote

SCRIPT = Path(__file__).parent / "curl_lines.sh"
EXAMPLE = {
    "id", "username", "phone_number", "avatar_url", "display_name", "conversation_id", "last_active_at", "created_at",
}  # fmt: skip
TABLE = {
    "id", "project_id", "external_id", "last_transaction_at", "status", "terminated_at", "is_flagged", "updated_at",
    "meta", "created_at",
}  # fmt: skip


@pytest.fixture
def token(remote: Remote) -> str:
    """The token of the demo's first project."""
    remote.post("reset", {})
    return str(remote.connection()["protocol_projects"][0]["token"])


def ask(remote: Remote, token: str, path: str = "", method: str = "GET", **more: Any) -> requests.Response:
    """Make one request to the API."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, f"{remote.url}/v1/customers{path}", headers=headers, timeout=10, **more)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_lines_of_the_document(remote: Remote, token: str) -> None:
    environment = {"PATH": os.environ["PATH"], "BASE": remote.url, "TOKEN": token}
    done = subprocess.run(["sh", str(SCRIPT)], capture_output=True, text=True, timeout=30, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    created, page, read, changed = (json.loads(line) for line in done.stdout.splitlines()[:4])
    assert created.keys() >= EXAMPLE | TABLE
    assert (created["username"], created["display_name"]) == ("FrankMcCallister", None)
    assert isinstance(created["created_at"], int)
    assert (page["has_more"], len(page["data"]), page["data"][0]) == (True, 10, created)
    assert {item["status"] for item in page["data"]} == {"active"}
    assert read == created
    assert changed | {"updated_at": 0} == created | {"display_name": "UncleFrank", "updated_at": 0}
    assert ask(remote, token, f"/{created['id']}").status_code == 404


def test_pages(remote: Remote, token: str) -> None:
    every = ask(remote, token, "?limit=100").json()
    assert (every["has_more"], len(every["data"])) == (True, 100)
    assert len(ask(remote, token).json()["data"]) == 10
    ids, after = [], ""
    while True:
        page = ask(remote, token, "?limit=70" + (f"&starting_after={after}" if after else "")).json()
        ids += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        after = ids[-1]
    assert len(ids) == len(set(ids)) > 140
    assert ids[:100] == [item["id"] for item in every["data"]]


@pytest.mark.parametrize(
    ("path", "method", "form", "status"),
    [
        ("?limit=0", "GET", None, 400),
        ("?limit=101", "GET", None, 400),
        ("?limit=x", "GET", None, 400),
        ("?starting_after=nobody", "GET", None, 400),
        ("/nobody", "GET", None, 404),
        ("/nobody", "DELETE", None, 404),
        ("/nobody", "PATCH", {"display_name": "x"}, 404),
        ("", "POST", {"username": "x"}, 400),
        ("", "POST", {"phone_number": "1"}, 400),
    ],
)
def test_refusals(remote: Remote, token: str, path: str, method: str, form: dict[str, str] | None, status: int) -> None:
    answer = ask(remote, token, path, method, data=form)
    assert answer.status_code == status
    assert set(answer.json()) == {"type", "message", "documentation_url"}
    wrong = ask(remote, "wrong", path, method, data=form)
    assert (wrong.status_code, wrong.json()["type"]) == (401, "authentication_error")


def test_only_the_display_name_can_be_changed(remote: Remote, token: str) -> None:
    (chosen,) = ask(remote, token, "?limit=1").json()["data"]
    answer = ask(remote, token, f"/{chosen['id']}", "PATCH", data={"username": "x"})
    assert (answer.status_code, answer.json()["type"]) == (400, "invalid_request")
    assert ask(remote, token, f"/{chosen['id']}").json() == chosen
    as_json = ask(remote, token, f"/{chosen['id']}", "PATCH", json={"display_name": "x"})
    assert as_json.status_code == 400


def test_its_customers_are_people_of_the_demo(remote: Remote, token: str) -> None:
    data = ask(remote, token, "?limit=100").json()["data"]
    people = remote.read("people", teamspace="Acme Support", limit=1000)["people"]
    phones, unique = ({person[name] for person in people} for name in ("phone_number", "provided_unique_id"))
    assert {item["phone_number"] for item in data} <= phones
    assert {item["external_id"] for item in data if item["external_id"]} <= unique


def test_faults_apply(remote: Remote, token: str) -> None:
    remote.fault("unavailable", "/v1/customers", times=1, retry_after=3)
    answer = ask(remote, token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert ask(remote, token).status_code == 200
