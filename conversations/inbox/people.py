"""Whose chats a search, a tag or a person's page asks for.

Few people are looked up by their ids. Those of a common name or tag are met soon enough on the way through the list:
some hundred chats at a time, and their people looked at together. That is as quick on either database, where one
query with a condition about other tables leaves the way to a planner that cannot know which is better.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from conversations.follow_ups import open_follow_ups
from conversations.inbox.filters import Filters
from conversations.models import Chat
from customers.models import Customer, Human
from customers.search import search_people
from protoadmin.connections.scoping import only_visible
from protoadmin.ids import as_id

# So many people are looked up by their ids; whoever has more in common is met on the walk through the list.
FEW = 500
# Names of people without a page of their own stand in no index: they are looked for among the newest of them.
NEWEST_STRANGERS = 50_000
# Databases take a bounded number of values in one query.
MOST = 2_000
MANY = "More people are called that than can be looked through; add another word."
OLDER = f"People without a page of their own were looked for among the newest {NEWEST_STRANGERS:,} of them."


# (last_message_at, chat, human, customer) of chats in the list's order.
Walked = list[tuple[Any, int, int | None, int | None]]


@dataclass
class Sought:
    """Whose chats: `chats` when they are few, else tests that say which of some chats of the list pass."""

    chats: list[int] | None = None
    tests: list[Callable[[Walked], set[int]]] = field(default_factory=list)
    # What could not be looked at, in words.
    left_out: str = ""

    def passing(self, walked: Walked) -> Walked:
        """Return those that pass every test."""
        for test in self.tests:
            passed = test(walked)
            walked = [chat for chat in walked if chat[1] in passed]
        return walked


def sought_by(filters: Filters, user: User, *, every: bool = False) -> Sought:
    """Return whose chats these filters ask for; with `every` no name is left out, and the walk may be a long one."""
    found = Sought()
    if person := as_id(filters.person):
        _of_people(found, [person], user)
    if tag := as_id(filters.tag):
        _with_tag(found, tag, user)
    if filters.follow_up:
        _to_follow_up(found, filters.follow_up, user)
    if filters.q:
        _search(found, filters.q, user, every)
    return found


def _narrow(found: Sought, chats: list[int]) -> None:
    if found.chats is not None:
        also = set(chats)
        chats = [pk for pk in found.chats if pk in also]
    found.chats = chats


def _of_people(found: Sought, people: list[int], user: User) -> None:
    """Ask for the chats of these few people; those of people with very many are met on the walk."""
    chats = _chats_of(_humans_of(people, user))
    if chats is not None:
        _narrow(found, chats)
        return
    wanted = set(people)
    found.tests.append(lambda walked: {chat for _, chat, _, customer in walked if customer in wanted})


def _with_tag(found: Sought, tag: int, user: User) -> None:
    tagged = Customer.tags.through.objects.filter(tag=tag)
    people = list(tagged.values_list("customer", flat=True)[: FEW + 1])
    if len(people) <= FEW:
        _of_people(found, people, user)
        return

    def test(walked: Walked) -> set[int]:
        having = set(tagged.filter(customer__in=_customers(walked)).values_list("customer", flat=True))
        return {chat for _, chat, _, customer in walked if customer in having}

    found.tests.append(test)


def _to_follow_up(found: Sought, which: str, user: User) -> None:
    follow_ups = open_follow_ups(which, user).order_by()
    chats = list(follow_ups.values_list("chat__pk", flat=True)[: FEW + 1])
    if len(chats) <= FEW:
        _narrow(found, chats)
        return

    def test(walked: Walked) -> set[int]:
        among = follow_ups.filter(chat__in=[chat for _, chat, _, _ in walked])
        return set(among.values_list("chat__pk", flat=True))

    found.tests.append(test)


def _search(found: Sought, query: str, user: User, every: bool) -> None:
    if every or not _narrow_to_few(found, query, user):
        found.tests.append(lambda walked: _called_so(walked, query))


def _narrow_to_few(found: Sought, query: str, user: User) -> bool:
    """Ask for the chats of those who are called so, and tell what was left out; False when they are very many."""
    people = search_people(only_visible(Customer.objects.all(), user), query).order_by()
    first = list(people.values_list("pk", flat=True)[: FEW + 1])
    if len(first) > FEW:
        return False
    strangers = _strangers(query, user)
    theirs = _chats_of([*_humans_of(first, user), *strangers])
    if theirs is None:
        return False
    # Whose they are is asked later, of the few that were found: here it would lead SQLite to another index.
    by_id = list(Chat.objects.filter(chat_id=query).order_by().values_list("pk", flat=True)[:MOST])
    _narrow(found, [*by_id, *theirs])
    found.left_out = MANY if len(strangers) >= MOST else _older_strangers()
    return True


def _called_so(walked: Walked, query: str) -> set[int]:
    """Return the chats among these that are with somebody of this name, or have this id: all of them."""
    customers = Customer.objects.filter(pk__in=_customers(walked)).order_by()
    known = set(search_people(customers, query).values_list("pk", flat=True))
    humans = Human.objects.filter(pk__in=[human for _, _, human, _ in walked if human is not None]).order_by()
    strangers = set(_named(humans.filter(customer=None), query).values_list("pk", flat=True))
    strangers |= set(humans.filter(human_id=query).values_list("pk", flat=True))
    chats = Chat.objects.filter(pk__in=[chat for _, chat, _, _ in walked], chat_id=query).order_by()
    found = {chat for _, chat, human, customer in walked if customer in known or human in strangers}
    return found | set(chats.values_list("pk", flat=True))


def _customers(walked: Walked) -> list[int]:
    return [customer for _, _, _, customer in walked if customer is not None]


def _strangers(query: str, user: User) -> list[int]:
    """Return humans with this id, and those without a person's page whose name, mail or phone has this in it."""
    humans = only_visible(Human.objects.order_by(), user, "channel__teamspace")
    by_id = list(humans.filter(human_id=query).values_list("pk", flat=True)[:MOST])
    unknown = _named(humans.filter(customer=None, pk__gt=_newest_human() - NEWEST_STRANGERS), query)
    return [*by_id, *unknown.values_list("pk", flat=True)[: MOST - len(by_id)]]


def _named(humans: QuerySet[Human], query: str) -> QuerySet[Human]:
    for word in query.split()[:8]:
        humans = humans.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(phone_number__icontains=word))
    return humans


def _older_strangers() -> str:
    """Return what to say when there are people whose names are not looked at."""
    older = Human.objects.filter(customer=None, pk__lte=_newest_human() - NEWEST_STRANGERS)
    return OLDER if older.exists() else ""


def _newest_human() -> int:
    return Human.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _humans_of(people: list[int], user: User) -> list[int]:
    """Return the humans of these people, and one beyond MOST when there are more."""
    humans = only_visible(Human.objects.filter(customer__in=people), user, "channel__teamspace")
    return list(humans.order_by().values_list("pk", flat=True)[: MOST + 1])


def _chats_of(humans: list[int]) -> list[int] | None:
    """Return the chats of these humans, None when they are too many to name each.

    Asked without an order, so that the index of humans answers.
    """
    if len(humans) > MOST:
        return None
    chats = list(Chat.objects.filter(human__in=humans).order_by().values_list("pk", flat=True)[: MOST + 1])
    return chats if len(chats) <= MOST else None
