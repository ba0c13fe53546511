"""Messages to search, the questions that are asked of them, and the stock admin's answer to the same. Runs inside."""

import functools
import gc
import io
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from conversations.inbox.filters import Filters
from conversations.models import Chat, Message
from conversations.search.results import found_page
from protoadmin.connections.models import Channel, Teamspace
from tests.bench.visits import _worked

if TYPE_CHECKING:
    _Admin = ModelAdmin[Message]
else:
    _Admin = ModelAdmin

RARE, RARE_CHINESE, PHONE, QUIET = "quillfeather", "龘靐", "+43 660 7654321", "Quiet corner"
HITS = 6
# What is asked, and the filters beside it. `channel` stands for the quiet channel.
QUESTIONS: dict[str, dict[str, str]] = {
    "rare word": {"q": RARE},
    "common word": {"q": "order"},
    "two common words": {"q": "order address"},
    "a part of a word": {"q": "uillfeath"},
    "two Chinese characters, common": {"q": "退款"},
    "two Chinese characters, rare": {"q": RARE_CHINESE},
    "a phone number": {"q": "0660/765 43 21"},
    "common word, rare channel": {"q": "order", "channel": QUIET},
    "common word, from:bot": {"q": "order from:bot"},
    "common word, before a day": {"q": "order before:2026-06-01"},
    "common word, running chats": {"q": "order", "active": "1"},
    "common word, most relevant": {"q": "order", "order": "relevance"},
    "in every message": {"q": "after:2000-01-01"},
    "in none": {"q": "xylophonistically"},
    "in none, of common pieces": {"q": "theingandyou"},
    "one letter": {"q": "e"},
    "two letters, in none": {"q": "zq"},
}


def fill_messages(number: int) -> None:
    """Make the tables and so many made-up messages, some rare ones before and after them."""
    call_command("migrate", verbosity=0, interactive=False)
    boss = User.objects.create(username="boss", is_staff=True, is_superuser=True)
    space = Teamspace.objects.create(name="Quiet", subcompany_id="quiet")
    channel = Channel.objects.create(name=QUIET, channel_id="quiet", teamspace=space)
    _say_rare(channel, range(HITS // 2))
    call_command("make_demo_data", messages=number, verbosity=0, stdout=io.StringIO())
    _say_rare(channel, range(HITS // 2, HITS))
    agent = User.objects.create(username="agent", is_staff=True, date_joined=boss.date_joined)
    agent.groups.add(Group.objects.get(name="Support"))
    agent.teamspaces.add(Teamspace.objects.get(name="Northwind Asia"), space)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _say_rare(channel: Channel, numbers: range) -> None:
    for number in numbers:
        chat = Chat.objects.create(channel=channel, chat_id=f"quiet-{number}")
        for text in (
            f"where is my {RARE}",
            f"我的{RARE_CHINESE}在哪里",
            f"call {PHONE} please",
            "an order and an address",
        ):
            Message.objects.create(chat=chat, author_type="human", text=text)


def search_questions() -> list[str]:
    """Return what can be asked."""
    return list(QUESTIONS)


@functools.cache
def _client(user: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=user))
    client.get(_address("rare word"))
    gc.collect()
    gc.freeze()
    return client


@functools.cache
def _address(name: str) -> str:
    question = dict(QUESTIONS[name])
    if "channel" in question:
        question["channel"] = str(Channel.objects.get(name=question["channel"]).pk)
    return f"{reverse('admin:conversations_chat_search')}?{urlencode(question)}"


def search(name: str, user: str) -> tuple[float, float, int]:
    """Return the processor time that a page of results takes, the time by the clock, and how many are shown."""
    client, address = _client(user), _address(name)
    start, worked = time.perf_counter(), _worked()
    answer = client.get(address)
    taken = _worked() - worked, time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{name} for {user} answered {answer.status_code}")
    return *taken, answer.content.count(b"data-chat=")


def search_alone(name: str) -> float:
    """Return the time by the clock in which what a page of results shows is found and read; no template."""
    user = User.objects.get(username="boss")
    filters = Filters.parse(urlencode(QUESTIONS[name]))
    start = time.perf_counter()
    found_page(user, filters)
    return time.perf_counter() - start


class _Stock(_Admin):
    """The admin as it comes."""

    list_display = ("id", "author_type", "text", "received_at")
    search_fields = ("text",)


def stock_search(name: str) -> tuple[float, float]:
    """Return what the stock admin's list takes to find the same, by the processor and by the clock; no template."""
    request: Any = RequestFactory().get("/", {"q": QUESTIONS[name]["q"]})
    request.user = User.objects.get(username="boss")
    page = _Stock(Message, AdminSite())
    start, worked = time.perf_counter(), _worked()
    list(page.get_changelist_instance(request).result_list)
    return _worked() - worked, time.perf_counter() - start
