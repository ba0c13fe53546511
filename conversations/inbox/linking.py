"""Addresses in what people write: which may be followed, and how they are shown."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from conversations.search.marking import Span, marked

MAX_URL = 2000
_SAFE = re.compile(r"(?:https?://[^/]|mailto:[^/]|tel:[\d+])", re.IGNORECASE)
# Browsers drop these from an address before they read it: `java\nscript:` is a script.
_DROPPED = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ufffd]")
_FOUND = re.compile(
    r"https?://[^\s<>\"\u3000-\u3002\uff08\uff09\uff0c\uff1a\uff1b]{1,2000}|[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}"
)
_AFTER = ".,;:!?'\"*_~”’»…"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp")


def safe_url(text: str) -> str:
    """Return the address if it may be a link (web, mail, phone); "" for everything else."""
    address = _DROPPED.sub("", text)
    if not _SAFE.match(address) or len(address) > MAX_URL:
        return ""
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) if parts.scheme.lower() in {"http", "https"} else True
    except ValueError:
        return ""
    return address if is_whole else ""


def picture_url(text: str) -> str:
    """Return the address if a picture may be loaded from there when somebody asks for it: https alone."""
    address = safe_url(text)
    return address if address.lower().startswith("https://") else ""


def looks_like_picture(text: str) -> bool:
    """Tell whether an address or a file name ends as pictures do."""
    return text.lower().partition("?")[0].partition("#")[0].endswith(PICTURES)


def anchor(address: str, text: str | SafeString) -> SafeString:
    """Return a link to a foreign page, which learns nothing of ours; the text alone when it may not be followed."""
    safe = safe_url(address)
    if not safe:
        return conditional_escape(text)
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>', safe, text)


def linked(text: str, spans: Sequence[Span] = ()) -> SafeString:
    """Return the text, escaped, with its addresses as links, and with these spans of it marked."""
    # Every part was escaped on its own.
    return mark_safe("".join(_parts(text, list(spans))))  # noqa: S308


def _parts(text: str, spans: list[Span]) -> Iterator[str]:
    end = 0
    for found in _FOUND.finditer(text):
        address = _without_tail(found[0])
        yield marked(text, spans, end, found.start())
        end = found.start() + len(address)
        yield anchor(address if "://" in address else f"mailto:{address}", marked(text, spans, found.start(), end))
    yield marked(text, spans, end)


def _without_tail(address: str) -> str:
    """Return an address without the signs of the sentence around it."""
    while address and (address[-1] in _AFTER or (address[-1] == ")" and address.count("(") < address.count(")"))):
        address = address[:-1]
    return address
