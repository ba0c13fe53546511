"""A town of made-up people, the same every time, written as fast as the database takes them.

What the benchmark looks for has the same number of hits in a small and in a large town (`RARE` of them, or one),
or so many in both that a page is full: then the pages that are compared show the same.
"""

import datetime
from collections.abc import Iterator
from random import Random
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.utils import timezone

from customers.models import REMOTE_FIELDS, Customer, CustomField, CustomFieldValue, SearchTerm, Tag
from customers.search import terms_of
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from tests.bench.desks import fill_desks

TEAMSPACES = 3
RARE = 120
BATCH = 5000
COMMON_TAG, RARE_TAG = "newsletter", "press"
# Half of the first names begin with "An".
FIRST = [
    "Anna",
    "Andrea",
    "Antonio",
    "Anita",
    "Angel",
    "Anjali",
    "Maria",
    "Grace",
    "Olivia",
    "Lucía",
    "François",
    "Jürgen",
    "Łukasz",
    "Ayşe",
    "João",
]
LAST = [
    "Santos",
    "Reyes",
    "Whitfield",
    "Okafor",
    "Müller",
    "Lefèvre",
    "García",
    "Wójcik",
    "Yıldız",
    "Araújo",
    "Larsen",
    "Park",
    "Smith",
    "Khan",
    "Patel",
]
CHINESE_FAMILY, CHINESE_GIVEN = "王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋"
RARE_CHINESE = "龙宝"
STATES = ("done", "done", "done", "local", "queued")
TAGS = (COMMON_TAG, "vip", "billing", "wholesale", "beta", "refund", "at risk", "follow-up")


def fill(number: int) -> None:
    """Make the teamspaces, the users (`boss`, a superuser; `agent`, of one teamspace; `duo`, of two) and the people."""
    teamspaces = [
        Teamspace.objects.create(name=f"Team {letter}", subcompany_id=f"team-{letter}", takeover_secret="x")
        for letter in "ABC"
    ]
    User.objects.create_superuser("boss", password=None)
    for name, own in (("agent", teamspaces[:1]), ("duo", teamspaces[:2])):
        user = User.objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name="Support"))
        user.teamspaces.set(own)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _unchecked()
        people = list(_people(number, teamspaces))
        for start in range(0, number, BATCH):
            Customer.objects.bulk_create(people[start : start + BATCH])
        _add_tags(people, teamspaces)
        _add_values(people, teamspaces)
        _add_terms(people)
        _add_calls(people)
    fill_desks(number, teamspaces)
    if connection.vendor == "postgresql":
        # What autovacuum does by itself within a minute.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _unchecked() -> None:
    """Leave foreign keys unchecked in this transaction: the rows are known to fit."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")


def is_rare(index: int, number: int) -> bool:
    """Tell whether a person is one of the few, who are spread over the whole town and all teamspaces."""
    step = number // RARE
    return index % step == index // step % TEAMSPACES and index // step < RARE


def _people(number: int, teamspaces: list[Teamspace]) -> Iterator[Customer]:
    rng = Random(20261121)
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    for index in range(number):
        rare = is_rare(index, number)
        changed = start + datetime.timedelta(seconds=rng.randrange(20_000_000))
        unique_id = f"crm-{index:07d}"
        phone = f"+43 660 {4_000_000 + index * 7:07d}" if index % 2 else f"+63 917 {5_000_000 + index * 3:07d}"
        mail = f"person{index}@mail{index % 40}.example"
        person = Customer(
            teamspace=teamspaces[index % TEAMSPACES],
            provided_unique_id=unique_id,
            proto_id=f"01HZ{rng.getrandbits(60):015X}",
            external_customer_id=f"EXT{index:06d}" if index % 4 == 0 else "",
            name=_name(rng, index, rare),
            location=rng.choice(("Wien", "Manila", "Cebu City", "Chicago", "上海", "Kraków")),
            email=mail,
            email_normal=mail,
            phone_number=phone,
            phone_e164=phone.replace(" ", ""),
            sync_state="unconfirmed" if rare else rng.choice(STATES),
            remote_data={"id": unique_id, "tags": [], "name": "as Proto last told"},
            synced_at=changed,
            sent_at=changed,
            updated_at=changed,
        )
        yield person


def _name(rng: Random, index: int, rare: bool) -> str:
    if index == 6:
        return "Zephyrine Quillfeather"
    if rare:
        return rng.choice(CHINESE_FAMILY) + RARE_CHINESE
    if index % 12 == 0:
        return rng.choice(CHINESE_FAMILY) + rng.choice(CHINESE_GIVEN) + rng.choice(CHINESE_GIVEN)
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def _add_tags(people: list[Customer], teamspaces: list[Teamspace]) -> None:
    tags = {(team.pk, name): Tag.objects.create(teamspace=team, name=name) for team in teamspaces for name in TAGS}
    rare = {team.pk: Tag.objects.create(teamspace=team, name=RARE_TAG) for team in teamspaces}
    through: Any = Customer.tags.through
    rows = []
    for index, person in enumerate(people):
        chosen = [tags[person.teamspace_id, TAGS[1 + index % 7]]]
        if index % 10 < 6:
            chosen.append(tags[person.teamspace_id, COMMON_TAG])
        if is_rare(index, len(people)):
            chosen.append(rare[person.teamspace_id])
        rows += [(person.pk, tag.pk) for tag in chosen]
    _copy(through._meta.db_table, ("customer_id", "tag_id"), rows)


def _add_values(people: list[Customer], teamspaces: list[Teamspace]) -> None:
    fields = {
        team.pk: CustomField.objects.create(
            teamspace=team, name="Plan", type="select", select_options=["Basic", "Plus"], remote_id=f"plan-{team.pk}"
        )
        for team in teamspaces
    }
    values = [
        CustomFieldValue(customer=person, field=fields[person.teamspace_id], value=plan, text=plan)
        for index, person in enumerate(people)
        if (plan := ("Basic", "Basic", "Plus")[index % 5 % 3]) and index % 2 == 0
    ]
    CustomFieldValue.objects.bulk_create(values, batch_size=BATCH)


def _add_terms(people: list[Customer]) -> None:
    rows = ((person.pk, term.encode()) for person in people for term in sorted(terms_of(person)))
    _copy(SearchTerm._meta.db_table, ("customer_id", "term"), rows)


def _copy(table: str, columns: tuple[str, ...], rows: Any) -> None:
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join("%s" for _ in columns)
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 - names of ours


def _add_calls(people: list[Customer]) -> None:
    """One save a person that Proto took, and one that failed for the few; all made of one row by the database."""
    first = people[0]
    pattern = Call.objects.create(
        operation="save_customer",
        connection=first.teamspace,
        target=first,
        payload={name: getattr(first, name) for name in REMOTE_FIELDS},
        state="done",
        status_code=200,
        response=first.remote_data,
        next_attempt_at=None,
        finished_at=timezone.now(),
    )
    _repeat(pattern, "'done'", "customer.id <> %s", [first.pk])
    few = [person.pk for index, person in enumerate(people) if is_rare(index, len(people))]
    _repeat(pattern, "'failed'", f"customer.id IN ({', '.join(map(str, few))}) AND customer.id > %s", [0])


def _repeat(pattern: Call, state: str, condition: str, parameters: list[Any]) -> None:
    special = {
        "target_id": "customer.id",
        "teamspace_id": "customer.teamspace_id",
        "lane": "'customers.customer:' || customer.id",
        "state": state,
    }
    columns = [str(field.column) for field in Call._meta.concrete_fields if field.column != "id"]
    values = [special.get(column, f"pattern.{column}") for column in columns]
    statement = (
        f"INSERT INTO outbox_call ({', '.join(columns)}) "  # noqa: S608 - names of ours
        f"SELECT {', '.join(values)} FROM customers_customer customer, outbox_call pattern "
        f"WHERE pattern.id = {pattern.pk} AND {condition}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
