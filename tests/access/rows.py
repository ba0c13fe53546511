"""A row of every model that has a page: in one's teamspace, in somebody else's, and a colleague's."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from conversations.models import Chat, Message, Ticket, VisitorConversation
from customers.importing.working import NAME as IMPORT
from customers.models import Company, Contact, Customer, CustomField, CustomFieldValue, Human, ProtocolCustomer, Tag
from protoadmin.api.models import ApiKey
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.outbox.models import Call, CallState
from protoadmin.runs.models import Run, RunFile, RunState
from protoadmin.staff.roles import SUPPORT
from tests.access.people import new_person
from webhooks.models import Delivery, DeliveryState


class Numbers:
    """Gives every row a number of its own."""

    last = 0

    @classmethod
    def next(cls) -> int:
        """Return the next number."""
        cls.last += 1
        return cls.last


def new_channel(teamspace: Teamspace, person: User) -> Channel:
    """Make a channel."""
    name = f"channel {Numbers.next()} of {teamspace}"
    return Channel.objects.create(name=name, channel_id=name, teamspace=teamspace, access_token="t", secret="s")


def new_customer(teamspace: Teamspace, person: User) -> Customer:
    """Make a customer with a tag, a custom field value and a ticket."""
    number = Numbers.next()
    customer = Customer.objects.create(
        teamspace=teamspace, name=f"customer {number} of {teamspace}", provided_unique_id=f"u{number}"
    )
    customer.tags.add(new_tag(teamspace, person))
    CustomFieldValue.objects.create(customer=customer, field=new_custom_field(teamspace, person), value="x")
    Ticket.objects.create(teamspace=teamspace, customer=customer, subject=f"ticket {number} of {teamspace}")
    return customer


def new_tag(teamspace: Teamspace, person: User) -> Tag:
    """Make a tag."""
    return Tag.objects.create(teamspace=teamspace, name=f"tag {Numbers.next()} of {teamspace}")


def new_custom_field(teamspace: Teamspace, person: User) -> CustomField:
    """Make a custom field that Proto knows."""
    number = Numbers.next()
    name = f"field {number} of {teamspace}"
    options = [f"option {number} of {teamspace}"]
    return CustomField.objects.create(
        teamspace=teamspace, name=name, remote_id=f"r{number}", type="select", select_options=options
    )


def new_account(teamspace: Teamspace, person: User) -> HelpdeskAccount:
    """Make a helpdesk account."""
    name = f"helpdesk {Numbers.next()} of {teamspace}"
    return HelpdeskAccount.objects.create(
        name=name, teamspace=teamspace, base_url="https://helpdesk.example.com/api/v1", api_key="k"
    )


def new_company(teamspace: Teamspace, person: User) -> Company:
    """Make a company with a contact and a conversation."""
    number, account = Numbers.next(), new_account(teamspace, person)
    company = Company.objects.create(
        account=account,
        remote_id=f"company-{number}",
        name=f"company {number} of {teamspace}",
        industry=f"industry {number} of {teamspace}",
        stage_id=f"stage {number} of {teamspace}",
    )
    Contact.objects.create(
        account=account, remote_id=f"contact-{number}", company=company, name=f"contact {number} of {teamspace}"
    )
    VisitorConversation.objects.create(
        account=account,
        remote_id=f"conv-{number}",
        company=company,
        visitor_name=f"visitor {number} of {teamspace}",
        status=f"status {number} of {teamspace}",
    )
    return company


def new_contact(teamspace: Teamspace, person: User) -> Contact:
    """Make a contact of a company."""
    return new_company(teamspace, person).contacts.get()


def new_visitor_conversation(teamspace: Teamspace, person: User) -> VisitorConversation:
    """Make a conversation of a company."""
    return VisitorConversation.objects.get(company=new_company(teamspace, person))


def new_project(teamspace: Teamspace, person: User) -> ProtocolProject:
    """Make a Protocol project."""
    name = f"project {Numbers.next()} of {teamspace}"
    return ProtocolProject.objects.create(name=name, teamspace=teamspace, project_id=name, token="t")


def new_protocol_customer(teamspace: Teamspace, person: User) -> ProtocolCustomer:
    """Make a Protocol customer whom Protocol knows."""
    number = Numbers.next()
    return ProtocolCustomer.objects.create(
        project=new_project(teamspace, person),
        protocol_id=f"p{number}",
        username=f"username {number} of {teamspace}",
        status=f"status {number} of {teamspace}",
        phone_number="+49 30 23125011",
    )


def new_ticket(teamspace: Teamspace, person: User) -> Ticket:
    """Make a ticket of a customer."""
    return new_customer(teamspace, person).tickets.get()


def new_chat(teamspace: Teamspace, person: User) -> Chat:
    """Make a chat with a message and a customer."""
    number = Numbers.next()
    channel, customer = new_channel(teamspace, person), new_customer(teamspace, person)
    human = Human.objects.create(
        channel=channel, human_id=f"h{number}", customer=customer, name=f"human {number} of {teamspace}"
    )
    chat = Chat.objects.create(channel=channel, chat_id=f"c{number}", human=human)
    text = f"message {number} of {teamspace}"
    Message.objects.create(chat=chat, author_type="human", author_name=human.name, text=text, data={"text": text})
    return chat


def new_call(teamspace: Teamspace, person: User) -> Call:
    """Make a failed call that this person asked for."""
    return Call.objects.create(
        connection=teamspace,
        teamspace=teamspace,
        operation="save_customer",
        target=new_customer(teamspace, person),
        requested_by=person,
        state=CallState.FAILED,
        error=f"error of {teamspace}",
    )


def new_delivery(teamspace: Teamspace, person: User) -> Delivery:
    """Make a delivery that failed."""
    body = json.dumps({"events": [{"chat": f"chat of {teamspace}"}]}).encode()
    return Delivery.objects.create(
        channel=new_channel(teamspace, person), body=body, state=DeliveryState.FAILED, error=f"error of {teamspace}"
    )


def new_run(teamspace: Teamspace, person: User) -> Run:
    """Make an import that this person asked for, with a file; it waits for them."""
    run = Run.objects.create(
        kind=IMPORT,
        title=f"run {Numbers.next()} of {teamspace}",
        teamspace=teamspace,
        requested_by=person,
        state=RunState.WAITING,
    )
    RunFile.objects.create(run=run, purpose="result", name="result.csv", content=ContentFile(b"a,b", "result.csv"))
    return run


def new_api_key(teamspace: Teamspace, person: User) -> ApiKey:
    """Make a key that opens this teamspace."""
    number = Numbers.next()
    key = ApiKey.objects.create(name=f"key {number} of {teamspace}", owner=person, prefix=f"pak_{number:08}", hash="h")
    key.teamspaces.add(teamspace)
    return key


def new_member(teamspace: Teamspace, person: User) -> User:
    """Make somebody of this teamspace."""
    return new_person(f"member-{Numbers.next()}-of-{teamspace}", SUPPORT, teamspaces=(teamspace,))


def new_member_of_both(teamspace: Teamspace, person: User) -> User:
    """Make somebody who is also a member of a teamspace that nobody else is in."""
    number = Numbers.next()
    hidden = Teamspace.objects.create(name=f"hidden {number}", subcompany_id=f"hidden {number}")
    return new_person(f"both-{number}-of-{teamspace}", SUPPORT, teamspaces=(teamspace, hidden))


# How a row of each model is made: in a teamspace, by or for a person.
MAKERS: dict[str, Callable[[Teamspace, User], Any]] = {
    "connections.teamspace": lambda teamspace, person: teamspace,
    "connections.channel": new_channel,
    "connections.protocolproject": new_project,
    "customers.protocolcustomer": new_protocol_customer,
    "connections.helpdeskaccount": new_account,
    "customers.company": new_company,
    "customers.contact": new_contact,
    "conversations.visitorconversation": new_visitor_conversation,
    "customers.customer": new_customer,
    "customers.tag": new_tag,
    "customers.customfield": new_custom_field,
    "conversations.chat": new_chat,
    "conversations.ticket": new_ticket,
    "outbox.call": new_call,
    "runs.run": new_run,
    "webhooks.delivery": new_delivery,
    "api.apikey": new_api_key,
    "auth.user": new_member,
}
