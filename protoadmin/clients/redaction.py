"""Masking of secrets in everything that is kept, shown or logged."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar, cast
from urllib.parse import quote, quote_plus

MASK = "***"
EXCERPT_BYTES = 2048
_DEEPEST = 200
_LEAST_TAIL = 6

#: Names whose values are masked, compared without case, hyphens and underscores.
SECRET_NAMES = frozenset(
    {
        "authorization", "proxyauthorization", "cookie", "setcookie", "xprototoken", "takeoversecret", "token",
        "accesstoken", "apikey", "chattoken", "replytoken", "secret", "previoussecret", "password",
    }
)  # fmt: skip
_STRING = r'"(?:\\.|[^"\\])*'
_MEMBER = re.compile(rf'("(?:\\.|[^"\\]){{0,64}}")(\s*:\s*)({_STRING}(?:"|\\?\Z)|[^\s,}}\]]+)', re.DOTALL)
_PARAMETER = re.compile(r"(?<![\w-])([\w-]+)=([^&\s\"'<>]+)")
_HEADER = re.compile(r"\b(authorization|x-proto-token)(\s*:\s*)[^\r\n\"]+", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Basic|Bearer)(\s+)[A-Za-z0-9+/=._~-]{16,}", re.IGNORECASE)

Value = TypeVar("Value")


def redact(value: Value, secrets: Iterable[str]) -> Value:
    """Return the text or JSON value with the given secrets, and the values of well-known keys, masked.

    Secrets are found as they are, percent-encoded, base64-encoded, JSON-escaped and HTML-escaped.
    """
    return cast("Value", _redacted(value, tuple(sorted(set(secrets))), 0))


def is_secret_name(name: str) -> bool:
    """Whether a key, header or parameter of this name holds a credential."""
    return name.replace("-", "").replace("_", "").lower() in SECRET_NAMES


def excerpt(text: str, secrets: Sequence[str]) -> str:
    """Return the redacted beginning of a text, at most 2 KiB in UTF-8."""
    masked = printable(_without_tail(redact(text, secrets), tuple(secrets)))
    return masked.encode()[:EXCERPT_BYTES].decode(errors="ignore")


def printable(text: str) -> str:
    """Return the text as any database and log can take it: no control characters, no lone surrogates."""
    whole = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", whole.replace("\r\n", "\n"))


def _redacted(value: object, secrets: tuple[str, ...], depth: int) -> object:
    if isinstance(value, str):
        return _redacted_text(value, secrets)
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, dict):
        return {
            _redacted(key, secrets, depth + 1): MASK
            if isinstance(key, str) and is_secret_name(key) and item not in (None, "")
            else _redacted(item, secrets, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted(item, secrets, depth + 1) for item in value]
    return value


def _redacted_text(text: str, secrets: tuple[str, ...]) -> str:
    pattern = _pattern(secrets)
    masked = pattern.sub(MASK, text) if pattern else text
    masked = _MEMBER.sub(_masked_member, masked)
    masked = _PARAMETER.sub(lambda found: f"{found[1]}={MASK}" if is_secret_name(found[1]) else found[0], masked)
    masked = _HEADER.sub(rf"\1\2{MASK}", masked)
    return _SCHEME.sub(rf"\1\2{MASK}", masked)


def _masked_member(found: re.Match[str]) -> str:
    if not is_secret_name(found[1].strip('"')) or found[3] in ("null", '""'):
        return found[0]
    return f'{found[1]}{found[2]}"{MASK}"'


def _without_tail(text: str, secrets: tuple[str, ...]) -> str:
    """Mask the beginning of a secret at the very end: an answer can break off in the middle of one."""
    for form in _forms(secrets):
        for length in range(len(form) - 1, _LEAST_TAIL - 1, -1):
            if text.endswith(form[:length]):
                return text[:-length] + MASK
    return text


@lru_cache(maxsize=64)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = _forms(secrets)
    return re.compile("|".join(re.escape(form) for form in forms)) if forms else None


@lru_cache(maxsize=64)
def _forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return every way in which the secrets may be written, longest first."""
    forms: set[str] = set()
    for secret in secrets:
        if not secret:
            continue
        whole = secret.encode("utf-8", "surrogatepass")
        quoted = {quote(whole, safe=""), quote(whole), quote_plus(whole), quote(quote(whole, safe=""), safe="")}
        forms |= {secret, html.escape(secret), html.escape(secret, quote=False)}
        forms |= quoted | {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), form) for form in quoted}
        for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
            forms |= {escaped, escaped.replace("/", "\\/")}
        forms |= _base64_forms(whole)
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _base64_forms(secret: bytes) -> set[str]:
    """Return what base64 makes of the secret anywhere within other bytes (`user:secret` in Basic)."""
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).decode()
        inner = encoded[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(inner) >= 8:
            forms |= {inner, inner.replace("+", "-").replace("/", "_"), quote(inner, safe="")}
    return forms
