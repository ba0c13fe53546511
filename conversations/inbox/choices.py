"""What the filters offer, and the chosen ones in words."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from conversations.follow_ups import MINE, OPEN, OVERDUE
from conversations.inbox.counted import words_of_figure
from conversations.inbox.filters import UNKNOWN_LANGUAGE, Filters
from customers.models import Customer, Tag
from protoadmin.clients.messaging import LANGUAGES
from protoadmin.connections.models import Channel
from protoadmin.connections.scoping import only_visible, visible_teamspaces

OFFERED = 200
FOLLOW_UP_WORDS = [(MINE, "My follow-ups"), (OVERDUE, "My overdue follow-ups"), (OPEN, "Anybody's follow-ups")]
AUTHORS = [("human", "Customer"), ("bot", "Bot"), ("agent", "Agent")]


@dataclass
class Choice:
    """One filter as the form shows it: a choice, a day, or a text."""

    name: str
    label: str
    value: str
    kind: str = "select"
    options: list[tuple[str, str]] = field(default_factory=list)


def choices_of(user: User, filters: Filters) -> list[Choice]:
    """Return the filters of the form with what each offers."""
    spaces = [(str(pk), name) for pk, name in visible_teamspaces(user).values_list("pk", "name")[:OFFERED]]
    found = [
        Choice("channel", "Channel", filters.channel, options=_rows(user, Channel.objects.all())),
        Choice("teamspace", "Teamspace", filters.teamspace, options=spaces if len(spaces) > 1 else []),
        Choice("active", "State", filters.active, options=[("1", "Active"), ("0", "Ended")]),
        Choice("unread", "Read by me", filters.unread, options=[("1", "Unread")]),
        Choice("waiting", "Answer", filters.waiting, options=[("1", "Customer waits")]),
        Choice("author", "Spoke last", filters.author, options=AUTHORS),
        Choice("agent", "Agent", filters.agent, options=[("1", "With an agent"), ("0", "Without an agent")]),
        Choice("follow_up", "Follow-up", filters.follow_up, options=FOLLOW_UP_WORDS),
        Choice("tag", "Tag", filters.tag, options=_rows(user, Tag.objects.order_by("name", "pk"))),
        Choice("lang", "Language", filters.lang, options=_languages(filters.lang)),
        Choice("from", "Last message from", filters.since, "date"),
        Choice("to", "to", filters.until, "date"),
    ]
    return [choice for choice in found if choice.options or choice.kind != "select"]


def _languages(chosen: str) -> list[tuple[str, str]]:
    known = sorted(LANGUAGES.items(), key=lambda entry: entry[1])
    if chosen == UNKNOWN_LANGUAGE:
        return [(chosen, "Not known"), *known]
    return known if not chosen or chosen in LANGUAGES else [(chosen, chosen), *known]


def _rows(user: User, rows: Any) -> list[tuple[str, str]]:
    shown = only_visible(rows, user).values_list("pk", "name", "teamspace__name")[:OFFERED]
    several = len({space for _, _, space in shown}) > 1
    return [(str(pk), f"{name} ({space})" if several else name) for pk, name, space in shown]


def words_of(user: User, filters: Filters) -> list[tuple[str, str]]:
    """Return the chosen filters in words, each with the query that is left without it."""
    found: list[tuple[str, str]] = []
    if filters.figure:
        found.append((words_of_figure(filters), filters.query(figure="", start="", end="", hour="")))
    if filters.person:
        named = only_visible(Customer.objects.filter(pk=filters.person), user).first()
        found.append((f"Chats of {named or 'nobody'}", filters.query(person="")))
    fields = {"from": "since", "to": "until"}
    for choice in choices_of(user, filters):
        if choice.value:
            words = dict(choice.options).get(choice.value, choice.value)
            label = words if choice.name in {"unread", "waiting", "follow_up"} else f"{choice.label}: {words}"
            found.append((label, filters.query(**{fields.get(choice.name, choice.name): ""})))
    return found
