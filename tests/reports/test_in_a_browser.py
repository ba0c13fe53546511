"""The dashboard in Chromium: a number leads to a list with as many chats, charts are drawn, nothing goes wrong."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# More chats than the list has on one page.
FILL = """
import datetime
from django.utils import timezone
from conversations.models import Message
home = Teamspace.objects.create(name="Home", subcompany_id="home")
web = Channel.objects.create(name="Web", channel_id="web", teamspace=home)
now = timezone.now()
for number in range(60):
    chat = Chat.objects.create(channel=web, chat_id=f"chat-{number}", lang="en", created_at=now)
    Message.objects.create(chat=chat, author_type="human", text="hello", received_at=now)
    Message.objects.create(chat=chat, author_type="bot", text="hi", received_at=now + datetime.timedelta(seconds=3))
    if number % 5 == 0:
        Message.objects.create(chat=chat, author_type="agent", text="here", received_at=now)
"""
DUE = "from django.db.models import F; print(Chat.objects.filter(figured_version__lt=F('version')).exists())"


def listed(page: Page) -> int:
    """Return how many chats the inbox lists, scrolled to its end."""
    expect(page.locator("#ib-rows")).to_be_visible()
    while page.locator(".ib-more").count():
        page.locator(".ib-more").scroll_into_view_if_needed()
        page.wait_for_timeout(200)
    expect(page.locator(".ib-list-end")).to_be_visible()
    return page.locator("#ib-rows li[data-chat]").count()


def test_a_number_leads_to_as_many_chats(product: Product, browser: Browser) -> None:
    product.python(FILL)
    product.wait_for(lambda: product.python(DUE) == "False", "the workers to count the chats")
    name, password = product.login()
    context = browser.new_context(
        base_url=product.url, viewport={"width": 1440, "height": 900}, timezone_id="Asia/Kathmandu"
    )
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    page.get_by_role("link", name="Reports").first.click()
    page.get_by_role("link", name="Last 7 days").click()
    reports = page.url
    for figure, number in (("started", 60), ("handed_over", 12), ("agent_answer", 12)):
        page.goto(reports)
        tile = page.locator(f'[data-figure="{figure}"]')
        if figure != "agent_answer":
            expect(tile.locator(".rp-value")).to_have_text(str(number))
        tile.locator(".rp-value a").click()
        assert listed(page) == number
    page.goto(reports)
    cell = page.locator(".rp-table tbody tr").last.locator("td a").first
    number = int(cell.inner_text())
    cell.click()
    assert listed(page) == number == 60
    page.goto(f"{reports}&view=hours")
    cell = page.locator(".rp-heat td a").first
    cell.click()
    expect(page.locator(".ib-chosen")).to_contain_text(re.compile("Messages by customers: .*day"))
    assert listed(page) == 60
    _charts(page, reports)
    assert complaints == []
    context.close()


def _charts(page: Page, reports: str) -> None:
    """A chart has ink in it, and a click on a bar opens the chats of its day."""
    page.goto(reports)
    canvas = page.locator("canvas[data-chart]").first
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    # Today is the last of the days; its bars stand at the right end, from the bottom up.
    canvas.click(position={"x": box["width"] - 45, "y": box["height"] - 60})
    page.wait_for_url("**/conversations/chat/?figure=*")
