"""Short ways to make people and the records of other systems, in two teamspaces."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from customers.linking.kinds import Record, kind_of
from customers.linking.looking import look_again
from customers.models import Contact, Customer, Human, ProtocolCustomer
from customers.services import customer_create
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.staff.roles import SUPPORT
from tests.access.people import client_of, new_person


class Street:
    """`home` is one's own teamspace, `away` somebody else's."""

    def __init__(self) -> None:
        self.home = Teamspace.objects.create(name="Home", subcompany_id="home")
        self.away = Teamspace.objects.create(name="Away", subcompany_id="away")
        self.sam = new_person("sam", SUPPORT, teamspaces=(self.home,))
        self._connections: dict[tuple[type[Any], int], Any] = {}
        self._number = 0

    def client(self, user: User | None = None) -> Client:
        """Return somebody's client, Sam's unless said otherwise."""
        return client_of(user or self.sam)

    def connection(self, model: type[Any], teamspace: Teamspace) -> Any:
        """Return the teamspace's connection of a kind."""
        key = (model, teamspace.pk)
        if key not in self._connections:
            name = f"{model.__name__} of {teamspace}"
            more = {
                Channel: {"channel_id": name, "access_token": "t", "secret": "s"},
                ProtocolProject: {"project_id": name, "token": "t"},
                HelpdeskAccount: {"base_url": "https://desk.example.com/api/v1", "api_key": "k"},
            }[model]
            self._connections[key] = model.objects.create(name=name, teamspace=teamspace, **more)
        return self._connections[key]

    def person(self, teamspace: Teamspace | None = None, **values: str) -> Customer:
        """Make a person as the product does."""
        return customer_create(teamspace=teamspace or self.home, values={"name": "Ann", **values}, by=None)

    def human(self, teamspace: Teamspace | None = None, **values: Any) -> Human:
        """Make a human, and look who it is."""
        channel = self.connection(Channel, teamspace or self.home)
        human: Human = self._looked_at(Human(channel=channel, human_id=self._next("human"), **values))
        return human

    def protocol(self, teamspace: Teamspace | None = None, **values: Any) -> ProtocolCustomer:
        """Make a Protocol customer, and look who it is."""
        project = self.connection(ProtocolProject, teamspace or self.home)
        values = {"protocol_id": self._next("p"), "username": "ann", **values}
        customer: ProtocolCustomer = self._looked_at(ProtocolCustomer(project=project, **values))
        return customer

    def contact(self, teamspace: Teamspace | None = None, **values: Any) -> Contact:
        """Make a contact, and look who it is."""
        account = self.connection(HelpdeskAccount, teamspace or self.home)
        values = {"remote_id": self._next("contact"), "name": "Ann", **values}
        contact: Contact = self._looked_at(Contact(account=account, **values))
        return contact

    def _looked_at(self, record: Any) -> Any:
        record.save()
        kind = kind_of(record)
        look_again(kind.teamspace_of(record), kind.keys_of(record))
        record.refresh_from_db()
        return record

    def _next(self, word: str) -> str:
        self._number += 1
        return f"{word}-{self._number}"


def whose(record: Record) -> Customer | None:
    """Return the person a record is linked to, as the database has it."""
    found = type(record)._default_manager.select_related("customer").get(pk=record.pk)
    return found.customer


def is_suggested(person: Customer) -> bool:
    """Tell whether the person stands in the list of those with suggestions."""
    return Customer.objects.filter(pk=person.pk, has_suggestions=True).exists()
