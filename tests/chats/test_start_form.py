"""Start chat on a person's page: the form, its errors, and who may."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations.models import Chat, Message
from customers.models import Customer
from protoadmin.connections.models import Channel, Teamspace
from tests.outbox.scene import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(agent: User) -> Client:
    """A superuser's browser."""
    User.objects.filter(pk=agent.pk).update(is_staff=True, is_superuser=True)
    agent.refresh_from_db()
    client = Client()
    client.force_login(agent)
    return client


def button(person: Customer) -> str:
    return reverse("admin:customers_customer_button", args=[person.pk, "start-chat"])


def given(channel: Channel, **more: object) -> dict[str, object]:
    return {"request_key": "k", "channel": channel.pk, "bot_data_key": ["a", ""], "bot_data_value": ["1", ""], **more}


def test_it_starts_a_chat_and_leads_to_it(client: Client, person: Customer, channel: Channel) -> None:
    answer = client.post(button(person), given(channel, message="Hello", lang="th", chat_token="t"))
    chat = Chat.objects.get()
    assert answer.headers["Location"] == reverse("admin:conversations_chat_change", args=[chat.pk])
    assert (chat.lang, chat.data, chat.chat_token, chat.human.customer) == ("th", {"a": "1"}, "t", person)  # type: ignore[union-attr]
    assert Message.objects.get().text == "Hello"
    page = client.get(reverse("admin:customers_customer_change", args=[person.pk])).content.decode()
    assert "Queued" in page
    work()
    panel = reverse("admin:customers_customer_panel", args=[person.pk, "chats"])
    assert "human_" in client.get(panel).content.decode()


def test_without_a_language_it_is_the_channels(client: Client, person: Customer, channel: Channel) -> None:
    Channel.objects.update(default_language="tl")
    client.post(button(person), given(channel))
    assert Chat.objects.get().lang == "tl"
    assert not Message.objects.exists()


def test_what_was_typed_stays_when_it_is_refused(client: Client, person: Customer, channel: Channel) -> None:
    typed = given(channel, message="A long text", bot_data_key=["same", "same"], bot_data_value=["1", "<b>2"])
    answer = client.post(button(person), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The name same is given twice." in page
    assert "A long text" in page
    assert 'value="&lt;b&gt;2"' in page
    assert not Chat.objects.exists()


def test_a_value_without_a_name_is_refused(client: Client, person: Customer, channel: Channel) -> None:
    answer = client.post(button(person), given(channel, bot_data_key=[""], bot_data_value=["1"]))
    assert "A value needs a name in front of it." in answer.content.decode()


def test_a_foreign_channel_is_no_choice(client: Client, person: Customer, channel: Channel) -> None:
    other = Channel.objects.create(name="B", channel_id="b", teamspace=_other_teamspace())
    assert client.post(button(person), given(other)).status_code == 422


def _other_teamspace() -> Teamspace:
    return Teamspace.objects.create(name="B", subcompany_id="b")
