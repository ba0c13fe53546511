"""Make chats and messages of the deliveries that wait: in batches, in order, by one worker at a time.

The deliveries themselves are the queue. Attempts are counted and committed before the work begins: a delivery that
kills its worker is met alone the next time, and stops at its third attempt without holding up the others.
"""

import logging
import time
import traceback
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from conversations.arrivals import Event
from conversations.recording import record
from conversations.writing import prepare
from protoadmin.connections.models import Channel
from protoadmin.storable import storable_text
from protoadmin.workers.identity import is_surely_dead, this_worker
from webhooks.bodies import Unreadable, events_of, kind_of, parse
from webhooks.models import Delivery, DeliveryKind, DeliveryState, Drain

logger = logging.getLogger(__name__)

BATCH = 500
# About this much of bodies is held in memory at once, in bytes.
BATCH_BYTES = 4 * 1024 * 1024
# After each batch SQLite's one lock is left to the receivers for so many times what the batch took: when none came
# in the meantime, and when some did.
BREATH, LONG_BREATH = 0.1, 1.0
LONGEST_BREATH = 0.5
MAX_ATTEMPTS = 3
# Longer than a batch takes; a holder on this machine that died is known to be dead at once.
LEASE = timedelta(seconds=60)
DATABASE_AWAY = (OperationalError, InterfaceError)
KILLED = (
    f"It was begun {MAX_ATTEMPTS} times and never finished: its worker died, so it was put aside. Replay tries again."
)


def drain(seconds: float = 20.0) -> int:
    """Process what waits, for at most about `seconds`; return how many deliveries were dealt with (sweeper)."""
    end = time.monotonic() + seconds
    done = newest = 0
    has_one_lock = connection.vendor == "sqlite"
    try:
        while time.monotonic() < end and _has_work():
            if has_one_lock:
                newest = newest or _newest()
            began = time.monotonic()
            ids = _take()
            if not ids:
                break
            done += _process(ids)
            if has_one_lock:
                newest = _give_way(time.monotonic() - began, newest)
    finally:
        if done:
            Drain.objects.filter(holder=this_worker()).update(holder="", leased_until=None)
    return done


def _give_way(took: float, newest_before: int) -> int:
    """Let receivers write, for longer when deliveries come in; return the newest delivery."""
    newest = _newest()
    time.sleep(min(took * (LONG_BREATH if newest > newest_before else BREATH), LONGEST_BREATH))
    return newest


def _newest() -> int:
    return Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _has_work() -> bool:
    """Tell whether something waits that no other worker is at: two reads, for a loop that looks often."""
    if not Delivery.objects.filter(state=DeliveryState.RECEIVED).exists():
        return False
    return not _is_held(Drain.objects.filter(pk=1).first())


def _is_held(drain: Drain | None) -> bool:
    """Tell whether another worker, which may be alive, holds the drain."""
    if drain is None or drain.holder in {"", this_worker()} or drain.leased_until is None:
        return False
    return drain.leased_until > timezone.now() and not is_surely_dead(drain.holder)


def _hold() -> bool:
    """Take or keep the drain, its row locked until the end of the transaction; False when another worker has it."""
    Drain.objects.get_or_create(pk=1)
    row = Drain.objects.select_for_update().get(pk=1)
    if _is_held(row):
        return False
    row.holder, row.leased_until = this_worker(), timezone.now() + LEASE
    row.save(update_fields=["holder", "leased_until"])
    return True


@transaction.atomic
def _take() -> list[int]:
    """Count one attempt of the deliveries that come next; nothing while another worker is at it.

    Those that were begun before and did not end (their worker died) are taken one at a time.
    """
    if not _hold():
        return []
    waiting = Delivery.objects.filter(state=DeliveryState.RECEIVED).order_by("pk")
    ids: list[int] = []
    size = 0
    for pk, attempts, length in waiting.values_list("pk", "attempts", "size")[:BATCH]:
        if attempts >= MAX_ATTEMPTS:
            _put_aside(pk)
            continue
        size += length
        if ids and (attempts or size > BATCH_BYTES):
            break
        ids.append(pk)
        if attempts:
            break
    Delivery.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1)
    return ids


def _put_aside(pk: int) -> None:
    Delivery.objects.filter(pk=pk).update(state=DeliveryState.FAILED, error=KILLED, processed_at=timezone.now())
    logger.error("delivery %s was put aside: it was begun %s times and never finished", pk, MAX_ATTEMPTS)


def _process(ids: list[int]) -> int:
    """Process these deliveries at once, or one at a time when that fails; return how many were dealt with."""
    try:
        return _write(ids)
    except DATABASE_AWAY:
        # The database restarts or is locked: they are taken again, one at a time.
        raise
    except Exception:
        if len(ids) > 1:
            logger.exception("a batch of %s deliveries failed; they are processed one at a time", len(ids))
            return sum(_process([pk]) for pk in ids)
        return _fail(ids[0], traceback.format_exc())


def _fail(pk: int, trace: str) -> int:
    logger.error("delivery %s could not be processed:\n%s", pk, trace)
    words = storable_text(trace.strip().splitlines()[-1])[:500]
    Delivery.objects.filter(pk=pk, state=DeliveryState.RECEIVED).update(
        state=DeliveryState.FAILED,
        error=f"It could not be processed: {words}",
        traceback=storable_text(trace)[-20_000:],
        processed_at=timezone.now(),
    )
    return 1


@dataclass
class Read:
    """What deliveries say, before anything is written."""

    deliveries: list[Delivery]
    events: list[Event] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    originals: dict[int, int] = field(default_factory=dict)


def _write(ids: list[int]) -> int:
    """Write everything that these deliveries say, and their new states, in one transaction.

    They are read before it begins: as long as it lasts, SQLite lets no receiver write.
    """
    read = _read(ids)
    with transaction.atomic():
        if not _hold():
            return 0
        if Delivery.objects.filter(pk__in=ids, state=DeliveryState.RECEIVED).count() != len(read.deliveries):
            # Another worker was at them meanwhile, as after a pause that was longer than the lease.
            return 0
        if read.events:
            record(read.events)
        _settle(read)
    return len(read.deliveries)


def _read(ids: list[int]) -> Read:
    deliveries = list(Delivery.objects.filter(pk__in=ids, state=DeliveryState.RECEIVED).order_by("pk"))
    read = Read(deliveries, originals=_originals(deliveries))
    teamspaces = dict(Channel.objects.filter(pk__in={d.channel_id for d in deliveries}).values_list("pk", "teamspace"))
    for delivery in deliveries:
        try:
            found, problems = _events(delivery)
        except Unreadable as error:
            read.failed[delivery.pk] = str(error)
            continue
        for event in found:
            event.channel_pk = delivery.channel_id or 0
            event.teamspace_pk = teamspaces[event.channel_pk]
            event.delivery_id, event.received_at = delivery.pk, delivery.received_at
            event.is_again = delivery.attempts > 1 or delivery.processed_at is not None
            event.repeats = read.originals.get(delivery.pk)
        read.events += found
        if problems:
            read.failed[delivery.pk] = " ".join(problems)[:2000]
    prepare(read.events)
    return read


def _events(delivery: Delivery) -> tuple[list[Event], list[str]]:
    value = parse(bytes(delivery.body))
    if DeliveryKind.PROFILE in {delivery.kind, kind_of(value)}:
        return [], []
    return events_of(value)


def _originals(deliveries: list[Delivery]) -> dict[int, int]:
    """Return which of these repeat the bytes of an earlier delivery of the same channel within the window."""
    window = timedelta(seconds=settings.WEBHOOK_REPEAT_WINDOW)
    if not deliveries or not window:
        return {}
    if any(each.processed_at is not None for each in deliveries):
        # Replayed ones lie far apart: each is looked up by itself.
        found = {each.pk: _newest_before_one(each, window) for each in deliveries}
        return {pk: original for pk, original in found.items() if original is not None}
    last: dict[tuple[int | None, str], tuple[int, datetime]] = {}
    for row in _newest_before(deliveries, window):
        last[row.channel_id, row.body_sha256] = (row.pk, row.received_at)
    originals = {}
    for each in deliveries:
        key = (each.channel_id, each.body_sha256)
        if key in last and each.received_at - last[key][1] <= window:
            originals[each.pk] = last[key][0]
        last[key] = (each.pk, each.received_at)
    return originals


def _newest_before_one(delivery: Delivery, window: timedelta) -> int | None:
    earlier = Delivery.objects.filter(
        body_sha256=delivery.body_sha256,
        channel=delivery.channel_id,
        received_at__gte=delivery.received_at - window,
        received_at__lte=delivery.received_at,
        pk__lt=delivery.pk,
    ).exclude(state__in=(DeliveryState.REJECTED, DeliveryState.FAILED))
    return earlier.order_by("-received_at", "-pk").values_list("pk", flat=True).first()


def _newest_before(deliveries: list[Delivery], window: timedelta) -> "models.QuerySet[Delivery]":
    """Return the newest delivery of each of these bodies and channels that came before all of these."""
    newest = (
        Delivery.objects.filter(
            body_sha256__in={each.body_sha256 for each in deliveries},
            channel__in={each.channel_id for each in deliveries},
            received_at__gte=min(each.received_at for each in deliveries) - window,
            pk__lt=deliveries[0].pk,
        )
        .order_by()
        .values("body_sha256", "channel")
        .annotate(newest=models.Max("pk"))
    )
    ids = [row["newest"] for row in newest]
    good = (DeliveryState.PROCESSED, DeliveryState.REPEAT)
    return Delivery.objects.filter(pk__in=ids, state__in=good).only("pk", "channel", "body_sha256", "received_at")


def _settle(read: Read) -> None:
    now = timezone.now()
    for pk, words in read.failed.items():
        Delivery.objects.filter(pk=pk).update(state=DeliveryState.FAILED, error=words, processed_at=now)
    well = [each.pk for each in read.deliveries if each.pk not in read.failed]
    repeated = [pk for pk in well if pk in read.originals]
    processed = [pk for pk in well if pk not in read.originals]
    for pks, state in ((processed, DeliveryState.PROCESSED), (repeated, DeliveryState.REPEAT)):
        if pks:
            Delivery.objects.filter(pk__in=pks).update(state=state, error="", traceback="", processed_at=now)
