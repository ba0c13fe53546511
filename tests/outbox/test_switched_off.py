"""A call whose connection is switched off waits, and every page that shows it says why."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.chat_services import message_send
from conversations.models import Chat
from customers.models import Customer, Human
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.outbox.models import Call, CallState
from tests.access.people import client_of, new_person
from tests.outbox.scene import fresh, save, ticket, work

WORDS = "is switched off. It goes out once that is active again."


@pytest.fixture
def root(db: None) -> Client:
    """A client that may see everything."""
    return client_of(new_person("root", "superuser"))


def page(client: Client, record: Any) -> str:
    """Return a record's page."""
    label = f"{record._meta.app_label}/{record._meta.model_name}"
    return str(client.get(f"/admin/{label}/{record.pk}/change/").content.decode())


def test_the_reason_is_on_the_call_in_the_list_and_on_the_record(person: Customer, root: Client, agent: User) -> None:
    call = save(person, name="Ann", by=agent)
    ticket_call = ticket(person, by=agent)
    Teamspace.objects.update(is_active=False)
    work()
    assert fresh(call).state == CallState.QUEUED
    assert fresh(call).held_back == f"It waits: the teamspace {person.teamspace} {WORDS}"
    shown = [page(root, row) for row in (call, person, ticket_call.target)]
    shown.append(root.get("/admin/outbox/call/").content.decode())
    assert all(WORDS in each for each in shown)
    assert "Connection waits" not in shown[0]
    Teamspace.objects.update(is_active=True)
    assert WORDS not in "".join([page(root, call), page(root, person)])


@pytest.mark.parametrize("state", set(CallState) - {CallState.QUEUED})
def test_what_does_not_wait_says_nothing(state: CallState, person: Customer) -> None:
    call = save(person, name="Ann")
    Teamspace.objects.update(is_active=False)
    Call.objects.update(state=state)
    assert fresh(call).held_back == ""


def test_a_message_that_waits_says_why_in_the_chat(person: Customer, root: Client, agent: User) -> None:
    channel = Channel.objects.create(name="Web", channel_id="web", teamspace=person.teamspace, is_active=False)
    human = Human.objects.create(channel=channel, human_id="h", customer=person)
    chat = Chat.objects.create(channel=channel, chat_id="c", human=human)
    message_send(chat=chat, message={"type": "text", "data": {"text": "Hello"}}, by=agent)
    assert f"the channel Web {WORDS}" in page(root, chat)


def test_many_that_wait_ask_the_database_no_more_than_one(person: Customer, root: Client) -> None:
    Teamspace.objects.update(is_active=False)
    numbers = []
    for _ in range(2):
        for _ in range(3):
            ticket(person)
        root.get("/admin/outbox/call/")
        with CaptureQueriesContext(connection) as captured:
            assert root.get("/admin/outbox/call/").content.decode().count(WORDS[:20])
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]
