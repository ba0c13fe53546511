"""Everything that was in SQLite is in PostgreSQL afterwards, and the product goes on there."""

import json
from typing import Any

import pytest
import requests

from tests.kill.asking import Browser
from tests.moving.house import House
from tests.outbox.remote import Remote
from tests.support.servers import Postgres
from tests.webhooks.posting import event, signature, unique

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

CONNECT = """
import json
place = Teamspace.objects.create(name="Acme", **json.loads({teamspace!r}))
Channel.objects.create(name="Web", channel_id="web", teamspace=place, secret="the-secret", pull_every=0)
person = Customer.objects.create(teamspace=place, provided_unique_id={unique!r}, name="Ann")
print(person.pk)
"""
REMOTE_DATA = """
from protoadmin.storable import from_storable
print(ascii(from_storable(Customer.objects.get(pk=1).remote_data)))
"""
LOGIN = """
from django.contrib.auth.models import User
person = User.objects.filter(is_superuser=True)[0]
person.set_password("correct horse battery")
person.save()
print(person.username)
"""


def compare(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    """Find what is not the same, model by model and row by row."""
    assert after.keys() == before.keys()
    for label, rows in before.items():
        assert rows.keys() == after[label].keys(), label
        for key, row in rows.items():
            assert row == after[label][key], (label, key)


def test_every_row_of_every_table_comes_along(house: House, postgres_server: Postgres) -> None:
    # A database without any table, as `createdb` makes it.
    house.url = postgres_server.new_database()
    before = house.dump()
    assert [label for label, rows in before.items() if not rows] == [], "every model has to have rows to be tried with"
    said = house.copy()
    after = house.dump(moved=True)
    # The files have come from the disk into the database, beside what was in its tables.
    for label in ("files.StoredFile", "files.Piece"):
        assert len(after[label]) > len(before[label])
        after[label] = {key: row for key, row in after[label].items() if key in before[label]}
    compare(before, after)
    rows = sum(len(rows) for label, rows in before.items() if label != "content of files")
    assert f"{rows:,} rows of {len(before) - 1} tables copied and compared" in said
    # Not one secret in the clear, in the copy or on the screen.
    secret = next(iter(before["connections.Teamspace"].values()))
    assert "s3cret-of-a-test" in secret["takeover_secret"]
    assert "s3cret-of-a-test" not in secret["stored_takeover_secret"]
    assert "s3cret-of-a-test" not in said
    # Nothing has changed in the old one.
    compare(before, house.dump())


def test_the_product_goes_on_with_it(house: House) -> None:
    product = house.product
    product.start()
    remote = Remote(product.sandbox_url)
    remote.begin()
    given = remote.connection()
    person = remote.read("people", subcompany_id=given["subcompany_id"], limit=1)["people"][0]["provided_unique_id"]
    teamspace = json.dumps({name: given[name] for name in ("subcompany_id", "takeover_secret", "base_url")})
    customer = int(product.python(CONNECT.format(teamspace=teamspace, unique=person)))
    login = product.python(LOGIN)
    (product.var_dir / "login.txt").write_text(f"login: {login}\npassword: correct horse battery\n")
    product.stop()
    house.copy()
    product.env["DATABASE_URL"] = house.url
    product.start()
    # The login and its password are the same; a click goes out with the teamspace's secret.
    ticket = {"subject": "After the move", "identifier": "provided_unique_id", "request_key": "a-click-after-the-move"}
    Browser(product).press(customer, "create-ticket", **ticket)
    product.wait_for(lambda: remote.effects("create-ticket"), "the ticket at the remote")
    body = unique(event("Hello after the move"))
    answer = requests.post(
        f"{product.url}/webhooks/web/",
        data=body,
        headers={"X-PROTO-SIGNATURE": signature(body, "the-secret"), "Content-Type": "application/json"},
        timeout=20,
    )
    assert answer.status_code == 200
    found = "print(Message.objects.filter(text='Hello after the move').count())"
    product.wait_for(lambda: product.python(found) == "1", "the message")
    assert product.python("print(Call.objects.get(operation='create_ticket').state)") == "done"
    # The old database knows of none of it.
    del product.env["DATABASE_URL"]
    assert product.python(found) == "0"


def test_an_id_that_was_given_is_never_given_again(house: House) -> None:
    gone = "person = Customer.objects.create(teamspace=Teamspace.objects.all()[0]); print(person.pk); person.delete()"
    last = int(house.product.python(gone))
    house.copy()
    with house.on_postgres():
        assert int(house.product.python(gone)) == last + 1


def test_texts_with_nul_are_marked_and_told(house: House) -> None:
    house.sqlite("UPDATE customers_tag SET name = name || char(0) || 'x' WHERE id = 1")
    house.sqlite("""UPDATE customers_customer SET remote_data = '{"a": "\\u0000", "b": "\\\\u0000"}' WHERE id = 1""")
    said = house.copy()
    assert "customers.Tag.name: 1 values held what PostgreSQL cannot" in said
    assert "customers.Customer.remote_data: 1 values held what PostgreSQL cannot" in said
    with house.on_postgres():
        assert house.product.python("print(ascii(Tag.objects.get(pk=1).name[-2:]))") == ascii("\ufffdx")
        assert house.product.python(REMOTE_DATA) == ascii({"a": "\x00", "b": "\\u0000"})


def test_files_that_are_nowhere_are_named(house: House) -> None:
    gone = next((house.product.var_dir / "files").rglob("result*.bin"))
    gone.unlink()
    assert gone.name in house.copy("--files", str(house.product.var_dir / "files"))
