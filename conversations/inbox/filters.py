"""The filters of the inbox: read from the URL, written back into it, and what each means for the list."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.db.models.lookups import Exact
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date

from conversations.figures.definitions import FIGURES
from conversations.follow_ups import FOLLOW_UPS
from conversations.models import AuthorType, ReadMark
from protoadmin.ids import as_id

MAX_TEXT = 200
YES_NO = ("1", "0")
# Stands in the URL for the chats of which nobody knows the language.
UNKNOWN_LANGUAGE = "-"
COUNTED = {figure.chats for figure in FIGURES.values() if figure.chats}
HOURS = {str(hour) for hour in range(7 * 24)}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to, as it stands in the URL; "" stands for not at all."""

    q: str = ""
    channel: str = ""
    teamspace: str = ""
    active: str = ""
    unread: str = ""
    waiting: str = ""
    author: str = ""
    tag: str = ""
    lang: str = ""
    since: str = ""
    until: str = ""
    agent: str = ""
    person: str = ""
    follow_up: str = ""
    # How the results of a search are put in order, and whether they are people's chats instead of messages.
    order: str = ""
    by: str = ""
    # The chats that a figure of the reports counts, in a span (conversations/inbox/counted.py).
    figure: str = ""
    start: str = ""
    end: str = ""
    hour: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> "Filters":
        """Take what is understood from a URL's query; what is not counts as not given."""
        given = {
            name: _text(query.get("from" if name == "since" else "to" if name == "until" else name)) for name in NAMES
        }
        for name in ("channel", "teamspace", "tag", "person"):
            given[name] = given[name] if as_id(given[name]) is not None else ""
        for name in ("active", "agent"):
            given[name] = given[name] if given[name] in YES_NO else ""
        for name in ("unread", "waiting"):
            given[name] = "1" if given[name] == "1" else ""
        for name in ("since", "until"):
            given[name] = given[name] if _day(given[name]) else ""
        given["follow_up"] = given["follow_up"] if given["follow_up"] in FOLLOW_UPS else ""
        given["order"] = "relevance" if given["order"] == "relevance" else ""
        given["by"] = "people" if given["by"] == "people" else ""
        given["author"] = given["author"].lower()[:20]
        given["lang"] = given["lang"][:20]
        if not (given["figure"] in COUNTED and _moment(given["start"]) and _moment(given["end"])):
            given.update(figure="", start="", end="", hour="")
        given["hour"] = given["hour"] if given["hour"] in HOURS else ""
        return cls(**given)

    @classmethod
    def parse(cls, text: str) -> "Filters":
        """Take what is understood from a query as it is written."""
        return cls.read(QueryDict(text[:4000]))

    def query(self, **changes: str) -> str:
        """Return these filters as they stand behind `?`, some of them changed."""
        values = {name: changes.get(name, getattr(self, name)) for name in NAMES}
        names = {"since": "from", "until": "to"}
        return urlencode({names.get(name, name): value for name, value in values.items() if value})

    @property
    def is_empty(self) -> bool:
        """Whether everything is shown."""
        return self == Filters(order=self.order, by=self.by)

    @property
    def is_search(self) -> bool:
        """Whether messages are looked for; among the chats that a figure counts, people are."""
        return bool(self.q) and self.by != "people" and not self.figure

    @property
    def walked(self) -> bool:
        """Whether rows have to be looked at one by one, because no index knows the answer."""
        return bool(self.active or self.unread or self.waiting or self.author or self.lang or self.agent)

    def conditions(self, user: User) -> Q:
        """Return what a row has to fulfil, but for channel, teamspace and the people."""
        wanted = self.days()
        if self.active:
            wanted &= Q(active=self.active == "1")
        if self.waiting:
            wanted &= Q(active=True) & _spoke_last(AuthorType.HUMAN)
        if self.author:
            wanted &= _spoke_last(self.author)
        if self.lang:
            wanted &= Q(lang="" if self.lang == UNKNOWN_LANGUAGE else self.lang)
        if self.agent:
            wanted &= Q(has_agent=self.agent == "1")
        if self.unread:
            wanted &= unread_by(user)
        return wanted

    def days(self) -> Q:
        """Return the time span, in the reader's days."""
        wanted = Q()
        if first := _day(self.since):
            wanted &= Q(last_message_at__gte=_start_of(first))
        if last := _day(self.until):
            wanted &= Q(last_message_at__lt=_start_of(last + datetime.timedelta(days=1)))
        return wanted


NAMES = tuple(each.name for each in fields(Filters))


def _spoke_last(author: str) -> Q:
    # Said so that no index is tempting: SQLite would take one that leads away from the list's order.
    return Q(Exact(Concat(F("last_author_type"), Value("")), author))


def unread_by(user: User) -> Q:
    """Return the condition of a chat that says something which this person has not seen.

    What was last said before they were there counts as read.
    """
    read = ReadMark.objects.filter(user=user, chat=OuterRef("pk"), sequence__gte=OuterRef("last_sequence"))
    return Q(last_message_at__gt=user.date_joined) & Q(last_sequence__gt=0) & Q(~Exists(read))


def _text(value: Any) -> str:
    return str(value or "").replace("\x00", "").strip()[:MAX_TEXT]


def _day(text: str) -> datetime.date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 1970 <= day.year <= 9000 else None


def _moment(text: str) -> bool:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return found.tzinfo is not None and 1971 <= found.year <= 9000


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
