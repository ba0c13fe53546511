"""Whatever is signed is answered without an error of ours, is in the log, and ends as processed or failed."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.models import Message
from protoadmin.connections.models import Channel, Teamspace
from tests.webhooks.bodies import VALUES, written
from tests.webhooks.posting import SECRET
from tests.webhooks.ways import ask, through_wsgi
from webhooks.channels import channels
from webhooks.draining import drain
from webhooks.models import Delivery
from webhooks.services import deliveries_replay

THOROUGHLY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ANSWERS = {200, 400, 404}
ENDS = {"processed", "failed"}


class AnyBody(TestCase):
    """Each example has a database of its own."""

    def setup_example(self) -> None:
        """Make the channel."""
        super().setup_example()  # type: ignore[no-untyped-call]
        channels.forget()
        teamspace = Teamspace.objects.create(name="Acme", subcompany_id="01ACME")
        Channel.objects.create(name="Web", channel_id="channel-1", teamspace=teamspace, secret=SECRET)

    @THOROUGHLY
    @given(value=VALUES, ascii_only=st.booleans(), profile=st.booleans())
    @example(value={"events": [{"chat": {"id": "c"}, "messages": "@deep@"}]}, ascii_only=True, profile=False)
    @example(value={"events": [{"chat": "@huge@", "messages": [{"data": "@big@"}]}]}, ascii_only=True, profile=False)
    @example(value={"events": ["@deepest@"]}, ascii_only=True, profile=False)
    @example(value={"human": "\ud800\x00"}, ascii_only=True, profile=True)
    def test_any_json(self, value: Any, ascii_only: bool, profile: bool) -> None:
        self._deliver(written(value, ascii_only=ascii_only), profile)

    @THOROUGHLY
    @given(body=st.binary(max_size=200), profile=st.booleans())
    @example(body=b"[" * 200_000, profile=False)
    @example(body=b'{"events": [' + b"1," * 100_000 + b"1]}", profile=False)
    def test_any_bytes(self, body: bytes, profile: bool) -> None:
        self._deliver(body, profile)

    @THOROUGHLY
    @given(value=VALUES, cut=st.integers(0, 400), put=st.binary(max_size=4))
    def test_json_that_was_damaged(self, value: Any, cut: int, put: bytes) -> None:
        body = written(value, ascii_only=True)
        self._deliver(body[:cut] + put + body[cut + len(put) :], profile=False)

    def _deliver(self, body: bytes, profile: bool) -> None:
        reply = ask(through_wsgi, body, profile=profile)
        assert reply.status in ANSWERS, reply
        kept = Delivery.objects.get()
        assert bytes(kept.body) == body
        assert (reply.status == 400) == (kept.state == "failed")
        drain()
        self._check(kept)
        if reply.status == 400 and profile:
            # What came to the wrong address is no profile request; a replay makes of it what it is.
            deliveries_replay(ids=[kept.pk])
            drain()
        before = list(Message.objects.order_by("pk").values())
        deliveries_replay(ids=[kept.pk])
        drain()
        self._check(kept)
        assert list(Message.objects.order_by("pk").values()) == before

    def _check(self, kept: Delivery) -> None:
        kept.refresh_from_db()
        assert kept.state in ENDS, kept.state
        assert not kept.traceback, kept.traceback
        if kept.state == "failed":
            assert kept.error
