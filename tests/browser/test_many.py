"""Work on many people at once, and the list of API calls."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import ON_ITS_WAY, Desk
from tests.browser.house import MANY, House
from tests.browser.remote import HELD, Remote

pytestmark = pytest.mark.browser


def choose_all_that_match(sam: Desk, action: str) -> int:
    """Select every row of every page, choose an action and run it; return how many rows that are."""
    sam.page.get_by_role("checkbox", name="Select all objects").check()
    everybody = sam.page.get_by_role("link", name=re.compile(r"Select all [\d,]+ customers"))
    count = int(re.sub(r"\D", "", everybody.inner_text()))
    everybody.click()
    expect(sam.page.locator(".actions")).to_contain_text(f"All {count} selected")
    sam.page.get_by_label("Select action").select_option(action)
    sam.page.get_by_role("button", name="Run").click()
    return count


def test_all_rows_that_match_are_tagged_with_a_progress_bar_to_the_end(sam: Desk, remote: Remote) -> None:
    wanted = {
        row["provided_unique_id"] for row in remote.people() if MANY in f"{row['email']} {row['provided_unique_id']}"
    }
    mark = remote.mark()
    sam.visit("Customers")
    sam.search(MANY)
    # More than one page, so that "all that match" and "all on this page" differ.
    assert len(wanted) > 50, "the demo data changed; choose another search"
    assert choose_all_that_match(sam, "Add tags") == len(wanted)
    expect(sam.page.locator("body")).to_contain_text(f"For {len(wanted)} people")
    sam.page.get_by_label("press").check()
    sam.page.get_by_role("button", name="Add tags for").click()
    bar = sam.page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuemax", str(len(wanted)))
    expect(sam.panel("run").locator("h2").first).to_contain_text("Done")
    expect(bar).to_have_attribute("aria-valuenow", str(len(wanted)))
    expect(sam.panel("run")).to_contain_text(f"{len(wanted)} done, 0 failed of {len(wanted)}")
    requests = remote.received("add-tags", after=mark)
    tagged = {row["provided_unique_id"] for row in remote.people() if "press" in str(row["tags"])}
    assert wanted <= tagged
    assert len(requests) == len({entry["path"] for entry in requests})
    assert all(entry["body"] == {"tags": ["press"], "create_if_not_exists": False} for entry in requests)


def test_a_run_on_a_slow_proto_can_be_stopped(sam: Desk, remote: Remote) -> None:
    mark = remote.mark()
    remote.fault("slow", "get-customer", seconds=2.0)
    sam.visit("Customers")
    sam.search(MANY)
    count = choose_all_that_match(sam, "Refresh from Proto")
    expect(sam.panel("run").locator("h2").first).to_contain_text(re.compile("Running|Queued"))
    expect(sam.panel("run")).to_contain_text(re.compile(r"[1-9]\d* done"))
    sam.press("Stop")
    remote.clear_faults()
    expect(sam.panel("run").locator("h2").first).to_contain_text("Stopped")
    expect(sam.page.get_by_role("button", name="Stop")).to_have_count(0)
    assert 0 < len(remote.received("get-customer", after=mark)) < count - 10


def test_calls_are_filtered_and_many_are_settled_at_once(ada: Desk, sam: Desk, house: House, remote: Remote) -> None:
    for _ in range(2):
        sam.open(house.somebody())
        remote.fault("drop_after", "create-ticket", times=1)
        dialog = sam.dialog("Create ticket")
        dialog.get_by_label("Subject").fill("Settled together")
        sam.submit(dialog, "Create ticket")
        expect(sam.card("Tickets").locator(".pa-call", has_text="Settled together")).to_contain_text("Unconfirmed")
    ada.visit("API calls")
    mark = remote.mark()
    filters = ada.page.locator("#changelist-filter")
    # One after the other: what was chosen before must not be lost.
    for name, choice in (("open", "Failed or Unconfirmed"), ("operation", "Create ticket")):
        ada.page.get_by_role("button", name="Filters").click()
        filters.locator(f"select[name={name}] + .select2").click()
        ada.page.get_by_role("option", name=choice).click()
        filters.get_by_role("button", name="Apply Filters").click()
        ada.page.wait_for_url(f"**{name}=*")
    expect(ada.rows.filter(has_text="Create ticket").filter(has_text="Unconfirmed")).to_have_count(ada.rows.count())
    assert ada.rows.count() >= 2
    for row in ada.rows.filter(has_text="Settled together").all():
        row.get_by_role("checkbox").check()
    ada.page.get_by_label("Select action").select_option("It went through")
    ada.page.get_by_role("button", name="Run").click()
    expect(ada.page.locator("body")).to_contain_text("It went through: 2 calls.")
    expect(ada.rows.filter(has_text="Settled together")).to_have_count(0)
    assert remote.received(after=mark) == []


def test_the_badges_of_a_list_change_without_a_reload(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.open(person)
    remote.fault("slow", "create-customer", seconds=2 * HELD, times=1)
    sam.page.get_by_label("Location").fill("Lima, Peru")
    sam.save()
    sam.page.goto(f"/admin/customers/customer/?q={person['provided_unique_id']}")
    badge = sam.rows.locator(".pa-badge")
    expect(badge).to_have_text(ON_ITS_WAY)
    sam.stay()
    expect(badge).to_have_text("Done")
    assert sam.has_stayed()
