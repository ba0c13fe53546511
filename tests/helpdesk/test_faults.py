"""What goes wrong while a pull reads or writes: it ends complete or says where it stopped, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import VisitorConversation
from customers.helpdesk import pulling, reading
from customers.helpdesk.pulling import pull_start
from customers.models import Company, Contact
from protoadmin.clients.transport import Limits
from protoadmin.connections.models import HelpdeskAccount
from protoadmin.outbox.services import gate_of
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import RunKind
from protoadmin.runs.working import work_due
from tests.helpdesk.desk import Desk

MODELS: tuple[Any, ...] = (Company, Contact, VisitorConversation)


def rows() -> list[int]:
    return [model.objects.count() for model in MODELS]


def gone() -> int:
    return sum(model.objects.exclude(gone_at=None).count() for model in MODELS)


@pytest.mark.parametrize(
    "kind", ["truncated", "html", "drop_before", "drop_after", "garbage", "error", "unavailable", "rate_limit", "drip"]
)
def test_what_passes_is_read_again(desk: Desk, kind: str) -> None:
    more = {"seconds": 0.5} if kind == "drip" else {}
    desk.fault(kind, "/api/v1/conversations", times=2, **more)
    run = desk.pull()
    assert (run.state, run.error, run.failed) == (RunState.DONE, "", 0)
    assert run.done == run.total == sum(rows())
    assert gone() == 0


@pytest.mark.parametrize("kind", ["truncated", "html", "drop_after", "garbage", "error"])
def test_what_stays_wrong_ends_with_words(desk: Desk, kind: str) -> None:
    desk.pull()
    before = rows()
    stranger = Company.objects.create(account=desk.account, remote_id="not at the remote")
    desk.fault(kind, "/api/v1/contacts")
    run = desk.pull()
    assert run.state == RunState.FAILED
    assert run.error.startswith("It stopped when it read the contacts, 5 times in a row: ")
    assert "Nothing was marked as gone" in run.error
    assert len(desk.requests("/api/v1/contacts")) == 6
    assert gone() == 0
    stranger.delete()
    assert rows() == before


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("error", {"status": 401}, "did not accept the secret"),
        ("error", {"status": 404}, "knows nothing under this address"),
        ("wrong_shape", {}, "a list was expected"),
        ("redirect", {}, "redirects to https://elsewhere.example/login"),
    ],
)
def test_what_is_no_better_the_next_time_is_tried_once(desk: Desk, kind: str, more: Any, words: str) -> None:
    desk.fault(kind, "/api/v1/contacts", **more)
    run = desk.pull()
    assert run.state == RunState.FAILED
    assert run.error.startswith("It stopped when it read the contacts: ")
    assert words in run.error
    assert len(desk.requests("/api/v1/contacts")) == 1


def test_a_slow_answer_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LIMITS", Limits(seconds=0.5))
    desk.fault("slow", "/api/v1/companies", seconds=1.5, times=1)
    assert desk.pull().state == RunState.DONE
    assert len(desk.requests("/api/v1/companies")) == 2


def test_429_lets_the_whole_connection_wait(desk: Desk) -> None:
    desk.fault("rate_limit", "/api/v1/companies", times=1, retry_after=7)
    run = pull_start(account=desk.account, by=None)
    work_due()
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert "Waiting: companies: " in run.error
    gate = gate_of(desk.account)
    assert gate is not None
    assert gate.paused_until is not None
    assert 1 < (gate.paused_until - timezone.now()).total_seconds() <= 7
    Run.objects.update(heartbeat_at=None)
    work_due()  # the gate is closed still
    assert len(desk.requests()) == 1
    assert desk.finish(run).state == RunState.DONE


def test_an_inactive_account_waits(desk: Desk) -> None:
    run = pull_start(account=desk.account, by=None)
    HelpdeskAccount.objects.update(is_active=False)
    work_due()
    run.refresh_from_db()
    assert "is not active" in run.error
    assert desk.requests() == []
    HelpdeskAccount.objects.update(is_active=True)
    assert desk.finish(run).state == RunState.DONE


def test_an_account_without_a_key_says_so(desk: Desk) -> None:
    run = pull_start(account=desk.account, by=None)
    HelpdeskAccount.objects.update(api_key="")
    assert "has no api key" in desk.finish(run).error


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def dying_at(number: int, function: Callable[[Run], Any], *, after: bool) -> Callable[[Run], Any]:
    """Return the function, which dies once, at its `number`-th call; `after` its work is done, or before."""
    calls = 0

    def wrapped(run: Run) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and not after:
            raise Killed
        result = function(run)
        if calls == number:
            raise Killed
        return result

    return wrapped


@pytest.mark.parametrize("half", ["read", "work"])
def test_killed_anywhere_it_ends_complete(desk: Desk, half: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.make_contacts(1000)
    for number in (1, 2, 3, 5, 8):
        for after in (False, True):
            stranger = Contact.objects.create(account=desk.account, remote_id="not at the remote")
            functions: dict[str, Any] = {"read": reading.read, "work": pulling.work}
            functions[half] = dying_at(number, functions[half], after=after)
            kind = RunKind(pulling.NAME, "Pull", functions["work"], read=functions["read"], after=reading.forget)
            monkeypatch.setattr("protoadmin.runs.working.run_kind", lambda name, kind=kind: kind)
            run = pull_start(account=desk.account, by=None)
            with suppress(Killed):
                work_due()
            Run.objects.filter(pk=run.pk, finished_at=None).update(heartbeat_at=None)  # its lease has run out
            desk.finish(run)
            assert (run.state, run.failed) == (RunState.DONE, 0), (number, after)
            assert run.done == run.total == sum(rows()) - 1
            stranger.refresh_from_db()
            assert (gone(), stranger.gone_at is not None) == (1, True)
            for model in reversed(MODELS):
                model.objects.all().delete()


def test_stopped_by_a_person_nothing_is_marked(desk: Desk) -> None:
    desk.pull()
    Contact.objects.create(account=desk.account, remote_id="not at the remote")
    run = pull_start(account=desk.account, by=None)
    Run.objects.filter(pk=run.pk).update(stop_requested=True)
    assert desk.finish(run).state == RunState.STOPPED
    assert gone() == 0
