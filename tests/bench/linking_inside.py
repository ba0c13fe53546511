"""What the benchmark of Find the same people asks a process of its own to do (tests/bench/asked.py)."""

import resource
import time
from typing import Any

from django.core.management import call_command
from django.db import connection

from customers.linking.working import link_people
from customers.models import Contact, Customer, Human, ProtocolCustomer
from protoadmin.connections.models import Channel, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.runs.models import RunState
from protoadmin.runs.working import work_due

BATCH = 5000
# So many of the contacts have the number of a switchboard, which is that of ten people, too.
SHARED = 5000
SWITCHBOARD = "+43123456789"


def fill_street(number: int) -> None:
    """Make as many people as contacts, half of whom have a mail or a phone in common.

    To ten people come three Protocol customers, one of them with the id of a person, and a human or two.
    """
    call_command("migrate", verbosity=0, interactive=False)
    teamspace = Teamspace.objects.create(name="Bench", subcompany_id="bench")
    account = HelpdeskAccount.objects.create(
        name="Desk", teamspace=teamspace, api_key="k", base_url="https://a.example"
    )
    channel = Channel.objects.create(name="Web", channel_id="w", teamspace=teamspace, access_token="t", secret="s")
    project = ProtocolProject.objects.create(name="Project", teamspace=teamspace, token="t")
    _write(Customer, (_person(teamspace, n, number) for n in range(number)))
    _write(Contact, (_contact(account, n, number) for n in range(number)))
    _write(Human, (Human(channel=channel, human_id=f"human-{n}", name=f"P {n}") for n in range(0, number, 7)))
    _write(ProtocolCustomer, (_protocol(project, n) for n in range(0, number, 10) for n in (n, n + 3, n + 6)))
    if connection.vendor == "postgresql":
        # What autovacuum does by itself within a minute.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _write(model: type[Any], rows: Any) -> None:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            model.objects.bulk_create(batch)
            batch = []
    model.objects.bulk_create(batch)


def _person(teamspace: Teamspace, n: int, number: int) -> Customer:
    phone = SWITCHBOARD if n % (number // 10) == 0 else f"+43660{n:07}"
    return Customer(
        teamspace=teamspace,
        provided_unique_id=f"crm-{n}",
        proto_id=f"01HZ{n:012}",
        external_customer_id=f"EXT{n:06}" if n % 2 else "",
        gateway_profile_id=f"human-{n}" if n % 5 == 0 else "",
        name=f"Person {n}",
        email=f"person{n}@example.com",
        email_normal=f"person{n}@example.com",
        phone_number=phone,
        phone_e164=phone,
    )


def _contact(account: HelpdeskAccount, n: int, number: int) -> Contact:
    other = n * 7 % number
    mail = f"person{other}@example.com" if n % 3 == 0 else f"contact{n}@example.net"
    phone = f"+43660{other:07}" if n % 4 == 0 else f"+43699{n:07}"
    if n % (number // min(SHARED, number // 2)) == 1:
        phone = SWITCHBOARD
    return Contact(account=account, remote_id=f"c{n}", name=f"Contact {n}", email_normal=mail, phone_e164=phone)


def _protocol(project: ProtocolProject, n: int) -> ProtocolCustomer:
    external_id = f"crm-{n}" if n % 3 == 0 else ""
    return ProtocolCustomer(
        project=project, protocol_id=f"p{n}", username=f"u{n}", phone_e164=f"+43676{n:07}", external_id=external_id
    )


def link_street() -> dict[str, Any]:
    """Find the same people; return the seconds, what was found, and the MiB that this process has had at the most."""
    ProtocolCustomer.objects.update(customer=None)
    Human.objects.update(customer=None)
    Customer.objects.update(has_suggestions=False)
    began = time.perf_counter()
    run = link_people(teamspace=Teamspace.objects.get(), by=None)
    while run.state in (RunState.QUEUED, RunState.RUNNING):
        work_due(3600)
        run.refresh_from_db()
    seconds = time.perf_counter() - began
    assert run.state == RunState.DONE, run.error
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "mib": peak, **run.parameters["counts"]}
