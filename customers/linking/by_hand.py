"""Whom or what to link by hand: looked for by somebody who knows better than ids, mail and phone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from customers.helpdesk.search import search_rows
from customers.linking.cards import Card, cards_of, seen_by, whose
from customers.linking.kinds import CONTACT, HUMAN, PROTOCOL, Kind
from customers.mails import normal_mail
from customers.models import Customer, NotSame
from customers.phones import to_e164
from customers.protocol.search import search_protocol
from customers.search import search_people
from protoadmin.storable import storable_text

# So many are shown; whoever is not among them is found by more words.
FOUND = 8
LONGEST = 200


@dataclass
class Looked:
    """What somebody looked for, and what was found: people for a record, or records for a person."""

    query: str
    people: list[Customer] = field(default_factory=list)
    records: list[Card] = field(default_factory=list)
    # Of the people: those who were said not to be whom the record is about.
    decided: set[int] = field(default_factory=set)
    is_cut: bool = False


def who_it_is(kind: Kind, record: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what the panel of a record's page needs: who it is or may be, and whom somebody looks for there."""
    context = whose(kind, record, request.user)
    query = request.GET.get("find", "") if context["may_change"] else ""
    return {**context, "looked": look_for_people(kind, record, query), "guess": getattr(record, kind.named_by[0])}


def look_for_people(kind: Kind, record: Any, query: str) -> Looked:
    """Return people of the record's teamspace; whoever is linked already is not offered again."""
    looked = Looked(storable_text(query.strip()[:LONGEST]))
    if not looked.query:
        return looked
    people = Customer.objects.filter(teamspace=kind.teamspace_of(record)).defer("remote_data")
    found = search_people(people, looked.query).order_by("-pk")[: FOUND + 2]
    others = [person for person in found if person.pk != record.customer_id]
    looked.people, looked.is_cut = others[:FOUND], len(others) > FOUND
    decided = NotSame.objects.filter(**{kind.name: record}, customer__in=[person.pk for person in looked.people])
    looked.decided = set(decided.values_list("customer", flat=True))
    return looked


def look_for_records(customer: Customer, user: Any, query: str) -> Looked:
    """Return records of the person's teamspace of the kinds that `user` may see, some of each."""
    looked = Looked(storable_text(query.strip()[:LONGEST]))
    if not looked.query:
        return looked
    refs = []
    for kind in seen_by(user):
        if (rows := kind.of_teamspace(customer.teamspace_id)) is None:
            continue
        found = _SEARCHES[kind](rows, looked.query).values_list("pk", "customer")[: FOUND + 1]
        others = [pk for pk, linked in found if linked != customer.pk]
        looked.is_cut |= len(found) > FOUND
        refs += [(kind.name, pk) for pk in others[:FOUND]]
    looked.records = cards_of(refs, customer)
    _tell_links(looked.records)
    return looked


def _tell_links(cards: list[Card]) -> None:
    """Note whom the records are linked to now."""
    people = Customer.objects.defer("remote_data").in_bulk({card.record.customer_id for card in cards} - {None})
    for card in cards:
        card.linked_to = people.get(card.record.customer_id)


def _humans(rows: QuerySet[Any], query: str) -> QuerySet[Any]:
    """Humans stand in no index of words: they are found by an id, a mail address or a phone as a whole."""
    wanted = {
        "human_id": query,
        "external_id": query,
        "email_normal": normal_mail(query) if "@" in query else "",
        "phone_e164": to_e164(query),
    }
    found: set[int] = set()
    for name, value in wanted.items():
        if value:
            found.update(rows.filter(**{name: value}).order_by().values_list("pk", flat=True)[: FOUND + 1])
    return rows.filter(pk__in=found).order_by("-pk")


_SEARCHES: dict[Kind, Callable[[QuerySet[Any], str], QuerySet[Any]]] = {
    HUMAN: _humans,
    PROTOCOL: lambda rows, query: search_protocol(rows, query).order_by("-pk"),
    CONTACT: lambda rows, query: search_rows(rows, query).order_by("name", "pk"),
}
