"""A pull that meets a Protocol that misbehaves, or whose worker dies: complete, or it says where it stopped.

Nothing is doubled, and nothing is marked gone after an incomplete run.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from customers.models import ProtocolCustomer
from customers.protocol import paging, pulling
from protoadmin.connections.models import ProtocolProject, Teamspace
from protoadmin.outbox.models import Gate
from protoadmin.runs import registry
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.registry import ReadAgain
from tests.clients.server import Server, answer
from tests.outbox.remote import Remote
from tests.protocol.pages import Answering, Answers, customers, page, three_pages
from tests.protocol.pulling import add, ours, pull, theirs, wake

pytestmark = pytest.mark.django_db(transaction=True)
HTML = answer("<!doctype html><p>Maintenance</p>", kind="text/html")
Starting = Callable[[Answering], tuple[ProtocolProject, Answers]]


@pytest.fixture
def protocol(plain_environment: None) -> Iterator[Starting]:
    """Return a function that has a project of ours ask a Protocol that answers so."""
    servers: list[Server] = []

    def start(answering: Answering) -> tuple[ProtocolProject, Answers]:
        answers = Answers(answering)
        servers.append(Server(answers).__enter__())
        teamspace = Teamspace.objects.create(name="Acme", subcompany_id="acme")
        project = ProtocolProject.objects.create(name="Acme", teamspace=teamspace, token="t", base_url=servers[-1].url)
        # One whom Protocol does not list: gone after a complete pull, and only then.
        ProtocolCustomer.objects.create(project=project, protocol_id="old", username="Old")
        return project, answers

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def is_gone(project: ProtocolProject) -> bool:
    """Tell whether the one whom Protocol does not list is marked gone."""
    return ours(project)["old"].gone_at is not None


def pulled(project: ProtocolProject) -> int:
    """Return how many customers came."""
    return len(ours(project)) - 1


def test_pages_are_followed_to_the_end(protocol: Starting) -> None:
    project, answers = protocol(three_pages)
    run = pull(project)
    assert (run.state, answers.asked) == (RunState.DONE, [None, "c99", "c199"])
    assert (pulled(project), is_gone(project)) == (250, True)


@pytest.mark.parametrize(
    ("answering", "words"),
    [
        (lambda after, number: page(0, 100, more=True), "does not advance"),
        (lambda after, number: page(0 if number == 2 else 100 * number, 100, more=True), "circles"),
        (lambda after, number: page(0, 100, more=True) if not number else page(0, 0, more=True), "empty page"),
        (lambda after, number: page(100 * (number % 7), 100, more=True), "circles"),
    ],
)
def test_a_list_that_leads_nowhere(protocol: Starting, answering: Answering, words: str) -> None:
    project, answers = protocol(answering)
    run = pull(project)
    assert run.state == RunState.FAILED
    assert words in run.error
    assert "Nothing is marked gone" in run.error
    assert len(answers.asked) < 40
    assert not is_gone(project)


def test_without_has_more_only_an_empty_page_is_the_end(protocol: Starting) -> None:
    def answering(after: str | None, number: int) -> Any:
        start = 0 if after is None else int(after[1:]) + 1
        return {"data": customers(start, min(10, 25 - start))}

    project, answers = protocol(answering)
    assert pull(project).state == RunState.DONE
    assert (pulled(project), len(answers.asked), is_gone(project)) == (25, 4, True)


@pytest.mark.parametrize(
    "fault",
    [
        b"",
        HTML,
        answer("{", kind="application/json"),
        answer('{"oops": 1}'),
        answer("{}", status="500 Internal Server Error"),
        answer("{}", status="503 Service Unavailable"),
        answer("{}", status="503 Service Unavailable", headers={"Retry-After": "2"}),
        answer('{"message": "slow down"}', status="429 Too Many Requests", headers={"Retry-After": "2"}),
        answer("", status="429 Too Many Requests"),
    ],
)
def test_it_rests_and_goes_on_where_it_was(protocol: Starting, fault: bytes) -> None:
    project, answers = protocol(lambda after, number: fault if number == 1 else three_pages(after, number))
    run = pull(project)
    if run.state == RunState.RUNNING:
        assert run.error.startswith("Waiting:")
        assert not is_gone(project)
        _end_pause()
        wake(run)
    assert (run.state, run.error) == (RunState.DONE, "")
    assert answers.asked == [None, "c99", "c99", "c199"]
    assert (run.done, pulled(project), is_gone(project)) == (250, 250, True)


def _end_pause() -> None:
    Gate.objects.update(paused_until=None)


@pytest.mark.parametrize("fault", [b"", HTML, answer("{}", status="500 Internal Server Error")])
def test_after_eight_tries_it_says_where_it_stopped(protocol: Starting, fault: bytes) -> None:
    project, answers = protocol(lambda after, number: fault if after else three_pages(after, number))
    run = pull(project)
    for _ in range(20):
        if run.state != RunState.RUNNING:
            break
        wake(run)
    assert run.state == RunState.FAILED
    assert "After 8 tries" in run.error
    assert "It stopped after 100 customers behind customer c99; nothing is marked gone" in run.error
    assert answers.asked.count("c99") in (8, 9)
    assert (pulled(project), is_gone(project)) == (100, False)


def test_the_pauses_grow(protocol: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    project, _ = protocol(lambda after, number: b"")
    waited: list[float] = []

    def noting(message: str, *, seconds: float) -> Exception:
        waited.append(seconds)
        return ReadAgain(message, seconds=seconds)

    monkeypatch.setattr(paging, "ReadAgain", noting)
    run = pull(project, rests=7)
    assert (run.state, waited) == (RunState.FAILED, [1, 2, 4, 8, 16, 32, 60])


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "302 Found"])
def test_a_refusal_ends_it_at_once(protocol: Starting, status: str) -> None:
    body = answer(json.dumps({"type": "x", "message": "No entry"}), status=status, headers={"Location": "/login"})
    project, answers = protocol(lambda after, number: body)
    run = pull(project)
    assert (run.state, len(answers.asked)) == (RunState.FAILED, 1)
    assert "It stopped after 0 customers" in run.error
    assert not is_gone(project)


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found"])
def test_a_refused_cursor_begins_anew(protocol: Starting, status: str) -> None:
    refusal = answer('{"message": "No such customer: c99"}', status=status)
    project, answers = protocol(lambda after, number: refusal if number in (1, 2) else three_pages(after, number))
    run = pull(project)
    assert (run.state, answers.asked) == (RunState.DONE, [None, "c99", "c99", None, "c99", "c199"])
    assert (run.done, pulled(project), is_gone(project)) == (250, 250, True)


def test_a_cursor_that_is_always_refused_ends_it(protocol: Starting) -> None:
    refusal = answer('{"message": "No such customer"}', status="404 Not Found")
    project, answers = protocol(lambda after, number: refusal if after else three_pages(after, number))
    run = pull(project)
    assert (run.state, answers.asked.count(None)) == (RunState.FAILED, 3)
    assert "for the third time" in run.error
    assert (pulled(project), is_gone(project)) == (100, False)


@pytest.mark.parametrize("place", ["read", "work", "commit"])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_worker_that_dies(protocol: Starting, monkeypatch: pytest.MonkeyPatch, place: str, number: int) -> None:
    """One page a slice; at the given slice the worker dies while it reads, writes, or just before the commit."""
    project, _ = protocol(three_pages)
    monkeypatch.setattr(paging, "PAGES_AT_ONCE", 1)
    steps = iter(range(100))
    kind = pulling.PULL

    def dying(true: Any, *, after: bool) -> Any:
        def step(run: Run) -> Any:
            now = next(steps) == number
            if now and not after:
                raise SystemExit
            result = true(run)
            if now:
                raise SystemExit
            return result

        return step

    read = dying(kind.read, after=False) if place == "read" else kind.read
    work = kind.work if place == "read" else dying(kind.work, after=place == "commit")
    monkeypatch.setitem(
        registry._kinds, kind.name, registry.RunKind(kind.name, kind.label, work, read=read, after=kind.after)
    )
    with pytest.raises(SystemExit):
        pull(project)
    run = Run.objects.get()
    assert run.state == RunState.RUNNING
    assert not is_gone(project)
    wake(run)
    assert (run.state, run.done, run.error) == (RunState.DONE, 250, "")
    assert (pulled(project), is_gone(project)) == (250, True)


def test_a_stopped_pull_marks_nobody_gone(protocol: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_AT_ONCE", 1)

    def answering(after: str | None, number: int) -> Any:
        return b"" if number == 1 else three_pages(after, number)

    project, answers = protocol(answering)
    run = pull(project)
    Run.objects.update(stop_requested=True)
    wake(run)
    assert (run.state, is_gone(project), pulled(project)) == (RunState.STOPPED, False, 100)
    assert len(answers.asked) == 2


def test_ids_that_cannot_be_kept_are_named_and_the_rest_comes(protocol: Starting) -> None:
    odd = [{"id": "x" * 201, "username": "Long"}, {"id": "nul\x00", "username": "Nul"}, {"id": "good"}]
    project, _ = protocol(lambda after, number: {"has_more": False, "data": odd})
    run = pull(project)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 1, 2)
    assert [error.row for error in run.errors.all()] == ["Long", "Nul"]
    assert set(ours(project)) == {"old", "good"}


def test_the_sandbox_misbehaves_in_every_way(project: ProtocolProject, remote: Remote) -> None:
    """Each fault once, at the second page; the run goes on by itself after each rest."""
    add(remote, project, 150)
    for kind in ("drop_before", "drop_after", "error", "html", "truncated", "wrong_shape", "garbage", "rate_limit"):
        remote.fault(kind, "/v1/customers", times=1, probability=1)
        run = pull(project)
        _end_pause()
        for _ in range(5):
            if run.state == RunState.RUNNING:
                _end_pause()
                wake(run)
        assert (run.state, run.error, run.failed) == (RunState.DONE, "", 0), kind
        assert not run.parameters["counts"].get("gone"), kind
    assert set(ours(project)) == {item["id"] for item in theirs(remote, project)}
