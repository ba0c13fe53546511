"""A conversation from its first word to its replay: what Proto says appears by itself, once, and stays as it is."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk
from tests.browser.house import House
from tests.browser.remote import Remote

pytestmark = pytest.mark.browser
OTHERS = ".ib-line:not(.ib-human)"


def bubbles(desk: Desk) -> Locator:
    """What was said, in the open chat."""
    return desk.page.locator(".ib-lines .ib-line")


def all_said(desk: Desk) -> list[str]:
    """Return everything that stands in the transcript, times left out."""
    return [" ".join(text.split()) for text in desk.page.locator(".ib-lines .ib-said").all_inner_texts()]


def transcript(remote: Remote, chat_id: str) -> list[tuple[str, str]]:
    """Return what Proto itself has of the chat."""
    found = remote.get(f"chats/{chat_id}")["messages"]
    return [(each["author"]["type"], each["message"]["data"].get("text", "")) for each in found]


def start_chat(sam: Desk, person: dict[str, str], words: str) -> str:
    """Start a chat by clicking; return its id at Proto."""
    sam.open(person)
    dialog = sam.dialog("Start chat")
    dialog.get_by_label("Name", exact=True).first.fill("source")
    dialog.get_by_label("Value", exact=True).first.fill("browser test")
    dialog.get_by_label(re.compile("First message")).fill(words)
    sam.submit(dialog, "Start chat")
    sam.page.wait_for_url(re.compile("/conversations/chat/"))
    sam.stay()
    expect(bubbles(sam).filter(has_text=words).first).to_be_visible()
    shown = sam.page.locator(".ib-chat-title .ib-id")
    expect(shown).not_to_be_empty()
    return shown.inner_text()


def test_start_write_read_pull_and_replay(sam: Desk, ada: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    mark = remote.mark()
    chat_id = start_chat(sam, person, "Where is my parcel?")
    (created,) = remote.received("/chat ", after=mark) or remote.received("/chat", after=mark)[:1]
    assert created["body"]["data"] == {"source": "browser test"}
    answer = sam.page.locator(f".ib-lines {OTHERS}")
    expect(answer.first).to_be_visible()

    sam.page.get_by_label("Message", exact=True).fill("Can I talk to a human, please? ขอบคุณ")
    sam.page.get_by_role("button", name="Send message").click()
    expect(bubbles(sam).filter(has_text="ขอบคุณ")).to_have_count(1)
    expect(sam.page.get_by_label("Message", exact=True)).to_have_value("")
    # The bot hands over, and an agent of Proto's comes and says hello.
    expect(sam.page.locator(".ib-lines .ib-agent").first).to_be_visible()
    assert sam.has_stayed()

    house.product.wait_for(lambda: bubbles(sam).count() == len(transcript(remote, chat_id)), "all messages", 30)
    before = all_said(sam)
    pulls = remote.mark()
    sam.page.get_by_role("button", name="Pull messages").click()
    house.product.wait_for(
        lambda: [each for each in remote.received("GET", after=pulls) if each["path"].endswith("/message")],
        "the pull",
        30,
    )
    sam.page.wait_for_timeout(2000)
    assert all_said(sam) == before

    ada.visit("Webhook deliveries")
    ada.rows.first.get_by_role("link").first.click()
    ada.press("Replay")
    expect(ada.page.locator("body")).to_contain_text("Processed")
    sam.page.reload()
    expect(bubbles(sam)).to_have_count(len(transcript(remote, chat_id)))
    assert all_said(sam) == before


def test_what_an_agent_says_elsewhere_appears_in_list_and_transcript(sam: Desk, house: House, remote: Remote) -> None:
    chat_id = start_chat(sam, house.somebody(), "Hello")
    remote.post(f"chats/{chat_id}/say", {"author_type": "agent", "author_name": "Alex", "text": "Alex <b>is</b> here"})
    expect(bubbles(sam).filter(has_text="Alex <b>is</b> here")).to_have_count(1)
    expect(sam.page.locator("#ib-rows")).to_contain_text("Alex <b>is</b> here")
    assert sam.has_stayed()
