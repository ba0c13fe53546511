"""What can be linked to a person, and by which of its values it is found: each of them has an index."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from django.db.models import BigIntegerField, CharField, ExpressionWrapper, F, Model, QuerySet, Value
from django.db.models.functions import Coalesce

from customers.linking.among import Among
from customers.mails import normal_mail
from customers.models import Contact, Customer, Human, ProtocolCustomer
from customers.phones import to_e164

CharField.register_lookup(Among)

Record: TypeAlias = Human | ProtocolCustomer | Contact


class Sort(StrEnum):
    """What two records may have in common. Only ids say that they are one person."""

    ID = "id"
    PROFILE = "profile"
    MAIL = "mail"
    PHONE = "phone"


# Values by their sort, for one record or for many.
Keys: TypeAlias = Mapping[Sort, Iterable[str]]

EXACT = (Sort.ID, Sort.PROFILE)
# A person's columns; each stands in an index behind the teamspace.
OURS: dict[Sort, tuple[str, ...]] = {
    Sort.ID: ("provided_unique_id", "external_customer_id", "proto_id"),
    Sort.PROFILE: ("gateway_profile_id",),
    Sort.MAIL: ("email_normal",),
    Sort.PHONE: ("phone_e164",),
}
COLUMNS = tuple(column for columns in OURS.values() for column in columns)
# The same as they are entered.
_ENTERED: dict[str, tuple[str, Callable[[str], str]]] = {
    "email_normal": ("email", normal_mail),
    "phone_e164": ("phone_number", to_e164),
}
ENTERED = frozenset(_ENTERED.get(column, (column, str))[0] for column in COLUMNS)


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of record: its model, the connection that it came through, and its columns."""

    name: str
    label: str
    model: type[Any]
    connection: str
    columns: Mapping[Sort, str]
    # What its name is made of.
    named_by: tuple[str, ...]
    can_be_gone: bool = True

    def keys_of(self, record: Any) -> dict[Sort, set[str]]:
        """Return the values by which a record is found."""
        return {
            sort: {value} for sort, column in self.columns.items() if (value := is_key(sort, getattr(record, column)))
        }

    def connections(self, teamspace_id: int) -> list[int]:
        """Return the teamspace's connections of this kind."""
        model = self.model._meta.get_field(self.connection).related_model
        return list(model.objects.filter(teamspace=teamspace_id).order_by().values_list("pk", flat=True))

    def of_teamspace(self, teamspace_id: int) -> QuerySet[Any] | None:
        """Return the teamspace's records without those that are gone; None without any connection.

        The condition is written so that no index answers it: the one on what is looked for has to, and neither planner
        knows beforehand that most rows stand in one account.
        """
        if not (connections := self.connections(teamspace_id)):
            return None
        rows = self.model._default_manager.order_by().alias(
            came_by=ExpressionWrapper(F(f"{self.connection}_id") + 0, output_field=BigIntegerField()),
        )
        found: QuerySet[Any] = rows.filter(came_by__in=connections, **({"gone_at": None} if self.can_be_gone else {}))
        return found

    def free(self, teamspace_id: int) -> QuerySet[Any] | None:
        """Return those that no person is linked to, which most are: no index answers that either."""
        if (rows := self.of_teamspace(teamspace_id)) is None:
            return None
        unlinked = Coalesce(F("customer_id"), Value(0), output_field=BigIntegerField())
        found: QuerySet[Any] = rows.alias(linked_to=unlinked).filter(linked_to=0)
        return found

    def teamspace_of(self, record: Any) -> int:
        """Return the id of the teamspace whose record this is."""
        return int(getattr(record, self.connection).teamspace_id)


HUMAN = Kind(
    "human",
    "Human",
    Human,
    "channel",
    {
        Sort.PROFILE: "human_id",
        Sort.ID: "external_id",
        Sort.MAIL: "email_normal",
        Sort.PHONE: "phone_e164",
    },
    ("name", "customer"),
    can_be_gone=False,
)
# Protocol documents no mail address.
PROTOCOL = Kind(
    "protocol_customer",
    "Protocol customer",
    ProtocolCustomer,
    "project",
    {Sort.ID: "external_id", Sort.PHONE: "phone_e164"},
    ("display_name", "username", "protocol_id"),
)
# The helpdesk documents no id of the person: a contact's `userId` is the colleague who looks after them (seed 003).
CONTACT = Kind(
    "contact",
    "Contact",
    Contact,
    "account",
    {Sort.MAIL: "email_normal", Sort.PHONE: "phone_e164"},
    ("name", "email", "remote_id"),
)
KINDS = (HUMAN, PROTOCOL, CONTACT)
BY_NAME = {kind.name: kind for kind in KINDS}
_BY_MODEL = {kind.model: kind for kind in KINDS}


def kind_of(record: Model) -> Kind:
    """Return the kind of a record."""
    return _BY_MODEL[type(record)]


def is_key(sort: Sort, value: str | None) -> str:
    """Return the value if something may be found by it, else ""."""
    if not value or (sort is Sort.MAIL and "@" not in value):
        return ""
    return value


def person_keys(values: Mapping[str, Any]) -> dict[Sort, set[str]]:
    """Return the keys of a person's details as they are entered (`email`, `phone_number`, the ids)."""
    found: dict[Sort, set[str]] = {}
    for sort, columns in OURS.items():
        for column in columns:
            name, read = _ENTERED.get(column, (column, str))
            if value := is_key(sort, read(values.get(name) or "")):
                found.setdefault(sort, set()).add(value)
    return found


def keys_of_person(customer: Customer) -> dict[Sort, set[str]]:
    """Return the values by which a person is found."""
    return person_keys({name: getattr(customer, name) for name in ENTERED})


def merged(*each: Keys) -> dict[Sort, set[str]]:
    """Return all of these keys together."""
    found: dict[Sort, set[str]] = {}
    for keys in each:
        for sort, values in keys.items():
            found.setdefault(sort, set()).update(values)
    return found
