"""An answer that is one long list, taken apart as it arrives: memory does not grow with the length of the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ijson  # type: ignore[import-untyped]  # it has no types
import requests

from protoadmin.clients import errors
from protoadmin.clients.failures import NETWORK_ERRORS, kind_of, reason_of
from protoadmin.clients.wire import Stage

_PIECE = 65_536
_BEGINNING = 2_048
_DEEPEST = 100
_BOM = b"\xef\xbb\xbf"
_PARSER_ERRORS = (ijson.JSONError, ValueError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Limits:
    """How far a list is followed: seconds for the whole answer, bytes (decompressed) in all and for one item."""

    seconds: float = 900.0
    bytes: int = 2 * 1024**3
    item_bytes: int = 1024 * 1024


class Wrong(Exception):
    """Why a list cannot be followed further: the kind of ApiError that it is, and the detail."""

    def __init__(self, kind: type[errors.ApiError], reason: str = "") -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class ListReader:
    """Reads a list out of the body of a response. `beginning` is what came first, at most 2 KiB."""

    def __init__(self, response: requests.Response, limits: Limits) -> None:
        self.beginning = b""
        self._response = response
        self._limits = limits
        self._found: Any = ijson.sendable_list()
        self._parser = ijson.items_coro(self._found, "item")
        self._is_list = False
        self._head = b""
        self._since_item = 0

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield the items that each piece of the body completed, often none; raises Wrong."""
        total = 0
        while piece := self._read():
            total += len(piece)
            if total > self._limits.bytes:
                raise Wrong(errors.AnswerTooLarge, f"more than {self._limits.bytes:,} bytes")
            yield self._take(piece)
        if not self._is_list:
            raise self._no_list()
        try:
            self._parser.close()
        except _PARSER_ERRORS:
            raise Wrong(errors.AnswerTruncated) from None
        yield self._completed()

    def _read(self) -> bytes:
        try:
            piece: bytes = self._response.raw.read1(_PIECE, decode_content=True)
        except NETWORK_ERRORS as error:
            raise Wrong(kind_of(error, Stage.ANSWERED), reason_of(error)) from None
        if len(self.beginning) < _BEGINNING:
            self.beginning = (self.beginning + piece)[:_BEGINNING]
        return piece

    def _take(self, piece: bytes) -> list[Any]:
        if not self._is_list:
            self._head = (self._head + piece).removeprefix(_BOM).lstrip()
            if _BOM.startswith(self._head):
                return []
            if not self._head.startswith(b"["):
                # Enough to tell what it is instead.
                raise self._no_list()
            self._is_list, piece, self._head = True, self._head, b""
        try:
            self._parser.send(piece)
        except _PARSER_ERRORS:
            raise Wrong(errors.NotJson) from None
        self._since_item += len(piece)
        if not self._found and self._since_item > self._limits.item_bytes:
            raise Wrong(errors.AnswerTooLarge, f"one item has more than {self._limits.item_bytes:,} bytes")
        return self._completed()

    def _completed(self) -> list[Any]:
        if not self._found:
            return []
        self._since_item = 0
        items = list(self._found)
        self._found.clear()
        return [_plain(item) for item in items]

    def _no_list(self) -> Wrong:
        head = self._head or self.beginning.removeprefix(_BOM).lstrip()
        kind = self._response.headers.get("Content-Type", "").lower()
        if head[:20].lower().startswith((b"<!doctype html", b"<html")) or "html" in kind:
            return Wrong(errors.AnswerIsHtml)
        if head.startswith(b"["):
            return Wrong(errors.AnswerTruncated)
        if not head or head.startswith((b"{", b'"', b"null", b"true", b"false")) or head[:1].isdigit():
            return Wrong(errors.UnexpectedShape, "a list was expected")
        return Wrong(errors.NotJson)


def _plain(value: Any, depth: int = 0) -> Any:
    """Return what the json module would have made of it: numbers with a point as floats."""
    if isinstance(value, Decimal):
        return float(value)
    if depth > _DEEPEST:
        raise Wrong(errors.UnexpectedShape, "an item is nested too deeply")
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value
