"""Replay: one, a selection, and everything that failed between two times, as a run that can be stopped."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from conversations.models import Message
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.services import run_stop
from protoadmin.runs.working import work_due
from tests.deliveries.house import LIST, House, state_of
from tests.deliveries.test_page import event
from webhooks import replay_screen, replaying
from webhooks.draining import drain
from webhooks.models import Delivery, DeliveryState

FAILED, RECEIVED, PROCESSED = DeliveryState.FAILED, DeliveryState.RECEIVED, DeliveryState.PROCESSED
URL = reverse("admin:webhooks_delivery_list_button", args=["replay-failed"])


def test_one(house: House) -> None:
    delivery = house.arrived({"events": [event()]}, state=RECEIVED)
    drain()
    assert "processed again" in house.press(delivery).content.decode()
    assert state_of(delivery) == RECEIVED
    assert "cannot be replayed" not in house.page(delivery)
    drain()
    assert state_of(delivery) == PROCESSED
    assert Message.objects.count() == 1
    history = house.client().get(reverse("admin:webhooks_delivery_history", args=[delivery.pk])).content.decode()
    assert "Replayed." in history


def test_one_that_waits_already(house: House) -> None:
    assert "Only a delivery that was processed" in house.press(house.arrived(state=RECEIVED)).content.decode()


def choose(house: House, *rows: Delivery) -> Any:
    """Replay a selection."""
    data = {"action": "replay", ACTION_CHECKBOX_NAME: [row.pk for row in rows], "index": "0", "select_across": "0"}
    return house.client().post(reverse(LIST), data, follow=True)


def test_a_selection(house: House) -> None:
    rows = [house.arrived(state=state) for state in (FAILED, PROCESSED, RECEIVED, DeliveryState.REJECTED)]
    foreign = house.arrived(channel=house.foreign, state=FAILED)
    page = choose(house, *rows, foreign).content.decode()
    assert "2 deliveries are processed again" in page
    assert "1 delivery is waiting to be processed anyway" in page
    assert "1 delivery is not replayed. A rejected delivery was not kept" in page
    assert [state_of(row) for row in rows] == [RECEIVED, RECEIVED, RECEIVED, DeliveryState.REJECTED]
    assert state_of(foreign) == FAILED


def test_a_big_selection_is_a_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_screen, "AT_ONCE", 2)
    rows = [house.arrived(state=FAILED) for _ in range(3)]
    assert "Replay chosen deliveries" in choose(house, *rows).content.decode()
    assert Run.objects.get().total == 3


def span(before: float = 24, after: float = 1, **more: str) -> dict[str, str]:
    """Return what the dialog posts: from so many hours ago until so many hours from now."""
    now = timezone.now()
    since, until = now - timedelta(hours=before), now + timedelta(hours=after)
    return {
        "since": f"{since:%Y-%m-%dT%H:%M}",
        "until": f"{until:%Y-%m-%dT%H:%M}",
        "request_key": "k",
        "channel": "",
        **more,
    }


def test_what_failed_between_two_times_is_counted_first(house: House) -> None:
    phone = house.new_channel("Phone", house.acme)
    house.arrived(state=FAILED)
    house.arrived(state=FAILED, channel=phone)
    house.arrived(state=FAILED, received_at=timezone.now() - timedelta(days=3))
    house.arrived(state=FAILED, channel=house.foreign)
    house.arrived()
    page = house.client().post(URL, span()).content.decode()
    assert "Replay 2 failed deliveries?" in page
    assert not Run.objects.exists()
    assert "Replay 1 failed delivery?" in house.client().post(URL, span(channel=str(phone.pk))).content.decode()
    assert "Replay 3 failed deliveries?" in house.client().post(URL, span(before=24 * 5)).content.decode()
    refused = house.client().post(URL, span(channel=str(house.foreign.pk)))
    assert refused.status_code == 422
    nothing = house.client().post(URL, span(before=-0.5))
    assert nothing.status_code == 422
    assert "failed" in nothing.content.decode()
    assert "before the beginning" in house.client().post(URL, span(before=-2)).content.decode()


def test_many_are_more_than_10_000(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_screen, "COUNTED", 1)
    for _ in range(3):
        house.arrived(state=FAILED)
    page = house.client().post(URL, span()).content.decode()
    assert "2 failed deliveries" in page or "more than" in page


def start(house: House, **more: str) -> Run:
    """Start the run with the confirmation's button."""
    response = house.client().post(URL, span(24, 1, confirmed="on", **more))
    run = Run.objects.latest("pk")
    assert response["Location"] == reverse("admin:runs_run_change", args=[run.pk])
    return run


def nap(run: Run) -> None:
    """Let the pause before the next look be over."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)


def finish(run: Run) -> Run:
    """Let workers work until it has ended."""
    for _ in range(20):
        drain()
        nap(run)
        work_due()
        run.refresh_from_db()
        if run.finished_at:
            return run
    raise AssertionError(run.state)


def test_the_run(house: House) -> None:
    good = [house.arrived({"events": [event(chat=f"chat-{n}")]}, state=FAILED) for n in range(3)]
    bad = house.arrived(b"no json", state=FAILED)
    run = start(house)
    work_due()
    assert {state_of(row) for row in (*good, bad)} == {RECEIVED}
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == (RunState.RUNNING, 0, 4)
    run = finish(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 3, 1)
    error = run.errors.get()
    assert error.row == f"Delivery {bad.pk}"
    assert "not JSON" in error.message
    assert Message.objects.count() == 3
    page = house.client().get(reverse("admin:runs_run_change", args=[run.pk])).content.decode()
    assert "Replay deliveries" in page
    assert "not JSON" in page


def test_a_run_in_many_slices_is_stopped_and_goes_no_further(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PER_SLICE", 2)
    monkeypatch.setattr(replaying, "AT_ONCE", 2)
    rows = [house.arrived({"events": [event(chat=f"chat-{n}")]}, state=FAILED) for n in range(6)]
    run = start(house)
    work_due()
    assert [state_of(row) for row in rows] == [RECEIVED] * 2 + [FAILED] * 4
    drain()
    nap(run)
    work_due()
    assert [state_of(row) for row in rows] == [PROCESSED] * 2 + [RECEIVED] * 2 + [FAILED] * 2
    assert run_stop(run=run, by=house.ada)
    run = finish(run)
    assert (run.state, run.done, run.failed) == (RunState.STOPPED, 4, 0)
    drain()
    assert [state_of(row) for row in rows] == [PROCESSED] * 4 + [FAILED] * 2


def test_the_run_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PER_SLICE", 2)
    monkeypatch.setattr(replaying, "AT_ONCE", 3)
    for n in range(9):
        house.arrived({"events": [event(chat=f"chat-{n}")]}, state=FAILED)
    run = finish(start(house))
    assert (run.state, run.done, run.failed) == (RunState.DONE, 9, 0)
    assert Message.objects.count() == 9


def test_rows_that_are_gone_or_cannot_be_replayed(house: House) -> None:
    rows = [house.arrived(state=FAILED) for _ in range(3)]
    run = start(house)
    rows[0].delete()
    Delivery.objects.filter(pk=rows[1].pk).update(channel=house.foreign)
    Delivery.objects.filter(pk=rows[2].pk).update(state=DeliveryState.REJECTED)
    run = finish(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 0, 3)
    assert state_of(rows[1]) == FAILED


def test_whoever_may_not_any_more_is_stopped(house: House) -> None:
    house.arrived(state=FAILED)
    run = start(house)
    house.ada.groups.clear()
    work_due()
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "may not replay deliveries any more" in run.error
