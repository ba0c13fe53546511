"""The page's views of the helpdesk and of Protocol: what is changed there is what the API says from then on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.remote import Remote
from tests.sandbox.test_console import EVIL, page, press

LISTS = ("companies", "contacts", "conversations")


def connection(remote: Remote) -> dict[str, Any]:
    """What one needs to connect to the first teamspace."""
    found: list[dict[str, Any]] = remote.session.get(f"{remote.url}/_sandbox/connections.json", timeout=10).json()
    return found[0]


def listed(remote: Remote, resource: str) -> list[dict[str, Any]]:
    """What the helpdesk's API says."""
    known = connection(remote)["helpdesk_accounts"][0]
    headers = {"Authorization": f"Bearer {known['api_key']}"}
    found: list[dict[str, Any]] = remote.session.get(
        f"{known['base_url']}/{resource}", headers=headers, timeout=10
    ).json()
    return found


def customers(remote: Remote) -> list[dict[str, Any]]:
    """What Protocol's API says of its newest."""
    known = connection(remote)["protocol_projects"][0]
    headers = {"Authorization": f"Bearer {known['token']}"}
    answer = remote.session.get(f"{remote.url}/v1/customers?limit=100", headers=headers, timeout=10)
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.parametrize("resource", LISTS)
def test_an_item_is_shown_found_changed_and_deleted(remote: Remote, resource: str) -> None:
    view, account = f"view=helpdesk&list={resource}", connection(remote)["subcompany_id"]
    chosen, *others = listed(remote, resource)
    shown = page(remote, f"{view}&q={chosen['id']}")
    assert all(f"<dt>{key}</dt>" in shown for key in chosen)
    name = "visitorName" if resource == "conversations" else "name"
    place = f"/_sandbox/helpdesk/{account}/{resource}"
    assert press(remote, f"{place}/change", view, id=chosen["id"], **{name: "Ünï & Co"}).status_code == 303
    changed = listed(remote, resource)
    assert [item["id"] for item in changed] == [chosen["id"], *(item["id"] for item in others)]
    assert changed[0] == {**chosen, name: "Ünï & Co", "updatedAt": changed[0]["updatedAt"]} != chosen
    assert changed[0]["updatedAt"] > chosen["updatedAt"]
    assert changed[1:] == others
    assert press(remote, f"{place}/delete", view, id=chosen["id"]).status_code == 303
    assert listed(remote, resource) == others
    assert press(remote, f"{place}/change", view, id=chosen["id"], name="x").status_code == 404


def test_marks_numbers_and_what_is_not_known_keep_their_kind(remote: Remote) -> None:
    place = f"/_sandbox/helpdesk/{connection(remote)['subcompany_id']}/companies/change"
    chosen = next(item for item in listed(remote, "companies") if isinstance(item["dealValue"], int))
    for text, wanted in (("12.5", 12.5), ("70", 70)):
        press(remote, place, "view=helpdesk", id=chosen["id"], dealValue=text, isCustomer="true")
        (now,) = [item for item in listed(remote, "companies") if item["id"] == chosen["id"]]
        assert (now["dealValue"], type(now["dealValue"]), now["isCustomer"]) == (wanted, type(wanted), True)
    assert press(remote, place, "view=helpdesk", id=chosen["id"], dealValue="much").status_code == 422
    press(remote, place, "view=helpdesk", id=chosen["id"], isCustomer="false", notes="", dealValue="")
    (now,) = [item for item in listed(remote, "companies") if item["id"] == chosen["id"]]
    assert (now["isCustomer"], now["notes"] or None, now["dealValue"]) == (False, None, None)


def test_a_customer_is_flagged_renamed_terminated_and_deleted(remote: Remote) -> None:
    project = connection(remote)["protocol_projects"][0]["project_id"]
    place = f"/_sandbox/protocol/{project}/customers"
    assert press(remote, place, "view=protocol", number="1").status_code == 303
    new = customers(remote)[0]
    assert new["username"] in page(remote, f"view=protocol&q={new['id']}")

    def after(**form: str) -> dict[str, Any]:
        assert press(remote, f"{place}/{new['id']}", "view=protocol", **form).status_code == 303
        return customers(remote)[0]

    assert after(is_flagged="true", display_name="Uncle")["is_flagged"] is True
    assert "flagged" in page(remote, f"view=protocol&q={new['id']}")
    assert after(is_flagged="false", display_name="")["display_name"] is None
    ended = after(status="terminated")
    assert (ended["status"], ended["is_flagged"], type(ended["terminated_at"])) == ("terminated", False, int)
    assert after(status="active")["terminated_at"] is None
    press(remote, f"{place}/{new['id']}/delete", "view=protocol")
    assert new["id"] not in [item["id"] for item in customers(remote)]


def test_odd_items_are_shown_as_text(remote: Remote) -> None:
    account = connection(remote)["subcompany_id"]
    for resource in LISTS:
        remote.control(
            f"/helpdesk/{account}/{resource}", items=[{"id": EVIL, "name": EVIL, "tags": [EVIL], "status": EVIL}]
        )
        remote.control(f"/helpdesk/{account}/{resource}/text", text=EVIL)
        remote.control(f"/helpdesk/{account}/{resource}/text", text="[1]")
        shown = page(remote, f"view=helpdesk&list={resource}&q=script")
        assert EVIL not in shown
        assert "<script>alert" not in shown
    project = connection(remote)["protocol_projects"][0]["project_id"]
    remote.control(f"/protocol/{project}/customers", username=EVIL)
    assert EVIL not in page(remote, "view=protocol")


def test_pages_and_searches(remote: Remote) -> None:
    first = page(remote, "view=helpdesk&list=contacts")
    second = page(remote, "view=helpdesk&list=contacts&start=40")
    names = [item["id"] for item in listed(remote, "contacts")]
    assert f"i-{names[0]}" in first
    assert f"i-{names[0]}" not in second
    assert f"i-{names[40]}" in second
    assert "No contacts match." in page(remote, "view=helpdesk&list=contacts&q=nobody-of-this-name")
    assert "No customers match." in page(remote, "view=protocol&q=nobody-of-this-name")
    assert "Older" in page(remote, "view=protocol")
