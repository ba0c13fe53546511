"""How a delivery is shown: sizes and times in words, and its body, whatever it holds, with tokens masked."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from protoadmin.clients.redaction import redact
from protoadmin.connections.models import Channel
from webhooks.bodies import Unreadable, parse
from webhooks.models import Delivery

# About so many characters of a body are shown; the whole can be downloaded.
SHOWN = 60_000
# What would change how the text around it looks: other control characters, direction marks, invisible ends of lines.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Shown:
    """A body as text; `is_json` when it was read, `is_cut` when only its first part is here."""

    text: str
    is_json: bool
    is_cut: bool


class _Budget:
    def __init__(self, left: int) -> None:
        self.left = left


def shown_body(delivery: Delivery) -> Shown:
    """Return the body as a person can read it; never raises, whatever came."""
    body, secrets = bytes(delivery.body), _secrets(delivery.channel)
    try:
        value = parse(body)
    except (Unreadable, RecursionError):
        text = body.decode("utf-8", "backslashreplace")
        return Shown(_visible(redact(text[:SHOWN], secrets)), is_json=False, is_cut=len(text) > SHOWN)
    budget = _Budget(SHOWN)
    part = _part(value, budget)
    text = json.dumps(redact(part, secrets), indent=2, ensure_ascii=False)
    return Shown(_visible(text), is_json=True, is_cut=budget.left <= 0)


def _secrets(channel: Channel | None) -> tuple[str, ...]:
    if channel is None:
        return ()
    return tuple(filter(None, (getattr(channel, name) for name in Channel.secret_names())))


def _part(value: Any, budget: _Budget) -> Any:
    """Return the first part of a JSON value, as much as the budget allows."""
    if isinstance(value, dict):
        return {key: _part(item, budget) for key, item in _affordable(value.items(), budget)}
    if isinstance(value, list):
        return [_part(item, budget) for item in _affordable(value, budget)]
    if isinstance(value, str):
        part = value[: max(budget.left, 0)]
        budget.left -= len(value)
        return part
    return value


def _affordable(items: Iterable[Any], budget: _Budget) -> Iterable[Any]:
    for item in items:
        if budget.left <= 0:
            return
        budget.left -= 12 + (len(item[0]) if isinstance(item, tuple) else 0)
        yield item


def _visible(text: str) -> str:
    """Return text that any page can carry: what cannot be seen or encoded is written as an escape."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", whole)


def size_in_words(size: int) -> str:
    """Return a number of bytes as people write it."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KiB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MiB"


def time_in_words(span: timedelta) -> str:
    """Return how long something took."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 0.001:
        return "at once"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def how_long(delivery: Delivery) -> str:
    """Return how long it took until it was (last) processed; nothing for what was refused or waits."""
    if delivery.processed_at is None or delivery.state in {"received", "rejected"}:
        return ""
    return time_in_words(delivery.processed_at - delivery.received_at)
