"""Take a delivery: the least that is safe, one durable insert, and an answer (DESIGN, section 5).

Nothing of Django's request handling is needed here but a database connection; `webhooks.wsgi` calls this directly,
past all middleware, and `webhooks.views` for whoever serves the product in another way.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error as DjangoError
from django.db import connection as default_connection
from django.utils import timezone

from customers.profile import profile_of
from protoadmin.addresses import client_address
from protoadmin.storable import storable_text
from webhooks import signatures
from webhooks.bodies import Unreadable, kind_of, parse
from webhooks.channels import Known, channels
from webhooks.models import DeliveryKind, DeliveryState
from webhooks.refusing import WORDS, refuser
from webhooks.storing import store

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
# Typed loosely: the driver below it is spoken to directly.
connection: Any = default_connection

SHOWN_HEADERS = (("CONTENT_TYPE", "Content-Type"), ("HTTP_USER_AGENT", "User-Agent"))
MAX_ADDRESS = 45
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, and a small JSON object."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


STORED = Answer(200, b'{"status": "stored"}')
UNAVAILABLE = Answer(
    503, b'{"error": "The database does not answer. Send it again in a moment."}', (("Retry-After", "5"),)
)
NOT_ALLOWED = Answer(405, b'{"error": "Deliveries come by POST."}', (("Allow", "POST"),))
UNKNOWN_PERSON = "Nobody here has this id, so 404 was answered."


def receive(channel_id: str, meta: Mapping[str, Any], stream: Any, *, profile_only: bool = False) -> Answer:
    """Answer one request; `meta` is its WSGI environment, `stream` gives its body. Raises nothing for bad input."""
    if meta.get("REQUEST_METHOD") != "POST":
        return NOT_ALLOWED
    channel_id = storable_text(channel_id)[:LONGEST_ID]
    try:
        return _receive(channel_id, meta, stream, profile_only)
    except connection.Database.IntegrityError:
        # The channel was removed within the moment for which it is remembered.
        channels.forget()
        return _refuse(404, "no_channel", meta, None, channel_id)
    except (connection.Database.Error, DjangoError):
        logger.exception("a delivery could not be stored")
        return UNAVAILABLE


def _with_database(work: Callable[..., Result], *args: Any, **named: Any) -> Result:
    """Do it, and once more on a new connection when the kept one is gone, as after a restart of the server."""
    try:
        return work(*args, **named)
    except (connection.Database.Error, DjangoError):
        if connection.in_atomic_block or connection.connection is None or connection.is_usable():
            raise
    connection.close()
    return work(*args, **named)


def _receive(channel_id: str, meta: Mapping[str, Any], stream: Any, profile_only: bool) -> Answer:
    known = _with_database(channels.get, channel_id)
    if known is None:
        return _refuse(404, "no_channel", meta, None, channel_id)
    body, problem = _body(meta, stream)
    if problem:
        return _refuse(413 if problem == "too_large" else 411, problem, meta, known.pk, channel_id)
    given = meta.get(signatures.HEADER, "")
    if not signatures.is_good(given, body, known.secrets):
        anew = _with_database(channels.get_anew, channel_id, known)
        if anew is None:
            return _refuse(404, "no_channel", meta, None, channel_id)
        if not signatures.is_good(given, body, anew.secrets):
            reason = "no_signature" if not given else "wrong_signature" if anew.secrets else "no_secret"
            return _refuse(401, reason, meta, anew.pk, channel_id)
        known = anew
    return _accept(known, meta, body, profile_only)


def _body(meta: Mapping[str, Any], stream: Any) -> tuple[bytes, str]:
    """Return the body, or why it is not read: its length is looked at first."""
    limit = settings.WEBHOOK_MAX_BODY_BYTES
    length = meta.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isdecimal():
            return b"", "no_length"
        if int(length[:20]) > limit:
            return b"", "too_large"
        return stream.read(int(length)), ""
    if "chunked" not in meta.get("HTTP_TRANSFER_ENCODING", "").lower():
        return b"", ""
    if not meta.get("wsgi.input_terminated"):
        return b"", "no_length"
    body = stream.read(limit + 1)
    return (b"", "too_large") if len(body) > limit else (body, "")


def _accept(known: Known, meta: Mapping[str, Any], body: bytes, profile_only: bool) -> Answer:
    try:
        value = parse(body)
        kind = kind_of(value, profile_only=profile_only)
    except Unreadable as error:
        _insert(known, meta, body, DeliveryKind.UNKNOWN, DeliveryState.FAILED, str(error))
        return Answer(400, json.dumps({"error": str(error)}).encode())
    if kind is DeliveryKind.PROFILE:
        return _answer_profile(known, meta, body, value["human"])
    is_empty = not value["events"]
    _insert(known, meta, body, kind, DeliveryState.PROCESSED if is_empty else DeliveryState.RECEIVED, "")
    return STORED


def _answer_profile(known: Known, meta: Mapping[str, Any], body: bytes, identifier: str) -> Answer:
    result = _with_database(profile_of, channel_pk=known.pk, teamspace_pk=known.teamspace_pk, identifier=identifier)
    words = "" if result is not None else UNKNOWN_PERSON
    _insert(known, meta, body, DeliveryKind.PROFILE, DeliveryState.PROCESSED, words)
    if result is None:
        return Answer(404, b'{"error": "Nobody here has this id."}')
    return Answer(200, json.dumps({"result": result}).encode())


def _insert(
    known: Known, meta: Mapping[str, Any], body: bytes, kind: DeliveryKind, state: DeliveryState, error: str
) -> None:
    """Keep what came; the values stand in the order of `storing.COLUMNS`."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    values = (
        known.pk,
        kind.value,
        now,
        client_address(meta)[:MAX_ADDRESS],
        body,
        hashlib.sha256(body).hexdigest(),
        len(body),
        _headers(meta),
        state.value,
        storable_text(error),
        "",
        0,
        None if state is DeliveryState.RECEIVED else now,
    )
    _with_database(store, values)


def _headers(meta: Mapping[str, Any]) -> str:
    lines = [f"{name}: {meta[key][:300]}" for key, name in SHOWN_HEADERS if meta.get(key)]
    return storable_text("\n".join(lines))


def _refuse(status: int, reason: str, meta: Mapping[str, Any], channel_pk: int | None, asked: str) -> Answer:
    length = meta.get("CONTENT_LENGTH") or "0"
    refuser.note(
        reason,
        channel_pk=channel_pk,
        size=int(length[:20]) if length.isdecimal() else 0,
        remote_addr=client_address(meta)[:MAX_ADDRESS],
        headers=_headers(meta),
        asked=asked,
    )
    return Answer(status, json.dumps({"error": WORDS[reason]}).encode())
