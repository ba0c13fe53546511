"""What would make the copy wrong is refused before anything is written, and what fails leaves nothing behind."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.moving.house import House
from tests.support.product import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def refused(house: House, *options: str) -> str:
    """Try to copy; return why it is refused."""
    with pytest.raises(AssertionError) as raised:
        house.copy(*options)
    return str(raised.value)


def test_a_file_that_others_use(house: House) -> None:
    with closing(sqlite3.connect(house.file)) as somebody:
        somebody.execute("SELECT COUNT(*) FROM customers_customer").fetchone()
        assert "is open in another process" in refused(house)
    with closing(sqlite3.connect(house.file, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        assert "cannot be read (database is locked)" in refused(house)
    house.product.start()
    assert "already runs on" in refused(house)


def test_a_file_of_another_version(house: House) -> None:
    house.sqlite("INSERT INTO django_migrations (app, name, applied) VALUES ('runs', '9999_later', '2026-01-01')")
    assert "made by a newer version: this one does not know runs.9999_later" in refused(house)
    house.sqlite("DELETE FROM django_migrations WHERE app = 'runs'")
    assert "Bring it up to date first" in refused(house)


def test_what_is_no_source_and_what_is_no_target(house: House) -> None:
    for source in ("postgres://a@b/c", "nonsense"):
        assert "--from is the URL of an SQLite database" in refused(house, "--from", source)
    assert "There is no SQLite database at" in refused(house, "--from", "sqlite:////nowhere/at-all.sqlite3")
    with pytest.raises(AssertionError, match="DATABASE_URL has to name the PostgreSQL database"):
        house.product.manage("copy_database")


def test_values_that_do_not_fit_are_listed_and_can_be_mended(house: House) -> None:
    house.sqlite("UPDATE customers_tag SET name = hex(zeroblob(60)) WHERE id = 1")
    house.sqlite("UPDATE runs_run SET done = 3000000000 WHERE id = 1")
    said = refused(house)
    assert "customers.Tag 1: name is longer than 100 characters" in said
    assert "runs.Run 1: done is too large a number" in said
    assert house.count("auth_user") == 0
    house.sqlite("UPDATE customers_tag SET name = 'short' WHERE id = 1")
    house.sqlite("UPDATE runs_run SET done = 3 WHERE id = 1")
    assert "They are the same in both databases." in house.copy()


def test_rows_that_refer_to_nothing(house: House) -> None:
    house.sqlite("PRAGMA foreign_keys=OFF")
    house.sqlite("DELETE FROM customers_tag WHERE id = 1")
    assert "The SQLite database is damaged" in refused(house)
    assert house.count("auth_user") == 0


def test_a_copy_that_differs(house: House) -> None:
    with house.on_postgres():
        house.product.manage("migrate", "--verbosity", "0")
    house.postgres(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); "
        "RETURN NEW; END $$; CREATE TRIGGER spoil BEFORE INSERT ON customers_tag FOR EACH ROW EXECUTE FUNCTION spoil()"
    )
    assert "customers.Tag is not the same in both databases" in refused(house)
    assert house.count("customers_tag") == 0
    assert house.count("auth_user") == 0


def test_killed_in_the_middle_nothing_is_left_and_it_can_be_done_again(house: House) -> None:
    with house.on_postgres():
        command = [sys.executable, "manage.py", "copy_database"]
        process = subprocess.Popen(command, cwd=ROOT, env=house.product.env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        while "Making the indexes" not in said.readline():
            assert process.poll() is None
        process.kill()
        process.wait()
    assert house.count("auth_user") == 0
    assert "They are the same in both databases." in house.copy()
    # And once it is done, not again.
    people = house.count("customers_customer")
    assert "has rows already (" in refused(house)
    assert house.count("customers_customer") == people
