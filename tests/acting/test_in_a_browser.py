"""Acting on many and follow-ups in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import NewDesk, desks_in
from tests.browser.house import House
from tests.browser.test_looks import CONTRAST, overflow
from tests.exporting.test_in_a_browser import menu, picture
from tests.inbox.talks import INBOX, MOVE_IN
from tests.support.product import Product

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with two people and some chats."""
    with Product(tmp_path_factory.mktemp("acting")) as product:
        product.python(MOVE_IN)
        yield House(product).open()


@pytest.fixture
def new_desk(house: House, browser: Browser) -> Iterator[NewDesk]:
    """Return a function that seats somebody at a browser."""
    with desks_in(house, browser) as seat:
        yield seat


def toolbar(page: Page, words: str) -> None:
    page.get_by_role("toolbar", name="Selected chats").get_by_role("button", name=words).click()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_selected_chats_are_marked_read(new_desk: NewDesk, house: House, width: int, theme: str) -> None:
    house.product.python("ReadMark.objects.all().delete()")
    page = new_desk("sam", viewport={"width": width, "height": 844}, color_scheme=theme).page
    page.goto(INBOX)
    before = page.locator(".ib-row.is-unread").count()
    assert before > 3
    menu(page, "Select chats")
    page.locator(".ib-pick").nth(0).check()
    page.locator(".ib-pick").nth(2).check()
    toolbar(page, "Mark read")
    # The page stays the inbox, and follows what is done.
    expect(page.get_by_text("Mark read: 2 selected chats.")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{INBOX}$"))
    expect(page.locator(".ib-row.is-unread")).to_have_count(before - 2)
    assert overflow(page) == ""
    picture(page, f"marked-{width}-{theme}")
    page.get_by_role("link", name="See the run").click()
    expect(page.locator("#panel-run")).to_contain_text("2 done, 0 failed of 2")
    expect(page.locator("#panel-run")).to_contain_text("2 selected chats")


def test_all_that_match_are_asked_about_first(new_desk: NewDesk) -> None:
    page = new_desk("sam").page
    page.goto(f"{INBOX}?waiting=1")
    listed = page.locator("a.ib-row").count()
    menu(page, "Select chats")
    page.get_by_role("button", name="All that match").click()
    bar = page.get_by_role("toolbar", name="Selected chats")
    expect(bar).to_contain_text(f"All {listed} that match")
    expect(page.locator(".ib-pick:checked")).to_have_count(listed)
    toolbar(page, "Mark unread")
    dialog = page.get_by_role("dialog", name="Mark unread")
    expect(dialog).to_contain_text(f"All {listed} that match")
    dialog.get_by_role("button", name="Mark unread").click()
    expect(page.locator("#panel-run")).to_contain_text(f"{listed} done, 0 failed of {listed}")


def test_a_follow_up_from_asking_to_done(new_desk: NewDesk, house: House) -> None:
    house.product.python("FollowUp.objects.all().delete()")
    mia, sam = new_desk("mia").page, new_desk("sam").page
    mia.goto(INBOX)
    menu(mia, "Select chats")
    mia.locator(".ib-pick").nth(1).check()
    name = mia.locator(".ib-name").nth(1).inner_text()
    toolbar(mia, "Follow up")
    dialog = mia.get_by_role("dialog", name="Follow up")
    dialog.get_by_label("Who").select_option(label="sam")
    dialog.get_by_label("Until").fill("2020-02-03")
    dialog.get_by_label("Note").fill("Call them back")
    picture(mia, "follow-up-dialog")
    dialog.get_by_role("button", name="Follow up").click()
    mia.get_by_role("link", name="See the run").click()
    expect(mia.locator("#panel-run")).to_contain_text("1 done, 0 failed of 1")
    sam.goto(INBOX)
    sam.get_by_role("link", name="Follow-ups").click()
    row = sam.locator("a.ib-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(name)
    expect(row).to_contain_text("Overdue")
    row.click()
    block = sam.locator(".ib-follow-ups")
    expect(block).to_contain_text("Call them back")
    picture(sam, "follow-up-open")
    block.get_by_role("button", name="Done").click()
    expect(sam.locator(".ib-follow-ups")).to_have_count(0)
    mia.goto(INBOX)
    mia.locator("a.ib-row").filter(has_text=name).click()
    expect(mia.locator(".ib-follow-ups")).to_contain_text("Nobody is asked")
    mia.get_by_text("Ask for a follow-up").click()
    mia.get_by_label("Who").select_option(label="mia")
    picture(mia, "follow-up-ask")
    mia.get_by_role("button", name="Ask", exact=True).click()
    expect(mia.locator(".ib-follow-ups")).to_contain_text("asked by mia")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_looks(new_desk: NewDesk, width: int, theme: str, house: House) -> None:
    house.product.python(
        'sam = User.objects.get(username="sam")\n'
        "for days, chat in enumerate(Chat.objects.all()[:2]):\n"
        "    FollowUp.objects.get_or_create(chat=chat, assignee=sam, done_at=None, defaults={\n"
        '        "due": "2020-01-01" if days else None, "note": "See to it", "by": sam})'
    )
    page = new_desk("sam", viewport={"width": width, "height": 844}, color_scheme=theme).page
    page.goto(INBOX)
    menu(page, "Select chats")
    assert overflow(page) == ""
    for flag in page.locator(".ib-overdue, .ib-follows").all():
        assert flag.evaluate(CONTRAST) >= 4.5
    picture(page, f"acting-{width}-{theme}")
    page.keyboard.press("Escape")
    page.locator("a.ib-row").filter(has_text="Overdue").first.click()
    if width == 390:
        page.get_by_role("button", name="Person").click()
    expect(page.locator(".ib-follow-ups")).to_be_visible()
    assert overflow(page) == ""
    picture(page, f"follow-ups-{width}-{theme}")
