"""The list: what it shows, to whom, what its filters and its search find, and what it does not read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.deliveries.house import LIST, House
from webhooks import searching, spans
from webhooks.models import Delivery, DeliveryKind, DeliveryState, Refusals

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_a_row_says(house: House) -> None:
    house.arrived(b"x" * 2048, state=DeliveryState.FAILED, error="The body is not JSON.", received_at=NOON)
    Delivery.objects.update(processed_at=NOON + timedelta(seconds=3.5))
    page = house.client().get(reverse(LIST)).content.decode()
    for words in ("2.0 KiB", "3.5 s", "The body is not JSON.", "pa-state-failed", "Web", "2026-03-01 12:00:00"):
        assert words in page


def test_before_anything_arrived(house: House) -> None:
    assert "Nothing has arrived yet" in house.client().get(reverse(LIST)).content.decode()
    assert "Nothing has arrived yet" not in house.client().get(reverse(LIST), {"q": "x"}).content.decode()
    house.arrived()
    assert "Nothing has arrived yet" not in house.client().get(reverse(LIST)).content.decode()


def test_whose_rows(house: House) -> None:
    own, foreign = house.arrived(), house.arrived(channel=house.foreign)
    nobodys = Delivery.objects.create(state=DeliveryState.REJECTED)
    assert house.listed() == [own.pk]
    assert house.listed(house.root) == [nobodys.pk, foreign.pk, own.pk]
    assert house.listed(house.root, channel="none") == [nobodys.pk]


@pytest.mark.parametrize("role", ["Support", "Manager"])
def test_others_do_not_see_it(house: House, role: str) -> None:
    client = house.client(house.new_person("bob", role))
    assert client.get(reverse(LIST)).status_code == 403
    assert "Webhook deliveries" not in client.get(reverse("admin:index")).content.decode()
    assert "Webhook deliveries" in house.client().get(reverse("admin:index")).content.decode()


def test_filters(house: House) -> None:
    phone = house.new_channel("Phone", house.acme)
    failed = house.arrived(state=DeliveryState.FAILED)
    profile = house.arrived(kind=DeliveryKind.PROFILE, channel=phone)
    foreign = house.arrived(channel=house.foreign)
    assert house.listed(state__exact="failed") == [failed.pk]
    assert house.listed(kind="profile") == [profile.pk]
    assert house.listed(channel=str(phone.pk)) == [profile.pk]
    assert house.listed(channel=str(house.foreign.pk)) == []
    assert house.listed(house.root, teamspace=str(house.other.pk)) == [foreign.pk]
    assert house.listed(state__exact="failed", kind="profile") == []
    assert house.listed(channel="x", kind="x", teamspace="x") == [profile.pk, failed.pk]


def test_a_span_of_time(house: House) -> None:
    rows = [house.arrived(received_at=NOON + timedelta(hours=hour)) for hour in range(-30, 30)]
    # Two that came at the same moment may have their ids the other way round.
    Delivery.objects.filter(pk=rows[31].pk).update(received_at=NOON - timedelta(seconds=1))
    noon = {"received_at_from_0": "2026-03-01", "received_at_from_1": "12:00:00"}
    three = {"received_at_to_0": "2026-03-01", "received_at_to_1": "15:00:00"}
    assert house.listed(None, **noon, **three) == [rows[33].pk, rows[32].pk, rows[30].pk]
    whole_day = house.listed(received_at_from_0="2026-03-01", received_at_to_0="2026-03-01")
    assert len(whole_day) == 24
    assert len(house.listed(received_at_from_0="nonsense")) == 50
    assert house.listed(received_at_from_0="2030-01-01") == []
    assert house.listed(received_at_to_0="2020-01-01") == []


def test_a_span_within_very_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Narrowed by ids, which follow the times but for some that do not."""
    monkeypatch.setattr(spans, "NEAR", 40)
    minutes = [NOON + timedelta(minutes=number) for number in range(1000)]
    wrong = {0, 1, 333, 500, 501, 999}
    Delivery.objects.bulk_create(
        Delivery(channel=house.web, received_at=NOON - timedelta(days=900) if number in wrong else each)
        for number, each in enumerate(minutes)
    )
    for first, last in ((0, 999), (2, 3), (320, 350), (490, 510), (990, 998), (0, 0)):
        with CaptureQueriesContext(connection) as queries:
            rows = spans.received_between(Delivery.objects.all(), minutes[first], minutes[last])
            found = set(rows.values_list("received_at", flat=True))
        assert found == {minutes[number] for number in range(first, last + 1) if number not in wrong}
        assert "id" in queries[-1]["sql"].partition("WHERE")[2]
    assert not spans.received_between(Delivery.objects.all(), NOON + timedelta(days=9), None)


@pytest.mark.parametrize(
    ("sought", "body"),
    [
        ("Grüße", '{"text": "Grüße"}'.encode()),
        ("Grüße", b'{"text": "Gr\\u00fc\\u00dfe"}'),
        ("Grüße", b'{"text": "Gr\\u00FC\\u00DFe"}'),
        ("สวัสดี", '{"text": "สวัสดี"}'.encode()),
        ("😀", b'{"text": "\\ud83d\\ude00"}'),
        ("😀", b'{"text": "\\uD83D\\uDE00"}'),
        ('say "hi"', b'{"text": "say \\"hi\\""}'),
        ('"say"', b'{"say": 1}'),
        ("a/b", b'{"text": "a\\/b"}'),
        ("a/b", b'{"text": "a/b"}'),
        ("é/é", b'{"text": "\\u00e9\\/\\u00e9"}'),
        ("100%_'", b"{'100%_'"),
        ("plain", b"\xff\x00plain"),
    ],
)
def test_text_in_the_body(house: House, sought: str, body: bytes) -> None:
    house.arrived(b'{"text": "other"}')
    found = house.arrived(body)
    house.arrived(body, channel=house.foreign)
    assert house.listed(q=sought) == [found.pk]
    assert house.listed(q=sought + "!") == []


def test_a_search_goes_with_the_filters_and_says_how_far_it_looked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [house.arrived({"text": "needle"}, state=DeliveryState.FAILED) for _ in range(3)]
    house.arrived({"text": "needle"})
    assert house.listed(q="needle", state__exact="failed") == [row.pk for row in reversed(rows)]
    assert "4 deliveries were looked through" in house.client().get(reverse(LIST), {"q": "needle"}).content.decode()
    monkeypatch.setattr(searching, "LOOKED_THROUGH", 2)
    assert house.listed(q="needle", state__exact="failed") == [rows[2].pk, rows[1].pk]
    page = house.client().get(reverse(LIST), {"q": "needle"}).content.decode()
    assert "Only the newest 2 deliveries" in page
    monkeypatch.setattr(searching, "LOOKED_THROUGH", 20)
    monkeypatch.setattr(searching, "MOST_BYTES", 30)
    assert len(house.listed(q="needle")) == 1
    monkeypatch.undo()
    monkeypatch.setattr(searching, "MOST_FOUND", 1)
    assert len(house.listed(q="needle")) == 1


def test_the_kind_is_looked_for_in_the_newest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.arrived(kind=DeliveryKind.PROFILE)
    house.arrived()
    monkeypatch.setattr(searching, "LOOKED_THROUGH", 1)
    response = house.client().get(reverse(LIST), {"kind": "profile"})
    assert not response.context["cl"].result_list
    assert "Only the newest 1 deliveries" in response.content.decode()


def test_a_list_reads_no_body_and_counts_no_table(house: House) -> None:
    for _ in range(3):
        house.arrived(b"x" * 1000, traceback="t" * 1000)
    client = house.client()
    client.get(reverse(LIST))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(reverse(LIST), {"state__exact": "processed"})
    said = [query["sql"] for query in queries]
    assert len(said) < 25
    for sql in said:
        assert '"body"' not in sql
        assert '"traceback"' not in sql
        assert '"secret"' not in sql
        if "COUNT(*)" in sql:
            assert "LIMIT" in sql


def test_refused_requests_are_counted_by_reason(house: House) -> None:
    now = timezone.now()
    Refusals.objects.create(channel=house.web, reason="wrong_signature", count=1234, last_at=now)
    Refusals.objects.create(channel=house.web, reason="too_large", count=5, last_at=now - timedelta(days=1))
    Refusals.objects.create(channel=house.foreign, reason="no_signature", count=7, last_at=now)
    Refusals.objects.create(channel=None, reason="no_channel", count=9, last_at=now)
    page = house.client().get(reverse(LIST)).content.decode()
    assert "<strong>1,234</strong> wrong signature" in page
    assert "too large" in page
    assert "no signature" not in page
    assert "unknown channel" not in page
    page = house.client(house.root).get(reverse(LIST)).content.decode()
    assert "<strong>9</strong> unknown channel" in page
    assert "<strong>7</strong> no signature" in page


def test_a_refused_request_is_in_the_list_with_its_reason(house: House) -> None:
    response = house.client().post("/webhooks/id-Web/", b"{}", content_type="application/json")
    assert response.status_code == 401
    page = house.client().get(reverse(LIST), {"state__exact": "rejected"}).content.decode()
    assert "X-PROTO-SIGNATURE is missing" in page
    assert "Last refused" in page


def test_live_badges(house: House) -> None:
    row, foreign = house.arrived(state=DeliveryState.RECEIVED), house.arrived(channel=house.foreign)
    url = reverse("admin:webhooks_delivery_states")
    assert house.client().get(url, {"ids": f"{row.pk},{foreign.pk}"}).json() == {str(row.pk): "received"}
