"""Ids arrive as they are, or are refused; base URLs keep their path."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoadmin.clients import platform
from protoadmin.clients.paths import base_address, path_segment
from protoadmin.clients.transport import InvalidBaseUrl, UnsafeIdentifier
from tests.clients.sending import client_for
from tests.clients.server import Server, answer, says

NASTY = {
    "a/b": "a%2Fb",
    "/": "%2F",
    "../x": "..%2Fx",
    "a%2Fb": "a%252Fb",
    "?x=1": "%3Fx%3D1",
    "#x": "%23x",
    " a b ": "%20a%20b%20",
    "Zoë 漢字 😀": "Zo%C3%AB%20%E6%BC%A2%E5%AD%97%20%F0%9F%98%80",
    "..;": "..%3B",
    "...": "...",
    ".a": ".a",
    "%2e%2e": "%252e%252e",
    "%2E": "%252E",
    "%": "%25",
    "%zz": "%25zz",
    ";": "%3B",
    "\\": "%5C",
    "..\\": "..%5C",
    "a@b.c:d": "a%40b.c%3Ad",
    "{subcompany_id}": "%7Bsubcompany_id%7D",
    "~-_.": "~-_.",
    "+1 & 2=3": "%2B1%20%26%202%3D3",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}": "%EF%BC%8E%EF%BC%8E",
}


@pytest.mark.parametrize(("identifier", "quoted"), NASTY.items())
def test_nasty_id_arrives_as_one_segment(identifier: str, quoted: str) -> None:
    assert path_segment(identifier) == quoted
    with Server(says(answer("{}"))) as server:
        client_for(f"{server.url}/api/platform").send(platform.get_customer(identifier, identifier))
        expected = f"GET /api/platform/v1/customers/{quoted}/customer/{quoted}/get-customer HTTP/1.1"
        assert server.lines == [expected]


def test_any_id_arrives_or_is_refused() -> None:
    """Whatever text: the server reads back exactly the id between our own slashes, or nothing is sent."""
    with Server(says(answer("{}"))) as server:

        @settings(max_examples=150, deadline=None)
        @given(st.text(max_size=40) | st.text("./%2eE;\\ ?#\t\x00", max_size=6))
        def check(identifier: str) -> None:
            server.received.clear()
            try:
                request = platform.save_customer("acme", identifier, name="x")
            except UnsafeIdentifier:
                odd = any(unicodedata.category(character) in ("Cc", "Cs") for character in identifier)
                assert odd or identifier.strip() in ("", ".", "..")
                return
            client_for(server.url).send(request)
            _, target, _ = server.lines[0].split(" ")
            assert [unquote(part) for part in target.split("/")] == [
                "", "v1", "customers", "acme", "create-customer", identifier,
            ]  # fmt: skip

        check()


UNSAFE = [
    "",
    " ",
    "\t",
    ".",
    "..",
    " .. ",
    "..\n",
    "\u00a0.\u2003",
    "a\x00",
    "a\nb",
    "\x7f",
    "\x85x",
    "\ud800",
    "a\udfffb",
]


@pytest.mark.parametrize("identifier", UNSAFE)
def test_unsafe_id_is_refused(identifier: str) -> None:
    with pytest.raises(UnsafeIdentifier) as caught:
        path_segment(identifier)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("value", [None, 5])
def test_id_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(UnsafeIdentifier):
        path_segment(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_url", "normal"),
    [
        ("https://v3-api.proto.cx/api/platform", "https://v3-api.proto.cx/api/platform"),
        ("https://v3-api.proto.cx/api/platform/", "https://v3-api.proto.cx/api/platform"),
        (" HTTPS://V3-api.proto.cx/ ", "https://v3-api.proto.cx"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("https://bücher.example/a b", "https://xn--bcher-kva.example/a%20b"),
    ],
)
def test_base_url_keeps_its_path(given_url: str, normal: str) -> None:
    assert base_address(given_url) == normal
    assert base_address(normal) == normal


@pytest.mark.parametrize(
    "url",
    [
        "", "host.example", "ftp://host.example", "https://", "https:///x", "https://u:p@host.example", "https://@host",
        "https://host.example?x", "https://host.example/#x", "https://host.example/a/../b", "https://host/%2e%2e/b",
        "https://host:port", "https://host:99999", "https://[::1", "https://*.example", "https://a\x00b",
    ],
)  # fmt: skip
def test_base_url_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(InvalidBaseUrl):
        base_address(url)
