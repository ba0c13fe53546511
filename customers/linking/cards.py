"""What the pages tell of who is who: the cards of a person, side by side, and what is suggested."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.urls import reverse

from customers.linking.finding import Ref, decided_about, keys_of_row, people_with, records_for
from customers.linking.kinds import BY_NAME, CONTACT, HUMAN, KINDS, PROTOCOL, Kind, Sort, keys_of_person
from customers.mails import normal_mail
from customers.models import Customer, NotSame
from customers.phones import digits_of, to_e164
from customers.terms import fold
from protoadmin.screens.links import record_url_of

# Of each kind; a person with more of them is rare, and the page says so.
SHOWN = 6
SUGGESTED = 8
MAY_SEE = {
    HUMAN: "conversations.view_chat",
    PROTOCOL: "customers.view_protocolcustomer",
    CONTACT: "customers.view_contact",
}
WORDS = {
    Sort.ID: "Same id as several people",
    Sort.PROFILE: "Same human id as several people",
    Sort.MAIL: "Same mail",
    Sort.PHONE: "Same phone",
}


@dataclass(frozen=True)
class Detail:
    """One line of a card; `note` says how it stands to what Proto's person has."""

    label: str
    value: str
    note: str = ""


@dataclass
class Card:
    """What one system knows of a person."""

    kind: Kind
    record: Any
    origin: str
    url: str
    details: list[Detail]
    gone_at: datetime | None = None
    agrees: list[str] = field(default_factory=list)
    # Whom it is linked to, where that is told (by_hand.py).
    linked_to: Customer | None = None

    @property
    def name(self) -> str:
        """What the record is called."""
        return str(self.record)


def known_of(customer: Customer, user: Any) -> tuple[list[Card], bool]:
    """Return the cards of what is linked to a person, and whether there are more."""
    cards: list[Card] = []
    is_cut = False
    for kind in seen_by(user):
        rows = list(_rows(kind).filter(customer=customer).order_by("pk")[: SHOWN + 1])
        is_cut |= len(rows) > SHOWN
        cards += [_card(kind, row, customer) for row in rows[:SHOWN]]
    return cards, is_cut


def suggested_to(customer: Customer, user: Any) -> tuple[list[Card], bool]:
    """Return the cards of the records that may be the person, what agrees most first, and whether there are more."""
    each = SUGGESTED + len(list(decided_about([customer.pk])))
    found = records_for(customer.teamspace_id, {customer.pk: keys_of_person(customer)}, each=each)[customer.pk]
    seen = {kind.name for kind in seen_by(user)}
    refs = sorted((ref for ref in found.records if ref[0] in seen), key=lambda ref: (-len(found.records[ref]), ref))
    cards = cards_of(refs[:SUGGESTED], customer)
    for card in cards:
        card.agrees = [WORDS[sort] for sort in Sort if sort in found.records[card.kind.name, card.record.pk]]
    return cards, found.is_cut or len(refs) > SUGGESTED


def said_not_same(customer: Customer, user: Any) -> list[Card]:
    """Return the cards of what was said to be somebody else, the first of them."""
    seen = {kind.name for kind in seen_by(user)}
    refs = [ref for _, ref in decided_about([customer.pk]) if ref[0] in seen]
    return cards_of(refs[:SHOWN], customer)


def people_for(kind: Kind, record: Any) -> tuple[list[tuple[Customer, list[str]]], list[Customer], bool]:
    """Return who a record may be, each with what agrees; whom somebody said it not to be; whether there are more."""
    teamspace_id, keys = kind.teamspace_of(record), kind.keys_of(record)
    decided = NotSame.objects.filter(**{kind.name: record}).order_by("-pk").values_list("customer", flat=True)
    not_same = list(decided[:1000])
    agrees: dict[int, set[Sort]] = {}
    for person, row in people_with(teamspace_id, keys, most=SUGGESTED + 1 + len(not_same)).items():
        theirs = keys_of_row(row)
        agrees[person] = {sort for sort, values in keys.items() if values & theirs.get(sort, set())}
    maybe = sorted(agrees.keys() - set(not_same), key=lambda pk: (-len(agrees[pk]), pk))
    chosen = maybe[:SUGGESTED]
    people = Customer.objects.defer("remote_data").in_bulk([*chosen, *not_same[:SHOWN]])
    offered = [(people[pk], [WORDS[sort] for sort in Sort if sort in agrees[pk]]) for pk in chosen if pk in people]
    return offered, [people[pk] for pk in not_same[:SHOWN] if pk in people], len(maybe) > SUGGESTED


def whose(kind: Kind, record: Any, user: Any) -> dict[str, Any]:
    """Return what the panel of a record's page needs: who it is, or may be."""
    offered, not_same, are_more = people_for(kind, record)
    return {
        "linked": record.customer,
        "offered": [] if record.customer_id else offered,
        "are_more": are_more and record.customer_id is None,
        "not_same": not_same,
        "may_change": user.has_perm("customers.change_customer"),
        "button_url_name": f"admin:{record._meta.app_label}_{record._meta.model_name}_button",
    }


def seen_by(user: Any) -> list[Kind]:
    """Return the kinds of records that somebody may see."""
    return [kind for kind in KINDS if user.has_perm(MAY_SEE[kind])]


def _rows(kind: Kind) -> Any:
    rows = kind.model._default_manager.select_related(kind.connection).defer("remote_data")
    if kind is HUMAN:
        return rows.annotate(chat=Max("chats"))
    return rows.select_related("company") if kind is CONTACT else rows


def cards_of(refs: Iterable[Ref], customer: Customer) -> list[Card]:
    """Return the cards of these records, in this order, beside what the person has."""
    refs = list(refs)
    rows: dict[Ref, Any] = {}
    for name, kind in BY_NAME.items():
        if pks := [pk for each, pk in refs if each == name]:
            rows |= {(name, row.pk): row for row in _rows(kind).filter(pk__in=pks)}
    return [_card(BY_NAME[ref[0]], rows[ref], customer) for ref in refs if ref in rows]


def _card(kind: Kind, row: Any, customer: Customer) -> Card:
    mail, phone = getattr(row, "email", ""), getattr(row, "phone", "") or getattr(row, "phone_number", "")
    name = row.display_name if kind is PROTOCOL else row.name
    details = [
        Detail("Name", name, _note(name, customer.name, fold)),
        *([Detail("Mail", mail, _note(mail, customer.email, normal_mail))] if kind is not PROTOCOL else []),
        Detail("Phone", phone, _note(phone, customer.phone_number, _plain_phone)),
        *_more(kind, row),
    ]
    origin = str(getattr(row, kind.connection))
    return Card(kind, row, origin, _url(kind, row), details, getattr(row, "gone_at", None))


def _more(kind: Kind, row: Any) -> list[Detail]:
    if kind is HUMAN:
        given = [("Human id", row.human_id), ("External id", row.external_id)]
    elif kind is PROTOCOL:
        given = [("Username", row.username), ("External id", row.external_id), ("Status", row.status)]
    else:
        given = [("Company", str(row.company or row.remote_company_id)), ("Title", row.title)]
    return [Detail(label, value) for label, value in given if value]


def _url(kind: Kind, row: Any) -> str:
    if kind is HUMAN:
        # A human has no page: the newest chat with them is shown.
        return reverse("admin:conversations_chat_change", args=[row.chat]) if row.chat else ""
    return record_url_of(row)


def _plain_phone(text: str) -> str:
    return to_e164(text) or digits_of(text)


def _note(theirs: str, ours: str, plain: Any) -> str:
    if not theirs.strip():
        return ""
    if not ours.strip():
        return "only here"
    return "" if plain(theirs).strip() == plain(ours).strip() else "differs"
