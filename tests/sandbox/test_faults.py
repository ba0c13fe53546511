"""Requests that go wrong on purpose: every kind, for both APIs, and whether the request was carried out."""

import email.utils
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.gateway import Gateway
from tests.sandbox.remote import Remote

Send = Callable[[], requests.Response]
Count = Callable[[], int]


@pytest.fixture(params=["create-ticket", "/human", "/chat", "/message"])
def write(request: pytest.FixtureRequest, remote: Remote, gateway: Gateway) -> tuple[str, Send, Count]:
    """A request that is not idempotent: what rules match it by, how to send it, how often it was carried out."""
    remote.save("ann", name="Ann")
    chat = gateway.chat()
    match request.param:
        case "create-ticket":
            return "create-ticket", lambda: remote.ticket("Help"), lambda: len(remote.tickets())
        case "/human":
            before = _humans(remote)
            return "/human", lambda: gateway.call("POST", "/human", {"name": "x"}), lambda: _humans(remote) - before
        case "/chat":
            human = {"human": {"id": chat["human"]["id"]}}
            return (
                "/chat",
                lambda: gateway.call("POST", "/chat", human),
                lambda: int(remote.get("/chats", q=chat["human"]["id"])["total"]) - 1,
            )
        case _:
            return (
                "/message",
                lambda: gateway.send(chat, "Hello"),
                lambda: len([1 for each in remote.get(f"/chats/{chat['id']}")["messages"] if _is_human(each)]),
            )


def _humans(remote: Remote) -> int:
    entries = remote.get("/requests", match="POST /webhook/", limit=1000)["requests"]
    return len([1 for entry in entries if entry["path"].endswith("/human") and entry["effect"]])


def _is_human(message: dict[str, Any]) -> bool:
    return bool(message["author"]["type"] == "human")


Write = tuple[str, Send, Count]


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [
        ("error", 500, 0),
        ("rate_limit", 429, 0),
        ("unavailable", 503, 0),
        ("error_after", 500, 1),
        ("html", 200, 0),
        ("wrong_shape", 200, 1),
        ("redirect", 302, 0),
    ],
)
def test_an_answer_that_says_something_else(remote: Remote, write: Write, kind: str, status: int, effect: int) -> None:
    match, send, count = write
    remote.fault(kind, match, times=1)
    send()
    assert (remote.last_request()["status"], count()) == (status, effect)
    assert (remote.last_request()["effect"], remote.last_request()["fault"]) == (bool(effect), kind)
    assert send().status_code == 200
    assert count() == effect + 1


@pytest.mark.parametrize(("kind", "effect"), [("drop_before", 0), ("drop_after", 1), ("garbage", 0), ("truncated", 1)])
def test_an_answer_that_is_lost(remote: Remote, write: Write, kind: str, effect: int) -> None:
    match, send, count = write
    remote.fault(kind, match, times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        send()
    assert count() == effect
    assert send().status_code == 200
    assert count() == effect + 1


@pytest.mark.parametrize("late", [False, True])
def test_slow_is_carried_out_before_or_after_the_pause(remote: Remote, write: Write, late: bool) -> None:
    match, send, count = write
    remote.fault("slow", match, seconds=0.4, late=late, times=1)
    began = time.monotonic()
    assert send().status_code == 200
    assert time.monotonic() - began >= 0.4
    assert count() == 1


def test_slow_and_given_up_has_an_effect_or_not_yet(remote: Remote, write: Write) -> None:
    match, send, count = write
    remote.fault("slow", match, seconds=1, times=1)
    remote.session.close()
    with pytest.raises(requests.RequestException):
        _impatient(remote, send)
    assert count() == 1


def _impatient(remote: Remote, send: Send) -> None:
    whole = remote.session.request

    def short(*args: Any, **options: Any) -> requests.Response:
        return whole(*args, **(options | {"timeout": 0.3}))

    remote.session.request = short  # type: ignore[method-assign]
    try:
        send()
    finally:
        remote.session.request = whole  # type: ignore[method-assign]


def test_dripping_comes_in_pieces_and_whole(remote: Remote, write: Write) -> None:
    match, send, count = write
    remote.fault("drip", match, seconds=0.4, pieces=5, times=1)
    began = time.monotonic()
    answer = send()
    assert time.monotonic() - began >= 0.3
    assert isinstance(answer.json(), dict)
    assert count() == 1


def test_huge_is_as_long_as_it_says(remote: Remote, write: Write) -> None:
    match, send, count = write
    remote.fault("huge", match, mib=2, times=1)
    answer = send()
    assert len(answer.content) == int(answer.headers["Content-Length"]) > 2 * 1024 * 1024
    assert isinstance(json.loads(answer.content), dict)
    assert count() == 1


@pytest.mark.parametrize("kind", ["rate_limit", "unavailable"])
def test_retry_after_is_seconds_or_a_date(remote: Remote, gateway: Gateway, kind: str) -> None:
    remote.fault(kind, "/chats", retry_after=7, times=1)
    assert gateway.call("GET", "/chats?chatId=x").headers["Retry-After"] == "7"
    remote.fault(kind, "/chats", retry_after=90, as_date=True, times=1)
    moment = email.utils.parsedate_to_datetime(gateway.call("GET", "/chats?chatId=x").headers["Retry-After"])
    assert 60 < moment.timestamp() - time.time() < 120


def test_effect_can_be_chosen_for_what_speaks_nonsense(remote: Remote, write: Write) -> None:
    match, send, count = write
    remote.fault("html", match, effect=True, times=1)
    send()
    assert count() == 1
    remote.fault("wrong_shape", match, effect=False, body=[1, 2], times=1)
    assert send().json() == [1, 2]
    assert count() == 1


def test_a_rule_is_about_what_it_matches_alone(remote: Remote, gateway: Gateway) -> None:
    remote.save("ann", name="Ann")
    chat = gateway.chat()
    remote.fault("error", "^POST .*/message$", regex=True)
    assert gateway.send(chat).status_code == 500
    assert gateway.call("GET", f"/chat/{chat['id']}/message").status_code == 200
    assert remote.ticket().status_code == 200
    remote.control("/faults/clear")
    assert gateway.send(chat).status_code == 200


def test_a_rule_by_chance(remote: Remote, gateway: Gateway) -> None:
    remote.fault("error", "/chats", probability=0.5)
    statuses = [gateway.call("GET", "/chats?chatId=x").status_code for _ in range(60)]
    assert 5 < statuses.count(500) < 55
    assert set(statuses) == {200, 500}


def test_slow_goes_together_with_another(remote: Remote, gateway: Gateway) -> None:
    remote.fault("slow", "/chats", seconds=0.3)
    remote.fault("error", "/chats", status=502)
    began = time.monotonic()
    assert gateway.call("GET", "/chats?chatId=x").status_code == 502
    assert time.monotonic() - began >= 0.3
    assert remote.last_request()["fault"] == "slow+error"


def test_the_limit_holds_over_both_apis(remote: Remote, gateway: Gateway) -> None:
    remote.control("/limit", per_minute=3, seconds=30)
    statuses = [gateway.call("GET", "/chats?chatId=x").status_code for _ in range(2)]
    statuses += [remote.call("GET", "/custom-fields/{sub}/list-custom-fields").status_code for _ in range(2)]
    assert statuses == [200, 200, 200, 429]
    answer = gateway.call("GET", "/chats?chatId=x")
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    remote.control("/limit", per_minute=None)
    assert gateway.call("GET", "/chats?chatId=x").status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "explode"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": "soon"},
        {"kind": "slow", "status": 500},
        {"kind": "error", "status": 200},
        {"kind": "error", "match": "(", "regex": True},
        {"kind": "error", "probability": 2},
        {"kind": "error", "times": 0},
        {"kind": "redirect", "location": "a\r\nb"},
    ],
)
def test_a_rule_that_cannot_be_is_refused(remote: Remote, rule: dict[str, Any]) -> None:
    with pytest.raises(requests.HTTPError, match="422"):
        remote.control("/faults", **rule)
    assert remote.get("/faults")["faults"] == []


def test_rules_are_taken_back_by_id_kind_or_all(remote: Remote) -> None:
    ids = [remote.fault(kind)["id"] for kind in ("error", "slow", "error", "html")]
    assert remote.control("/faults/clear", id=ids[0]) == {"removed": 1}
    assert remote.control("/faults/clear", kind="error") == {"removed": 1}
    assert [rule["id"] for rule in remote.get("/faults")["faults"]] == [ids[1], ids[3]]
    assert remote.control("/faults/clear") == {"removed": 2}
