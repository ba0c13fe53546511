"""Create ticket: which identifier, one ticket however often it is asked for, and its id when the answer is in."""

from __future__ import annotations

from typing import Any

import pytest

from conversations.models import Ticket
from conversations.services import identifiers_of, ticket_create
from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.refusals import Refused
from tests.base.acme import Acme, button, key, last_call, listing, page, panel, said, text_of

FOUR = {
    "provided_unique_id": "u-1",
    "proto_id": "p-1",
    "external_customer_id": "e-1",
    "gateway_profile_id": "g-1",
}


def press(acme: Acme, person: Customer, **fields: str) -> Any:
    given = {"subject": "My card", "identifier": "provided_unique_id", **key(), **fields}
    return acme.client().post(button(person, "create-ticket"), given)


def test_the_ticket_appears_with_its_id(acme: Acme) -> None:
    person = acme.known_person(name="Ann")
    assert "Ticket “My card” is on its way to Proto." in said(press(acme, person))
    ticket = Ticket.objects.get()
    shown = text_of(acme.client().get(panel(person, "tickets")))
    assert "My card Queued" in shown
    acme.send()
    ticket.refresh_from_db()
    assert acme.at_proto(person)["tickets"][0]["id"] == ticket.remote_id
    assert f"My card {ticket.remote_id}" in text_of(acme.client().get(panel(person, "tickets")))
    assert "My card" in text_of(acme.client().get(listing(Ticket)))
    assert ticket.remote_id in text_of(acme.client().get(page(ticket)))


@pytest.mark.parametrize(
    ("missing", "first"),
    [(0, "provided_unique_id"), (1, "customer_id"), (2, "external_customer_id"), (3, "gateway_profile_id")],
)
def test_the_first_identifier_there_is_is_chosen(acme: Acme, missing: int, first: str) -> None:
    values = dict(list(FOUR.items())[missing:])
    person = acme.person(**{"provided_unique_id": "", **values})
    assert next(iter(identifiers_of(person))) == first
    body = acme.client().get(page(person)).content.decode()
    choices = [choice for choice in body.split("<input") if 'name="identifier"' in choice]
    [checked] = [choice for choice in choices if "checked" in choice.partition(">")[0]]
    assert f'value="{first}"' in checked
    assert len(choices) == len(values)


@pytest.mark.parametrize(
    ("identifier", "column"),
    [
        ("provided_unique_id", "provided_unique_id"),
        ("customer_id", "proto_id"),
        ("external_customer_id", "external_customer_id"),
        ("gateway_profile_id", "gateway_profile_id"),
    ],
)
def test_any_of_the_four_can_be_chosen(acme: Acme, identifier: str, column: str) -> None:
    person = acme.person(**FOUR)
    ticket = ticket_create(customer=person, subject=" Hi ", identifier=identifier, by=None)
    acme.send()
    [request] = acme.remote.requests("create-ticket")
    assert request["body"] == {"subject": "Hi", identifier: FOUR[column]}
    assert last_call(ticket, "create_ticket").target == ticket


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subject": ""}, "required"),
        ({"subject": "   "}, "required"),
        ({"identifier": "gateway_profile_id"}, "valid choice"),
        ({"identifier": ""}, "required"),
        ({"identifier": "pk"}, "valid choice"),
        ({"subject": "x" * 501}, "at most 500"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(acme: Acme, changes: dict[str, str], words: str) -> None:
    person = acme.known_person()
    refused = press(acme, person, **{"subject": "Typed before", **changes})
    assert refused.status_code == 422
    assert words in text_of(refused)
    if "subject" not in changes:
        assert "Typed before" in refused.content.decode()
    assert not Ticket.objects.exists()
    assert not Call.objects.exists()


def test_a_person_without_any_identifier(acme: Acme) -> None:
    person = acme.person(provided_unique_id="")
    assert button(person, "create-ticket") not in acme.client().get(page(person)).content.decode()
    assert press(acme, person).status_code == 422
    with pytest.raises(Refused, match="one of the four"):
        ticket_create(customer=person, subject="Hi", identifier="provided_unique_id", by=None)
    with pytest.raises(Refused, match="needs a subject"):
        ticket_create(customer=acme.known_person(), subject=" ", identifier="provided_unique_id", by=None)


def test_a_double_click_and_a_reload_make_one_ticket(acme: Acme) -> None:
    person, once = acme.known_person(), key()
    assert press(acme, person, **once).status_code == 302
    assert press(acme, person, **once).status_code == 302
    acme.send()
    assert press(acme, person, **once).status_code == 302
    acme.client().get(page(person))
    acme.send()
    assert Ticket.objects.count() == 1
    assert len(acme.at_proto(person)["tickets"]) == len(acme.remote.requests("create-ticket")) == 1


def test_two_forms_make_two_tickets(acme: Acme) -> None:
    person = acme.known_person()
    body = acme.client().get(page(person)).content.decode()
    assert 'name="request_key"' in body
    for _ in range(2):
        press(acme, person)
    acme.send()
    assert len(acme.at_proto(person)["tickets"]) == 2


def test_a_retry_after_a_lost_answer_asks_a_person(acme: Acme) -> None:
    person = acme.known_person()
    acme.remote.fault("drop_after", "create-ticket", times=1)
    press(acme, person)
    acme.send()
    acme.send()
    call = Call.objects.get()
    assert (call.state, call.attempts) == ("unconfirmed", 1)
    assert len(acme.remote.requests("create-ticket")) == 1
    ticket = Ticket.objects.get()
    shown = text_of(acme.client().get(page(ticket)))
    assert all(word in shown for word in ("Unconfirmed", "Send again", "It went through", "Dismiss"))
    assert acme.client().post(button(call, "it-went-through")).status_code == 302
    call.refresh_from_db()
    assert (call.state, call.settled_by) == ("done", acme.agent)
    assert len(acme.at_proto(person)["tickets"]) == 1


def test_the_ticket_goes_after_the_save_of_the_person(acme: Acme) -> None:
    person = acme.person(name="New")
    acme.client().post(
        page(person), {**person.remote_values(), "provided_unique_id": person.provided_unique_id, "name": "Newer"}
    )
    press(acme, person)
    acme.send()
    assert [request["path"].rsplit("/", 1)[-1] for request in acme.remote.requests()] == [
        str(person.provided_unique_id), "create-ticket",
    ]  # fmt: skip
    assert Ticket.objects.get().remote_id


def test_tickets_of_others_are_not_there(acme: Acme, other_teamspace: Teamspace) -> None:
    theirs = Ticket.objects.create(teamspace=other_teamspace, subject="Secret matter")
    assert "Secret matter" not in text_of(acme.client().get(listing(Ticket)))
    assert acme.client().get(panel(theirs, "ticket")).status_code == 404
    assert "Secret matter" not in text_of(acme.client().get(page(theirs), follow=True))


def test_more_tickets_than_the_page_shows(acme: Acme) -> None:
    person = acme.known_person()
    for number in range(12):
        Ticket.objects.create(teamspace=acme.teamspace, customer=person, subject=f"Matter {number}")
    shown = acme.client().get(panel(person, "tickets"))
    assert "All tickets of this person" in text_of(shown)
    link = f"{listing(Ticket)}?customer__id__exact={person.pk}"
    assert link in shown.content.decode()
    assert acme.client().get(link).context["cl"].result_count == 12
