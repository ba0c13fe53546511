"""Pull customers, over real HTTP from the sandbox: what is stored, and what an unchanged list costs."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import ProtocolCustomer
from customers.protocol import paging, services
from protoadmin.connections.models import ProtocolProject
from protoadmin.outbox.sending import send_due
from protoadmin.refusals import Refused
from protoadmin.runs.models import RunChunk, RunState
from protoadmin.runs.working import work_due
from tests.outbox.remote import Remote
from tests.protocol.pulling import add, ours, path, pull, theirs, wake

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = ("INSERT", "UPDATE", "DELETE")


def test_every_customer_with_every_field(project: ProtocolProject, remote: Remote) -> None:
    run = pull(project)
    assert (run.state, run.error, run.failed) == (RunState.DONE, "", 0)
    wanted, stored = theirs(remote, project), ours(project)
    assert run.done == run.total == len(wanted) == len(stored) > 100
    for item in wanted:
        row = stored[item["id"]]
        assert row.remote_data == item
        for name in ("username", "phone_number", "conversation_id", "status", "is_flagged", "meta"):
            assert getattr(row, name) == item[name], name
        for name in ("avatar_url", "display_name", "external_id"):
            assert getattr(row, name) == (item[name] or ""), name
        for name in ("last_active_at", "last_transaction_at", "terminated_at", "created_at", "updated_at"):
            expected = None if item[name] is None else datetime.fromtimestamp(item[name], UTC)
            assert getattr(row, name) == expected, name
        assert (row.sync_state, row.gone_at) == ("done", None)
    assert not RunChunk.objects.exists()


def test_the_requests_that_a_pull_makes(project: ProtocolProject, remote: Remote) -> None:
    count = len(theirs(remote, project))
    pull(project)
    asked = remote.requests("/v1/customers")
    assert len(asked) == -(-count // 100)
    assert asked[0]["query"] == "limit=100"
    assert all("starting_after=" in request["query"] and "active" not in request["query"] for request in asked[1:])


def test_a_second_pull_writes_nothing_of_customers(project: ProtocolProject, remote: Remote) -> None:
    first = _queries(project)
    second = _queries(project)
    assert any('"customers_protocolcustomer"' in query and query.startswith("INSERT") for query in first)
    assert not [query for query in second if '"customers_protocolcustomer"' in query and query.startswith(WRITES)]


def _queries(project: ProtocolProject) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert pull(project).state == RunState.DONE
    return [query["sql"] for query in captured.captured_queries]


def test_only_what_changed_is_written(project: ProtocolProject, remote: Remote) -> None:
    pull(project)
    chosen = theirs(remote, project)[7]["id"]
    remote.post(path(project, chosen), {"is_flagged": True, "display_name": "Changed", "status": "paused"})
    new = add(remote, project, 2)
    run = pull(project)
    assert run.parameters["counts"] | {"read": 0} == {"new": 2, "changed": 1, "read": 0, "gone": 0}
    row = ours(project)[chosen]
    assert (row.is_flagged, row.display_name, row.status) == (True, "Changed", "paused")
    assert new[0] in ours(project)


def test_who_is_not_listed_is_marked_gone_and_comes_back(project: ProtocolProject, remote: Remote) -> None:
    add(remote, project, 150)
    pull(project)
    chosen, *others = theirs(remote, project)
    remote.post(path(project, chosen["id"], "delete"), {})
    run = pull(project)
    assert run.parameters["counts"]["gone"] == 1
    rows = ours(project)
    assert rows[chosen["id"]].gone_at is not None
    assert all(rows[item["id"]].gone_at is None for item in others)
    ProtocolCustomer.objects.filter(protocol_id=others[0]["id"]).update(gone_at=datetime.now(UTC))
    pull(project)
    assert ours(project)[others[0]["id"]].gone_at is None
    assert ours(project)[chosen["id"]].gone_at is not None


def test_a_row_that_protocol_has_not_answered_yet_is_not_gone(project: ProtocolProject, agent: User) -> None:
    made = services.protocol_create(project=project, username="Ann", phone_number="+49 30 1", by=agent)
    pull(project)
    made.refresh_from_db()
    assert made.gone_at is None


def test_a_name_that_is_still_on_its_way_stays(project: ProtocolProject, remote: Remote, agent: User) -> None:
    pull(project)
    chosen = theirs(remote, project)[3]["id"]
    services.protocol_rename(customer=ours(project)[chosen], display_name="Ours", by=agent)
    remote.post(path(project, chosen), {"display_name": "Theirs", "is_flagged": True})
    pull(project)
    row = ours(project)[chosen]
    assert (row.display_name, row.is_flagged, bytes(row.display_key)) == ("Ours", True, b"ours")
    send_due()
    pull(project)
    assert ours(project)[chosen].display_name == "Ours"


def test_a_page_that_is_older_than_an_answer_changes_nothing(
    project: ProtocolProject, remote: Remote, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of a page and its writing a person renames one customer and deletes another."""
    pull(project)
    renamed, deleted = (item["id"] for item in theirs(remote, project)[:2])
    remote.post(path(project, renamed), {"is_flagged": True})
    remote.post(path(project, deleted), {"is_flagged": True})
    true = paging._take

    def meanwhile(pages: Any, page: Any) -> None:
        monkeypatch.setattr(paging, "_take", true)
        true(pages, page)
        services.protocol_rename(customer=ours(project)[renamed], display_name="Newer", by=agent)
        services.protocol_delete(customer=ours(project)[deleted], by=agent)
        send_due()

    monkeypatch.setattr(paging, "_take", meanwhile)
    pull(project)
    assert ours(project)[renamed].display_name == "Newer"
    assert ours(project)[deleted].gone_at is not None


def test_one_pull_at_a_time(project: ProtocolProject) -> None:
    services.protocol_pull(project=project, by=None)
    with pytest.raises(Refused, match="already"):
        services.protocol_pull(project=project, by=None)
    work_due()
    services.protocol_pull(project=project, by=None)


def test_the_pace_of_the_connection_is_kept(project: ProtocolProject, remote: Remote) -> None:
    add(remote, project, 200)
    ProtocolProject.objects.update(requests_per_minute=300)
    run = pull(project)
    while run.state == RunState.RUNNING:
        wake(run)
    times = [request["at"] for request in remote.requests("/v1/customers")]
    assert run.state == RunState.DONE
    assert all(after - before >= 0.19 for before, after in itertools.pairwise(times))


def test_an_inactive_connection_waits(project: ProtocolProject) -> None:
    ProtocolProject.objects.update(is_active=False)
    run = pull(project)
    assert (run.state, run.error) == (RunState.RUNNING, f"Waiting: {project} is not active.")


def test_the_newest_are_read_through_the_outbox(project: ProtocolProject, remote: Remote, agent: User) -> None:
    call = services.protocol_read_newest(project=project, by=agent)
    send_due()
    call.refresh_from_db()
    assert (call.state, call.context["new"]) == ("done", 100)
    assert [request["query"] for request in remote.requests("/v1/customers")] == ["limit=100"]
    services.protocol_read_newest(project=project, by=agent, active=True)
    send_due()
    assert remote.requests("/v1/customers")[-1]["query"] == "limit=100&active=true"
