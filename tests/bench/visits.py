"""The pages that are visited: the customer list in its many forms, and the customer page."""

import functools
import gc
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, Tag
from tests.bench.desks import COMMON_WORD, RARE_WORD
from tests.bench.people import COMMON_TAG, RARE_CHINESE, RARE_TAG

COMPANY, CONTACT, VISITOR = "customers_company", "customers_contact", "conversations_visitorconversation"
USERS = ("boss", "agent")
LAST_PAGE = {"boss": 20, "agent": 6, "duo": 13}
"""A page that is full at 1,000 people too: the agent sees a third of them, the duo two thirds."""


def _list(**parameters: object) -> str:
    return f"{reverse('admin:customers_customer_changelist')}?{urlencode(parameters)}"


def _sorted_by(field: str, *, down: bool = False, **more: object) -> Callable[[str], str]:
    return lambda user: _list(o=f"{'-' * down}{_column(field)}", **more)


@functools.cache
def _column(field: str) -> int:
    """Return the number of the list's column that is sorted by a field; column 0 holds the check boxes."""
    screen = admin.site._registry[Customer]
    fields = [getattr(getattr(screen, str(name), None), "admin_order_field", name) for name in screen.list_display]
    return fields.index(field) + 1


def _tagged(name: str) -> Callable[[str], str]:
    # Team A: the one that the agent belongs to.
    return lambda user: _list(tag=Tag.objects.get(teamspace__name="Team A", name=name).pk)


def _found(query: str) -> Callable[[str], str]:
    return lambda user: _list(q=query)


def _helpdesk(name: str, **asked: object) -> Callable[[str], str]:
    return lambda user: f"{reverse(f'admin:{name}_changelist')}?{urlencode(asked)}"


def _one(user: str) -> Customer:
    """A person whom both see, with a call that failed."""
    return Customer.objects.filter(teamspace__name="Team A", sync_state="unconfirmed").order_by("-id")[:1].get()


def _page(user: str) -> str:
    return reverse("admin:customers_customer_change", args=[_one(user).pk])


VISITS: dict[str, Callable[[str], str]] = {
    "list: first page": lambda user: _list(),
    "list: a late page": lambda user: _list(p=LAST_PAGE[user]),
    "list: sorted by name": _sorted_by("name"),
    "list: sorted by Changed": _sorted_by("updated_at"),
    "list: sorted by State": _sorted_by("sync_state"),
    "list: sorted by State, down": _sorted_by("sync_state", down=True),
    "list: sorted by Mail": _sorted_by("email"),
    "list: sorted by Unique id": _sorted_by("provided_unique_id"),
    "filter: common tag": _tagged(COMMON_TAG),
    "filter: rare tag": _tagged(RARE_TAG),
    "filter: common state": lambda user: _list(sync_state__exact="local"),
    "filter: rare state": lambda user: _list(sync_state__exact="unconfirmed"),
    "filter: open failures": lambda user: _list(failures=1),
    "filter: common tag, sorted by name": lambda user: f"{_tagged(COMMON_TAG)(user)}&o={_column('name')}",
    "search: rare name": _found("quillfeather"),
    "search: common prefix": _found("an"),
    "search: common prefix, sorted by name": _sorted_by("name", q="an"),
    "search: two common words": _found("an person"),
    "search: international phone": lambda user: _list(q=_one(user).phone_number),
    "search: national phone": lambda user: _list(q="0" + _one(user).phone_number.partition(" ")[2]),
    "search: mail": lambda user: _list(q=_one(user).email),
    "search: id": lambda user: _list(q=_one(user).provided_unique_id),
    "search: two Chinese characters": _found(RARE_CHINESE),
    "search: no hit": _found("xylophonist"),
    "page of a person": _page,
    "companies: first page": _helpdesk(COMPANY),
    "companies: rare word": _helpdesk(COMPANY, q=RARE_WORD),
    "companies: common word": _helpdesk(COMPANY, q=COMMON_WORD),
    "companies: two common words": _helpdesk(COMPANY, q=f"{COMMON_WORD} example"),
    "companies: website": _helpdesk(COMPANY, q="shop000030.example.com"),
    "companies: id": _helpdesk(COMPANY, q="123e4567-e89b-12d3-a456-000000000012"),
    "companies: no hit": _helpdesk(COMPANY, q="xylophonist"),
    "contacts: first page": _helpdesk(CONTACT),
    "contacts: mail": _helpdesk(CONTACT, q="contact36@mail36.example"),
    "contacts: national phone": _helpdesk(CONTACT, q="0660 4000252"),
    "contacts: common word": _helpdesk(CONTACT, q=COMMON_WORD),
    "visitors: first page": _helpdesk(VISITOR),
    "visitors: rare word": _helpdesk(VISITOR, q=RARE_WORD),
    "visitors: common word": _helpdesk(VISITOR, q=COMMON_WORD),
}


def visits() -> list[tuple[str, str]]:
    """Return what is visited, and by whom; who is in several teamspaces matters to the order of a list."""
    return [(name, user) for name in VISITS for user in (*USERS, *(["duo"] if name.startswith("list:") else []))]


@functools.cache
def _client(user: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=user))
    # What Django remembers for the life of a process is asked for now.
    client.get(_list())
    # The town was built in this process: looking for garbage in what is left of that is no part of a page.
    gc.collect()
    gc.freeze()
    return client


@functools.cache
def _address(name: str, user: str) -> str:
    return VISITS[name](user)


def _get(name: str, user: str) -> int:
    answer = _client(user).get(_address(name, user))
    if answer.status_code != 200:
        raise RuntimeError(f"{name} for {user} at {_address(name, user)} answered {answer.status_code}")
    return answer.content.count(b'name="_selected_action"')


def visit(name: str, user: str) -> tuple[float, float]:
    """Return the processor time that a page takes, here and in the database's process, and the time by the clock."""
    address, client = _address(name, user), _client(user)
    start, worked = time.perf_counter(), _worked()
    client.get(address)
    return _worked() - worked, time.perf_counter() - start


def _worked() -> float:
    return time.process_time() + (_worked_by(_backend()) if connection.vendor == "postgresql" else 0.0)


@functools.cache
def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _worked_by(pid: int) -> float:
    """Return how long another process was on a processor, to the nanosecond, in seconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def queries(name: str, user: str) -> tuple[int, int]:
    """Return how many queries a page makes, and how many people it lists."""
    _client(user)
    with CaptureQueriesContext(connection) as captured:
        rows = _get(name, user)
    return len(captured), rows
