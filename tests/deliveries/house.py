"""Whose deliveries: an administrator of one teamspace, a superuser, and how they look at what came."""

import hashlib
import json
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from protoadmin.connections.models import Channel, Teamspace
from webhooks.models import Delivery, DeliveryState

SECRET = "the-secret-of-a-channel"
LIST = "admin:webhooks_delivery_changelist"


class House:
    """Acme with the channel Web; Other with the channel Foreign; Ada administers Acme, Root sees all."""

    def __init__(self) -> None:
        self.acme = Teamspace.objects.create(name="Acme", subcompany_id="acme")
        self.other = Teamspace.objects.create(name="Other", subcompany_id="other")
        self.web = self.new_channel("Web", self.acme)
        self.foreign = self.new_channel("Foreign", self.other)
        self.ada = self.new_person("ada", "Administrator")
        self.root = User.objects.create(username="root", is_staff=True, is_superuser=True)

    def new_channel(self, name: str, teamspace: Teamspace) -> Channel:
        """Make a channel with a secret and a token."""
        return Channel.objects.create(
            name=name, channel_id=f"id-{name}", teamspace=teamspace, secret=SECRET, access_token="a-personal-token"
        )

    def new_person(self, username: str, role: str) -> User:
        """Make somebody of Acme."""
        person = User.objects.create(username=username, is_staff=True)
        person.groups.add(Group.objects.get(name=role))
        person.teamspaces.add(self.acme)
        return person

    def client(self, person: User | None = None) -> Client:
        """Return a client that is logged in as this person, Ada by default."""
        client = Client()
        client.force_login(person or self.ada)
        return client

    def arrived(self, body: Any = None, *, channel: Channel | None = None, **fields: Any) -> Delivery:
        """Make a delivery of these bytes (or of what is dumped as JSON), processed unless said otherwise."""
        raw = body if isinstance(body, bytes) else json.dumps({"events": []} if body is None else body).encode()
        fields.setdefault("state", DeliveryState.PROCESSED)
        fields.setdefault("body_sha256", hashlib.sha256(raw).hexdigest())
        fields.setdefault("size", len(raw))
        return Delivery.objects.create(channel=channel or self.web, body=raw, **fields)

    def listed(self, person: User | None = None, **query: str) -> list[int]:
        """Return the ids on the list as this person sees it."""
        response = self.client(person).get(reverse(LIST), query)
        assert response.status_code == 200, response
        return [row.pk for row in response.context["cl"].result_list]

    def page(self, delivery: Delivery, person: User | None = None) -> str:
        """Return a delivery's page."""
        response = self.client(person).get(change(delivery))
        assert response.status_code == 200
        text: str = response.content.decode()
        return text

    def press(self, delivery: Delivery, name: str = "replay") -> Any:
        """Press a button of a delivery's page, and follow to where it leads."""
        return self.client().post(reverse("admin:webhooks_delivery_button", args=[delivery.pk, name]), follow=True)


def change(delivery: Delivery) -> str:
    """Return the address of a delivery's page."""
    return reverse("admin:webhooks_delivery_change", args=[delivery.pk])


def state_of(delivery: Delivery) -> str:
    """Return the state that a delivery is in now."""
    return str(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
