"""What is refused: counted, and a sample of it kept where people see it; never its body, never without bound."""

import logging
import threading
import time
from collections import Counter

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from protoadmin.storable import storable_text
from webhooks.models import Delivery, DeliveryKind, DeliveryState, Refusals

logger = logging.getLogger(__name__)

SAMPLE_EVERY = 1.0
MOST_KEPT = 1000
WORDS = {
    "no_channel": "There is no channel with this id.",
    "no_secret": "The channel has no secret here (or it cannot be decrypted), so no signature can be checked.",
    "no_signature": "The header X-PROTO-SIGNATURE is missing.",
    "wrong_signature": "The signature is not that of this body with the channel's secret.",
    "too_large": "The body is larger than WEBHOOK_MAX_BODY_BYTES.",
    "no_length": "The request says neither how long its body is nor comes to an end by itself.",
}

# The same, short: for counts.
LABELS = {
    "no_channel": "unknown channel",
    "no_secret": "no secret here",
    "no_signature": "no signature",
    "wrong_signature": "wrong signature",
    "too_large": "too large",
    "no_length": "no length",
}


class Refuser:
    """Count in memory; once a second, with the next refusal, write the counts and one sample for each reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[int | None, str]] = Counter()
        self._next_at: dict[tuple[int | None, str], float] = {}

    def note(
        self, reason: str, *, channel_pk: int | None, size: int, remote_addr: str, headers: str, asked: str
    ) -> None:
        """Note one refused request; `asked` is the channel id of its address."""
        key = (channel_pk, reason)
        now = time.monotonic()
        with self._lock:
            self._counts[key] += 1
            if self._next_at.get(key, 0.0) > now:
                return
            self._next_at[key] = now + SAMPLE_EVERY
            count = self._counts.pop(key)
        words = WORDS[reason] if channel_pk is not None else f"{WORDS[reason]} It was {asked[:100]!r}."
        try:
            self._write(key, count, words, size, remote_addr, headers)
        except DatabaseError:
            logger.exception("a refused delivery could not be noted")
            with self._lock:
                self._counts[key] += count

    @transaction.atomic
    def _write(
        self, key: tuple[int | None, str], count: int, words: str, size: int, remote_addr: str, headers: str
    ) -> None:
        channel_pk, reason = key
        now = timezone.now()
        row = Refusals.objects.filter(channel=channel_pk, reason=reason).first()
        row = row or Refusals.objects.create(channel_id=channel_pk, reason=reason)
        Refusals.objects.filter(pk=row.pk).update(count=F("count") + count, last_at=now)
        kept = Delivery.objects.filter(state=DeliveryState.REJECTED)
        last = kept.order_by("-pk").values_list("pk", flat=True)[MOST_KEPT - 1 : MOST_KEPT].first()
        if last is not None:
            kept.filter(pk__lte=last).delete()
        Delivery.objects.create(
            channel_id=channel_pk,
            kind=DeliveryKind.UNKNOWN,
            state=DeliveryState.REJECTED,
            error=storable_text(words),
            remote_addr=remote_addr,
            size=min(size, 2**31 - 1),
            headers=storable_text(headers),
            processed_at=now,
        )


refuser = Refuser()
