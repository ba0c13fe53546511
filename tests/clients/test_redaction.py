"""No secret survives in any of the ways in which it may be written."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protoadmin.clients.redaction import MASK, excerpt, redact

NAMES = [
    "authorization", "Authorization", "x-proto-token", "X-PROTO-TOKEN", "takeover_secret", "token", "access_token",
    "accessToken", "api_key", "chatToken", "chat_token", "replyToken", "reply_token", "secret", "password",
]  # fmt: skip
SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=8, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)


def lower_hex(quoted: str) -> str:
    return re.sub(r"%..", lambda found: found[0].lower(), quoted)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_secret_in_text(secret: str, before: str, after: str) -> None:
    whole = secret.encode()
    forms = [
        secret, quote(secret), quote(secret, safe=""), quote_plus(secret), lower_hex(quote(secret, safe="")),
        json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret), base64.b64encode(whole).decode().rstrip("="),
    ]  # fmt: skip
    for form in forms:
        # Spaces, because a text before may otherwise complete the form to another one.
        masked = redact(f"{before} {form} {after}", [secret])
        if form not in f"{before} {MASK} {after}":
            assert form not in masked


@given(SECRETS, st.text(st.characters(codec="ascii"), max_size=20))
def test_secret_in_basic_authorization(secret: str, user: str) -> None:
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
    masked = redact(f"sent {encoded}", [secret])
    assert encoded not in masked
    assert redact(f"Basic {encoded}", []) == f"Basic {MASK}" or len(encoded) < 16


@given(SECRETS, JSON)
def test_secret_in_json(secret: str, other: Any) -> None:
    value = {"a": [{"b": f"x{secret}y", secret: other}], "c": other}
    assert secret not in _strings(redact(value, [secret]))


def _strings(value: Any) -> list[str]:
    """Return every text of a JSON value cut into all of its parts that are as long as anything above."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", NAMES)
def test_values_of_well_known_names(name: str) -> None:
    hidden = "hidden-value"
    value = {"x": [{name: hidden, "kept": "kept"}], name: {"deep": [hidden]}, "headers": {name: 12345}}
    masked = redact(value, [])
    assert masked == {"x": [{name: MASK, "kept": "kept"}], name: MASK, "headers": {name: MASK}}
    text = json.dumps(value["x"])
    assert json.loads(redact(text, [])) == masked["x"]
    assert hidden not in redact(f"https://host/?a=1&{name}={hidden}&b=2", [])
    assert hidden not in redact(f'{{"{name}" : "{hidden}', []), "cut in the middle"
    assert redact({name: None, f"{name}s": "plain"}, []) == {name: None, f"{name}s": "plain"}


def test_headers_in_text() -> None:
    text = "GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\nX-Proto-Token: def\r\nHost: x"
    assert redact(text, []) == f"GET / HTTP/1.1\r\nAuthorization: {MASK}\r\nX-Proto-Token: {MASK}\r\nHost: x"


@pytest.mark.parametrize("text", ["Invalid bearer token given.", "Basic authentication is off", "token: wrong", ""])
def test_plain_words_stay(text: str) -> None:
    assert redact(text, ["some-secret", ""]) == text


@given(JSON)
def test_value_without_secrets_stays(value: Any) -> None:
    assert json.dumps(redact(value, ["no-such-secret"])) == json.dumps(value) or MASK in json.dumps(
        redact(value, ["no-such-secret"])
    )


def test_longer_secret_that_begins_with_a_shorter_one() -> None:
    assert redact("abcd1234-long", ["abcd1234", "abcd1234-long"]) == MASK


def test_deep_json() -> None:
    value: Any = "secret-value"
    for _ in range(5000):
        value = [value]
    assert "secret-value" not in str(redact(value, ["secret-value"]))


def test_excerpt_is_bounded_and_storable() -> None:
    text = "\x00\ud800" + "ü" * 5000
    got = excerpt(text, [])
    assert 2040 < len(got.encode()) <= 2048
    assert "\x00" not in got


@pytest.mark.timeout(10)
@pytest.mark.parametrize("unit", ['\\"', '"', '"a":"', "a=", "Bearer ", '"\\', "authorization:", '{["token":'])
def test_hostile_text_takes_no_long_time(unit: str) -> None:
    excerpt(unit * (65_536 // len(unit)), ["secret-value"])
