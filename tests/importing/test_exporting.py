"""Exports: columns, whose people, harmless cells, and back in through the import just as they were."""

import datetime
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.exporting.columns import FIXED
from customers.importing.judging import MAX_LENGTHS
from customers.models import Customer, CustomField, CustomFieldValue, Tag
from customers.services import customer_create
from protoadmin.connections.models import Teamspace
from protoadmin.runs.models import RunState
from protoadmin.runs.services import run_start
from tests.importing import driving
from tests.importing.driving import counts, details, drive, exported, imported, judged, once, table

pytestmark = pytest.mark.django_db


def make(teamspace: Teamspace, unique_id: str | None, tags: Iterable[str] = (), **values: Any) -> Customer:
    """A person with tags."""
    customer = customer_create(teamspace=teamspace, values={"provided_unique_id": unique_id or "", **values}, by=None)
    for name in tags:
        customer.tags.add(Tag.objects.get_or_create(teamspace=teamspace, name=name)[0])
    return customer


def content(run: Any) -> bytes:
    """The bytes of an export."""
    with run.files.get(purpose="result").content.open("rb") as file:
        data: bytes = file.read()
        return data


def test_columns_and_cells(ada: User, vienna: Teamspace) -> None:
    now = datetime.datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=datetime.UTC)
    one = make(
        vienna,
        "7",
        ("vip", "a;b"),
        name="Zoë, “Z”",
        email="zoe@example.org",
        phone_number="+43 660 1",
        proto_id="p-1",
        location="Main St\nVienna",
        sync_state="done",
        synced_at=now,
    )
    size = CustomField.objects.create(teamspace=vienna, name="Shoe size", type="number")
    tags = CustomField.objects.create(teamspace=vienna, name="Tags", type="text")
    CustomFieldValue.objects.create(customer=one, field=size, value=39)
    CustomFieldValue.objects.create(customer=one, field=tags, value="=x")
    run = exported(ada, [one])
    assert content(run).startswith(b"\xef\xbb\xbfteamspace,")
    header, row = table(run, "result")
    assert header == [*FIXED, "Shoe size", "Tags (custom field)"]
    assert row == [
        "Vienna",
        "7",
        "p-1",
        "",
        "",
        "Zoë, “Z”",
        "Main St\nVienna",
        "zoe@example.org",
        "'+43 660 1",
        "",
        "a\\;b;vip",
        "done",
        "2026-03-04T05:06:07+00:00",
        "39",
        "'=x",
    ]
    assert run.files.get(purpose="result").name == f"people-{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.csv"


def test_fields_of_several_teamspaces_and_of_one_name(ada: User, vienna: Teamspace) -> None:
    graz = driving.teamspace("Graz", ada)
    unused = driving.teamspace("Unused", ada)
    CustomField.objects.create(teamspace=unused, name="Not here")
    people = [make(vienna, "1"), make(graz, "1")]
    fields = [
        CustomField.objects.create(teamspace=t, name="Level", remote_id=r)
        for t, r in ((vienna, "a"), (vienna, "b"), (graz, "c"))
    ]
    CustomFieldValue.objects.create(customer=people[0], field=fields[0], value="one")
    CustomFieldValue.objects.create(customer=people[0], field=fields[1], value=True)
    CustomFieldValue.objects.create(customer=people[1], field=fields[2], value="three")
    header, first, second = table(exported(ada, people), "result")
    assert header[13:] == ["Level", "Level (2)"]
    assert (first[13:], second[13:]) == (["one", "Yes"], ["three", ""])


def test_people_of_foreign_teamspaces_are_left_out(ada: User, vienna: Teamspace) -> None:
    secret = make(driving.teamspace("Secret"), "1", name="Nobody's business")
    CustomField.objects.create(teamspace=secret.teamspace, name="Secret field")
    run = exported(ada, [make(vienna, "2", name="Ada"), secret])
    header, *rows = table(run, "result")
    assert [row[5] for row in rows] == ["Ada"]
    assert "Secret field" not in header
    assert (run.done, run.failed, run.total) == (1, 1, 2)
    assert "Nobody" not in run.errors.get().row


def test_a_teamspace_lost_while_it_runs_is_left_out(
    ada: User, vienna: Teamspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protoadmin.runs.services.CHUNK", 1)
    people = [make(vienna, "1"), make(vienna, "2")]
    run = run_start(kind="people_export", by=ada, title="Export", ids=[one.pk for one in people])
    once(run, 2)
    vienna.members.remove(ada)
    run = drive(run)
    assert [row[1] for row in table(run, "result")[1:]] == ["1"]


def test_the_permission_lost_ends_it(ada: User, vienna: Teamspace) -> None:
    run = run_start(kind="people_export", by=ada, title="Export", ids=[make(vienna, "1").pk])
    driving.revoke(ada, "customers.export_customers")
    run = drive(run)
    assert run.state == RunState.FAILED
    assert "may not export people any more" in run.error
    assert not run.files.exists()


def test_people_removed_meanwhile_are_counted(ada: User, vienna: Teamspace) -> None:
    people = [make(vienna, "1"), make(vienna, "2")]
    run = run_start(kind="people_export", by=ada, title="Export", ids=[one.pk for one in people])
    people[0].delete()
    run = drive(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 1, 1)


def test_the_order_of_the_list_is_kept(ada: User, vienna: Teamspace) -> None:
    people = [make(vienna, name) for name in "bca"]
    assert [row[1] for row in table(exported(ada, people), "result")[1:]] == ["b", "c", "a"]


def test_an_export_of_nobody_is_a_header(ada: User, vienna: Teamspace) -> None:
    run = exported(ada, [])
    assert run.state == RunState.DONE
    assert table(run, "result") == [list(FIXED)]


def test_every_export_is_noted_once(ada: User, vienna: Teamspace) -> None:
    exported(ada, [make(vienna, "1"), make(vienna, "2")])
    entry = LogEntry.objects.get(user=ada)
    assert "Exported 2 people" in entry.change_message


def test_formulas_of_any_column_are_harmless(ada: User, vienna: Teamspace) -> None:
    evil = '=HYPERLINK("http://evil","x")'
    customer = make(
        vienna,
        "=1",
        (f"@{evil}",),
        name=evil,
        location="\t=1",
        external_customer_id="-1",
        gateway_profile_id="＝1",
        avatar="+1",
        phone_number="@1",
        proto_id=evil,
    )
    Teamspace.objects.filter(pk=vienna.pk).update(name="+Vienna")
    field = CustomField.objects.create(teamspace=vienna, name="=field")
    CustomFieldValue.objects.create(customer=customer, field=field, value="-1")
    header, row = table(exported(ada, [customer]), "result")
    harmed = [cell for cell in [*header, *row] if cell[:1] in "=+-@＝\t" and cell]
    assert harmed == []
    assert header[-1] == "'=field"


def test_a_phone_number_comes_back_without_its_apostrophe(ada: User, vienna: Teamspace) -> None:
    customer = make(vienna, "1", name="Ada", phone_number="+43 660 1")
    data = content(exported(ada, [customer]))
    customer.delete()
    imported(ada, vienna, data)
    assert Customer.objects.get().phone_number == "+43 660 1"


WORDS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), st.sampled_from("'=+-@;,\"\\\n\r\t"))
)


def detail(name: str) -> st.SearchStrategy[str]:
    """A text that a field holds."""
    return WORDS.map(lambda text: text.strip()[: MAX_LENGTHS[name]].strip())


IDS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("'=+-@;,\"")), min_size=1, max_size=40
)
PEOPLE = st.fixed_dictionaries(
    {
        "provided_unique_id": IDS.map(str.strip).filter(lambda text: text not in ("", ".", "..")),
        "external_customer_id": detail("external_customer_id"),
        "gateway_profile_id": detail("gateway_profile_id"),
        "name": detail("name"),
        "location": detail("location"),
        "phone_number": detail("phone_number"),
        "email": st.sampled_from(["", "ada@example.org", "+x@example.org", "-@example.org"]),
        "avatar": st.sampled_from(["", "https://example.org/a.png"]),
        "tags": st.lists(WORDS.map(lambda text: text.strip()[:100].strip()).filter(bool), max_size=3, unique=True),
    }
)


class RoundTrip(TestCase):
    """What goes out comes back in."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(PEOPLE, min_size=1, max_size=5, unique_by=lambda one: one["provided_unique_id"]))
    def test_an_export_taken_in_again_gives_the_same_people(self, people: list[dict[str, Any]]) -> None:
        ada = driving.person("ada", "customers.import_customers", "customers.export_customers", "customers.add_tag")
        vienna = driving.teamspace("Vienna", ada)
        made = [make(vienna, one.pop("provided_unique_id"), **one) for one in map(dict, people)]
        before = {one.provided_unique_id: details(one) for one in made}
        data = content(exported(ada, made))
        # Into the same people: nothing to do.
        run = judged(ada, vienna, data)
        assert counts(run) == (0, 0, len(made), 0)
        # Into an empty teamspace: the same people.
        Customer.objects.all().delete()
        run = imported(ada, vienna, data)
        assert counts(run) == (len(made), 0, 0, 0)
        assert {one.provided_unique_id: details(one) for one in Customer.objects.all()} == before
