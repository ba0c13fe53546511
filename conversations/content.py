"""What a message says: its text for people and search, and the key by which two copies of it are told to be one.

Types and shapes are an open set (seed 004, "Sample webhook"; the vendor's newer page names more): nothing here
raises, whatever the data is.
"""

import json
from typing import Any

from protoadmin.storable import from_storable, storable_text, to_storable

TAKEOVER = "thirdparty_agent_takeover"
# Where a readable text stands, in the order in which it is read.
TEXT_KEYS = ("text", "title", "subtitle", "description", "caption", "label", "filename", "payload", "trigger_name")
NESTED_KEYS = ("attachment", "cards", "elements", "items", "buttons", "carousel")
ADDRESS_KEYS = ("url", "href", "link")
MAX_TEXT = 100_000
MAX_DEPTH = 5


def as_text(value: Any, limit: int = 200) -> str:
    """Return an id or a name as text that can be stored: numbers as they are written, nothing for null or objects."""
    if isinstance(value, str):
        return storable_text(value)[:limit]
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)[:limit]


def text_of(kind: str, data: Any) -> str:
    """Return what a person can read of a message of type `kind` with this (remote, not storable) data."""
    if isinstance(data, dict) and isinstance(data.get("text"), str) and kind in {"text", "hyperlink"}:
        address = next((data[key] for key in ADDRESS_KEYS if isinstance(data.get(key), str)), "")
        return storable_text(f"{data['text']} {address}".strip())[:MAX_TEXT]
    lines: list[str] = []
    _collect(data, lines, 0)
    return storable_text("\n".join(lines))[:MAX_TEXT]


def _collect(value: Any, lines: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            _collect(item, lines, depth + 1)
    elif isinstance(value, dict):
        texts = [as_text(value.get(key), MAX_TEXT) for key in TEXT_KEYS]
        found = [text for text in texts if text]
        lines.extend(found or [text for key in ADDRESS_KEYS if (text := as_text(value.get(key), MAX_TEXT))])
        for key in NESTED_KEYS:
            _collect(value.get(key), lines, depth + 1)
    elif depth == 0 and (text := as_text(value, MAX_TEXT)):
        lines.append(text)


def content_of(message: Any) -> tuple[str, Any]:
    """Return the type and the data of a message, with what stands beside them kept among the data."""
    if not isinstance(message, dict):
        return "unknown", {} if message is None else message
    data = message.get("data")
    beside = {key: value for key, value in message.items() if key not in {"type", "data", "author"}}
    if isinstance(data, dict):
        data = {**beside, **data} if beside else data
    elif data is None:
        data = beside
    elif beside:
        data = {**beside, "data": data}
    return as_text(message.get("type"), 100) or "unknown", data


def author_of(message: Any) -> tuple[str, str, str]:
    """Return the author's type, id and name; without a type it is the bot, who writes most."""
    author = message.get("author") if isinstance(message, dict) else None
    if not isinstance(author, dict):
        return "bot", "", ""
    kind = as_text(author.get("type"), 20).lower() or "bot"
    return kind, as_text(author.get("id")), as_text(author.get("name"))


def content_key(author_type: str, kind: str, stored: Any) -> str:
    """Return what two copies of one message have in common; `stored` is the data made storable."""
    return f"{author_type}\n{kind}\n{json.dumps(stored, sort_keys=True)}"


def stored(data: Any) -> Any:
    """Return data as it is kept."""
    return to_storable(data)


def unstored(data: Any) -> Any:
    """Return data as it came, from what is kept; what was never made storable comes back as it is."""
    try:
        return from_storable(data)
    except (KeyError, TypeError, ValueError):
        return data
