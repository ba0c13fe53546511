"""Figures for Prometheus, read from the database at each scrape: whatever process answers tells of all of them."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Max
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from conversations.models import Chat, Message
from protoadmin.health.checks import CHECKS, look, oldest_call, oldest_delivery
from protoadmin.outbox.models import OPEN_STATES, PENDING_STATES, Call, Gate
from protoadmin.runs.models import OPEN_STATES as RUN_OPEN_STATES
from protoadmin.runs.models import Run
from protoadmin.workers.heartbeat import STALE_AFTER
from protoadmin.workers.models import Heartbeat
from webhooks.models import Delivery, DeliveryState, Refusals

PREFIX = "proto_admin"
# A count goes no further: what matters is that there are many.
COUNTED = 10_000


class ProductCollector(Collector):
    """What is worth an alarm or a curve (docs/OPERATIONS.md, "What to watch")."""

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its present value."""
        yield from _health()
        yield from _outbox()
        yield from _webhooks()
        yield _by_label("runs", "Background runs that have not ended.", "state", _counts(Run, RUN_OPEN_STATES))
        alive = Heartbeat.objects.filter(beat_at__gt=timezone.now() - STALE_AFTER).count()
        yield GaugeMetricFamily(f"{PREFIX}_worker_clusters", "Worker clusters that did work lately.", alive)
        # The highest id, since counting reads the whole table: rows that were removed again are in it.
        yield _counter("messages", "Messages that were ever written.", _highest(Message))
        yield _counter("chats", "Chats that were ever written.", _highest(Chat))


def _health() -> Iterator[Metric]:
    checks = GaugeMetricFamily(f"{PREFIX}_check", "1: the check of /readyz is well.", labels=["check"])
    for check in look(CHECKS):
        checks.add_metric([check.name], float(check.is_well))
    yield checks


def _outbox() -> Iterator[Metric]:
    states = (*PENDING_STATES, *OPEN_STATES)
    yield _by_label("calls", f"API calls by state, counted to {COUNTED}.", "state", _counts(Call, states))
    yield _age("oldest_call", "Seconds for which the oldest call that could go out has been due.", oldest_call)
    paused = Gate.objects.filter(paused_until__gt=timezone.now()).count()
    yield GaugeMetricFamily(f"{PREFIX}_paused_connections", "Connections whose requests wait.", paused)


def _webhooks() -> Iterator[Metric]:
    states = (DeliveryState.RECEIVED, DeliveryState.FAILED)
    yield _by_label("deliveries", f"Deliveries by state, counted to {COUNTED}.", "state", _counts(Delivery, states))
    yield _age("oldest_delivery", "Seconds for which the oldest delivery has waited.", oldest_delivery)
    yield _counter("deliveries_stored", "Deliveries that were ever stored.", _highest(Delivery))
    refused = CounterMetricFamily(f"{PREFIX}_deliveries_refused", "Requests refused.", labels=["reason"])
    totals: dict[str, int] = {}
    for reason, count in Refusals.objects.values_list("reason", "count"):
        totals[reason] = totals.get(reason, 0) + count
    for reason, count in sorted(totals.items()):
        refused.add_metric([reason], count)
    yield refused


def _counts(model: Any, states: Any) -> dict[str, int]:
    return {str(state): model.objects.filter(state=state).order_by()[:COUNTED].count() for state in states}


def _by_label(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _age(name: str, words: str, read: Callable[[], float | None]) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}_age_seconds", words, read() or 0.0)


def _counter(name: str, words: str, value: int) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", words, value)


def _highest(model: Any) -> int:
    return model.objects.aggregate(highest=Max("pk"))["highest"] or 0


def exposition() -> bytes:
    """Return the figures in Prometheus's text format; raises what the database raises."""
    registry = CollectorRegistry()
    registry.register(ProductCollector())
    return generate_latest(registry)
