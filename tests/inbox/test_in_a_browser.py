"""The inbox in a real browser: alive, by keyboard, on a phone, and silent until somebody asks for a picture."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.desk import Desk, NewDesk, desks_in
from tests.browser.house import House
from tests.browser.test_looks import CONTRAST, overflow
from tests.inbox.talks import INBOX, MOVE_IN, TALKS, lines, open_chat, rows, say
from tests.support.product import Product

pytestmark = pytest.mark.browser

SEEN = """() => {
    const lines = document.querySelector(".ib-lines");
    new MutationObserver(() => {
        if (!window.seenAt && lines.textContent.includes("an answer")) window.seenAt = Date.now();
    }).observe(lines, {childList: true});
}"""
READ = (
    ".ib-name, .ib-when, .ib-last bdi, .ib-channel, .ib-waits, .ib-who, .ib-bubble, .ib-foot time, .ib-as, .ib-tabs a, "
    ".pa-facts dt"
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with two people and some chats."""
    with Product(tmp_path_factory.mktemp("inbox")) as product:
        product.python(MOVE_IN)
        yield House(product)


@pytest.fixture
def new_desk(house: House, browser: Browser) -> Iterator[NewDesk]:
    """Return a function that seats somebody at a browser."""
    with desks_in(house, browser) as seat:
        yield seat


@pytest.fixture
def sam(new_desk: NewDesk) -> Desk:
    """Sam of Support."""
    return new_desk("sam")


# --- alive -------------------------------------------------------------------------------------------


def test_what_is_said_appears_while_one_types(sam: Desk) -> None:
    page = open_chat(sam, "Jane Doe")
    sam.stay()
    page.fill("#write_text", "half a sent")
    page.evaluate(SEEN)
    said_at = say(sam, "Jane Doe", "bot", "an answer")
    expect(lines(page).last).to_have_text("an answer")
    lag = page.evaluate("window.seenAt") / 1000 - said_at
    assert lag < 3, f"{lag:.2f} s"
    assert page.input_value("#write_text") == "half a sent"
    assert page.evaluate("document.activeElement.id") == "write_text"
    expect(rows(page).first).to_contain_text("an answer")
    say(sam, "Somebody New", "human", "good morning")
    expect(rows(page).first).to_contain_text("Somebody New")
    expect(page.locator("a.ib-row[aria-current]")).to_contain_text("Jane Doe")
    assert sam.has_stayed()


def test_a_place_in_the_middle_is_kept(sam: Desk) -> None:
    page = open_chat(sam, "Long Talk")
    expect(lines(page).last).to_have_text("line 129")
    assert lines(page).count() == 50
    box = page.locator(".ib-transcript")
    box.evaluate("box => { box.scrollTop = 0; }")
    expect(lines(page).filter(has_text="line 030")).to_have_count(1)
    box.evaluate("box => { box.scrollTop = 0; }")
    expect(lines(page).filter(has_text="line 000")).to_have_count(1)
    texts = lines(page).all_inner_texts()
    assert texts == [f"line {number:03}" for number in range(130)]
    box.evaluate("box => { box.scrollTop = 700; }")
    before = page.locator(".ib-line").nth(20).bounding_box()
    page.evaluate("getSelection().selectAllChildren(document.querySelectorAll('.ib-bubble')[20])")
    say(sam, "Long Talk", "bot", "far below")
    pill = page.locator(".ib-pill")
    expect(pill).to_have_text("1 new message ↓")
    assert page.locator(".ib-line").nth(20).bounding_box() == before
    assert page.evaluate("getSelection().toString()").strip() == "line 020"
    pill.click()
    expect(lines(page).last).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_reading_takes_the_mark_away(new_desk: NewDesk, sam: Desk) -> None:
    page = open_chat(sam, "مريم العتيبي")
    row = rows(page).filter(has_text="مريم العتيبي")
    expect(row).not_to_have_class(re.compile("is-unread"))
    mia = new_desk("mia")
    mia.page.goto(INBOX)
    expect(rows(mia.page).filter(has_text="مريم العتيبي")).to_have_class(re.compile("is-unread"))
    page.reload()
    expect(row).not_to_have_class(re.compile("is-unread"))
    page.locator(".ib-chat-buttons .ib-menu summary").click()
    page.get_by_role("button", name="Mark as unread").click()
    expect(row).to_have_class(re.compile("is-unread"))


def test_a_lost_server_is_told_of_and_recovered_from(sam: Desk) -> None:
    page = open_chat(sam, "Jane Doe")
    page.fill("#write_text", "not lost")
    page.route("**/chat/live/**", lambda route: route.abort())
    expect(page.locator("#ib-lost")).to_contain_text("Connection lost")
    say(sam, "Jane Doe", "bot", "said meanwhile")
    page.unroute("**/chat/live/**")
    expect(lines(page).last).to_have_text("said meanwhile")
    expect(page.locator("#ib-lost")).to_be_hidden()
    assert page.input_value("#write_text") == "not lost"
    sam.complaints.clear()


def test_a_hidden_tab_asks_seldom(sam: Desk) -> None:
    page = open_chat(sam, "Jane Doe")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live/?" in request.url else None)
    page.wait_for_timeout(5000)
    often = len(asked)
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", {get: () => true});
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_timeout(2500)
    asked.clear()
    page.wait_for_timeout(5000)
    assert often >= 3
    assert len(asked) <= 1


# --- writing -----------------------------------------------------------------------------------------


def test_writing_once_and_for_sure(sam: Desk) -> None:
    page = open_chat(sam, "佐藤 花子")
    expect(page.locator(".ib-as")).to_contain_text("as 佐藤 花子")
    page.fill("#write_text", "  ")
    sam.expected_status.add(422)
    page.keyboard.press("Enter")
    expect(page.locator("#write_text_error")).to_contain_text("needs a text")
    page.fill("#write_text", "first line")
    page.press("#write_text", "Shift+Enter")
    page.keyboard.type("second line")
    page.reload()
    expect(page.locator("#write_text")).to_have_value("first line\nsecond line")
    page.get_by_role("button", name="Send message").dblclick()
    expect(lines(page).last).to_have_text("first line\nsecond line")
    expect(page.locator("#write_text")).to_have_value("")
    page.keyboard.type("by keys")
    page.keyboard.press("Control+Enter")
    expect(lines(page).last).to_have_text("by keys")
    page.get_by_label("Postback button").check()
    page.fill("#write_payload", "choose-plus")
    page.keyboard.press("Enter")
    expect(lines(page).last).to_contain_text("choose-plus")
    page.wait_for_timeout(1500)
    assert lines(page).filter(has_text="second line").count() == 1
    assert page.locator(".ib-sent").first.inner_text() == "Sent from here by sam"


def test_who_only_reads(new_desk: NewDesk) -> None:
    page = open_chat(new_desk("mia"), "Jane Doe")
    expect(page.locator(".ib-composer")).to_have_count(0)
    expect(page.get_by_role("button", name="Pull messages")).to_have_count(0)


# --- by keyboard -------------------------------------------------------------------------------------


def focused(page: Page) -> Any:
    return page.evaluate("document.activeElement.name || document.activeElement.className || document.activeElement.id")


def test_everything_by_keyboard(sam: Desk) -> None:
    page = sam.page
    page.goto(INBOX)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second = rows(page).nth(1).locator(".ib-name").inner_text()
    expect(page.locator(".ib-chat-title")).to_contain_text(second)
    page.keyboard.press("r")
    assert focused(page) == "text"
    page.keyboard.type("jk/?f")
    assert page.input_value("#write_text") == "jk/?f"
    page.fill("#write_text", "")
    page.keyboard.press("Escape")
    assert "ib-transcript" in focused(page)
    page.keyboard.press("Escape")
    assert "ib-row" in focused(page)
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.type("jane")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=jane**")
    expect(page.locator(".ib-people a.ib-row")).to_have_count(1)
    page.keyboard.press("f")
    expect(page.locator("#ib-filters")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#ib-filters")).to_be_hidden()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("#ib-filters")).to_be_hidden()
    page.keyboard.press("?")
    sheet.get_by_label("Use these keys").check()


def test_back_and_forward(sam: Desk) -> None:
    page = open_chat(sam, "Jane Doe")
    first = page.url
    rows(page).filter(has_text="Long Talk").click()
    expect(page.locator(".ib-chat-title")).to_contain_text("Long Talk")
    page.go_back()
    expect(page.locator(".ib-chat-title")).to_contain_text("Jane Doe")
    assert page.url == first
    page.go_forward()
    expect(page.locator(".ib-chat-title")).to_contain_text("Long Talk")


def test_a_view_is_kept(sam: Desk) -> None:
    page = sam.page
    page.goto(f"{INBOX}?waiting=1")
    page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save view")
    dialog.get_by_label("Name").fill("Those who wait")
    dialog.get_by_role("button", name="Save view").click()
    view = page.get_by_role("link", name="Those who wait")
    expect(view).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Delete the view Those who wait").click()
    expect(view).to_have_count(0)


# --- how it looks ------------------------------------------------------------------------------------


def test_one_pane_at_a_time_on_a_phone(new_desk: NewDesk) -> None:
    phone = new_desk("sam", viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.page
    page.goto(INBOX)
    assert overflow(page) == ""
    for name in TALKS:
        rows(page).filter(has_text=name).tap()
        expect(page.locator(".ib-transcript")).to_be_visible()
        expect(page.locator(".ib-list")).to_be_hidden()
        expect(lines(page).last).to_be_in_viewport()
        assert overflow(page) == "", name
        page.get_by_role("button", name="Person").tap()
        expect(page.locator(".ib-person")).to_be_visible()
        expect(page.locator(".ib-chat")).to_be_hidden()
        assert overflow(page) == "", name
        page.get_by_role("button", name="Back to the transcript").tap()
        page.get_by_role("link", name="Back to the list").tap()
        expect(page.locator(".ib-list")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable(new_desk: NewDesk, scheme: str) -> None:
    page = open_chat(new_desk("sam", color_scheme=scheme), "สมชาย ใจดี")
    page.locator(READ).first.wait_for()
    # All at once: between two questions a row may have been replaced by a newer one.
    found = page.locator(READ).evaluate_all(f"""all => {{
        const contrast = {CONTRAST};
        const shown = all.filter((each) => each.checkVisibility());
        return shown.map((each) => [`${{each.className}} ${{each.textContent.slice(0, 20)}}`, contrast(each)]);
    }}""")
    assert len(found) > 20
    assert {name: round(ratio, 2) for name, ratio in found if ratio < 4.5} == {}


def test_right_to_left_is_told_from_left_to_right(sam: Desk) -> None:
    page = open_chat(sam, "مريم العتيبي")
    directions = lines(page).evaluate_all("all => all.map(each => getComputedStyle(each).direction)")
    assert set(directions) == {"rtl"}
    page = open_chat(sam, "Jane Doe")
    assert lines(page).first.evaluate("each => getComputedStyle(each).direction") == "ltr"


def test_a_picture_is_asked_for_when_somebody_clicks(sam: Desk) -> None:
    def answer(route: Route) -> None:
        referrers.append(route.request.headers.get("referer", ""))
        route.fulfill(content_type="image/png", body=base64.b64decode(PIXEL))

    referrers: list[str] = []
    sam.page.route("https://pictures.example/**", answer)
    page = open_chat(sam, "สมชาย ใจดี")
    page.wait_for_timeout(500)
    assert sam.foreign == []
    page.get_by_role("button", name="cat.png").click()
    expect(page.locator("img.ib-loaded")).to_be_visible()
    assert sam.foreign == ["https://pictures.example/cat.png"]
    assert referrers == [""]
    sam.foreign.clear()
