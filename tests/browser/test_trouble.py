"""What an agent sees when Proto refuses, does not answer or does not know the person; and when no worker runs."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import ON_ITS_WAY, Desk
from tests.browser.house import House
from tests.browser.remote import HELD, SIX, Remote

pytestmark = pytest.mark.browser


def test_what_proto_refuses_stands_beside_the_field_without_a_reload(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.open(person)
    mark = remote.mark()
    remote.fault("slow", "create-customer", seconds=HELD, times=1)
    # Good enough for us, and not for Proto: a 422 about the mail address.
    sam.page.get_by_label("Mail").fill("ana@localhost")
    sam.save()
    expect(sam.badge).to_have_text(ON_ITS_WAY)
    sam.stay()
    expect(sam.mail_error()).to_contain_text("Proto refused this: value is not a valid email address")
    expect(sam.badge).to_have_text("Failed")
    assert sam.has_stayed()
    expect(sam.page.locator(".field-name")).not_to_contain_text("Proto refused this")

    sam.page.get_by_label("Mail").fill("ana@example.com")
    sam.save()
    expect(sam.badge).to_have_text("Done")
    expect(sam.mail_error()).not_to_contain_text("Proto refused this")
    first, second = remote.received("create-customer", after=mark)
    assert [first["status"], second["status"]] == [422, 200]
    assert second["body"] == {name: person[name] for name in SIX} | {"email": "ana@example.com"}


def test_a_lost_answer_to_a_ticket_is_asked_about_and_never_sent_twice(sam: Desk, house: House, remote: Remote) -> None:
    sam.open(house.somebody())
    mark = remote.mark()
    remote.fault("drop_after", "create-ticket", times=1)
    dialog = sam.dialog("Create ticket")
    dialog.get_by_label("Subject").fill("Where is my order")
    sam.submit(dialog, "Create ticket")
    ticket = sam.card("Tickets").locator(".pa-call", has_text="Where is my order")
    expect(ticket).to_contain_text("Unconfirmed")
    sam.stay()
    call = sam.panel("sending").locator(".pa-call", has_text="Create ticket")
    expect(call).to_contain_text("Unconfirmed")
    for answer in ("Send again", "It went through", "Dismiss"):
        expect(call.get_by_role("button", name=answer)).to_be_visible()
    assert sam.has_stayed()
    call.get_by_role("link", name="Create ticket").click()
    expect(sam.page.locator("body")).to_contain_text("Nobody can tell from here whether this went through.")
    sam.page.go_back()
    call.get_by_role("button", name="It went through").click()
    expect(call.locator(".pa-badge")).to_have_text("Done")
    expect(ticket).not_to_contain_text("Unconfirmed")
    (request,) = remote.received("create-ticket", after=mark)
    assert request["effect"]


def test_an_unconfirmed_ticket_goes_out_again_only_when_it_is_asked_for(
    sam: Desk, house: House, remote: Remote
) -> None:
    sam.open(house.somebody())
    mark = remote.mark()
    remote.fault("drop_before", "create-ticket", times=1)
    dialog = sam.dialog("Create ticket")
    dialog.get_by_label("Subject").fill("Once more")
    sam.submit(dialog, "Create ticket")
    call = sam.panel("sending").locator(".pa-call", has_text="Create ticket")
    expect(call).to_contain_text("Unconfirmed")
    assert [entry["effect"] for entry in remote.received("create-ticket", after=mark)] == [False]
    call.get_by_role("button", name="Send again").click()
    expect(call.locator(".pa-badge")).to_have_text("Done")
    assert [entry["effect"] for entry in remote.received("create-ticket", after=mark)] == [False, True]


def test_a_person_whom_proto_does_not_know_is_inserted(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    remote.delete(person["provided_unique_id"])
    sam.open(person)
    remote.fault("slow", "get-customer", seconds=HELD, times=1)
    sam.press("Refresh from Proto")
    expect(sam.panel("sending")).to_contain_text(ON_ITS_WAY)
    sam.stay()
    expect(sam.panel("sending")).to_contain_text("Proto does not know this person")
    insert = sam.page.get_by_role("button", name="Insert into Proto")
    expect(insert).to_be_visible()
    assert sam.has_stayed()
    mark = remote.mark()
    insert.click()
    expect(sam.panel("sending").locator(".pa-call", has_text="Save").first).to_contain_text("Done")
    expect(sam.panel("sending")).not_to_contain_text("Proto does not know this person")
    assert remote.bodies("create-customer", after=mark) == [{name: person[name] for name in SIX}]
    assert remote.person(person["provided_unique_id"])["name"] == person["name"]


def test_a_busy_proto_is_waited_for_and_the_page_says_until_when(sam: Desk, house: House, remote: Remote) -> None:
    sam.open(house.somebody())
    mark = remote.mark()
    remote.fault("rate_limit", "create-customer", retry_after=2, times=1)
    sam.page.get_by_label("Location").fill("Bern, Switzerland")
    sam.save()
    call = sam.panel("sending").locator(".pa-call").first
    expect(call).to_contain_text(re.compile("Attempt 2 .*Nothing is lost meanwhile"))
    expect(sam.badge).to_have_text("Done")
    assert [entry["status"] for entry in remote.received("create-customer", after=mark)] == [429, 200]
