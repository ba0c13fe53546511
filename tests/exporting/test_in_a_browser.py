"""Exports in a real browser: choose, export, download, and what is in the file."""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import Desk, NewDesk, desks_in
from tests.browser.house import House
from tests.browser.test_looks import CONTRAST, overflow
from tests.inbox.talks import INBOX, MOVE_IN
from tests.support.product import Product

pytestmark = pytest.mark.browser
WIDTHS = (1440, 390)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with two people and some chats."""
    with Product(tmp_path_factory.mktemp("exports")) as product:
        product.python(MOVE_IN)
        yield House(product).open()


@pytest.fixture
def new_desk(house: House, browser: Browser) -> Iterator[NewDesk]:
    """Return a function that seats somebody at a browser."""
    with desks_in(house, browser) as seat:
        yield seat


@pytest.fixture
def mia(new_desk: NewDesk) -> Desk:
    """Mia, a manager."""
    return new_desk("mia")


def menu(page: Page, words: str) -> None:
    page.locator(".ib-search .ib-menu summary").click()
    page.locator(".ib-search .ib-menu-list").get_by_text(words).click()


def picture(page: Page, name: str) -> None:
    """Keep a picture where PICTURES says, to be looked at by hand."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def downloaded(page: Page) -> str:
    """Wait for the file on the page of the run, and download it."""
    link = page.get_by_role("link", name=re.compile(r"\.csv$"))
    expect(link).to_be_visible()
    with page.expect_download() as waiting:
        link.click()
    return waiting.value.path().read_text("utf-8-sig")


def test_choose_export_download(mia: Desk) -> None:
    page = mia.page
    page.goto(f"{INBOX}?author=human")
    listed = page.locator("a.ib-row .ib-name").all_inner_texts()
    menu(page, "Export all that match")
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog).to_contain_text(f"All {len(listed)} that match")
    picture(page, "export-dialog")
    dialog.get_by_role("button", name="Export").click()
    rows = list(csv.DictReader(io.StringIO(downloaded(page))))
    assert sorted(row["person"] for row in rows) == sorted(listed)
    page.goto("/admin/runs/run/exports/")
    row = page.get_by_role("row").filter(has_text="Spoke last: Customer").first
    expect(row).to_contain_text(f"{len(listed)}")
    picture(page, "exports")
    row.get_by_role("button", name="Delete now").click()
    expect(page.get_by_role("row").filter(has_text="Spoke last: Customer").first).to_contain_text("deleted")


def test_select_a_stretch_and_export_the_messages(mia: Desk) -> None:
    page = mia.page
    page.goto(INBOX)
    menu(page, "Select chats")
    boxes = page.locator(".ib-pick")
    boxes.nth(1).check()
    boxes.nth(3).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected chats")
    expect(bar).to_contain_text("3 chats selected")
    boxes.nth(2).uncheck()
    expect(bar).to_contain_text("2 chats selected")
    picture(page, "selected")
    wanted = {page.locator(".ib-name").nth(number).inner_text() for number in (1, 3)}
    bar.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_label("All their messages, one row each").check()
    dialog.get_by_role("button", name="Export").click()
    rows = list(csv.DictReader(io.StringIO(downloaded(page))))
    assert {row["person"] for row in rows} == wanted


def test_escape_ends_selecting_and_rows_that_come_have_boxes(mia: Desk, house: House) -> None:
    page = mia.page
    page.goto(INBOX)
    menu(page, "Select chats")
    page.locator(".ib-pick").first.check()
    house.product.python(
        'c = Chat.objects.order_by("last_message_at").first()\n'
        'Message.objects.create(chat=c, author_type="human", text="newest of all", data={})'
    )
    first = page.locator(".ib-rows > li").first
    expect(first).to_contain_text("newest of all")
    expect(first.locator(".ib-pick")).to_be_visible()
    expect(page.locator(".ib-pick:checked")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".ib-pick").first).to_be_hidden()
    menu(page, "Select chats")
    expect(page.locator(".ib-pick:checked")).to_have_count(0)


def test_a_transcript_is_downloaded(mia: Desk) -> None:
    page = mia.page
    page.goto(INBOX)
    page.locator("a.ib-row").filter(has_text="Long Talk").click()
    page.locator(".ib-chat-buttons .ib-menu summary").click()
    picture(page, "transcript-menu")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download as HTML").click()
    html = waiting.value.path().read_text()
    assert "line 000" in html
    assert "line 129" in html
    alone = page.context.new_page()
    alone.set_content(html)
    picture(alone, "transcript")
    expect(alone.get_by_text("line 129")).to_have_count(1)
    alone.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_looks(new_desk: NewDesk, width: int, theme: str) -> None:
    desk = new_desk("mia", viewport={"width": width, "height": 844}, color_scheme=theme)
    page = desk.page
    page.goto("/admin/runs/run/exports/")
    expect(page.get_by_role("heading", name="Exports").last).to_be_visible()
    assert overflow(page) == ""
    picture(page, f"exports-{width}-{theme}")
    page.goto(INBOX)
    menu(page, "Select chats")
    page.locator(".ib-pick").first.check()
    assert overflow(page) == ""
    for element in page.locator(".ib-many strong, .ib-many button:enabled").all():
        assert element.evaluate(CONTRAST) >= 4.5, element.inner_text()
    picture(page, f"selecting-{width}-{theme}")
    page.locator("#ib-many [data-many=export]").click()
    expect(page.get_by_role("dialog", name="Export")).to_be_visible()
    picture(page, f"dialog-{width}-{theme}")
