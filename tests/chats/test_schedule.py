"""Open chats are read from Proto on a schedule that an administrator can change or switch off."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations.models import Chat, Message
from conversations.pulling import KIND, pull_open_chats
from conversations.services import chat_start
from customers.models import Customer
from protoadmin.clients.messaging import text_message
from protoadmin.connections.models import Channel
from protoadmin.outbox.models import BULK, Call
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.working import work_due
from tests.outbox.remote import Remote
from tests.outbox.scene import work

pytestmark = pytest.mark.django_db(transaction=True)


def rounds() -> None:
    """Let the workers do everything."""
    for _ in range(3):
        # A run that waits for its calls is looked at again after a pause.
        Run.objects.update(heartbeat_at=None)
        work_due()
        work()


@pytest.fixture
def chat(person: Customer, channel: Channel, agent: User, remote: Remote) -> Chat:
    """An open chat at Proto, in which more was said than we know."""
    chat = chat_start(customer=person, channel=channel, by=agent, message=text_message("Hello"))
    work()
    chat.refresh_from_db()
    remote.post(f"chats/{chat.chat_id}/say", {"author_type": "agent", "author_name": "Alex", "text": "I am here"})
    return chat


def test_the_messages_of_open_chats_are_read(chat: Chat, channel: Channel) -> None:
    assert pull_open_chats() == 1
    assert pull_open_chats() == 0
    rounds()
    run = Run.objects.get(kind=KIND)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 1, 0)
    assert Message.objects.filter(chat=chat, text="I am here").count() == 1
    assert set(Call.objects.filter(operation="list_messages").values_list("priority", flat=True)) == {BULK}
    Channel.objects.update(pulled_at=timezone.now() - timedelta(minutes=channel.pull_every))
    assert pull_open_chats() == 1


def test_it_can_be_switched_off(chat: Chat) -> None:
    Channel.objects.update(pull_every=0)
    assert pull_open_chats() == 0


def test_ended_and_quiet_chats_are_left_alone(chat: Chat) -> None:
    Chat.objects.update(active=False)
    assert pull_open_chats() == 0
    Channel.objects.update(pulled_at=None)
    Chat.objects.update(active=True, last_message_at=timezone.now() - timedelta(days=20))
    assert pull_open_chats() == 0
