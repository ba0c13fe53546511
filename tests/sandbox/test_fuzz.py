"""Whatever is sent, the sandbox says what is wrong with it and goes on."""

import json
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protoadmin.sandbox import SandboxServer
from tests.sandbox.gateway import Gateway
from tests.sandbox.remote import Remote

TEXTS = st.text(st.characters(), max_size=8)
WORDS = st.sampled_from(["bot", "agent", "human", "text", "media", "error", "slow", "hex", "0", "1", "true", "en"])
LEAVES = WORDS | st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
NAMES = (
    "name email tags accessToken human id data lang chatToken author type message replyToken text attachment payload"
    " url channel_id messages author_type author_name agent active events body json signature times delay kind repeat"
    " late shuffle bulk bulk_as newer_keys reply_delay per_minute match regex probability remaining seconds"
)
KEYS = st.sampled_from(NAMES.split())
BODIES = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=4) | VALUES
GATEWAY = ("/human", "/chat", "/chat/{chat}/message")
CONTROL = ("/channels/{channel}/deliver", "/channels/{channel}", "/channels/{channel}/bulk", "/chats", "/chats/{chat}",
           "/chats/{chat}/say", "/webhooks", "/traffic", "/faults", "/faults/clear", "/limit")  # fmt: skip
QUICKLY = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A gateway of a sandbox of its own, since what is sent may leave anything behind."""
    with SandboxServer() as server, Remote(server.url) as remote:
        yield Gateway(remote)


def post(gateway: Gateway, url: str, body: Any) -> requests.Response:
    """Send JSON as Python writes it, with NaN and lone surrogates."""
    headers = gateway.headers | {"Content-Type": "application/json"}
    return gateway.remote.session.post(url, data=json.dumps(body), headers=headers, timeout=20)


@QUICKLY
@given(path=st.sampled_from(GATEWAY), body=BODIES)
def test_the_messaging_api_never_breaks(gateway: Gateway, path: str, body: Any) -> None:
    known = gateway.remote.get("/chats", limit=1)["chats"][0]["id"]
    answer = post(gateway, f"{gateway.remote.url}/webhook/{gateway.id}{path.replace('{chat}', known)}", body)
    assert answer.status_code in (200, 400, 404), answer.text
    assert answer.status_code == 200 or list(answer.json()) == ["detail"]


@QUICKLY
@given(path=st.sampled_from(CONTROL), body=BODIES)
def test_the_control_api_never_breaks(own: Gateway, path: str, body: Any) -> None:
    known = own.remote.get("/chats", limit=1)["chats"][0]["id"]
    filled = path.replace("{chat}", known).replace("{channel}", own.id)
    if path == "/chats" and isinstance(body, dict):
        body = body | {"channel_id": own.id}
    answer = post(own, f"{own.remote.url}/_sandbox{filled}", body)
    assert answer.status_code < 500, answer.text
    for view in ("", "chats", "webhooks", f"chats&chat={known}"):
        assert own.remote.session.get(f"{own.remote.url}/?view={view}", timeout=20).status_code == 200


@QUICKLY
@given(query=st.text(st.characters(codec="utf-8"), max_size=12), path=st.text(st.characters(codec="utf-8"), max_size=6))
def test_no_path_and_no_query_breaks_it(gateway: Gateway, query: str, path: str) -> None:
    for start in (f"/webhook/{gateway.id}/chats", f"/webhook/{gateway.id}/chat/", "/_sandbox/chats/", "/"):
        url = f"{gateway.remote.url}{start}{quote(path, safe='')}"
        params = {"humanId": query, "max": query, "view": query, "q": query, "chat": query, "limit": query}
        answer = gateway.remote.session.get(url, params=params, headers=gateway.headers, timeout=20)
        assert answer.status_code < 500, answer.text
