"""Whose chats a search, a tag or a person's page asks for: a few humans by their ids, or a condition for the walk."""

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q

from conversations.inbox.filters import Filters
from conversations.models import Chat
from customers.models import Customer, Human
from customers.search import search_people
from protoadmin.connections.scoping import only_visible
from protoadmin.screens.filters import as_id

# So many people are looked up by their ids; whoever has more in common is met on the walk through the list.
FEW = 500
# Names of people without a page of their own stand in no index: they are looked for among the newest of them.
NEWEST_STRANGERS = 50_000
# Databases take a bounded number of values in one query.
MOST = 2_000


@dataclass
class Sought:
    """Whose chats: `chats` when they are few, else a condition that each row of the walk has to fulfil."""

    chats: list[int] | None = None
    condition: Q = field(default_factory=Q)
    # Part of the names could not be looked at.
    is_partial: bool = False


def sought_by(filters: Filters, user: User) -> Sought:
    """Return whose chats these filters ask for."""
    found = Sought()
    if person := as_id(filters.person):
        _narrow(found, _chats_of(_humans_of([person], user)))
    if tag := as_id(filters.tag):
        _with_tag(found, tag, user)
    if filters.q:
        _search(found, filters.q, user)
    return found


def _narrow(found: Sought, chats: list[int]) -> None:
    found.chats = chats if found.chats is None else [pk for pk in found.chats if pk in set(chats)]


def _with_tag(found: Sought, tag: int, user: User) -> None:
    tagged = Customer.tags.through.objects.filter(tag=tag)
    people = list(tagged.values_list("customer", flat=True)[: FEW + 1])
    if len(people) <= FEW:
        _narrow(found, _chats_of(_humans_of(people, user)))
    else:
        found.condition &= Q(Exists(tagged.filter(customer=OuterRef("human__customer"))))


def _search(found: Sought, query: str, user: User) -> None:
    people = search_people(only_visible(Customer.objects.all(), user), query).order_by()
    first = list(people.values_list("pk", flat=True)[: FEW + 1])
    strangers = _strangers(query, user)
    # Whose they are is asked later, of the few that were found: here it would lead SQLite to another index.
    by_id = list(Chat.objects.filter(chat_id=query).order_by().values_list("pk", flat=True)[:MOST])
    found.is_partial = len(strangers) >= MOST
    if len(first) <= FEW:
        _narrow(found, [*by_id, *_chats_of([*_humans_of(first, user), *strangers])])
    else:
        named = search_people(Customer.objects.filter(pk=OuterRef("human__customer")), query).order_by()
        found.condition &= Q(Exists(named)) | Q(human__in=strangers) | Q(pk__in=by_id)


def _strangers(query: str, user: User) -> list[int]:
    """Return humans with this id, and those without a person's page whose name, mail or phone has this in it."""
    humans = only_visible(Human.objects.order_by(), user, "channel__teamspace")
    by_id = list(humans.filter(human_id=query).values_list("pk", flat=True)[:MOST])
    newest = Human.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    words = query.split()[:8]
    unknown = humans.filter(customer=None, pk__gt=newest - NEWEST_STRANGERS)
    for word in words:
        unknown = unknown.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(phone_number__icontains=word))
    return [*by_id, *unknown.values_list("pk", flat=True)[: MOST - len(by_id)]]


def _humans_of(people: list[int], user: User) -> list[int]:
    humans = only_visible(Human.objects.filter(customer__in=people), user, "channel__teamspace")
    return list(humans.order_by().values_list("pk", flat=True)[:MOST])


def _chats_of(humans: list[int]) -> list[int]:
    """Return the newest chats of these humans; asked without an order, so that the index of humans answers."""
    rows = Chat.objects.filter(human__in=humans[:MOST]).order_by().values_list("last_message_at", "pk")[: 5 * MOST]
    return [pk for _, pk in sorted(rows, reverse=True)[:MOST]]
