"""How far a pull says that it is: nothing that it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from customers.models import ProtocolCustomer
from customers.protocol import paging
from protoadmin.runs.models import Run, RunState
from tests.access.people import client_of, new_person
from tests.protocol.pages import three_pages
from tests.protocol.pulling import pull, wake
from tests.protocol.test_faults import Starting, protocol

__all__ = ["protocol"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def one_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_AT_ONCE", 1)


def shown(run: Run, *, of: str = "panel") -> str:
    """Return the run's page, or the list of runs."""
    root = client_of(User.objects.filter(username="root").first() or new_person("root", "superuser"))
    place = "/admin/runs/run/" if of == "list" else f"/admin/runs/run/{run.pk}/change/"
    return str(root.get(place).content.decode())


def interrupted(at: int) -> Any:
    """Answer three pages, and hang up once at one of the requests."""
    return lambda after, number: b"" if number == at else three_pages(after, number)


def test_the_first_pull_knows_no_total_until_its_end(protocol: Starting) -> None:
    project, _ = protocol(interrupted(at=2))
    run = pull(project)
    assert (run.state, run.done, run.total, run.percent) == (RunState.RUNNING, 200, None, None)
    page = shown(run)
    assert "<strong>200</strong> done so far. How many there are is known only at the end." in page
    assert "pa-moving" in page
    assert "aria-valuenow" not in page
    assert "200 so far" in shown(run, of="list")
    wake(run)
    assert (run.state, run.done, run.total, run.percent) == (RunState.DONE, 250, 250, 100)
    assert "so far" not in shown(run)


def test_a_later_one_goes_by_what_was_known(protocol: Starting) -> None:
    project, answers = protocol(three_pages)
    pull(project)
    answers.answering = interrupted(at=len(answers.asked) + 1)
    run = pull(project)
    assert (run.state, run.done, run.total, run.percent) == (RunState.RUNNING, 100, 250, 40)
    assert "the bar goes by the 250 that were known before" in shown(run)
    wake(run)
    assert (run.state, run.total) == (RunState.DONE, 250)
    assert "known before" not in shown(run)


def test_with_more_than_were_known_it_knows_no_more(protocol: Starting) -> None:
    project, answers = protocol(three_pages)
    pull(project)
    ProtocolCustomer.objects.filter(protocol_id__gte="c2").delete()
    known = ProtocolCustomer.objects.filter(gone_at=None).count()
    answers.answering = interrupted(at=len(answers.asked) + 2)
    run = pull(project)
    assert 100 < known < 200 == run.done
    assert (run.state, run.total) == (RunState.RUNNING, None)
    wake(run)
    assert (run.state, run.total) == (RunState.DONE, 250)
