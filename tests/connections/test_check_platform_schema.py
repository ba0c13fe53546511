"""The command that compares our requests with the platform's published document."""

from __future__ import annotations

import copy
import socket
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from protoadmin.connections.models import Teamspace
from tests.base.acme import Acme
from tests.clients.server import Server, answer, says, says_json

TICKETS = "/v1/conversations/{subcompany_id}/create-ticket"


def run(*options: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    out = StringIO()
    try:
        call_command("check_platform_schema", *options, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


@pytest.fixture
def document(acme: Acme) -> dict[str, Any]:
    """The sandbox' document, to be broken."""
    found: dict[str, Any] = requests.get(f"{acme.teamspace.base_url}/openapi.json", timeout=10).json()
    return copy.deepcopy(found)


def test_the_sandbox_fits(acme: Acme) -> None:
    code, said = run()
    assert code == 0, said
    assert f"{acme.teamspace.base_url}/openapi.json" in said
    assert "Every request fits what is published" in said
    assert "Breaks" not in said
    [request] = acme.remote.requests("openapi.json")
    assert "authorization" not in {name.lower() for name in request["headers"]}


def test_each_base_url_of_an_active_teamspace_once(acme: Acme) -> None:
    base_url = acme.teamspace.base_url
    Teamspace.objects.create(name="Same", subcompany_id="same", base_url=f"{base_url}/")
    Teamspace.objects.create(name="Off", subcompany_id="off", base_url="http://127.0.0.1:1/off", is_active=False)
    code, said = run()
    assert code == 0
    assert said.count("/openapi.json") == 1


@pytest.mark.parametrize(
    ("path", "method", "words"),
    [
        (TICKETS, "post", "create_ticket"),
        ("/v1/custom-fields/{subcompany_id}/list-custom-fields", "get", "list_custom_fields"),
    ],
)
def test_a_path_that_is_gone(document: dict[str, Any], path: str, method: str, words: str) -> None:
    [full] = [name for name in document["paths"] if name.endswith(path)]
    document["paths"][full].pop(method)
    with Server(says_json(document)) as server:
        code, said = run("--base-url", server.url)
    assert code == 1
    assert f"Breaks: {words}: " in said
    assert "1 of these will make a request fail" in said
    assert f"Not in order: {server.url}" in said


def test_a_field_that_is_required_now(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["CreateConversation"]["required"].append("department")
    with Server(says_json(document)) as server:
        code, said = run("--base-url", server.url)
    assert code == 1
    assert '"department"; we do not send it.' in said


def test_notes_alone_end_well(document: dict[str, Any]) -> None:
    document["components"].pop("securitySchemes", None)
    document.pop("security", None)
    for item in document["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    with Server(says_json(document)) as server:
        code, said = run("--base-url", server.url)
    assert code == 0, said
    assert "Note: " in said


def test_good_and_bad_ones_together(acme: Acme) -> None:
    with Server(says_json({"openapi": "3.1.0", "paths": {"/other": {"get": {}}}})) as server:
        code, said = run("--base-url", acme.teamspace.base_url, "--base-url", server.url)
    assert code == 1
    assert "Every request fits" in said
    assert said.endswith(f"Not in order: {server.url}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer("<html>Docs</html>", kind="text/html"), "web page"),
        (answer('{"detail": "Not Found"}', status="404 Not Found"), "Not Found"),
        (answer('{"hello": 1}'), "unexpected form"),
        (answer("{"), "broke off"),
    ],
)
def test_no_document_in_words(response: bytes, words: str) -> None:
    with Server(says(response)) as server:
        code, said = run("--base-url", server.url)
    assert code == 1
    assert "Not read: " in said
    assert words in said
    assert "--base-url" in said


@pytest.mark.django_db
def test_nobody_there_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, said = run("--base-url", f"http://127.0.0.1:{port}")
    assert code == 1
    assert "refused the connection" in said


@pytest.mark.django_db
def test_a_base_url_that_is_none() -> None:
    code, said = run("--base-url", "example.com")
    assert code == 1
    assert "must begin with https://" in said


@pytest.mark.django_db
def test_no_teamspace() -> None:
    code, said = run()
    assert code == 1
    assert "no active teamspace" in said
