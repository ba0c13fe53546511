"""Create, rename, refresh and delete through the outbox, over real HTTP to the sandbox."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from customers.models import ProtocolCustomer
from customers.protocol import services
from protoadmin.connections.models import ProtocolProject
from protoadmin.outbox.models import Call
from protoadmin.outbox.sending import send_due
from protoadmin.outbox.services import call_dismiss
from protoadmin.refusals import Refused
from tests.outbox.remote import Remote
from tests.protocol.pulling import ours, path, pull, theirs

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "application/x-www-form-urlencoded"


def create(project: ProtocolProject, agent: User, **more: str) -> ProtocolCustomer:
    """Make a customer and send what is due."""
    given = {"username": f"Frank{uuid.uuid4().hex[:8]}", "phone_number": "+1-800-759-3000", **more}
    made = services.protocol_create(project=project, by=agent, **given)
    send_due()
    made.refresh_from_db()
    return made


def named(remote: Remote, project: ProtocolProject, username: str) -> list[dict[str, Any]]:
    """Return the customers of a username whom Protocol has."""
    return [item for item in theirs(remote, project) if item["username"] == username]


def test_create(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent, avatar_url="https://example.com/f.jpg", display_name="Frank & Søn")
    (there,) = named(remote, project, made.username)
    assert (made.protocol_id, made.sync_state, made.status) == (there["id"], "done", "active")
    assert there["display_name"] == "Frank & Søn"
    assert made.remote_data == there
    (request,) = remote.effects("POST /v1/customers")
    assert request["headers"]["content-type"] == FORM
    assert "display_name=Frank+%26+S%C3%B8n" in request["body"]


def test_a_refused_creation_says_why(project: ProtocolProject, remote: Remote, agent: User) -> None:
    taken = theirs(remote, project)[0]["username"]
    made = create(project, agent, username=taken)
    call = Call.objects.for_target(made).get()
    assert (made.sync_state, made.protocol_id, call.state) == ("failed", None, "failed")
    assert f"There is a customer with the username {taken} already." in call.error


def test_nothing_without_username_and_phone(project: ProtocolProject, agent: User) -> None:
    for username, phone in (("", "1"), ("a", "  ")):
        with pytest.raises(Refused):
            services.protocol_create(project=project, username=username, phone_number=phone, by=agent)


@pytest.mark.parametrize("kind", ["drop_after", "error_after", "html", "truncated"])
def test_a_lost_answer_is_settled_by_the_list(project: ProtocolProject, remote: Remote, agent: User, kind: str) -> None:
    options = {"effect": True} if kind in ("html", "truncated") else {}
    remote.fault(kind, "POST /v1/customers", times=1, **options)
    made = create(project, agent)
    assert made.sync_state == "unconfirmed"
    look_up()
    made.refresh_from_db()
    assert (made.sync_state, made.protocol_id) == ("done", named(remote, project, made.username)[0]["id"])
    assert len(remote.requests("POST /v1/customers")) == 1


def test_a_request_that_never_arrived_asks_a_person(project: ProtocolProject, remote: Remote, agent: User) -> None:
    remote.fault("drop_before", "POST /v1/customers", times=1)
    made = create(project, agent)
    for _ in range(4):
        look_up()
    made.refresh_from_db()
    assert (made.sync_state, made.protocol_id) == ("unconfirmed", None)
    assert len(remote.requests("POST /v1/customers")) == 1


@pytest.mark.parametrize("values", [{"phone_number": "+49 30 1234567"}, {"created_at": 692233200}])
def test_another_number_or_an_older_one_confirms_nothing(
    project: ProtocolProject, remote: Remote, agent: User, values: dict[str, Any]
) -> None:
    remote.fault("error_after", "POST /v1/customers", times=1)
    made = create(project, agent)
    remote.post(path(project, named(remote, project, made.username)[0]["id"]), values)
    look_up()
    made.refresh_from_db()
    assert made.sync_state == "unconfirmed"


def look_up() -> None:
    """Let the next look-up be due, and make it."""
    Call.objects.filter(state="unconfirmed", next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
    send_due()


def test_a_pull_that_was_quicker_than_the_answer(project: ProtocolProject, remote: Remote, agent: User) -> None:
    remote.fault("error_after", "POST /v1/customers", times=1)
    made = create(project, agent)
    pull(project)
    assert ProtocolCustomer.objects.filter(username=made.username).count() == 2
    look_up()
    made.refresh_from_db()
    rows = ProtocolCustomer.objects.filter(username=made.username)
    assert (made.sync_state, rows.count()) == ("done", 1)
    assert len(named(remote, project, made.username)) == 1


def test_rename(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent)
    services.protocol_rename(customer=made, display_name="UncleFrank", by=agent)
    send_due()
    made.refresh_from_db()
    assert (made.display_name, made.sync_state) == ("UncleFrank", "done")
    assert named(remote, project, made.username)[0]["display_name"] == "UncleFrank"
    (request,) = remote.effects("PATCH /v1/customers")
    assert (request["body"], request["headers"]["content-type"]) == ("display_name=UncleFrank", FORM)
    assert services.protocol_rename(customer=made, display_name="UncleFrank", by=agent) is None
    services.protocol_rename(customer=made, display_name="", by=agent)
    send_due()
    assert named(remote, project, made.username)[0]["display_name"] is None


def test_a_newer_name_takes_the_place_of_an_unsent_one(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent)
    services.protocol_rename(customer=made, display_name="One", by=agent)
    services.protocol_rename(customer=made, display_name="Two", by=agent)
    send_due()
    made.refresh_from_db()
    assert [request["body"] for request in remote.effects("PATCH ")] == ["display_name=Two"]
    assert (made.display_name, made.sync_state) == ("Two", "done")


def test_a_dismissed_name_is_undone_here(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent, display_name="Before")
    remote.fault("error", "PATCH /v1/customers", times=1, status=400)
    call = services.protocol_rename(customer=made, display_name="After", by=agent)
    assert call is not None
    send_due()
    made.refresh_from_db()
    assert (made.display_name, made.sync_state) == ("After", "failed")
    call_dismiss(call=call, by=agent)
    made.refresh_from_db()
    assert (made.display_name, made.sync_state) == ("Before", "done")


def test_refresh(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent)
    remote.post(path(project, str(made.protocol_id)), {"status": "paused", "terminated_at": 692233200})
    services.protocol_refresh(customer=made, by=agent)
    services.protocol_refresh(customer=made, by=agent)
    send_due()
    made.refresh_from_db()
    assert (made.status, made.terminated_at and made.terminated_at.year) == ("paused", 1991)
    assert len(remote.requests(f"GET /v1/customers/{made.protocol_id}")) == 1


def test_delete_marks_gone_and_the_copy_stays_until_it_is_removed(
    project: ProtocolProject, remote: Remote, agent: User
) -> None:
    made = create(project, agent)
    with pytest.raises(Refused, match="still has"):
        services.protocol_remove(customer=made)
    services.protocol_delete(customer=made, by=agent)
    send_due()
    made.refresh_from_db()
    assert made.gone_at is not None
    assert named(remote, project, made.username) == []
    for again in (services.protocol_delete, services.protocol_rename):
        more = {"display_name": "x"} if again is services.protocol_rename else {}
        with pytest.raises(Refused, match="any more"):
            again(customer=made, by=agent, **more)
    services.protocol_remove(customer=made)
    assert not ProtocolCustomer.objects.filter(pk=made.pk).exists()


def test_who_is_not_there_any_more_counts_as_deleted(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent)
    remote.post(path(project, str(made.protocol_id), "delete"), {})
    services.protocol_delete(customer=made, by=agent)
    send_due()
    made.refresh_from_db()
    assert made.gone_at is not None
    assert Call.objects.for_target(made).get(operation="protocol_delete").state == "done"


def test_a_lost_answer_to_a_deletion_is_asked_again(project: ProtocolProject, remote: Remote, agent: User) -> None:
    made = create(project, agent)
    remote.fault("drop_after", "DELETE /v1/customers", times=1)
    services.protocol_delete(customer=made, by=agent)
    send_due()
    Call.objects.update(next_attempt_at=None)
    Call.objects.filter(state="queued").update(next_attempt_at=made.project.created_at)
    send_due()
    made.refresh_from_db()
    assert made.gone_at is not None
    assert [each["status"] for each in remote.requests("DELETE ")] == [None, 404]


def test_ids_that_would_change_the_address_are_refused(project: ProtocolProject, agent: User) -> None:
    odd = ProtocolCustomer.objects.create(project=project, protocol_id="..", username="odd")
    for ask in (services.protocol_refresh, services.protocol_delete):
        with pytest.raises(Refused, match="cannot be asked"):
            ask(customer=odd, by=agent)
    assert str(odd.protocol_id) in ours(project)
