"""What a transcript shows of a message: parts that a template can print, whatever the data is.

Types and shapes are an open set. What is known gets its own look; everything else is shown as its data, folded.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from conversations.content import TAKEOVER, as_text, unstored
from conversations.inbox.linking import linked, looks_like_picture, picture_url, safe_url
from conversations.models import Message
from conversations.search.marking import spans_of
from protoadmin.clients.redaction import redact
from protoadmin.storable import storable_text

KNOWN = frozenset(
    {"text", "hyperlink", "image", "media", "file", "video", "audio", "carousel", "card", "cards", "button"}
    | {"manual_trigger", "quick_replies", TAKEOVER}
)
PICTURE_TYPES = frozenset({"image", "picture", "photo"})
ADDRESSES = ("url", "href", "link", "src")
CARD_LISTS = ("cards", "elements", "items", "carousel")
PICTURE_KEYS = ("imageUrl", "image_url", "image", "picture", "thumbnail")
REPLY_KEYS = ("quickReplies", "quick_replies")
# More than this is folded; a page that nobody can scroll through helps nobody.
SHOWN_TEXT = 4_000
SHOWN_ITEMS = 30
SHOWN_DATA = 20_000


@dataclass
class Part:
    """One part of a bubble: `kind` names its template, the rest is what it shows."""

    kind: str
    text: str = ""
    rest: str = ""
    url: str = ""
    name: str = ""
    items: list[Any] = field(default_factory=list)
    # What was looked for, in folded words.
    needles: list[str] = field(default_factory=list)

    @property
    def html(self) -> SafeString:
        """The text, escaped, with its addresses as links and what was looked for marked."""
        return linked(self.text, spans_of(self.text, self.needles) if self.needles else ())

    @property
    def plain(self) -> str:
        """All of it as text."""
        if self.kind == "cards":
            return "\n".join(" ".join(filter(None, (f"[{card.title}]", card.text))) for card in self.items)
        if self.kind in {"replies", "buttons"}:
            return " ".join(f"[{getattr(item, 'text', item)}]" for item in self.items)
        text = f"{self.text}{self.rest}"
        return f"{text} {self.url}".strip() if self.url and self.url != text else text

    @property
    def rest_html(self) -> SafeString:
        """What was too long to be shown at once."""
        return linked(self.rest, spans_of(self.rest, self.needles) if self.needles else ())


@dataclass
class Card:
    """A card of a carousel: title, text, picture, buttons."""

    title: str = ""
    text: str = ""
    picture: str = ""
    url: str = ""
    buttons: list[Part] = field(default_factory=list)


def parts_of(message: Message) -> list[Part]:
    """Return what is shown of a message; never nothing."""
    data = _opened(message.data)
    kind = message.type.lower()
    if kind == TAKEOVER:
        return [Part("takeover", message.text or "An agent takes over")]
    if kind not in KNOWN:
        said = [_text_part(message.text)] if message.text.strip() else []
        return [*said, Part("data", data_text(data), name=message.type)]
    parts = _parts(kind, data if isinstance(data, dict) else {})
    if not parts and message.text.strip():
        parts = [_text_part(message.text)]
    return parts or [Part("data", data_text(data), name=message.type)]


def data_text(data: Any) -> str:
    """Return data as indented JSON, its tokens masked."""
    try:
        text = json.dumps(redact(data, ()), indent=2, ensure_ascii=False)
    except (RecursionError, TypeError, ValueError):
        return "(nested too deeply to be shown)"
    text = storable_text(text)
    return text if len(text) <= SHOWN_DATA else f"{text[:SHOWN_DATA]}\n… and {len(text) - SHOWN_DATA:,} characters more"


def _opened(data: Any) -> Any:
    """Return data as the remote sent it; what is not of our making is left as it is."""
    try:
        return unstored(data)
    except (AttributeError, RecursionError):
        return data


def _parts(kind: str, data: dict[str, Any]) -> list[Part]:
    if kind == "button" and (payload := _first(data, "title", "text", "label", "payload")):
        return [Part("pressed", payload)]
    if kind == "manual_trigger" and (name := _first(data, "trigger_name", "name")):
        return [Part("trigger", name)]
    url = _first(data, *ADDRESSES)
    text = _first(data, "text", "caption", "title" if kind != "card" else "text")
    parts: list[Part] = []
    if kind == "hyperlink" and url:
        parts.append(Part("link", text or url, url=safe_url(url)))
        text = ""
    if text.strip():
        parts.append(_text_part(text))
    parts += _attachments(kind, data, url)
    parts += _cards(kind, data)
    if kind != "card" and (buttons := _buttons(data.get("buttons"))):
        parts.append(Part("buttons", items=buttons))
    for key in REPLY_KEYS:
        if replies := _replies(data.get(key)):
            parts.append(Part("replies", items=replies))
    return parts


def _text_part(text: str) -> Part:
    text = storable_text(text)
    return Part("text", text[:SHOWN_TEXT], rest=text[SHOWN_TEXT:])


def _first(data: dict[str, Any], *keys: str) -> str:
    """Return the first of these that is a text or a number."""
    return next((text for key in keys if (text := as_text(data.get(key), 100_000)).strip()), "")


def _list(value: Any) -> list[Any]:
    return value[:SHOWN_ITEMS] if isinstance(value, list) else []


def _attachments(kind: str, data: dict[str, Any], url: str) -> list[Part]:
    """Return the files: of the message itself, of `attachment` and of `attachments`."""
    found: list[Part] = []
    if url and kind not in {"hyperlink", "text", "card", "carousel"}:
        found.append(_file(kind, url, _first(data, "filename", "name", "title")))
    for entry in [data.get("attachment"), *_list(data.get("attachments"))]:
        if isinstance(entry, dict) and (address := _first(entry, *ADDRESSES)):
            found.append(_file(as_text(entry.get("type")) or kind, address, _first(entry, "filename", "name")))
        elif isinstance(entry, str) and entry:
            found.append(_file(kind, entry, ""))
    return found


def _file(kind: str, url: str, name: str) -> Part:
    shown = name or url.partition("?")[0].rstrip("/").rpartition("/")[2] or url
    is_picture = kind.lower() in PICTURE_TYPES or looks_like_picture(name) or looks_like_picture(url)
    if is_picture and picture_url(url):
        return Part("picture", shown[:200], url=picture_url(url))
    return Part("file", shown[:200], url=safe_url(url), name=kind)


def _cards(kind: str, data: dict[str, Any]) -> list[Part]:
    found = [data] if kind == "card" else []
    for key in CARD_LISTS:
        value = data.get(key)
        if isinstance(value, dict):
            value = next((value[inner] for inner in CARD_LISTS if isinstance(value.get(inner), list)), None)
        found += [entry for entry in _list(value) if isinstance(entry, dict)]
    cards = [_card(entry) for entry in found[:SHOWN_ITEMS]]
    return [Part("cards", items=cards)] if cards else []


def _card(entry: dict[str, Any]) -> Card:
    picture = _first(entry, *PICTURE_KEYS)
    for key in PICTURE_KEYS:
        inner = entry.get(key)
        if not picture and isinstance(inner, dict):
            picture = _first(inner, *ADDRESSES)
    return Card(
        title=_first(entry, "title", "name")[:500],
        text=_first(entry, "text", "subtitle", "description")[:2000],
        picture=picture_url(picture),
        url=safe_url(_first(entry, *ADDRESSES)),
        buttons=_buttons(entry.get("buttons")) or _buttons(entry.get("actions")),
    )


def _buttons(value: Any) -> list[Part]:
    """Return buttons: their words, and where they lead when they lead somewhere."""
    found = []
    for entry in _list(value):
        if isinstance(entry, dict):
            url = safe_url(_first(entry, *ADDRESSES))
            words = _first(entry, "title", "text", "label", "name", "payload") or url
            found.append(Part("button", words[:300], url=url, name=_first(entry, "payload")[:300]))
        elif words := as_text(entry):
            found.append(Part("button", words))
    return [button for button in found if button.text]


def _replies(value: Any) -> list[str]:
    found = []
    for entry in _list(value):
        words = _first(entry, "title", "text", "label", "payload") if isinstance(entry, dict) else as_text(entry)
        if words:
            found.append(words[:300])
    return found
