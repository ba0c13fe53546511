"""Read the body of a delivery: strict where it protects, tolerant where the world is open (DESIGN, section 5)."""

import json
from typing import Any

from conversations.arrivals import Event, Said
from conversations.content import as_text, author_of, content_of
from webhooks.models import DeliveryKind

MAX_DEPTH = 64
KNOWN_EVENT = "new_messages"


class Unreadable(Exception):
    """The body is not a delivery; the message says why, in words for the log."""


def parse(body: bytes) -> Any:
    """Return the JSON value in `body`; raises Unreadable when it is not UTF-8 JSON or nested too deep.

    NaN, Infinity, lone surrogates and numbers of any length are taken as they come.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"The body is not UTF-8 (byte {error.start}).") from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Unreadable(f"The JSON is nested deeper than {MAX_DEPTH}.")
    try:
        return _loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Python reads no integer of more than 4,300 digits; as a float it is Infinity, and kept as such.
        return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 4000 else float(digits)


def _depth(text: str) -> int:
    """Return how deep the brackets outside strings nest."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif character in "}]":
            depth -= 1
    return deepest


def kind_of(value: Any, *, profile_only: bool = False) -> DeliveryKind:
    """Return what a parsed body is; raises Unreadable when it is neither of the two. `events` wins over `human`."""
    if isinstance(value, dict):
        if not profile_only and isinstance(value.get("events"), list):
            return DeliveryKind.MESSAGES
        if isinstance(value.get("human"), str):
            return DeliveryKind.PROFILE
    wanted = "a `human` string" if profile_only else "an `events` array or a `human` string"
    raise Unreadable(f"The body is JSON, but not an object with {wanted}.")


def events_of(value: Any) -> tuple[list[Event], list[str]]:
    """Return the events of a parsed body that name a chat, and in words what could not be placed."""
    events, problems = [], []
    given = value.get("events") if isinstance(value, dict) else None
    for index, item in enumerate(given if isinstance(given, list) else []):
        event = _event(index, item)
        if event is None:
            problems.append(f"Event {index + 1} names no chat, so nothing could be made of it.")
        else:
            events.append(event)
    return events, problems


def _event(index: int, item: Any) -> Event | None:
    if not isinstance(item, dict):
        return None
    chat = item.get("chat")
    chat_id = as_text(chat.get("id")) if isinstance(chat, dict) else as_text(chat)
    chat_id = chat_id or as_text(item.get("chatId"))
    if not chat_id:
        return None
    human = chat.get("human") if isinstance(chat, dict) else None
    human = human if isinstance(human, dict) else item.get("human")
    human_id, human_name = (
        (as_text(human.get("id")), as_text(human.get("name"), 300)) if isinstance(human, dict) else (as_text(human), "")
    )
    event = Event(
        index,
        chat_id,
        human_id,
        human_name,
        as_text(item.get("chatToken"), 4000),
        as_text(item.get("replyToken"), 4000),
    )
    event.said = _said(item)
    return event


def _said(item: dict[str, Any]) -> list[Said]:
    messages = item.get("messages")
    if isinstance(messages, list):
        return [Said(position, *author_of(message), *content_of(message)) for position, message in enumerate(messages)]
    kind = as_text(item.get("type"), 100)
    if messages is None and (not kind or kind == KNOWN_EVENT):
        return []
    # An event of a kind that nobody has documented is kept and shown as what it is.
    hidden = {"chat", "human", "type", "chatToken", "replyToken", "channel"}
    rest = {key: part for key, part in item.items() if key not in hidden}
    return [Said(0, *author_of(item), kind or "unknown", rest)]
