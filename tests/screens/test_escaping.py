"""What people and Proto write is shown as text, on every page."""

from __future__ import annotations

import pytest
from django.db.models import Model
from django.urls import reverse

from conversations.models import Ticket
from conversations.services import ticket_create
from customers.models import Customer, CustomField, CustomFieldValue, Tag
from customers.services import customer_add_tags, customer_change, customer_push, customer_refresh
from protoadmin.connections.models import Channel, Teamspace
from protoadmin.outbox.models import Call
from protoadmin.runs.models import Run, RunError
from protoadmin.staff.roles import ADMINISTRATOR
from tests.base.acme import SCRIPT, Acme, listing, page, panel

EVIL = f"{SCRIPT}\"'><img src=x onerror=alert(1)>{{{{ 7|add:7 }}}}</script>"
MODELS: tuple[type[Model], ...] = (Customer, Tag, CustomField, Ticket, Call, Run, Teamspace, Channel)


@pytest.fixture
def poisoned(acme: Acme) -> Customer:
    """A person with everything that can be written, and every state that a page can show."""
    user = acme.user(ADMINISTRATOR)
    type(user).objects.filter(pk=user.pk).update(first_name=SCRIPT, last_name="<b>x</b>")
    person = acme.known_person(name="Ann")
    evil = dict.fromkeys(("name", "location", "external_customer_id"), EVIL) | {"phone_number": SCRIPT, "email": ""}
    customer_change(customer=person, values=evil, by=user)
    acme.remote.fault("error", "create-customer", status=422, detail=EVIL)
    customer_push(customer=person, by=user)
    acme.send()
    acme.remote.heal()
    customer_add_tags(customer=person, names=[EVIL[:100]], create=True, by=user)
    field = CustomField.objects.create(
        teamspace=acme.teamspace, name=EVIL, type="select", select_options=[EVIL], description=EVIL, remote_id="r1",
        change_note=EVIL, changed_at=person.created_at, gone_at=None,
    )  # fmt: skip
    CustomFieldValue.objects.create(customer=person, field=field, value=EVIL)
    ticket_create(customer=person, subject=EVIL, identifier="provided_unique_id", by=user)
    acme.remote.fault("wrong_shape", "get-customer", body={"id": EVIL, "name": EVIL, "tags": [EVIL]})
    customer_refresh(customer=person, by=user)
    acme.send()
    run = Run.objects.create(kind="people_refresh", title=EVIL, teamspace=acme.teamspace, error=EVIL, state="failed")
    RunError.objects.create(run=run, row=EVIL[:200], message=EVIL)
    Teamspace.objects.filter(pk=acme.teamspace.pk).update(name=EVIL[:100])
    Channel.objects.create(name=EVIL[:100], channel_id=EVIL[:100], teamspace=acme.teamspace)
    return person


def assert_harmless(body: str) -> None:
    assert "alert(" in body, "the page was to show it"
    assert SCRIPT not in body
    assert "<img src=x" not in body
    assert "<b>x</b>" not in body
    assert "14</script>" not in body


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_pages(acme: Acme, poisoned: Customer, model: type[Model]) -> None:
    client = acme.administrator()
    assert_harmless(client.get(listing(model)).content.decode())
    for record in model._default_manager.all():
        if model is not Tag:
            assert_harmless(client.get(page(record)).content.decode())


def test_panels(acme: Acme, poisoned: Customer) -> None:
    for name in ("sending", "person", "tickets", "history"):
        assert_harmless(acme.administrator().get(panel(poisoned, name)).content.decode())
    for call in Call.objects.all():
        assert_harmless(acme.administrator().get(panel(call, "call")).content.decode())


def test_forms_that_come_back_and_pages_that_ask(acme: Acme, poisoned: Customer) -> None:
    client = acme.administrator()
    refused = client.post(page(poisoned), {"name": EVIL, "email": SCRIPT})
    assert refused.status_code == 200
    assert_harmless(refused.content.decode())
    assert_harmless(client.get(reverse("admin:customers_customer_delete", args=[poisoned.pk])).content.decode())
    assert_harmless(client.get(reverse("admin:customers_customer_history", args=[poisoned.pk])).content.decode())
    for action in ("add_tags", "set_custom_fields"):
        fields = {"action": action, "_selected_action": [poisoned.pk]}
        assert_harmless(client.post(listing(Customer), fields).content.decode())


def test_filters_and_search(acme: Acme, poisoned: Customer) -> None:
    asked = {"q": SCRIPT, "field_text": SCRIPT}
    assert_harmless(acme.administrator().get(listing(Customer), asked).content.decode())


def test_messages(acme: Acme, poisoned: Customer) -> None:
    client = acme.administrator()
    client.post(reverse("admin:customers_customer_button", args=[poisoned.pk, "create-ticket"]), {
        "request_key": "k", "subject": SCRIPT, "identifier": "provided_unique_id",
    })  # fmt: skip
    assert_harmless(client.get(page(poisoned)).content.decode())
