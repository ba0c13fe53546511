"""Make any JSON value storable in SQLite and in PostgreSQL, and get the very value back.

Databases refuse what JSON parsers accept: NUL characters (PostgreSQL), lone surrogates (neither can encode
them), NaN and Infinity (no JSON), integers over 64 bits (lose their digits), floats so large that PostgreSQL gives
them back as integers, and nesting without end. Such a value is written as an object with one key, `$proto`, and a
value that is itself so written is wrapped once more.
"""

import json
import math
import re
from typing import Any

_MARK = "$proto"
_INT64 = range(-(2**63), 2**63)
# Deeper than this a value is kept as JSON text: neither Python nor a database follows it for ever.
_DEEPEST = 64

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _needs_escape(text: str) -> bool:
    # Most texts are ASCII, of which this is known without a look at every character.
    return "\x00" in text if text.isascii() else _UNSTORABLE.search(text) is not None


def _text(value: str) -> Any:
    if not _needs_escape(value):
        return value
    return {_MARK: ["text", value.encode("unicode_escape", "surrogatepass").decode("ascii")]}


def _is_plain(number: float) -> bool:
    """Tell whether PostgreSQL, which keeps numbers as decimals, gives this float back as it is."""
    return math.isfinite(number) and abs(number) < 1e16 and repr(number) != "-0.0"


def to_storable(value: Any, _depth: int = 0) -> Any:
    """Return `value` (parsed JSON) in a form that both databases store; `from_storable` reverses it."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if value in _INT64 else {_MARK: ["int", str(value)]}
    if isinstance(value, float):
        return value if _is_plain(value) else {_MARK: ["float", repr(value)]}
    if isinstance(value, (list, tuple, dict)) and _depth >= _DEEPEST:
        return {_MARK: ["json", json.dumps(value)]}
    if isinstance(value, (list, tuple)):
        return [to_storable(item, _depth + 1) for item in value]
    if isinstance(value, dict):
        return _object(value, _depth + 1)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _is_odd_key(key: Any) -> bool:
    return not isinstance(key, str) or _needs_escape(key)


def _object(value: dict[Any, Any], depth: int) -> Any:
    if _MARK not in value and not any(map(_is_odd_key, value)):
        return {
            # What most values are needs no call.
            key: item
            if item is None or (type(item) is str and item.isascii() and "\x00" not in item)
            else to_storable(item, depth)
            for key, item in value.items()
        }
    return {_MARK: ["pairs", [[_text(str(key)), to_storable(item, depth)] for key, item in value.items()]]}


def from_storable(value: Any) -> Any:
    """Return what `to_storable` was given."""
    if isinstance(value, list):
        return [from_storable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {_MARK}:
        return {key: from_storable(item) for key, item in value.items()}
    kind, content = value[_MARK]
    if kind == "text":
        return content.encode("ascii").decode("unicode_escape")
    if kind == "int":
        return int(content)
    if kind == "float":
        return float(content)
    if kind == "json":
        return json.loads(content)
    return {from_storable(key): from_storable(item) for key, item in content}


def storable_text(value: str) -> str:
    """Return `value` without what a text column cannot hold: NUL and lone surrogates become U+FFFD."""
    if not _needs_escape(value):
        return value
    return _UNSTORABLE.sub("\ufffd", value)
