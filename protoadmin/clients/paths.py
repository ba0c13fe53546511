"""Addresses: ids as path segments, and base URLs."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

import requests

from protoadmin.clients.errors import InvalidBaseUrl, UnsafeIdentifier

_PATH = re.compile(r"/?|(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)+/?")
_RESOLVED_AWAY = frozenset({"", ".", ".."})


def path_segment(value: str) -> str:
    """Quote an id so that it is one path segment and nothing else, whatever it contains.

    Raises UnsafeIdentifier for an empty id, `.` and `..` (also with spaces around them), control characters and
    lone surrogates.
    """
    if not isinstance(value, str) or not value.strip():
        raise UnsafeIdentifier("The id is empty.")
    if value.strip() in _RESOLVED_AWAY:
        raise UnsafeIdentifier(f'"{value.strip()}" cannot be used as an id, because it means another address.')
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise UnsafeIdentifier("The id contains a control character.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        pass
    raise UnsafeIdentifier("The id contains half a character (a lone surrogate).")


def checked_path(path: str) -> str:
    """Return a quoted path unchanged if it arrives as it is written.

    Raises UnsafeIdentifier for a query, a fragment, an empty segment, and segments that are resolved away on the way.
    """
    if not path.startswith("/") or not _PATH.fullmatch(path):
        raise UnsafeIdentifier("The path of the request is not quoted properly.")
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise UnsafeIdentifier("The path of the request contains a segment that would be resolved away.")
    return path


def base_address(base_url: str) -> str:
    """Return the base URL in normal form: its path kept, no slash at the end.

    Raises InvalidBaseUrl if it is not http(s), has no host, or carries a login, a query or a fragment.
    """
    url = base_url.strip()
    try:
        parts = urlsplit(url)
        known, login, _ = bool(parts.hostname), parts.username or parts.password, parts.port
    except ValueError:
        raise InvalidBaseUrl("The base URL is not a web address.") from None
    if parts.scheme.lower() not in ("http", "https") or not known:
        raise InvalidBaseUrl("The base URL must begin with https:// (or http://) and name a host.")
    if login is not None or "@" in parts.netloc:
        raise InvalidBaseUrl("The base URL must not contain a login.")
    if "?" in url or "#" in url:
        raise InvalidBaseUrl("The base URL must not contain a query or a fragment.")
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        raise InvalidBaseUrl("The path of the base URL must not contain dots as a segment.")
    prepared = requests.PreparedRequest()
    try:
        prepared.prepare_url(url, None)
    except (requests.RequestException, ValueError):
        raise InvalidBaseUrl("The base URL is not a web address.") from None
    return str(prepared.url).rstrip("/")
