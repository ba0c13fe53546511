"""Live panels: nothing is sent when nothing changed, and the buttons in them work."""

from __future__ import annotations

import re

import pytest

from customers.models import Customer
from tests.base.acme import Acme, button, last_call, page, panel

PANELS = ("sending", "person", "tickets", "history")


def version(body: str) -> str:
    found = re.search(r"\?v=([0-9a-f]{16})", body)
    assert found, body[:500]
    return found[1]


@pytest.mark.parametrize("name", PANELS)
def test_204_when_the_page_shows_it_already(acme: Acme, name: str) -> None:
    person, client = acme.known_person(), acme.client()
    first = client.get(panel(person, name))
    assert first.status_code == 200
    same = client.get(panel(person, name), {"v": version(first.content.decode())})
    assert (same.status_code, same.content) == (204, b"")
    assert client.get(panel(person, name), {"v": "0" * 16}).status_code == 200


@pytest.mark.parametrize("name", ["sending", "tickets"])
def test_what_is_in_the_page_is_current_too(acme: Acme, name: str) -> None:
    """The panel that comes with the page has the version that the server would give: no swap without a change."""
    person, client = acme.known_person(), acme.client()
    body = client.get(page(person)).content.decode()
    shown = re.search(rf'id="panel-{name}".*?\?v=([0-9a-f]{{16}})', body, re.DOTALL)
    assert shown
    assert client.get(panel(person, name), {"v": shown[1]}).status_code == 204


def test_a_new_version_when_something_changed(acme: Acme) -> None:
    person, client = acme.known_person(), acme.client()
    before = version(client.get(panel(person, "sending")).content.decode())
    client.post(button(person, "refresh"))
    after = client.get(panel(person, "sending"), {"v": before})
    assert after.status_code == 200
    assert version(after.content.decode()) != before
    assert "every 1s" in after.content.decode()
    acme.send()
    assert "every 1s" not in client.get(panel(person, "sending")).content.decode()


def test_the_forms_in_a_panel_carry_a_token_that_works(acme: Acme) -> None:
    person, client = acme.person(), acme.client(csrf=True)
    token = _token(client.get(page(person)).content.decode())
    client.post(button(person, "refresh"), {"csrfmiddlewaretoken": token})
    acme.send()
    call = last_call(person, "get_customer")
    assert call.state == "failed"
    body = client.get(panel(person, "sending")).content.decode()
    assert "__csrf__" not in body
    address = button(call, "dismiss")
    assert address in body
    assert client.post(address).status_code == 403
    assert client.post(address, {"csrfmiddlewaretoken": _token(body)}).status_code == 302
    call.refresh_from_db()
    assert call.state == "dismissed"


def _token(body: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([A-Za-z0-9]{64})"', body)
    assert found
    return found[1]


def test_a_token_does_not_change_the_version(acme: Acme) -> None:
    """Tokens differ in every answer; the version must not."""
    person, client = acme.person(), acme.client()
    client.post(button(person, "refresh"))
    acme.send()
    bodies = [client.get(panel(person, "sending")).content.decode() for _ in range(2)]
    assert _token(bodies[0]) != _token(bodies[1])
    assert version(bodies[0]) == version(bodies[1])


@pytest.mark.parametrize("name", ["__csrf__", "__version__", "a __csrf__ b"])
def test_our_place_holders_in_somebodys_name_are_left_alone(acme: Acme, name: str) -> None:
    person = acme.known_person(name=name)
    client = acme.client()
    client.post(page(person), {**person.remote_values(), "name": "x"})
    body = client.get(panel(person, "history")).content.decode()
    assert name in body


def test_only_get(acme: Acme) -> None:
    person, client = acme.known_person(), acme.client()
    assert client.post(panel(person, "sending")).status_code == 405
    assert client.head(panel(person, "sending")).status_code == 200


def test_a_page_that_waits_says_when_no_worker_is_alive(acme: Acme) -> None:
    assert "No worker is running" in acme.client().get(page(acme.known_person())).content.decode()
    assert not Customer.objects.filter(sync_state="queued").exists()
