"""No look-up passes over a table: each goes through the index of the value that it is by."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.linking.finding import people_with, records_for
from customers.linking.kinds import Sort
from customers.linking.looking import look_again
from customers.models import Customer, Human, ProtocolCustomer
from tests.linking.street import Street, is_suggested

TABLES = ("customers_customer", "customers_human", "customers_protocolcustomer", "customers_contact")
KEYS: dict[Sort, Any] = {
    Sort.ID: {"crm-7", "crm-8"},
    Sort.PROFILE: {"human-1", "human-2"},
    Sort.MAIL: {"ann@example.com", "bob@example.com"},
    Sort.PHONE: {"+436601234567", "+436607654321"},
}
VALUES = (
    *("external_id", "human_id", "email_normal", "phone_e164", "provided_unique_id", "external_customer_id"),
    *("proto_id", "gateway_profile_id"),
)


def plan_of(sql: str) -> str:
    """Return how the database would go about it with tables of any size."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        return "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())


def looked_up(sql: str) -> bool:
    """Tell whether a statement reads one of the tables by one of the compared values."""
    where = sql.partition(" WHERE ")[2]
    return any(f'"{table}"."{name}"' in where for table in TABLES for name in VALUES)


def test_by_the_index_of_the_value(street: Street) -> None:
    street.person(email="ann@example.com", external_customer_id="crm-7", phone_number="+43 660 1234567")
    for record in (street.human, street.protocol, street.contact):
        record()
    with CaptureQueriesContext(connection) as queries:
        people_with(street.home.pk, KEYS)
        records_for(street.home.pk, {1: KEYS, 2: KEYS})
        look_again(street.home.pk, KEYS)
    asked = [query["sql"] for query in queries if looked_up(query["sql"])]
    assert len(asked) > 20
    for sql in asked:
        plan = plan_of(sql)
        where = sql.partition(" WHERE ")[2]
        (name,) = {name for name in VALUES if f'"."{name}" ' in where}
        assert "Seq Scan" not in plan, (sql, plan)
        assert not any(f"SCAN {table}" in plan for table in TABLES), (sql, plan)
        assert name in plan, (sql, plan)


def test_the_list_of_people_with_suggestions_has_an_index_of_its_own(street: Street) -> None:
    with CaptureQueriesContext(connection) as queries:
        street.client().get(reverse("admin:customers_customer_changelist"), {"suggestions": "1"})
    (sql,) = [q["sql"] for q in queries if "has_suggestions" in q["sql"] and "ORDER BY" in q["sql"]]
    assert "suggested" in plan_of(sql)


def test_what_was_known_before_is_filled_in(street: Street) -> None:
    person = Customer.objects.bulk_create([Customer(teamspace=street.home, email=" Ann@Example.com")])[0]
    human = street.human()
    Human.objects.filter(pk=human.pk).update(
        email="Ann@example.com", phone_number="+43 660 1234567", remote_data={"externalId": "crm-7"}
    )
    import_module("customers.migrations.0003_normal_mails").fill(apps, SimpleNamespace(connection=connection))
    human.refresh_from_db()
    assert (human.email_normal, human.phone_e164) == ("ann@example.com", "+436601234567")
    assert human.external_id == "crm-7"
    look_again(street.home.pk, {Sort.MAIL: ["ann@example.com"]})
    assert is_suggested(person)
    assert not ProtocolCustomer.objects.exists()
