"""/healthz, /readyz and /metrics: what they say when all is well, and when one thing is not."""

import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from protoadmin.connections.models import Channel, Teamspace
from protoadmin.health import checks
from protoadmin.outbox.models import Call, CallState, Gate
from protoadmin.workers.models import Heartbeat
from webhooks.models import Delivery, DeliveryState, Refusals

pytestmark = pytest.mark.django_db
LONG_AGO = datetime.timedelta(hours=1)


@pytest.fixture
def teamspace() -> Teamspace:
    return Teamspace.objects.create(name="Acme", subcompany_id="acme", takeover_secret="x")


@pytest.fixture
def worker() -> Heartbeat:
    now = timezone.now()
    return Heartbeat.objects.create(cluster="host:1", host="host", pid=1, started_at=now, beat_at=now)


def ready(client: Client, **query: str) -> tuple[int, Any]:
    answer = client.get("/readyz", query)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()


def call_of(teamspace: Teamspace, **values: Any) -> Call:
    due = timezone.now() - LONG_AGO
    return Call.objects.create(operation="get_customer", connection=teamspace, next_attempt_at=due, **values)


@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_alive_whatever_the_host(client: Client, path: str) -> None:
    answer = client.get(path, HTTP_HOST="10.0.0.7:8000")
    assert answer.status_code == 200
    assert answer.content == b"ok\n"
    assert client.get("/admin/login/", HTTP_HOST="10.0.0.7:8000").status_code == 400


def test_alive_asks_nobody(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz")


@pytest.mark.usefixtures("worker")
def test_ready_when_all_is_well(client: Client) -> None:
    status, body = ready(client)
    assert (status, body["status"]) == (200, "ready")
    assert set(body["checks"]) == {"database", "queue", "workers", "calls", "deliveries"}
    assert all(check["ok"] for check in body["checks"].values())


def test_not_ready_without_a_worker(client: Client) -> None:
    status, body = ready(client)
    assert (status, body["status"]) == (503, "not ready")
    assert body["checks"]["workers"] == {"ok": False, "message": "No worker has ever run."}
    assert body["checks"]["database"]["ok"]


def test_not_ready_when_the_last_worker_fell_silent(client: Client, worker: Heartbeat) -> None:
    Heartbeat.objects.update(beat_at=timezone.now() - LONG_AGO)
    status, body = ready(client)
    assert status == 503
    assert body["checks"]["workers"]["seconds"] >= 3600


@pytest.mark.usefixtures("worker")
def test_not_ready_when_a_call_is_overdue(client: Client, teamspace: Teamspace) -> None:
    call_of(teamspace)
    status, body = ready(client)
    assert status == 503
    assert body["checks"]["calls"]["seconds"] >= 3600
    assert [name for name, check in body["checks"].items() if not check["ok"]] == ["calls"]


@pytest.mark.usefixtures("worker")
def test_a_call_that_waits_for_a_reason_is_not_overdue(client: Client, teamspace: Teamspace) -> None:
    first = call_of(teamspace, lane="a", state=CallState.SENDING)
    call_of(teamspace, lane="a")
    call_of(teamspace, depends_on=first)
    assert ready(client)[0] == 200
    call_of(teamspace, lane="b")
    assert ready(client)[0] == 503
    Gate.objects.update(paused_until=timezone.now() + LONG_AGO)
    assert ready(client)[0] == 200


@pytest.mark.usefixtures("worker")
def test_not_ready_when_a_delivery_is_overdue(client: Client, teamspace: Teamspace) -> None:
    channel = Channel.objects.create(name="Site", channel_id="site", teamspace=teamspace)
    Delivery.objects.create(channel=channel, received_at=timezone.now())
    assert ready(client)[0] == 200
    Delivery.objects.update(received_at=timezone.now() - LONG_AGO)
    status, body = ready(client)
    assert status == 503
    assert body["checks"]["deliveries"]["seconds"] >= 3600


def test_a_load_balancer_asks_for_the_database_alone(client: Client) -> None:
    status, body = ready(client, only="database")
    assert status == 200
    assert list(body["checks"]) == ["database"]
    status, body = ready(client, only="database,moon")
    assert status == 400
    assert "database, queue, workers, calls, deliveries" in body["error"]


def test_a_database_that_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise OperationalError("password=hunter2 refused by 10.1.2.3")

    monkeypatch.setattr(connection, "cursor", refuse)
    status, body = ready(client, only="database")
    assert status == 503
    assert body["checks"]["database"] == {"ok": False, "message": "It does not answer; the log says why."}
    assert "health check database failed" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_nothing_but_reading(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_ways_of_asking_stay_bounded(
    client: Client, teamspace: Teamspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(checks.LOOKED_AT + 50):
        call_of(teamspace, lane=str(number))
    with django_assert_max_num_queries(8):
        client.get("/readyz")


# --- metrics ------------------------------------------------------------------------------------


def scraped(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers={"Authorization": "Bearer tok"})
    assert answer.status_code == 200, answer.content
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_no_metrics_without_the_setting(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "tok", "Basic tok", "Bearer \u00e9"])
def test_no_metrics_without_the_token(client: Client, settings: Any, given: str) -> None:
    settings.METRICS_TOKEN = "tok"
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 401
    assert b"proto_admin" not in answer.content


def test_the_figures(client: Client, settings: Any, teamspace: Teamspace, worker: Heartbeat) -> None:
    settings.METRICS_TOKEN = "tok"
    call_of(teamspace)
    call_of(teamspace, state=CallState.FAILED)
    last = Delivery.objects.create(state=DeliveryState.FAILED)
    Refusals.objects.create(reason="signature", count=7)
    found = scraped(client)
    assert found["proto_admin_calls", (("state", "queued"),)] == 1
    assert found["proto_admin_calls", (("state", "failed"),)] == 1
    assert found["proto_admin_calls", (("state", "unconfirmed"),)] == 0
    assert found["proto_admin_oldest_call_age_seconds", ()] >= 3600
    assert found["proto_admin_oldest_delivery_age_seconds", ()] == 0
    assert found["proto_admin_deliveries", (("state", "failed"),)] == 1
    assert found["proto_admin_deliveries_stored_total", ()] == last.pk
    assert found["proto_admin_deliveries_refused_total", (("reason", "signature"),)] == 7
    assert found["proto_admin_worker_clusters", ()] == 1
    assert found["proto_admin_check", (("check", "calls"),)] == 0
    assert found["proto_admin_check", (("check", "workers"),)] == 1
