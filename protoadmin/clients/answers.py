"""Judging an answer: data in the documented shape, or an error that says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from protoadmin.clients import errors
from protoadmin.clients.failures import NETWORK_ERRORS, kind_of, reason_of
from protoadmin.clients.redaction import MASK, excerpt, is_secret_name, printable, redact
from protoadmin.clients.refusals import retry_after, words_and_fields
from protoadmin.clients.wire import Exchange, Stage

_PIECE = 65_536
_LONGEST_ADDRESS = 200
_REJECTED: dict[int, type[errors.Rejected]] = {
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    422: errors.ValidationFailed,
    429: errors.RateLimited,
}


@dataclass(frozen=True)
class Answer:
    """A successful answer: `data` as the request's `read` gave it, headers and excerpt redacted, `seconds` it took."""

    status: int
    data: Any
    headers: CaseInsensitiveDict[str]
    seconds: float
    excerpt: str


@dataclass(frozen=True)
class Reply:
    """What came over the wire. `broken` is set when the body did not come whole, `too_large` when it was cut off."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    broken: tuple[type[errors.ApiError], str] | None
    too_large: bool


@dataclass(frozen=True)
class _Parsed:
    data: Any = None
    wrong: type[errors.Unreadable] | None = None


def reply_of(response: requests.Response, most_bytes: int) -> Reply:
    """Read the body of a response, decompressed, up to a number of bytes. A broken body is noted, not raised."""
    body, broken, too_large = bytearray(), None, False
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            body += piece
            if len(body) > most_bytes:
                too_large = True
                break
    except NETWORK_ERRORS as error:
        broken = (kind_of(error, Stage.ANSWERED), reason_of(error))
    return Reply(response.status_code, response.headers, bytes(body[:most_bytes]), broken, too_large)


def judge(
    reply: Reply,
    read: Callable[[Any], Any],
    *,
    host: str,
    secrets: Sequence[str],
    exchange: Exchange,
    shows_answer: bool = True,
) -> Answer | errors.ApiError:
    """Return the answer, or the error (not raised) that the reply amounts to.

    Without `shows_answer` a good answer has no excerpt: making one costs more than parsing a page of a list.
    """
    whole = reply.broken is None and not reply.too_large
    parsed = _parsed(reply) if whole else _Parsed(wrong=errors.NotJson)
    is_good = 200 <= reply.status < 300 and whole and parsed.wrong is None
    beginning = _excerpt(reply.body, parsed, secrets) if shows_answer or not is_good else ""
    circumstances: dict[str, Any] = {
        "host": host,
        "status": reply.status,
        "excerpt": beginning,
        "seconds": exchange.seconds,
        "idempotent": exchange.idempotent,
    }
    if reply.status >= 400:
        return _refusal(reply, parsed, secrets, circumstances)
    if 300 <= reply.status < 400:
        return errors.Redirected(printable(redact(_target(reply), secrets)), **circumstances)
    if not 200 <= reply.status < 300:
        return errors.Unreadable(f"status {reply.status}", **circumstances)
    if reply.too_large:
        return errors.AnswerTooLarge(f"more than {len(reply.body):,} bytes", **circumstances)
    if reply.broken:
        kind, reason = reply.broken
        return kind(printable(redact(reason, secrets)), **circumstances)
    if parsed.wrong:
        return parsed.wrong(**circumstances)
    data, wrong_shape = _shaped(read, parsed.data)
    if wrong_shape is not None:
        circumstances["excerpt"] = beginning or _excerpt(reply.body, parsed, secrets)
        return errors.UnexpectedShape(printable(redact(wrong_shape, secrets)), **circumstances)
    return Answer(reply.status, data, _headers(reply, secrets), exchange.seconds, beginning)


def _shaped(read: Callable[[Any], Any], data: Any) -> tuple[Any, str | None]:
    """Return what `read` makes of the data, or why it could not."""
    try:
        return read(data), None
    except errors.UnexpectedShape as error:
        return None, error.reason


def _parsed(reply: Reply) -> _Parsed:
    if not reply.body.strip():
        return _Parsed()
    beginning = reply.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    if beginning.startswith((b"<!doctype html", b"<html")):
        return _Parsed(wrong=errors.AnswerIsHtml)
    try:
        return _Parsed(json.loads(reply.body))
    except json.JSONDecodeError as error:
        broke_off = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        if broke_off and beginning.startswith((b"{", b"[", b'"')):
            return _Parsed(wrong=errors.AnswerTruncated)
    except (ValueError, RecursionError):
        pass
    is_html = "html" in reply.headers.get("Content-Type", "").lower()
    return _Parsed(wrong=errors.AnswerIsHtml if is_html else errors.NotJson)


def _refusal(
    reply: Reply, parsed: _Parsed, secrets: Sequence[str], circumstances: dict[str, Any]
) -> errors.Rejected | errors.ServerFailed:
    said = _text(reply.body) if parsed.wrong else parsed.data
    words, fields = words_and_fields(redact(said, secrets))
    wait = retry_after(reply.headers.get("Retry-After"))
    told: dict[str, Any] = {
        **circumstances,
        "words": printable(redact(words, secrets)),
        "fields": {printable(name): printable(message) for name, message in redact(fields, secrets).items()},
        "retry_after": wait,
    }
    if reply.status < 500:
        return _REJECTED.get(reply.status, errors.Rejected)(**told)
    return errors.Unavailable(**told) if reply.status == 503 else errors.ServerFailed(**told)


def _target(reply: Reply) -> str:
    """Return where a redirect points to, without the query, which may carry anything."""
    location = reply.headers.get("Location", "").strip()
    unknown = "an address that it does not name"
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return unknown
    if not host and (parts.scheme or not location):
        return unknown
    if not host:
        return f"{parts.path[:_LONGEST_ADDRESS] or '/'} on the same host"
    return f"{parts.scheme or 'https'}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_LONGEST_ADDRESS]


def _headers(reply: Reply, secrets: Sequence[str]) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict(
        {name: MASK if is_secret_name(name) else redact(value, secrets) for name, value in reply.headers.items()}
    )


def _text(body: bytes) -> str:
    return body[:_PIECE].decode("utf-8", "replace")


def _excerpt(body: bytes, parsed: _Parsed, secrets: Sequence[str]) -> str:
    if parsed.wrong or parsed.data is None or len(body) > _PIECE:
        return excerpt(_text(body), secrets)
    return excerpt(json.dumps(redact(parsed.data, secrets), ensure_ascii=False), secrets)
