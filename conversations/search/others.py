"""What else a search finds: people by their terms, tickets by subject and id."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.utils.safestring import SafeString

from conversations.inbox.filters import Filters
from conversations.models import Ticket
from conversations.search.backends import Sought, backend
from conversations.search.grams import grams_of_word
from conversations.search.marking import needles_of, snippet
from conversations.search.query import parse
from conversations.search.walking import Match, newest_id, rows, stretches
from customers.models import Customer
from customers.search import search_people
from protoadmin.connections.scoping import only_visible, teamspace_ids
from protoadmin.ids import as_id

PAGE = 25
TABLE = Ticket._meta.db_table


@dataclass
class Others:
    """People or tickets that were found, and whether there are more: `next` is the id below which they go on."""

    rows: list[Any] = field(default_factory=list)
    next: int | None = None
    problems: list[str] = field(default_factory=list)


def people_found(user: User, filters: Filters, after: str = "") -> Others:
    """Return people by name, mail, phone number or id, the newest first."""
    people = only_visible(Customer.objects.all(), user).select_related("teamspace").defer("remote_data")
    if teamspace := as_id(filters.teamspace):
        people = people.filter(teamspace=teamspace)
    if below := as_id(after):
        people = people.filter(pk__lt=below)
    found = list(search_people(people, filters.q).order_by("-pk")[: PAGE + 1]) if filters.q else []
    return Others(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


@dataclass
class FoundTicket:
    """A ticket with the words marked."""

    ticket: Ticket
    html: SafeString


def tickets_found(user: User, filters: Filters, after: str = "") -> Others:
    """Return tickets by words of their subject or their id, the newest first."""
    query = parse(filters.q)
    needles = [needle for term in query.terms for needle in term.needles]
    spaces = None if user.is_superuser else teamspace_ids(user)
    if chosen := as_id(filters.teamspace):
        spaces = [chosen] if spaces is None or chosen in spaces else []
    if not needles or spaces == []:
        return Others(problems=list(query.problems))
    sought = Sought(list(dict.fromkeys(gram for needle in needles for gram in grams_of_word(needle))))
    if spaces is not None:
        sought.facets.append([("teamspace", pk) for pk in spaces])
    conditions, values = _conditions(needles, list(query.excluded), spaces)

    def ask(low: int, high: int, at_once: int) -> list[Match]:
        among = backend().among(TABLE, sought, low, high)
        return rows(
            f"SELECT m.id, 0 FROM {among.source} WHERE {among.where} AND {conditions} "  # noqa: S608 - our own names
            f"ORDER BY {among.order} DESC LIMIT %s",
            [*among.values, *values, at_once],
        )

    found: list[int] = []
    for step in stretches(ask, newest_id(Ticket), as_id(after), is_indexed=sought.is_indexed):
        found += [pk for pk, _ in step.matches]
        if len(found) > PAGE:
            break
    tickets = Ticket.objects.filter(pk__in=found[:PAGE]).select_related("customer", "teamspace").order_by("-pk")
    marked = [FoundTicket(ticket, snippet(ticket.subject, needles_of(query))) for ticket in tickets]
    return Others(marked, found[PAGE - 1] if len(found) > PAGE else None, list(query.problems))


def _conditions(needles: list[str], excluded: list[str], spaces: list[int] | None) -> tuple[str, list[Any]]:
    asked = [backend().contains(needle) for needle in needles]
    left_out = [backend().contains(word) for word in excluded]
    parts = [condition for condition, _ in asked] + [f"NOT {condition}" for condition, _ in left_out]
    values: list[Any] = [value for _, some in (*asked, *left_out) for value in some]
    if spaces is not None:
        parts.append(f"m.teamspace_id + 0 IN ({', '.join(['%s'] * len(spaces))})")
        values += spaces
    return " AND ".join(parts), values
