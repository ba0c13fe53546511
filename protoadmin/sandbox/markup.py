"""HTML that is escaped unless it says that it is HTML."""

from collections.abc import Iterable
from html import escape
from typing import Any


class Html(str):
    """Text that is already HTML."""

    __slots__ = ()


def text(value: Any) -> Html:
    """A value as HTML: escaped, unless it is HTML already; None is empty."""
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(str(value)))


def h(template: str, /, **values: Any) -> Html:
    """Fill `{names}` of a template of ours with values that are escaped; lists of pieces are joined."""
    return Html(template.format_map({key: _joined(value) for key, value in values.items()}))


def _joined(value: Any) -> Html:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | dict):
        return Html("".join(text(piece) for piece in value))
    return text(value)
