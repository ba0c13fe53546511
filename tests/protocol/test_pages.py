"""The pages Protocol customers and Protocol projects, as people use them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import ProtocolCustomer
from protoadmin.connections.models import Channel, ProtocolProject, Teamspace
from protoadmin.dashboard.demo import load_demo
from protoadmin.outbox.models import Call
from protoadmin.outbox.sending import send_due
from protoadmin.runs.models import Run, RunState
from protoadmin.runs.working import work_due
from tests.access.people import client_of, new_person
from tests.outbox.remote import Remote
from tests.protocol.pulling import pull

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/customers/protocolcustomer/"
Made = Callable[..., ProtocolCustomer]


@pytest.fixture
def boss(teamspace: Teamspace) -> User:
    """An administrator of the teamspace."""
    return new_person("boss", "Administrator", teamspaces=(teamspace,))


@pytest.fixture
def client(boss: User) -> Client:
    """Their browser."""
    return client_of(boss)


@pytest.fixture
def new_customer(project: ProtocolProject) -> Made:
    """Return a function that makes customers whom Protocol has."""

    def make(username: str, **values: Any) -> ProtocolCustomer:
        return ProtocolCustomer.objects.create(
            **{"project": project, "protocol_id": f"id-{username}", "username": username, **values}
        )

    return make


def listed(client: Client, **params: str) -> list[str]:
    """Return the usernames that the list shows."""
    page = client.get(LIST, params)
    assert page.status_code == 200
    return [row.username for row in page.context["cl"].result_list]


def page_of(customer: ProtocolCustomer) -> str:
    """Return the address of a customer's page."""
    return f"{LIST}{customer.pk}/change/"


def test_search(client: Client, new_customer: Made) -> None:
    new_customer("FrankMcCallister", phone_number="1-800-759-3000", external_id="EXT-9", conversation_id="conv9")
    new_customer("Ønsk", display_name="Élodie Straße", phone_number="+43 (0)660 123 45 67")
    new_customer("Zed")
    for query in ("frank", "FRANKMC", "id-FrankMcCallister", "EXT-9", "conv9", "1-800-759-3000", "759 3000"):
        assert listed(client, q=query) == ["FrankMcCallister"], query
    for query in ("élodie", "ELODIE STRASSE", "onsk", "+436601234567", "0660 1234567", "0043 660 123 4567", "234567"):
        assert listed(client, q=query) == ["Ønsk"], query
    for query in ("callister", "nobody", "12", "%", "_", "'"):
        assert listed(client, q=query) == [], query


def test_a_search_looks_into_indexes_alone(client: Client, new_customer: Made) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("reads SQLite's plan")
    new_customer("Frank")
    with CaptureQueriesContext(connection) as captured:
        listed(client, q="+49 30 23125011")
    table = '"customers_protocolcustomer"'
    asked = [each["sql"] for each in captured.captured_queries if f"FROM {table}" in each["sql"]]
    assert len(asked) >= 6
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " | ".join(row[3] for row in cursor.fetchall())
        assert "SCAN customers_protocolcustomer" not in plan or "INDEX" in plan, (sql, plan)


def test_filters_and_marks(client: Client, new_customer: Made) -> None:
    now = timezone.now()
    new_customer("plain", status="active")
    new_customer("flagged", status="active", is_flagged=True)
    new_customer("ended", status="terminated", terminated_at=now)
    new_customer("asleep", status="inactive")
    new_customer("gone", gone_at=now)
    assert listed(client, flagged="1") == ["flagged"]
    assert listed(client, terminated="1") == ["ended"]
    assert listed(client, inactive="1") == ["asleep", "ended"]
    assert listed(client, inactive="0") == ["gone", "flagged", "plain"]
    assert listed(client, gone="1") == ["gone"]
    assert listed(client, gone="0", flagged="0", terminated="0", inactive="0") == ["plain"]
    assert listed(client, status="inactive") == ["asleep"]
    assert listed(client, project="999999") == []
    text = client.get(LIST).content.decode()
    for words in ("⚑ Flagged", "Terminated", "Inactive", ">Gone<"):
        assert words in text


def test_the_form_changes_the_display_name_alone(client: Client, remote: Remote, project: ProtocolProject) -> None:
    pull(project)
    customer = ProtocolCustomer.objects.order_by("pk")[5]
    text = client.get(page_of(customer)).content.decode()
    assert "only the display name can be changed" in text
    assert 'name="display_name"' in text
    for name in ("username", "phone_number", "avatar_url", "project"):
        assert f'name="{name}"' not in text
    client.post(page_of(customer), {"display_name": "Frankie", "username": "hacked", "phone_number": "1"})
    send_due()
    before, customer = customer, ProtocolCustomer.objects.get(pk=customer.pk)
    assert (customer.display_name, customer.username, customer.phone_number) == (
        "Frankie", before.username, before.phone_number,
    )  # fmt: skip
    assert [request["body"] for request in remote.effects("PATCH ")] == ["display_name=Frankie"]


def test_every_field_is_on_the_page(client: Client, project: ProtocolProject) -> None:
    pull(project)
    customer = ProtocolCustomer.objects.exclude(last_transaction_at=None).exclude(external_id="").first()
    assert customer is not None
    text = client.get(page_of(customer)).content.decode()
    for value in (customer.username, customer.protocol_id, customer.external_id, customer.conversation_id):
        assert str(value) in text


def test_add(client: Client, project: ProtocolProject, remote: Remote) -> None:
    given = {
        "project": project.pk,
        "username": "",
        "phone_number": "",
        "avatar_url": "javascript:1",
        "display_name": "",
    }
    page = client.post(f"{LIST}add/", given)
    assert set(page.context["adminform"].form.errors) == {"username", "phone_number", "avatar_url"}
    client.post(f"{LIST}add/", {**given, "username": "Neo", "phone_number": "+49 30 23125011", "avatar_url": ""})
    send_due()
    made = ProtocolCustomer.objects.get(username="Neo")
    assert (made.sync_state, bool(made.protocol_id)) == ("done", True)


def test_delete_asks_for_the_username_and_says_what_goes(
    client: Client, project: ProtocolProject, remote: Remote
) -> None:
    pull(project)
    customer = ProtocolCustomer.objects.order_by("pk")[5]
    text = client.get(page_of(customer)).content.decode()
    assert "Protocol deletes the customer and the whole conversation with them" in text
    assert "Remove local copy" not in text
    button = f"{LIST}{customer.pk}/do/delete/"
    assert client.post(button, {"request_key": "k1", "confirm": "wrong"}).status_code == 422
    assert not Call.objects.exists()
    client.post(button, {"request_key": "k2", "confirm": customer.username})
    send_due()
    customer.refresh_from_db()
    assert customer.gone_at is not None
    text = client.get(page_of(customer)).content.decode()
    assert "Remove local copy" in text
    assert "Protocol does not have this customer any more" in text
    assert 'name="display_name"' not in text
    client.post(f"{LIST}{customer.pk}/do/remove-local-copy/", {"request_key": "k3"})
    assert not ProtocolCustomer.objects.filter(pk=customer.pk).exists()


def test_pull_from_the_list_and_from_the_project(client: Client, project: ProtocolProject) -> None:
    answer = client.post(f"{LIST}do/pull-customers/", {"request_key": "k", "project": project.pk})
    run = Run.objects.get()
    assert answer["Location"] == reverse("admin:runs_run_change", args=[run.pk])
    work_due()
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert f"<strong>{run.done}</strong> new" in client.get(answer["Location"]).content.decode()
    client.post(f"/admin/connections/protocolproject/{project.pk}/do/pull-customers/")
    assert Run.objects.count() == 2


def test_the_project_page_and_its_connection_test(client: Client, project: ProtocolProject, remote: Remote) -> None:
    address = f"/admin/connections/protocolproject/{project.pk}/change/"
    text = client.get(address).content.decode()
    assert project.token not in text
    assert "Protocol projects" in text
    client.post(f"/admin/connections/protocolproject/{project.pk}/do/test-connection/")
    send_due()
    test = Call.objects.get(operation="test_connection")
    assert test.state == "done"
    assert remote.requests("/v1/customers")[-1]["query"] == "limit=1"
    form = {"name": "New name", "teamspace": project.teamspace_id, "base_url": project.base_url, "is_active": "on"}
    with_dev = client.post(address, {**form, "token": ""})
    kept = ProtocolProject.objects.get()
    assert kept.token == project.token
    assert with_dev.status_code in (200, 302)


def test_what_comes_from_outside_is_shown_as_text(client: Client, new_customer: Made) -> None:
    bad = "<script>alert(1)</script>"
    made = new_customer(bad, display_name=bad, status=bad, meta={bad: bad}, avatar_url=f"javascript:{bad}")
    for address in (LIST, page_of(made)):
        assert bad not in client.get(address).content.decode()


def test_the_demo_connects_everything(db: None, remote: Remote, sandbox: str) -> None:
    remote.post("reset", {})
    load_demo(sandbox)
    assert ProtocolProject.objects.count() == 2
    assert [set(channel.secrets_set_at) for channel in Channel.objects.all()[:1]] == [{"access_token", "secret"}]
    work_due()
    assert ProtocolCustomer.objects.filter(sync_state="done").count() > 150
    load_demo(sandbox)
    assert Run.objects.filter(kind="protocol_customers").count() == 2
