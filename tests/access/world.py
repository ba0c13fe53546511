"""Two teamspaces, one's own and a foreign one, and somebody in every role in the first."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from protoadmin.connections.models import Teamspace
from tests.access.people import client_of, new_person, new_teamspace
from tests.access.rows import MAKERS, new_member_of_both
from tests.access.table import ROLES

FOREIGN = "Faraway"


@dataclass
class World:
    """Who and what there is. `people` by letter: S, M, A, R, and N for somebody without a role."""

    own: Teamspace
    foreign: Teamspace
    people: dict[str, User]
    stranger: User
    colleague: User
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, letter: str) -> Client:
        """Return the client of somebody: a letter, `anonymous`, or `outsider` (logged in, and not staff)."""
        if letter not in self.clients:
            if letter == "outsider":
                person: User | None = new_person("outsider", is_staff=False, teamspaces=(self.own,))
            else:
                person = self.people.get(letter)
            self.clients[letter] = client_of(person)
        return self.clients[letter]

    def own_row(self, model: str, letter: str) -> Any:
        """Return a row of one's own teamspace, one's own where rows are people's."""
        return MAKERS[model](self.own, self.people[letter])

    def colleague_row(self, model: str) -> Any:
        """Return a row of one's own teamspace that is a colleague's; of people, one who is elsewhere too."""
        if model == "auth.user":
            return new_member_of_both(self.own, self.colleague)
        return MAKERS[model](self.own, self.colleague)

    def foreign_row(self, model: str) -> Any:
        """Return a row of the foreign teamspace."""
        return MAKERS[model](self.foreign, self.stranger)


def new_world() -> World:
    """Make the two teamspaces and the people."""
    own, foreign = new_teamspace("Home"), new_teamspace(FOREIGN)
    people = {letter: new_person(f"person-{letter}", role, teamspaces=(own,)) for letter, role in ROLES.items()}
    people["N"] = new_person("person-N", teamspaces=(own,))
    stranger = new_person("stranger", "Support", teamspaces=(foreign,))
    return World(own, foreign, people, stranger, new_person("colleague", "Support", teamspaces=(own,)))


def ask(client: Client, method: str, url: str, data: dict[str, Any] | None = None) -> Any:
    """Make a request and undo what it did."""
    with transaction.atomic():
        response = client.get(url, data) if method == "GET" else client.post(url, data or {})
        if response.streaming:
            # Read to its end, as a browser does: that closes the file.
            list(response)
        transaction.set_rollback(True)
    return response
