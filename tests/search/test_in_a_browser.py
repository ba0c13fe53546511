"""Search in a real browser: type, read the marked lines, walk through the matches, come back to the same place."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk, desks_in
from tests.browser.house import House
from tests.browser.test_looks import CONTRAST, overflow
from tests.inbox.talks import INBOX, MOVE_IN
from tests.support.product import Product

pytestmark = pytest.mark.browser

MORE = """
for number in (20, 70, 120):
    message = Message.objects.get(text__endswith=f"line {number:03}")
    message.text = f"the Crème brûlée number {number}"
    message.data = {"text": message.text}
    message.save()
for number in range(40):
    human = Human.objects.create(channel=channel, human_id=f"b-{number}", name=f"Biscuit {number:02}")
    say(Chat.objects.create(channel=channel, chat_id=f"c-b-{number}", human=human), f"human: 饼干 {number:02} 在哪里")
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A product with something to find."""
    with Product(tmp_path_factory.mktemp("search")) as product:
        product.python(MOVE_IN + MORE)
        yield House(product)


@pytest.fixture
def sam(house: House, browser: Browser) -> Iterator[Desk]:
    """Sam of Support."""
    with desks_in(house, browser) as seat:
        yield seat("sam")


def test_from_a_word_to_its_matches_and_back(sam: Desk) -> None:
    page = sam.page
    page.goto(INBOX)
    page.keyboard.press("/")
    page.keyboard.type("creme brulee")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=creme+brulee**")
    hits = page.locator(".ib-hit")
    expect(hits).to_have_count(3)
    expect(hits.first.locator("mark").first).to_have_text("Crème")
    hits.nth(2).click()
    expect(page.locator(".ib-matches")).to_contain_text("Match 1 of 3")
    found = page.locator(".ib-line.is-found")
    expect(found).to_contain_text("number 20")
    expect(found).to_be_in_viewport()
    page.keyboard.press("n")
    expect(page.locator(".ib-matches")).to_contain_text("Match 2 of 3")
    expect(page.locator(".ib-line.is-found")).to_contain_text("number 70")
    page.keyboard.press("p")
    expect(page.locator(".ib-line.is-found")).to_contain_text("number 20")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/chat/\?q=creme\+brulee$"))
    expect(hits).to_have_count(3)


def test_results_keep_their_place(sam: Desk) -> None:
    page = sam.page
    page.goto(f"{INBOX}?q=饼干")
    rows = page.locator("#ib-rows li[data-chat]")
    expect(rows.first).to_contain_text("饼干 39")
    page.locator("#ib-rows").evaluate("box => box.scrollTop = box.scrollHeight")
    expect(rows).to_have_count(40)
    rows.last.locator(".ib-hit").click()
    expect(page.locator(".ib-line.is-found mark")).to_have_text("饼干")
    place = page.locator("#ib-rows").evaluate("box => box.scrollTop")
    page.go_back()
    expect(rows).to_have_count(40)
    assert place > 0
    assert page.locator("#ib-rows").evaluate("box => box.scrollTop") == place


@pytest.mark.parametrize("width", [1440, 390])
def test_the_search_page_looks_right(sam: Desk, width: int) -> None:
    page = sam.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{INBOX}search/?q=饼干+before:lastweek")
    expect(page.locator(".se-card")).to_have_count(25)
    expect(page.get_by_role("status")).to_contain_text("“before:lastweek” is no date")
    assert overflow(page) == ""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for place in (".ib-hit-text", ".ib-hit-by", ".se-name", "mark", ".ib-problems li"):
            assert page.locator(place).first.evaluate(CONTRAST) >= 4.5, (scheme, place)
    page.locator(".ib-help summary").click()
    expect(page.locator(".ib-help-card")).to_be_in_viewport(ratio=0.99)
    page.locator(".ib-help summary").click()
    page.get_by_role("link", name="More results").click()
    expect(page.locator(".se-card")).to_have_count(15)
    page.go_back()
    expect(page.locator(".se-card")).to_have_count(25)
