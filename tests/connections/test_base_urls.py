"""Which base URLs a secret may be sent to."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import Settings

from protoadmin.clients.paths import base_address
from protoadmin.connections.base_urls import check_base_url, is_loopback
from protoadmin.connections.models import Channel, Teamspace


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://v3-api.proto.cx/api/platform", "https://v3-api.proto.cx/api/platform"),
        (" https://gw.proto.cx/ ", "https://gw.proto.cx"),
        ("HTTPS://Example.com/Path/", "https://example.com/Path"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("http://127.0.0.1:8001/api/platform", "http://127.0.0.1:8001/api/platform"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_taken(typed: str, kept: str) -> None:
    assert check_base_url(typed, allow_http=False) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("http://127.0.0.1.example.com", "https"),
        ("http://0.0.0.0:80", "https"),
        ("http://192.168.0.1", "https"),
        ("", "full URL"),
        ("example.com", "full URL"),
        ("//example.com", "full URL"),
        ("ftp://example.com", "full URL"),
        ("javascript:alert(1)", "full URL"),
        ("file:///etc/passwd", "full URL"),
        ("https://", "full URL"),
        ("https://:443", "full URL"),
        ("https://exa mple.com", "full URL"),
        ("https://example.com/a\nb", "full URL"),
        ("https://user:pass@example.com", "password"),
        ("https://user@example.com", "password"),
        ("https://@example.com", "password"),
        ("https://example.com\\@evil.example", "password"),
        ("https://example.com/?a=1", "?"),
        ("https://example.com/?", "?"),
        ("https://example.com/#", "#"),
        ("https://example.com/a/../b", "dots"),
        ("https://example.com/%2e%2e", "dots"),
        ("https://[::1", "not a URL"),
        ("https://example.com:99999", "not a URL"),
        ("https://*", "not a web address"),
    ],
)
def test_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared as they are
        check_base_url(typed, allow_http=False)
    assert words in str(caught.value)


def test_http_where_it_is_allowed() -> None:
    assert check_base_url("http://example.com", allow_http=True) == "http://example.com"
    with pytest.raises(ValueError, match="full URL"):
        check_base_url("ftp://example.com", allow_http=True)


@given(st.text(max_size=30) | st.from_regex(r"https?://[a-z0-9@:/?#\[\]\\. %-]{0,25}", fullmatch=True))
@example("http://localhost\\.evil.example")
@example("http://127.0.0.1#@evil.example")
@example("https://example.com\t/x")
def test_what_is_taken_can_be_sent_to_and_is_safe(typed: str) -> None:
    with suppress(ValueError):
        kept = check_base_url(typed, allow_http=False)
        parts = urlsplit(kept)
        assert base_address(kept) == kept
        assert parts.scheme == "https" or is_loopback(parts.hostname or "")
        assert check_base_url(kept, allow_http=False) == kept


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_the_model_asks_debug(settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    for record in (
        Teamspace(name="A", subcompany_id="a", base_url="http://example.com/"),
        Channel(name="A", channel_id="a", base_url="http://example.com/"),
    ):
        if debug:
            record.clean()
            assert record.base_url == "http://example.com"
        else:
            with pytest.raises(ValidationError, match="in the clear"):
                record.clean()
