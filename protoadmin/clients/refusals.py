"""Reading what a remote system says when it refuses: its words, the fields that they are about, Retry-After."""

from __future__ import annotations

import html
import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_WAIT = 24 * 3600.0
_MOST_WORDS = 500
_MOST_FIELDS = 50
_WORD_KEYS = ("detail", "message", "error_description", "error", "errors", "title", "msg", "reason", "description")
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, from 0 to 24 h; None if it makes no sense."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def words_and_fields(body: Any) -> tuple[str, dict[str, str]]:
    """Return the remote's words and, by field, its words about each.

    `body` is the parsed JSON of an error answer of any shape, or its text. Understood are FastAPI's
    `{"detail": [{"loc", "msg", "type"}]}`, `detail` as text or object, `{type, message, documentation_url}`,
    and whatever has one of the usual keys; of anything else the beginning is returned.
    """
    fields: dict[str, str] = {}
    return _bounded(_words(body, fields, 0)), fields


def plain_text(text: str) -> str:
    """Return what a person would read of a text or an HTML page, in one line."""
    if "<" in text:
        text = re.sub(r"(?is)<(script|style|head)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", " ", text)
        text = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    return " ".join(text.split())


def _words(value: Any, fields: dict[str, str], depth: int) -> str:
    if isinstance(value, str):
        return plain_text(value[:20_000])
    if value is None or depth > 5:
        return ""
    if isinstance(value, list):
        said = [_item_words(item, fields, depth) for item in value[:_MOST_FIELDS]]
        return "; ".join(part for part in said if part)
    if isinstance(value, dict):
        for key in _WORD_KEYS:
            said_here = _words(value.get(key), fields, depth + 1) if value.get(key) else ""
            if said_here:
                return said_here
    return _bounded(_dumped(value))


def _item_words(item: Any, fields: dict[str, str], depth: int) -> str:
    """Return the words of one FastAPI error, and note the field that it is about."""
    if not isinstance(item, dict) or not isinstance(item.get("msg"), str):
        return _words(item, fields, depth + 1)
    message = _bounded(plain_text(item["msg"]))
    field = _field_of(item.get("loc"))
    if not field:
        return message
    fields[field] = _bounded(f"{fields[field]}; {message}") if field in fields else message
    return f"{field}: {message}"


def _field_of(loc: Any) -> str:
    parts = loc if isinstance(loc, list) else [loc]
    named = [part for part in parts if isinstance(part, str) and part]
    return named[-1][:100] if named else ""


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""


def _bounded(text: str) -> str:
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1] + "…"
