"""What is shown of a message: every documented type, and anything at all without an error or a hole."""

import json
import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.inbox.bubbles import Part, parts_of
from conversations.inbox.linking import anchor, linked, picture_url, safe_url
from conversations.models import Message
from protoadmin.storable import to_storable

EVIL = '"><script>alert(1)</script>'


def shown(kind: str, data: Any, text: str = "") -> list[Part]:
    return parts_of(Message(type=kind, data=data, text=text))


def html_of(kind: str, data: Any, text: str = "") -> str:
    return render_to_string("admin/inbox/parts.html", {"parts": shown(kind, data, text)})


def kinds(parts: list[Part]) -> list[str]:
    return [part.kind for part in parts]


# --- the documented types ----------------------------------------------------------------------------


def test_text_with_quick_replies() -> None:
    parts = shown("text", {"text": "Hi", "quickReplies": [{"title": "A", "text": "a"}, {"text": "b"}, "c", None, 7]})
    assert kinds(parts) == ["text", "replies"]
    assert parts[1].items == ["A", "b", "c", "7"]


@pytest.mark.parametrize(
    ("kind", "data", "part", "url"),
    [
        ("image", {"url": "https://e.com/a.png"}, "picture", "https://e.com/a.png"),
        ("image", {"url": "http://e.com/a.png"}, "file", "http://e.com/a.png"),
        ("image", {"url": "javascript:alert(1)"}, "file", ""),
        ("media", {"attachment": {"filename": "r.pdf", "url": "https://e.com/1"}}, "file", "https://e.com/1"),
        ("media", {"attachment": {"filename": "r.JPG", "url": "https://e.com/1"}}, "picture", "https://e.com/1"),
        ("media", {"url": "https://e.com/x.gif?s=1"}, "picture", "https://e.com/x.gif?s=1"),
        ("hyperlink", {"text": "Follow", "url": "https://e.com/t"}, "link", "https://e.com/t"),
        ("hyperlink", {"text": "Follow", "url": "data:text/html,x"}, "link", ""),
        ("button", {"payload": "go"}, "pressed", ""),
        ("manual_trigger", {"trigger_name": "T"}, "trigger", ""),
        ("thirdparty_agent_takeover", {}, "takeover", ""),
        ("thirdparty_agent_takeover", None, "takeover", ""),
    ],
)
def test_known_types(kind: str, data: Any, part: str, url: str) -> None:
    (found,) = shown(kind, data)
    assert (found.kind, found.url) == (part, url)


def test_carousel() -> None:
    cards = [
        {
            "title": "Basic",
            "text": "Free",
            "imageUrl": "https://e.com/a.png",
            "buttons": [{"title": "Go", "url": "https://e.com"}],
        },
        {
            "title": "Plus",
            "subtitle": "Quick",
            "image": {"url": "https://e.com/b.png"},
            "buttons": [{"title": "Take", "payload": "plus"}],
        },
        "no card",
    ]
    (part,) = shown("carousel", {"cards": cards})
    first, second = part.items
    assert (first.title, first.text, first.picture) == ("Basic", "Free", "https://e.com/a.png")
    assert (second.text, second.picture) == ("Quick", "https://e.com/b.png")
    assert (first.buttons[0].url, second.buttons[0].name) == ("https://e.com", "plus")


def test_unknown_types_are_their_text_and_their_data_folded() -> None:
    parts = shown("rating", {"scale": [1, 5], "text": "How?"}, "How?")
    assert kinds(parts) == ["text", "data"]
    assert json.loads(parts[1].text) == {"scale": [1, 5], "text": "How?"}
    assert "<details" in html_of("rating", {"scale": 1})
    assert kinds(shown("text", {"odd": 1})) == ["data"]
    assert kinds(shown("text", {"odd": 1}, "found elsewhere")) == ["text"]


def test_tokens_are_masked() -> None:
    data = {"chatToken": "SECRET1", "nested": [{"replyToken": "SECRET2", "accessToken": "SECRET3"}]}
    for stored in (data, to_storable(data)):
        page = html_of("unknown", stored)
        assert "SECRET" not in page
        assert "chatToken" in page


def test_long_text_is_folded_whole() -> None:
    (part,) = shown("text", {"text": "x" * 10_000})
    assert len(part.text) + len(part.rest) == 10_000
    assert "<details" in html_of("text", {"text": "x" * 10_000})


def test_what_was_made_storable_is_shown_as_it_was() -> None:
    (part,) = shown("text", to_storable({"text": "a\x00b\ud800c"}))
    assert part.text == "a\ufffdb\ufffdc"


# --- anything ------------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(EVIL) | st.just("javascript:alert(1)")
)
NAMES = (
    "text url attachment attachments cards elements items carousel buttons title quickReplies imageUrl image payload "
    "trigger_name filename name type $proto href chatToken"
)
KEYS = st.sampled_from(NAMES.split(" ")) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
TYPES = st.sampled_from(
    ["text", "image", "media", "carousel", "card", "hyperlink", "button", "manual_trigger", "thirdparty_agent_takeover"]
) | st.text(max_size=10)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TYPES, VALUES, st.text(max_size=20))
def test_any_data_is_shown_and_escaped(kind: str, data: Any, text: str) -> None:
    parts = shown(kind, data, text)
    assert parts
    page = render_to_string("admin/inbox/parts.html", {"parts": parts})
    page.encode()
    assert "<script" not in page.lower()
    for part in parts:
        part.plain.encode()
    for address in re.findall(r'(?:href|data-picture)="([^"]*)"', page):
        assert re.match(r"(https?://|mailto:|tel:)", address, re.IGNORECASE), address


@settings(max_examples=100, deadline=None)
@given(TYPES, VALUES)
def test_any_data_that_was_stored_is_shown(kind: str, data: Any) -> None:
    assert shown(kind, to_storable(data))


def test_nesting_without_end() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = {"cards": [deep]}
    assert shown("carousel", deep)
    assert shown("unknown", deep)


# --- links ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "java\nscript:alert(1)", " JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "//e.com", "/x",
     "http://", "https:///x", "file:///etc/passwd", "http://[::1", "blob:https://e.com/x", "tel:abc", "mailto://x", ""],
)  # fmt: skip
def test_unsafe_addresses_are_no_links(address: str) -> None:
    assert safe_url(address) == ""
    assert "<a" not in anchor(address, "x")


@pytest.mark.parametrize("address", ["https://e.com/a?b=c#d", "HTTP://E.COM", "mailto:a@e.com", "tel:+43123"])
def test_safe_addresses(address: str) -> None:
    assert safe_url(address) == address


def test_pictures_are_loaded_over_https_alone() -> None:
    assert picture_url("http://e.com/a.png") == ""
    assert picture_url("https://e.com/a.png") == "https://e.com/a.png"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://e.com/a.", "https://e.com/a"),
        ("(https://e.com/a_(b))", "https://e.com/a_(b)"),
        ("请看 https://e.com/路径。谢谢", "https://e.com/路径"),
        ("write to a.b@e.com, please", "mailto:a.b@e.com"),
        ("https://e.com/?a=1&b=2", "https://e.com/?a=1&amp;b=2"),
    ],
)
def test_addresses_in_text(text: str, address: str) -> None:
    found = re.findall(r'href="([^"]*)"', linked(text))
    assert found == [address]
    assert re.sub(r"<[^>]*>", "", linked(text)).replace("&amp;", "&") == text


@given(st.text())
def test_linking_changes_no_text(text: str) -> None:
    page = linked(text)
    plain = re.sub(r"<a [^>]*>|</a>", "", page)
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, sign)
    assert plain == text


def test_linking_is_quick_with_hostile_text() -> None:
    for text in ("a" * 200_000, "a@" * 100_000, "http://" * 30_000, "a.b." * 50_000 + "@", "x@a.a.a.a." * 20_000):
        linked(text)
