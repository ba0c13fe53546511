"""What counts as a signature, at both receivers, through Django's view and through the WSGI application.

tests/webhooks/test_lean_path.py asks the same of a running server.
"""

import pytest

from customers.models import Human
from protoadmin.connections.models import Channel
from tests.webhooks.signature_cases import CASES, OTHER_CHANNEL, OTHER_SECRET, SIGNATURE, WRITTEN, Case, digest
from tests.webhooks.ways import Way, path_of, through_view, through_wsgi
from webhooks.models import Delivery, Refusals

pytestmark = pytest.mark.django_db

WAYS = pytest.mark.parametrize("way", [through_view, through_wsgi])
RECEIVERS = pytest.mark.parametrize("profile", [False, True], ids=["messages", "profile"])


@pytest.fixture(autouse=True)
def human(channel: Channel) -> None:
    """Somebody whose profile can be asked for, and a second channel."""
    Human.objects.create(channel=channel, human_id="human_1", name="Ann")
    Channel.objects.create(name="Other", channel_id=OTHER_CHANNEL, teamspace=channel.teamspace, secret=OTHER_SECRET)


@WAYS
@RECEIVERS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_shared_suite(way: Way, profile: bool, case: Case) -> None:
    reply = case.ask(way, profile=profile)
    assert reply.status == case.status, reply
    kept = Delivery.objects.get()
    if case.status == 200:
        assert kept.state == "processed"
        return
    assert list(reply.json) == ["error"]
    assert (kept.state, bytes(kept.body)) == ("rejected", b"")
    assert Refusals.objects.get().reason == ("wrong_signature" if case.header and case.header(b"x") else "no_signature")


@WAYS
@RECEIVERS
def test_every_bit_of_the_digest_counts(way: Way, profile: bool) -> None:
    body = b'{"events": []}'
    good = digest(body)
    for bit in range(0, 160, 13):
        bad = (int.from_bytes(good) ^ (1 << bit)).to_bytes(20)
        for write in WRITTEN.values():
            assert way("POST", path_of(profile=profile), body, {SIGNATURE: write(bad)}).status == 401


@WAYS
def test_a_channel_without_a_secret_takes_nothing(way: Way, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(secret="", previous_secret="")
    body = b'{"events": []}'
    reply = way("POST", path_of(), body, {SIGNATURE: digest(body, "").hex().encode()})
    assert reply.status == 401
    assert "no secret" in reply.json["error"]
    assert Refusals.objects.get().reason == "no_secret"


@WAYS
def test_a_secret_that_cannot_be_decrypted_lets_nobody_in(way: Way, channel: Channel, settings: object) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["QW5vdGhlciBrZXkgYW5vdGhlciBrZXkgYW5vdGhlciE="]  # type: ignore[attr-defined]
    body = b'{"events": []}'
    for secret in ("", "the-secret-of-a-channel"):
        reply = way("POST", path_of(), body, {SIGNATURE: digest(body, secret).hex().encode()})
        assert reply.status == 401
    assert Refusals.objects.get().reason == "no_secret"


@WAYS
def test_the_secret_is_not_that_of_another_channel(way: Way) -> None:
    body = b'{"events": []}'
    headers = {SIGNATURE: digest(body, OTHER_SECRET).hex().encode()}
    assert way("POST", path_of(OTHER_CHANNEL), body, headers).status == 200
    assert way("POST", path_of(), body, headers).status == 401
