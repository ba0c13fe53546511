"""What a report is asked for, as it stands in the URL: which page of it, which days, grouped how, whose chats."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from conversations.figures.folding import moment_of
from conversations.figures.reading import Scope
from conversations.figures.spans import ONE_DAY, Span, reader_zone
from conversations.inbox.filters import UNKNOWN_LANGUAGE
from conversations.models.figures import EVERY_CHANNEL, EVERY_LANGUAGE
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible, visible_teamspaces
from protoadmin.ids import as_id

SPANS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7d": "Last 7 days",
    "28d": "Last 28 days",
    "90d": "Last 90 days",
    "week": "This week",
    "last_week": "Last week",
    "month": "This month",
    "last_month": "Last month",
    "own": "Own dates",
}
DEFAULT = "7d"
LONGEST = 1_100
# Up to so many days they are shown one by one, up to so many by weeks.
MOST_DAYS, MOST_DAYS_BY_WEEK = 100, 750
BY = {"day": "Day", "week": "Week", "month": "Month"}
VIEWS = {
    "overview": "Overview",
    "answers": "Answer times",
    "hours": "Busiest hours",
    "split": "Teamspaces, channels, languages",
    "tags": "Top tags",
}


@dataclass(frozen=True)
class Asked:
    """The words of the URL, made sure of; "" stands for what was not chosen."""

    view: str = "overview"
    span: str = DEFAULT
    since: str = ""
    until: str = ""
    by: str = ""
    teamspace: str = ""
    channel: str = ""
    lang: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> "Asked":
        """Take what is understood of a URL's query; what is not counts as not given."""
        names = {"since": "from", "until": "to"}
        given = {each.name: str(query.get(names.get(each.name, each.name)) or "")[:40] for each in fields(cls)}
        given["view"] = given["view"] if given["view"] in VIEWS else "overview"
        given["by"] = given["by"] if given["by"] in BY else ""
        for name in ("teamspace", "channel"):
            given[name] = given[name] if as_id(given[name]) is not None else ""
        given["lang"] = given["lang"].replace("\x00", "")[:20]
        since, until = _day(given["since"]), _day(given["until"])
        if given["span"] == "own" and not (since and until and since <= until):
            given["span"] = DEFAULT
        given["span"] = given["span"] if given["span"] in SPANS else DEFAULT
        if given["span"] != "own":
            given["since"] = given["until"] = ""
        return cls(**given)

    def query(self, **changes: str) -> str:
        """Return this as it stands behind `?`, some of it changed."""
        names = {"since": "from", "until": "to"}
        values = {each.name: changes.get(each.name, getattr(self, each.name)) for each in fields(self)}
        if "span" in changes and changes["span"] != "own":
            values["since"] = values["until"] = ""
        return urlencode({names.get(name, name): value for name, value in values.items() if value})

    def days(self, today: datetime.date | None = None) -> Span:
        """Return the reader's days that are meant."""
        today = today or timezone.localdate()
        if self.span == "own":
            first, last = datetime.date.fromisoformat(self.since), datetime.date.fromisoformat(self.until)
        else:
            first, last = _named(self.span, today)
        return Span(max(first, last - (LONGEST - 1) * ONE_DAY), last, reader_zone())

    def grouped(self, span: Span) -> str:
        """Return by what the days are grouped: as was asked for, where that makes no endless table."""
        chosen = self.by or ("day" if span.days <= 31 else "week" if span.days <= 120 else "month")
        if chosen == "day" and span.days > MOST_DAYS:
            chosen = "week"
        return "month" if chosen == "week" and span.days > MOST_DAYS_BY_WEEK else chosen

    def scope(self, user: User) -> Scope:
        """Return whose figures: what this person sees, and of that what was chosen."""
        seen = list(visible_teamspaces(user).order_by("pk").values_list("pk", flat=True))
        chosen, channel = as_id(self.teamspace), as_id(self.channel)
        teamspaces = tuple(pk for pk in seen if chosen in (None, pk))
        lang = EVERY_LANGUAGE if not self.lang else "" if self.lang == UNKNOWN_LANGUAGE else self.lang
        if channel is not None and not only_visible(Channel.objects.filter(pk=channel), user).exists():
            return Scope((), channel, lang)
        return Scope(teamspaces, channel or EVERY_CHANNEL, lang)

    def chats_url(self, figure: str, start: int, end: int, **more: str) -> str:
        """Return the inbox with exactly the chats that a figure counts between two quarters."""
        chosen = {"teamspace": self.teamspace, "channel": self.channel, "lang": self.lang, **more}
        query = {"figure": figure, "start": moment(start), "end": moment(end), **chosen}
        address = reverse("admin:conversations_chat_changelist")
        return f"{address}?{urlencode({name: value for name, value in query.items() if value})}"

    def waiting_url(self) -> str:
        """Return the inbox with the chats that wait."""
        chosen = {"waiting": "1", "teamspace": self.teamspace, "channel": self.channel, "lang": self.lang}
        address = reverse("admin:conversations_chat_changelist")
        return f"{address}?{urlencode({name: value for name, value in chosen.items() if value})}"


def moment(quarter: int) -> str:
    """Return when a quarter begins, as the inbox takes it."""
    return f"{moment_of(quarter):%Y-%m-%dT%H:%MZ}"


def _named(name: str, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    monday, first = today - today.weekday() * ONE_DAY, today.replace(day=1)
    return {
        "today": (today, today),
        "yesterday": (today - ONE_DAY, today - ONE_DAY),
        "7d": (today - 6 * ONE_DAY, today),
        "28d": (today - 27 * ONE_DAY, today),
        "90d": (today - 89 * ONE_DAY, today),
        "week": (monday, today),
        "last_week": (monday - 7 * ONE_DAY, monday - ONE_DAY),
        "month": (first, today),
        "last_month": ((first - ONE_DAY).replace(day=1), first - ONE_DAY),
    }[name]


def _day(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1971 <= day.year <= 9000 else None
