"""An administrator at work: the connection, and custom fields."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import ON_ITS_WAY, Desk
from tests.browser.remote import HELD, Remote

pytestmark = pytest.mark.browser


def set_secret(ada: Desk, secret: str) -> None:
    """Enter the takeover secret anew and save."""
    ada.page.get_by_label("Takeover secret").fill(secret)
    ada.save()
    expect(ada.page.locator("body")).to_contain_text("changed successfully")
    expect(ada.page.get_by_label("Takeover secret")).to_have_value("")


def test_test_connection_says_in_words_whether_the_secret_is_right(ada: Desk, remote: Remote) -> None:
    ada.visit("Connections")
    ada.page.get_by_role("link", name="Acme Support", exact=True).click()
    outcome = ada.panel("connection")
    try:
        set_secret(ada, "not-the-secret")
        mark = remote.mark()
        ada.press("Test connection")
        expect(outcome).to_contain_text("It does not work")
        expect(outcome.locator(".pa-call-error")).to_contain_text("secret")
        expect(outcome).not_to_contain_text("not-the-secret")
        assert [(entry["method"], entry["status"]) for entry in remote.received(after=mark)] == [("GET", 401)]
    finally:
        ada.page.reload()
        set_secret(ada, remote.secret_of())
    mark = remote.mark()
    ada.press("Test connection")
    expect(outcome).to_contain_text("It works")
    assert [(entry["method"], entry["status"]) for entry in remote.received(after=mark)] == [("GET", 200)]
    assert remote.secret_of() not in ada.page.content()


def test_a_custom_field_is_checked_and_added_in_proto(ada: Desk, remote: Remote) -> None:
    mark = remote.mark()
    ada.visit("Custom fields")
    ada.page.get_by_role("link", name="Add custom field").click()
    ada.page.get_by_label("Name").fill("Shirt size")
    ada.page.get_by_label("Type").select_option("Select")
    ada.save()
    expect(ada.page.locator("body")).to_contain_text("A select needs at least one option.")
    expect(ada.page.get_by_label("Name")).to_have_value("Shirt size")
    assert remote.received("custom-field", after=mark) == []
    ada.page.get_by_label("Options").fill("S\nM\n\nL\n")
    ada.save()
    expect(ada.panel("field").locator(".pa-call", has_text="Add custom field")).to_contain_text("Done")
    assert remote.bodies("create-custom-field", after=mark) == [
        {"name": "Shirt size", "type": "select", "select_options": ["S", "M", "L"]}
    ]
    expect(ada.panel("field")).to_contain_text(remote.fields()["Shirt size"]["id"])


def sync(ada: Desk) -> Locator:
    """Press Sync from Proto; return what is said about the last sync."""
    ada.visit("Custom fields")
    ada.submit(ada.dialog("Sync from Proto"), "Sync from Proto")
    return ada.page.locator("#last-sync")


def add_remotely(remote: Remote, name: str, **details: object) -> str:
    """Add a field as if it had been done in Proto; return its id."""
    body = {"subcompany_id": remote.id_of(), "name": name, "type": "text", **details}
    return str(remote.post("fields", body)["id"])


def test_a_sync_shows_what_was_added_changed_and_gone_in_proto(ada: Desk, remote: Remote) -> None:
    changes = add_remotely(remote, "Shoe", type="select", select_options=["40", "41"])
    goes = add_remotely(remote, "Old habit")
    expect(sync(ada)).to_contain_text("added Shoe, Old habit")
    add_remotely(remote, "Mood ring", type="colour")
    remote.post(f"fields/{changes}", {"select_options": ["40", "41", "42"]})
    remote.post(f"fields/{goes}/delete")
    remote.fault("slow", "list-custom-fields", seconds=HELD, times=1)
    note = sync(ada)
    expect(note).to_contain_text(ON_ITS_WAY)
    expect(note).to_contain_text("added Mood ring. changed Shoe. gone Old habit; the values stay here.")
    expect(ada.rows.filter(has_text="Mood ring")).to_contain_text("colour")
    expect(ada.rows.filter(has_text="Shoe")).to_contain_text("40, 41, 42")
    expect(ada.rows.filter(has_text="Old habit")).to_contain_text("Gone")


def test_deleting_a_custom_field_asks_for_its_name(ada: Desk, remote: Remote) -> None:
    field_id = add_remotely(remote, "Doomed")
    expect(sync(ada)).to_contain_text("added Doomed")
    mark = remote.mark()
    ada.search("Doomed").get_by_role("link", name="Doomed").click()
    dialog = ada.dialog("Delete")
    expect(dialog).to_contain_text("go with it, in Proto and here")
    dialog.get_by_label("Name of the field").fill("doomed")
    ada.expected_status.add(422)
    ada.submit(dialog, "Delete")
    expect(ada.page.get_by_role("alert")).to_contain_text("This is not the field's name.")
    assert remote.received("custom-field", after=mark) == []
    ada.page.get_by_label("Name of the field").fill("Doomed")
    ada.page.get_by_role("button", name="Delete").click()
    expect(ada.page.locator("body")).to_contain_text("is being deleted in Proto")
    ada.house.product.wait_for(lambda: "Doomed" not in remote.fields(), "the field to go in Proto")
    ada.visit("Custom fields")
    expect(ada.rows.filter(has_text="Preferred name")).to_have_count(1)
    expect(ada.rows.filter(has_text="Doomed")).to_have_count(0)
    (request,) = remote.received("delete-custom-fields", after=mark)
    assert request["method"] == "DELETE"
    assert field_id in request["path"]
