"""Start a chat, write into it, pull it: against the sandbox over a socket."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from conversations.models import Chat, Message
from conversations.services import chat_pull, chat_start, chats_pull, message_send
from customers.models import Customer, Human, SyncState
from protoadmin.clients.messaging import button_message, manual_trigger_message, media_message, text_message
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.services import call_dismiss, call_send_again
from protoadmin.refusals import Refused
from tests.outbox.remote import Remote
from tests.outbox.scene import work

pytestmark = pytest.mark.django_db
KINDS = [
    text_message("Hello 👋 สวัสดี"),
    button_message("postback"),
    manual_trigger_message("feedback"),
    media_message("a.png", "https://example.com/a.png"),
]


def start(person: Customer, channel: Channel, by: User, **more: Any) -> Chat:
    """Start a chat and let the worker do its work."""
    chat = chat_start(customer=person, channel=channel, by=by, **more)
    work()
    return Chat.objects.get(pk=chat.pk)


def said(chat: Chat) -> list[tuple[str, str]]:
    """Return who said what, in order."""
    rows = Message.objects.filter(chat=chat, repeat_of=None).order_by("sequence")
    return list(rows.values_list("author_type", "text"))


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).sync_state


def test_a_chat_is_started_with_a_human_made_from_the_record(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    Customer.objects.filter(pk=person.pk).update(email="ann@example.com", phone_number="+49 30 901820")
    person.refresh_from_db()
    chat = start(person, channel, agent, lang="th", data={"source": "admin"}, message=KINDS[0], chat_token="the-token")
    human = Human.objects.get()
    assert (human.customer, human.channel, human.sync_state) == (person, channel, SyncState.DONE)
    assert chat.human == human
    assert chat.sync_state == SyncState.DONE
    assert chat.chat_id
    made, started, sent = (each for each in remote.requests("/webhook/"))
    assert made["body"] == {"name": "Ann", "email": "ann@example.com", "phoneNumber": "+49 30 901820"}
    assert (
        started["body"]
        == {
            "human": {"id": human.human_id},
            "data": {"source": "admin"},
            "lang": "th",
            "chatToken": "the-token",
        }
        or "chatToken" in started["body"]
    )
    assert sent["body"]["author"] == {"type": "human", "id": human.human_id}
    assert said(chat) == [("human", "Hello 👋 สวัสดี")]
    second = start(person, channel, agent)
    assert second.human == human
    assert len([each for each in remote.requests("/webhook/") if each["path"].endswith("/human")]) == 1


def test_the_token_is_neither_in_the_call_nor_in_what_is_kept(person: Customer, channel: Channel, agent: User) -> None:
    chat = start(person, channel, agent, chat_token="a-very-secret-token")
    assert chat.chat_token == "a-very-secret-token"
    call = Call.objects.get(operation="create_chat")
    assert "a-very-secret-token" not in str([call.payload, call.request, call.response, chat.remote_data])


@pytest.mark.parametrize("message", KINDS)
def test_each_kind_of_message_arrives_as_documented(
    person: Customer, channel: Channel, agent: User, remote: Remote, message: dict[str, Any]
) -> None:
    chat = start(person, channel, agent)
    row = message_send(chat=chat, message=message, by=agent, reply_token="the-reply-token")
    assert row.sync_state == SyncState.QUEUED
    work()
    assert state_of(row) == SyncState.DONE
    (request,) = [each for each in remote.requests("/message") if each["method"] == "POST"]
    assert request["body"]["message"] == message


def test_a_form_sent_twice_makes_one_chat_and_one_message(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    first = chat_start(customer=person, channel=channel, by=agent, request_key="form-1")
    assert chat_start(customer=person, channel=channel, by=agent, request_key="form-1") == first
    one = message_send(chat=first, message=KINDS[0], by=agent, request_key="form-2")
    assert message_send(chat=first, message=KINDS[0], by=agent, request_key="form-2") == one
    work()
    assert len(remote.effects("/webhook/")) == 3


def test_a_channel_of_another_teamspace_is_refused(person: Customer, channel: Channel, agent: User) -> None:
    Channel.objects.filter(pk=channel.pk).update(teamspace=Teamspace.objects.create(name="B", subcompany_id="b"))
    with pytest.raises(Refused):
        chat_start(customer=person, channel=Channel.objects.get(), by=agent)
    assert not Call.objects.exists()


# --- what may have had an effect ----------------------------------------------------------------


def test_a_lost_answer_to_a_new_chat_is_looked_up(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    start(person, channel, agent)
    remote.fault("drop_after", match="/chat", times=1)
    chat = start(person, channel, agent)
    assert chat.sync_state == SyncState.UNCONFIRMED
    work(3)
    chat.refresh_from_db()
    assert chat.sync_state == SyncState.DONE
    assert chat.chat_id
    assert len({each.chat_id for each in Chat.objects.all()}) == 2


def test_a_read_does_not_confirm_a_chat_that_was_never_made(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    start(person, channel, agent)
    remote.fault("drop_before", match="/chat", times=1)
    chat = start(person, channel, agent)
    work(3)
    chat.refresh_from_db()
    assert chat.sync_state == SyncState.UNCONFIRMED
    call_send_again(call=Call.objects.filter(operation="create_chat").latest("pk"), by=agent)
    work(3)
    chat.refresh_from_db()
    assert chat.sync_state == SyncState.DONE


def test_a_lost_answer_to_a_message_is_looked_up(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    chat = start(person, channel, agent)
    first = message_send(chat=chat, message=text_message("twice"), by=agent)
    work()
    remote.fault("drop_after", match="/message", times=1)
    second = message_send(chat=chat, message=text_message("twice"), by=agent)
    third = message_send(chat=chat, message=text_message("after it"), by=agent)
    work()
    assert [state_of(each) for each in (first, second, third)] == ["done", "unconfirmed", "queued"]
    work(3)
    assert [state_of(each) for each in (first, second, third)] == ["done", "done", "done"]
    assert len(remote.effects("/message")) == 3


def test_a_message_that_never_arrived_is_not_confirmed_and_holds_back_the_next(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    chat = start(person, channel, agent)
    first = message_send(chat=chat, message=text_message("twice"), by=agent)
    work()
    remote.fault("drop_before", match="/message", times=1)
    second = message_send(chat=chat, message=text_message("twice"), by=agent)
    third = message_send(chat=chat, message=text_message("after it"), by=agent)
    work(4)
    assert [state_of(each) for each in (first, second, third)] == ["done", "unconfirmed", "queued"]
    call_dismiss(call=Message.objects.get(pk=second.pk).call, by=agent)
    work()
    assert state_of(third) == "done"


def test_a_lost_answer_to_a_new_human_waits_for_a_person_and_so_does_the_chat(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    remote.fault("drop_after", match="/human", times=1)
    chat = start(person, channel, agent)
    work(3)
    human_call, chat_call = Call.objects.order_by("pk")
    assert (human_call.state, chat_call.state) == (CallState.UNCONFIRMED, CallState.QUEUED)
    call_send_again(call=human_call, by=agent)
    work(3)
    chat.refresh_from_db()
    assert chat.sync_state == SyncState.DONE


# --- pulling -------------------------------------------------------------------------------------


def test_a_pull_brings_the_bots_answers_once(person: Customer, channel: Channel, agent: User, remote: Remote) -> None:
    chat = start(person, channel, agent, message=text_message("Hello"))
    remote.post(
        f"chats/{chat.chat_id}/say",
        {"author_type": "agent", "author_name": "Alex", "message": {"type": "text", "data": {"text": "I am here"}}},
    )
    for _ in range(3):
        chat_pull(chat=chat, by=agent)
        work()
    listed = remote.read(f"chats/{chat.chat_id}")["messages"]
    assert len(listed) >= 2
    assert len(said(chat)) == len(listed)
    assert said(chat)[0] == ("human", "Hello")
    assert ("agent", "I am here") in said(chat)
    chat.refresh_from_db()
    assert (chat.has_agent, chat.message_count) == (True, len(listed))


def test_pulling_a_persons_chats_brings_them_with_their_messages(
    person: Customer, channel: Channel, agent: User, remote: Remote
) -> None:
    made = start(person, channel, agent, message=text_message("Hello"))
    human = made.human
    assert human is not None
    Chat.objects.all().delete()
    chats_pull(human=human, by=agent)
    work(3)
    chat = Chat.objects.get()
    assert chat.chat_id == made.chat_id
    assert chat.human == human
    assert said(chat)[0] == ("human", "Hello")
