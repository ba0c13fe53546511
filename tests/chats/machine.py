"""A chat as a plain Python list, driven beside the real one: deliveries, repeats, replays, sent messages and pulls.

The remote is the list. What the bot says there is delivered some time later: in any order, twice, or never before a
pull. At any moment a pull and the end of all work must leave exactly the list here.
"""

import json
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from requests.structures import CaseInsensitiveDict

from conversations.aligning import align
from conversations.models import Chat, Message
from conversations.services import message_send
from customers.models import Human
from protoadmin.clients import errors
from protoadmin.clients.messaging import text_message
from protoadmin.clients.transport import Answer, Request
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call
from protoadmin.outbox.registry import find_operation
from protoadmin.outbox.services import call_dismiss
from protoadmin.outbox.settling import settle_answer, settle_error
from tests.webhooks.posting import SECRET, post
from webhooks.channels import channels
from webhooks.draining import drain
from webhooks.models import Delivery
from webhooks.services import delivery_replay

WORDS = st.sampled_from(["yes", "no", "hello", "ok"])
REQUEST = Request("send_message", "POST", "/message")


class ChatMachine(RuleBasedStateMachine):
    """One chat, known from its start."""

    @initialize()
    def begin(self) -> None:
        """An empty chat here and there."""
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        channels.forget()
        teamspace = Teamspace.objects.create(name="Acme", subcompany_id="machine")
        self.channel = Channel.objects.create(
            name="Web", channel_id="machine", teamspace=teamspace, secret=SECRET, access_token="t"
        )
        human = Human.objects.create(channel=self.channel, human_id="human_1", name="Ann")
        self.chat = Chat.objects.create(channel=self.channel, chat_id="c", human=human, started_here=True)
        self.remote: list[tuple[str, str]] = []
        self.undelivered: list[list[str]] = []
        self.delivered: list[bytes] = []

    def teardown(self) -> None:
        """Let everything come to its end; then what is here is what is there."""
        if not hasattr(self, "savepoint"):
            return
        try:
            while self.undelivered:
                self.deliver(0)
            drain()
            while Call.objects.filter(state="queued").exists():
                self.send_out(fate="answered")
            for call in Call.objects.filter(state="unconfirmed"):
                call_dismiss(call=call, by=None)  # type: ignore[arg-type]
            self.pull()
            assert self.here() == self.remote
            before = list(Message.objects.order_by("pk").values("pk", "sequence", "text"))
            self.pull()
            for delivery in Delivery.objects.all():
                delivery_replay(delivery=delivery)
            drain()
            assert list(Message.objects.order_by("pk").values("pk", "sequence", "text")) == before
            chat = Chat.objects.get(pk=self.chat.pk)
            assert chat.message_count == len(self.remote)
            assert chat.last_text == (self.remote[-1][1] if self.remote else "")
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def here(self) -> list[tuple[str, str]]:
        """Return what is here, dismissed messages that never arrived left out."""
        rows = Message.objects.filter(chat=self.chat, repeat_of=None).exclude(sync_state="local")
        return list(rows.order_by("sequence").values_list("author_type", "text"))

    @rule(words=st.lists(WORDS, min_size=1, max_size=3))
    def the_bot_says(self, words: list[str]) -> None:
        """Something is said there, and a delivery is on its way."""
        self.remote += [("bot", word) for word in words]
        self.undelivered.append(words)

    @precondition(lambda self: self.undelivered)
    @rule(which=st.integers(0, 5))
    def deliver(self, which: int) -> None:
        """A delivery arrives, perhaps before an older one."""
        words = self.undelivered.pop(which % len(self.undelivered))
        author = {"type": "bot", "id": "bot_1", "name": "Bot"}
        messages = [{"author": author, "type": "text", "data": {"text": word}} for word in words]
        body = json.dumps(
            {"events": [{"chat": {"id": "c", "human": {"id": "human_1"}}, "messages": messages}]}
        ).encode()
        assert post(body, channel="machine").status_code == 200
        self.delivered.append(body)

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, 9))
    def repeat(self, which: int) -> None:
        """A delivery arrives once more."""
        assert post(self.delivered[which % len(self.delivered)], channel="machine").status_code == 200

    @rule()
    def work(self) -> None:
        """The worker makes messages of what has arrived."""
        drain()

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, 9))
    def replay(self, which: int) -> None:
        """Somebody replays a delivery."""
        rows = list(Delivery.objects.exclude(state="received").order_by("pk"))
        if rows:
            delivery_replay(delivery=rows[which % len(rows)])

    @rule(word=WORDS)
    def send(self, word: str) -> None:
        """An agent writes as the customer."""
        message_send(chat=self.chat, message=text_message(word), by=None)

    @rule(fate=st.sampled_from(["answered", "lost answer", "never arrived", "refused connection"]))
    def send_out(self, fate: str) -> None:
        """A worker sends the next message."""
        Call.objects.update(next_attempt_at=self.chat.created_at)
        call = claim_next()
        if call is None:
            return
        operation: Any = find_operation(call.operation)
        if fate in ("answered", "lost answer"):
            self.remote.append(("human", call.payload["message"]["data"]["text"]))
        if fate == "answered":
            answer = Answer(status=200, headers=CaseInsensitiveDict(), data={}, excerpt="", seconds=0.0)
            settle_answer(call, operation, answer, REQUEST)
            return
        error = errors.ConnectionRefused() if fate == "refused connection" else errors.ReadTimedOut()
        settle_error(call, operation, error, REQUEST)
        if fate in ("lost answer", "never arrived"):
            self.look_up(Call.objects.get(pk=call.pk))

    def look_up(self, call: Call) -> None:
        """Look whether an unconfirmed message arrived; a person dismisses what the read cannot tell."""
        operation: Any = find_operation("send_message")
        arrived = operation.confirmed(call, self.items())
        answer = Answer(status=200, headers=CaseInsensitiveDict(), data={}, excerpt="", seconds=0.0)
        if arrived is not None:
            settle_answer(call, operation, answer, REQUEST)
        else:
            call_dismiss(call=call, by=None)  # type: ignore[arg-type]

    def items(self) -> list[dict[str, Any]]:
        """Return the remote's list as the API gives it."""
        return [
            {"author": {"type": author}, "message": {"type": "text", "data": {"text": text}}}
            for author, text in self.remote
        ]

    @rule()
    def pull(self) -> None:
        """Pull messages."""
        align(self.chat, self.items())
