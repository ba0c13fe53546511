"""The page: every view is there, shows what is, escapes what others wrote, and its forms work without a script."""

from html.parser import HTMLParser

import pytest
import requests

from tests.sandbox.gateway import Gateway
from tests.sandbox.receiver import Receiver, eventually
from tests.sandbox.remote import Remote

VIEWS = ["", "chats", "webhooks", "people", "tickets", "protocol", "helpdesk", "connect"]
EVIL = "<script>alert('x')</script>\"'&"
VOID = {"meta", "link", "img", "input", "br"}


class Balance(HTMLParser):
    """Notes elements that are not closed, and ids that are there twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(remote: Remote, query: str) -> str:
    """A view, checked for being well formed."""
    answer = remote.session.get(f"{remote.url}/?{query}", timeout=10)
    assert answer.status_code == 200
    balance = Balance()
    balance.feed(answer.text)
    assert balance.open == []
    assert len(balance.ids) == len(set(balance.ids))
    return answer.text


def press(remote: Remote, action: str, view: str, **form: str) -> requests.Response:
    """What a browser without a script sends."""
    headers = {"Accept": "text/html", "Referer": f"{remote.url}/?{view}", "Origin": remote.url}
    return remote.session.post(f"{remote.url}{action}", data=form, headers=headers, allow_redirects=False, timeout=10)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_well_formed(remote: Remote, view: str) -> None:
    assert "Skip to the content" in page(remote, f"view={view}")


def test_what_others_wrote_is_escaped_everywhere(gateway: Gateway, receiver: Receiver) -> None:
    remote = gateway.remote
    chat = gateway.chat(human={"name": EVIL, "email": EVIL}, chatToken=EVIL, data={EVIL: EVIL})
    gateway.send(chat, EVIL)
    gateway.send(chat, {"type": "button", "data": {"payload": EVIL}})
    remote.control(f"/chats/{chat['id']}/say", author_type="agent", author_name=EVIL, text=EVIL)
    remote.control(f"/channels/{gateway.id}/deliver", body=EVIL)
    receiver.wait(3)
    for view in (*VIEWS, f"chats&chat={chat['id']}", f"chats&q={EVIL}"):
        text = page(remote, f"view={view}")
        assert EVIL not in text
        assert "<script>alert" not in text


def test_a_chat_shows_everything_that_was_said(gateway: Gateway) -> None:
    chat = gateway.chat(human={"name": "Ann Ünal"}, lang="ar")
    for words in ("مرحبا", "plans", "agent", "thanks"):
        gateway.send(chat, words)
    text = page(gateway.remote, f"view=chats&chat={chat['id']}")
    for words in ("Ann Ünal", "مرحبا", "carousel", "thirdparty agent takeover", "ended"):
        assert words in text
    assert chat["id"] in page(gateway.remote, "view=chats&q=Ünal")
    assert chat["id"] not in page(gateway.remote, "view=chats&q=nobody-of-this-name")


@pytest.mark.parametrize(
    "data", [None, [], [1], "x", 5, {}, {"text": None}, {"quickReplies": 5}, {"quickReplies": [5, {}]}, {"url": []}]
)
def test_a_message_may_be_anything(gateway: Gateway, receiver: Receiver, data: object) -> None:
    chat = gateway.chat()
    gateway.remote.control(f"/chats/{chat['id']}/say", message={"type": "text", "data": data})
    gateway.remote.control(f"/chats/{chat['id']}/say", message={"type": "unheard_of", "data": data})
    assert receiver.wait(2)[0].json["events"][0]["messages"][0]["data"] == data
    assert len(gateway.messages(chat)) == 2
    for view in ("chats", f"chats&chat={chat['id']}", "webhooks"):
        page(gateway.remote, f"view={view}")


def test_forms_of_a_chat_work_and_lead_back(gateway: Gateway) -> None:
    chat = gateway.chat()
    view = f"view=chats&chat={chat['id']}"
    answer = press(gateway.remote, f"/_sandbox/chats/{chat['id']}/say", view, author_type="agent", text="Good day")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/?{view}")
    assert gateway.said(chat) == [("agent", "Good day")]
    press(gateway.remote, f"/_sandbox/chats/{chat['id']}", view, active="false")
    assert gateway.chats(chatId=chat["id"])[0]["active"] is False


def test_the_switches_work_and_the_banner_tells(gateway: Gateway, receiver: Receiver) -> None:
    remote, view = gateway.remote, "view=webhooks"
    assert "Answers normally" in page(remote, view)
    for key, value in (("repeat", "1"), ("late", "15"), ("shuffle", "4"), ("bulk", "5")):
        assert press(remote, "/_sandbox/webhooks", view, **{key: value}).status_code == 303
        assert float(remote.get("/webhooks")["manners"][key]) == float(value)
    press(remote, "/_sandbox/channels/all", view, signature="none")
    text = page(remote, view)
    for words in ("each twice", "late", "out of order", "in bulk", "not signed at all"):
        assert words in text
    press(remote, "/_sandbox/faults/clear", view)
    assert "Answers normally" in page(remote, view)
    press(remote, f"/_sandbox/channels/{gateway.id}/bulk", view, messages="200")
    assert len(receiver.wait(1)[0].texts) == 200
    press(remote, f"/_sandbox/channels/{gateway.id}/deliver", view, body="exactly this", times="2", signature="wrong")
    eventually(lambda: [post.body for post in receiver.posts].count(b"exactly this") == 2)
    press(remote, "/_sandbox/traffic", view, per_minute="6")
    assert "6 a minute" in page(remote, view)
    press(remote, "/_sandbox/traffic", view, per_minute="0")
    assert "Nobody is writing now" in page(remote, view)


def test_the_deliveries_are_shown_with_what_became_of_them(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [401]
    gateway.remote.control(f"/channels/{gateway.id}", profile_url="")
    gateway.send(gateway.chat())
    eventually(lambda: bool(gateway.remote.get("/deliveries", state="failed")["deliveries"]))
    text = page(gateway.remote, "view=webhooks")
    assert "given up" in text
    assert ">401<" in text


def test_activity_names_what_came_in(gateway: Gateway) -> None:
    human = gateway.human()
    gateway.call("GET", f"/human/{human}")
    chat = gateway.chat()
    gateway.send(chat, "my own words")
    gateway.messages(chat)
    gateway.chats(chatId=chat["id"])
    text = page(gateway.remote, "")
    for words in (
        "Create human",
        "Read human",
        "Start chat",
        "Send message",
        "my own words",
        "List messages",
        "List chats",
    ):
        assert words in text
    assert gateway.headers["X-PROTO-TOKEN"] not in text


def test_it_says_what_it_can_be_told(remote: Remote) -> None:
    routes = remote.get("/help")
    assert {"POST /_sandbox/chats/{chat_id}/say", "POST /_sandbox/channels/{channel_id}/deliver"} <= {
        f"{route['method']} {route['path']}" for route in routes
    }
    assert all(route["does"] for route in routes)


@pytest.mark.parametrize("path", ["/_sandbox/chats", "/_sandbox/webhooks", "/_sandbox/traffic"])
@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_another_site_cannot_steer_it(remote: Remote, path: str, headers: dict[str, str]) -> None:
    answer = remote.session.post(f"{remote.url}{path}", json={}, headers=headers, timeout=10)
    assert answer.status_code == 403
