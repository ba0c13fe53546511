"""Acme: a teamspace that is connected to a running sandbox, with its people and staff. Import it inside fixtures."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.outbox.sending import send_due
from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, SUPPORT
from tests.access.people import client_of, new_person
from tests.outbox.remote import Remote

SCRIPT = '<script>alert("x")</script>'


@dataclass
class Acme:
    """One teamspace on either side; `remote` is the sandbox, steered and looked into over HTTP."""

    remote: Remote
    teamspace: Teamspace
    staff: dict[str, User] = field(default_factory=dict)

    def user(self, role: str = SUPPORT) -> User:
        """Return the one member with this role."""
        if role not in self.staff:
            self.staff[role] = new_person(role.lower(), role, teamspaces=(self.teamspace,))
        return self.staff[role]

    @property
    def agent(self) -> User:
        """Return the member of the support staff."""
        return self.user()

    def client(self, role: str = SUPPORT, *, csrf: bool = False) -> Client:
        """Return a client that is logged in with this role."""
        return client_of(self.user(role), enforce_csrf_checks=csrf)

    def administrator(self) -> Client:
        """Return an administrator's client."""
        return self.client(ADMINISTRATOR)

    def manager(self) -> Client:
        """Return a manager's client."""
        return self.client(MANAGER)

    def person(self, **values: Any) -> Customer:
        """Make a person here alone; a unique id is made up unless given."""
        values.setdefault("provided_unique_id", f"t-{uuid.uuid4().hex[:10]}")
        return Customer.objects.create(teamspace=self.teamspace, **{"name": "Ann", **values})

    def known_person(self, **values: Any) -> Customer:
        """Make a person whom Proto knows with the same details."""
        person = self.person(**{"sent_at": timezone.now(), "sync_state": "done", **values})
        self.change_remote(person, **{name: value for name, value in person.remote_values().items() if value})
        return person

    def change_remote(self, person: Customer, **values: Any) -> dict[str, Any]:
        """Change (or insert) the person in Proto, as if somebody had done it there."""
        found: dict[str, Any] = self.remote.post(self._path(person), values)
        return found

    def at_proto(self, person: Customer) -> dict[str, Any]:
        """Return all that Proto knows of the person."""
        found: dict[str, Any] = self.remote.read(self._path(person))
        return found

    def _path(self, person: Customer) -> str:
        return f"people/{self.teamspace.subcompany_id}/{person.provided_unique_id}"

    def send(self) -> None:
        """Have a worker send what is due."""
        send_due(5)


def page(record: Any) -> str:
    """Return the address of a record's page."""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def button(record: Any, name: str) -> str:
    """Return the address that a button posts to."""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_button", args=[record.pk, name])


def panel(record: Any, name: str) -> str:
    """Return the address of a live panel."""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_panel", args=[record.pk, name])


def listing(model: Any) -> str:
    """Return the address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def key() -> dict[str, str]:
    """Return what a button's form carries beside its fields."""
    return {"request_key": uuid.uuid4().hex}


def text_of(response: Any) -> str:
    """Return what a person reads of a page: no tags, white space as single blanks."""
    bare = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", response.content.decode())
    return " ".join(bare.replace("&#x27;", "'").replace("&quot;", '"').split())


def last_call(record: Any, operation: str) -> Call:
    """Return the newest call of this kind about a record."""
    return Call.objects.for_target(record).filter(operation=operation).latest("id")


def said(response: Any) -> str:
    """Return the messages that a request left for the next page."""
    return " ".join(map(str, get_messages(response.wsgi_request)))
