"""What a run over many people counts: answers as they come in, also those that a person sends again later."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.outbox.services import call_dismiss, call_send_again, call_went_through
from protoadmin.outbox.transitions import move
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.services import run_start, run_stop
from protoadmin.runs.working import work_due
from protoadmin.sandbox.server import SandboxServer
from tests.outbox.remote import Remote
from tests.outbox.scene import work

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with SandboxServer(port=0) as server:
        yield Remote(server.url)


@pytest.fixture
def agent() -> User:
    return User.objects.create_user("agent")


@pytest.fixture
def people(remote: Remote) -> list[Customer]:
    """Three people of the sandbox' demo data."""
    remote.begin()
    given = remote.connection()
    place = Teamspace.objects.create(
        **{name: given[name] for name in ("name", "subcompany_id", "takeover_secret", "base_url")}
    )
    known = remote.read("people", subcompany_id=given["subcompany_id"], limit=3)["people"]
    return [
        Customer.objects.create(teamspace=place, provided_unique_id=row["provided_unique_id"], name="?")
        for row in known
    ]


def refresh(people: list[Customer], agent: User) -> Run:
    return run_start(
        kind="people_refresh", by=agent, title="Refresh", teamspace=people[0].teamspace, ids=[p.pk for p in people]
    )


def counts(run: Run) -> tuple[str, int, int]:
    run.refresh_from_db()
    return run.state, run.done, run.failed


def settle(run: Run) -> None:
    """Let the run look again whether all answers are there."""
    Run.objects.filter(pk=run.pk).update(heartbeat_at=None)
    work_due()


def test_the_run_ends_with_the_last_answer(people: list[Customer], agent: User) -> None:
    run = refresh(people, agent)
    work_due()
    assert counts(run) == (RunState.RUNNING, 0, 0)
    assert set(Call.objects.values_list("run", "priority")) == {(run.pk, 10)}
    work()
    assert counts(run) == (RunState.RUNNING, 3, 0)
    settle(run)
    assert counts(run) == (RunState.DONE, 3, 0)


def test_a_failed_call_that_is_sent_again_moves_from_failed_to_done(
    people: list[Customer], agent: User, remote: Remote
) -> None:
    run = refresh(people, agent)
    work_due()
    remote.fault("error", status=400, times=1)
    work()
    settle(run)
    assert counts(run) == (RunState.DONE, 2, 1)
    assert run.errors.count() == 1
    failed = Call.objects.get(state=CallState.FAILED)
    call_send_again(call=failed, by=agent)
    assert counts(run) == (RunState.DONE, 2, 0)
    work()
    assert counts(run) == (RunState.DONE, 3, 0)


def test_every_way_of_a_call_leaves_the_sum_right(people: list[Customer], agent: User) -> None:
    run = refresh(people[:1], agent)
    work_due()
    call = Call.objects.get()

    def go(state: CallState) -> tuple[int, int]:
        fresh = Call.objects.get()
        move(fresh, state)
        return counts(run)[1:]

    assert go(CallState.SENDING) == (0, 0)
    assert go(CallState.QUEUED) == (0, 0)
    assert go(CallState.UNCONFIRMED) == (0, 1)
    call_went_through(call=call, by=agent)
    assert counts(run)[1:] == (1, 0)
    assert go(CallState.FAILED) == (0, 1)
    call_dismiss(call=call, by=agent)
    assert counts(run)[1:] == (0, 1)
    call_send_again(call=call, by=agent)
    assert counts(run)[1:] == (0, 0)


def test_a_stopped_run_sends_no_more(people: list[Customer], agent: User, remote: Remote) -> None:
    run = refresh(people, agent)
    work_due()
    assert run_stop(run=run, by=agent)
    settle(run)
    assert counts(run)[0] == RunState.STOPPED
    assert set(Call.objects.values_list("state", flat=True)) == {CallState.DISMISSED}
    work()
    assert not remote.requests()


def test_people_without_an_id_and_people_who_are_gone_are_counted_and_named(
    people: list[Customer], agent: User
) -> None:
    gone, local, good = people
    run = refresh(people, agent)
    pk = gone.pk
    gone.delete()
    Customer.objects.filter(pk=local.pk).update(provided_unique_id=None, name="Local Lee")
    work_due()
    work()
    settle(run)
    assert counts(run) == (RunState.DONE, 1, 2)
    notes = dict(run.errors.values_list("row", "message"))
    assert "removed meanwhile" in notes[f"Person {pk}"]
    assert "no unique id" in notes["Local Lee"]
    good.refresh_from_db()
    assert good.synced_at
