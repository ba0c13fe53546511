"""A scene for the inbox's tests: two teamspaces, people in roles, and a hand that makes chats."""

import datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from conversations.models import Chat, Message
from customers.models import Customer, Human
from protoadmin.connections.models import Channel, Teamspace


class Scene:
    """What the tests begin with, and short ways to add to it."""

    def __init__(self) -> None:
        self.home = Teamspace.objects.create(name="Home", subcompany_id="home")
        self.away = Teamspace.objects.create(name="Away", subcompany_id="away")
        self.web = self.channel("web", self.home)
        self.far = self.channel("far", self.away)
        self.sam = self.person("sam", "Support", self.home)
        self.mia = self.person("mia", "Manager", self.home)
        self.root = User.objects.create(username="root", is_staff=True, is_superuser=True, date_joined=long_ago())
        self._number = 0

    def channel(self, name: str, teamspace: Teamspace) -> Channel:
        """Make a channel."""
        return Channel.objects.create(name=name, channel_id=name, teamspace=teamspace, access_token="t", secret="s")

    def person(self, name: str, role: str, *teamspaces: Teamspace) -> User:
        """Make somebody who may log in, and was there before every message."""
        user = User.objects.create(username=name, is_staff=True, date_joined=long_ago())
        user.groups.add(Group.objects.get(name=role))
        user.teamspaces.add(*teamspaces)
        return user

    def client(self, user: User) -> Client:
        """Return a client that is logged in."""
        client = Client()
        client.force_login(user)
        return client

    def human(self, name: str = "", channel: Channel | None = None, customer: Customer | None = None) -> Human:
        """Make a human."""
        self._number += 1
        return Human.objects.create(
            channel=channel or self.web, human_id=f"human-{self._number}", name=name, customer=customer
        )

    def customer(self, name: str, **values: Any) -> Customer:
        """Make a person of Home."""
        self._number += 1
        values = {"teamspace": self.home, "provided_unique_id": f"u{self._number}", **values}
        return Customer.objects.create(name=name, **values)

    def chat(self, *said: str, channel: Channel | None = None, **values: Any) -> Chat:
        """Make a chat in which this was said, each as `author: text`."""
        self._number += 1
        channel = channel or self.web
        if "human" not in values:
            values["human"] = self.human(f"Person {self._number}", channel)
        chat = Chat.objects.create(channel=channel, chat_id=f"chat-{self._number}", **values)
        for line in said:
            self.say(chat, line)
        return Chat.objects.get(pk=chat.pk)

    def say(self, chat: Chat, line: str, **values: Any) -> Message:
        """Add a message, `author: text`."""
        author, _, text = line.partition(": ")
        values = {"author_type": author, "text": text, "data": {"text": text}, **values}
        return Message.objects.create(chat=chat, **values)


def long_ago() -> datetime.datetime:
    """Return a time before everything in these tests."""
    return timezone.now() - datetime.timedelta(days=3650)
