"""Finding people: any script, phones however they are written, mail, ids; odd input finds nobody and breaks nothing."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from customers.models import Customer, SearchTerm
from customers.phones import digits_of, to_e164
from customers.search import index_people, search_people
from customers.services import customer_change
from customers.terms import fold, split_words, terms_of
from protoadmin.connections.models import Teamspace
from tests.access.people import new_teamspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def space() -> Teamspace:
    return new_teamspace("Acme")


def make(space: Teamspace, name: str = "", **values: str) -> Customer:
    return Customer.objects.create(teamspace=space, name=name, **values)


def found(query: str, people: QuerySet[Customer] | None = None) -> set[str]:
    """Return the names of whom a query finds."""
    return {person.name for person in search_people(Customer.objects.all() if people is None else people, query)}


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("José Álvarez-Ñuñez", ["jose", "JOSÉ", "alvarez", "nunez", "ñuñez jos", "álv"]),
        ("Straße GROẞ", ["strasse", "STRASSE", "straße", "gross"]),
        ("Łukasz Sørensen Đorđe", ["lukasz", "łukasz", "sorensen", "dorde", "SØREN"]),
        ("İSTANBUL Işık", ["istanbul", "isik", "ışık"]),
        ("O'Brien-Smith", ["o'brien", "brien", "smith", "O’BRIEN", "obrien"[1:]]),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", ["full", "width", "ＦＵＬＬ"]),
        ("𝐁𝐨𝐥𝐝 Name", ["bold", "𝐛𝐨𝐥𝐝", "BOLD"]),
        ("山田太郎", ["山田", "太郎", "山田太郎", "田太", "郎"]),
        ("김민준", ["김", "민준", "김민준"]),
        ("สมชาย ใจดี", ["สมชาย", "ชาย", "ใจดี", "สมชาย ใจดี"]),
        ("राजेश कुमार", ["राजेश", "कुमार", "राज", "कुमार राजेश"]),
        ("أحمد محمّد", ["احمد", "أحمد", "محمد", "محمّد"]),
        ("محـــمد", ["محمد"]),
        ("Юлія Ковальчук", ["юлія", "КОВАЛЬЧУК", "коваль"]),
        ("Ελένη Παπαδοπούλου", ["ελενη", "ΕΛΕΝΗ", "παπαδοπουλου"]),
        ("שָׁלוֹם כהן", ["שלום", "כהן"]),
        ("Nguyễn Văn Đức", ["nguyen", "van", "duc", "nguyễn"]),
        ("Li Ng", ["li", "ng", "ng li"]),
        ("X Æ A-12", ["x", "ae", "12"]),
    ],
)
def test_names(space: Teamspace, name: str, queries: list[str]) -> None:
    make(space, name)
    make(space, "Somebody Else", email="other@example.net")
    for query in queries:
        assert found(query) == {name}, query


@pytest.mark.parametrize(
    "stored", ["+43 660 1234567", "+436601234567", "0043 660 1234567", "+43 (0)660 / 12 34-567", "+43.660.123.4567"]
)
@pytest.mark.parametrize(
    "query",
    [
        "+436601234567",
        "+43 660 1234567",
        "+43 (0) 660 123 45 67",
        "0043 660 1234567",
        "0660 1234567",
        "0660/123-4567",
        "660 1234567",
        "1234567",
        "4567",
        "+43–660–12–34–567",
        "\u202a+43 660 1234567\u202c",
        "+43\xa0660\xa01234567",
        "＋４３ ６６０ １２３４５６７",
    ],
)
def test_phones_written_in_any_way(space: Teamspace, stored: str, query: str) -> None:
    make(space, "Anna", phone_number=stored)
    make(space, "Berta", phone_number="+63 917 555 0199")
    assert found(query) == {"Anna"}


def test_phones_in_other_digits(space: Teamspace) -> None:
    make(space, "Anna", phone_number="٠٦٦٠ ١٢٣٤٥٦٧")
    assert found("06601234567") == found("٠٦٦٠١٢٣٤٥٦٧") == found("1234567") == {"Anna"}


def test_phones_that_cannot_be_read(space: Teamspace) -> None:
    make(space, "Anna", phone_number="ask for Ann, ext. 4711")
    assert found("4711") == {"Anna"}


def test_national_numbers_are_read_in_the_default_region(space: Teamspace, settings: Settings) -> None:
    settings.PHONE_DEFAULT_REGION = "AT"
    make(space, "Anna", phone_number="0660 1234567")
    assert found("+43 660 1234567") == {"Anna"}


def test_a_few_leading_zeros_do_not_find_everybody(space: Teamspace) -> None:
    make(space, "Anna", phone_number="+7 701 5550199")
    make(space, "Bond", external_customer_id="007")
    assert found("007") == {"Bond"}


@pytest.mark.parametrize(
    "query",
    [
        "anna.maier@example.com",
        "ANNA.MAIER@EXAMPLE.COM",
        "anna.maier@",
        "anna.maier@exam",
        "<anna.maier@example.com>",
        "maier",
        "example.com",
        "@example.com",
        "Anna anna.maier@example.com",
        "d'anna anna.maier@example.com",
    ],
)
def test_mail(space: Teamspace, query: str) -> None:
    make(space, "D'Anna", email="Anna.Maier@example.com")
    make(space, "Berta", email="berta@other.net")
    assert found(query) == {"D'Anna"}


@pytest.mark.parametrize("column", ["provided_unique_id", "proto_id", "external_customer_id", "gateway_profile_id"])
@pytest.mark.parametrize(
    "query",
    ["CRM-2024/00815", "crm-2024/00815", "crm-2024", "00815", "2024", "CRM 815"[:3], "2024/00815", "2024 00815"],
)
def test_ids(space: Teamspace, column: str, query: str) -> None:
    make(space, "Anna", **{column: "CRM-2024/00815"})
    make(space, "Berta", **{column: "XYZ-1999/42"})
    assert found(query) == {"Anna"}


def test_every_word_has_to_match(space: Teamspace) -> None:
    make(space, "Anna Maier", email="a@example.com", phone_number="+43 660 1234567")
    make(space, "Anna Huber")
    assert found("anna") == {"Anna Maier", "Anna Huber"}
    assert found("mai anna") == {"Anna Maier"}
    assert found("anna 660") == {"Anna Maier"}
    assert found("anna huber maier") == set()


def test_the_beginning_of_a_word_is_enough_and_the_middle_is_not(space: Teamspace) -> None:
    make(space, "Annabelle")
    assert found("annab") == {"Annabelle"}
    assert found("belle") == set()


@pytest.mark.parametrize("query", ["", "   ", "\t\n"])
def test_nothing_asked_shows_everybody(space: Teamspace, query: str) -> None:
    make(space, "Anna")
    assert found(query) == {"Anna"}


@pytest.mark.parametrize(
    "query",
    ["%", "_", "'", '"', "--", "*", "?!", "@", "@@", "()", "+", "...", "😀", "\u0301", "ـ", "\x00", "\\", "' OR 1=1 --",
     "%' OR '1'='1", "a" * 5000, "1" * 5000, "ß" * 300, "\ud800", "x\ud800", "null", "\u202e", "ﷺ" * 100],
)  # fmt: skip
def test_odd_input_finds_nobody_and_breaks_nothing(space: Teamspace, query: str) -> None:
    make(space, "Berta", email="b@example.com", phone_number="+43 660 1234567", provided_unique_id="17")
    assert found(query) == set()


def test_whose_people_is_not_widened(space: Teamspace) -> None:
    make(space, "Anna")
    assert found("anna", Customer.objects.none()) == set()
    assert found("anna", Customer.objects.filter(teamspace=new_teamspace("Other"))) == set()


def test_a_person_made_by_plain_orm_is_found(space: Teamspace) -> None:
    Customer(teamspace=space, name="Plain").save()
    assert found("plain") == {"Plain"}


def test_old_words_do_not_find_anybody_any_more(space: Teamspace) -> None:
    person = make(space, "Anna Maier", phone_number="+43 660 1234567")
    customer_change(customer=person, values={"name": "Anna Huber", "phone_number": ""}, by=None)
    assert found("maier") == found("1234567") == set()
    assert found("huber") == {"Anna Huber"}


def test_saving_something_else_keeps_the_terms(space: Teamspace) -> None:
    person = make(space, "Anna")
    person.sync_state = "done"
    person.save(update_fields=["sync_state"])
    assert found("anna") == {"Anna"}
    assert SearchTerm.objects.filter(customer=person).count() == 1


def test_bulk_writers_index_for_themselves(space: Teamspace) -> None:
    made = Customer.objects.bulk_create([Customer(teamspace=space, name=f"Bulk {number}") for number in range(3)])
    assert found("bulk") == set()
    index_people(made)
    index_people(made)
    assert len(found("bulk")) == 3


def test_the_terms_go_with_the_person(space: Teamspace) -> None:
    make(space, "Anna").delete()
    assert not SearchTerm.objects.exists()


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=25)
names = st.lists(words, max_size=12).map(" ".join).map(lambda text: text[:300])
identifiers = st.uuids().map(str) | words


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=names | st.lists(st.sampled_from(["Li", "ใจดี", "太", "Ng", "x"]), max_size=30).map(" ".join),
    proto_id=identifiers,
    unique_id=identifiers,
    external_id=identifiers,
    phone=st.from_regex(r"\+?[0-9][0-9 ()/-]{5,18}[0-9]", fullmatch=True),
)
def test_every_word_of_every_person_finds_them(
    space: Teamspace, name: str, proto_id: str, unique_id: str, external_id: str, phone: str
) -> None:
    person = Customer(
        teamspace=space, name=name, proto_id=proto_id, external_customer_id=external_id, gateway_profile_id=unique_id,
        phone_number=phone, email="somebody.else@mail.example.org",
    )  # fmt: skip
    person.save()
    texts = (name, proto_id, external_id, unique_id, person.email)
    asked = {word for text in texts for word in split_words(fold(text))} | {phone, digits_of(phone)[-4:]}
    asked |= {word for word in name.split() if split_words(fold(word))}
    missed = [word for word in asked if not search_people(Customer.objects.filter(pk=person.pk), word).exists()]
    assert missed == []
    person.delete()


@given(st.text())
def test_folding_is_final(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(fold(text.upper()))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=250))
def test_no_query_breaks_the_search(query: str) -> None:
    list(search_people(Customer.objects.all(), query)[:1])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_terms_fit_the_column(text: str) -> None:
    person = Customer(name=text, provided_unique_id=text[:200], phone_number=text[:60], email=text[:254])
    terms = terms_of(person)
    assert all(0 < len(term.encode()) <= 240 for term in terms)
    assert len(terms) < 1500


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("+43 660 1234567", "+436601234567"),
        ("0660 1234567", ""),
        ("+1 (415) 555-0132", "+14155550132"),
        ("0043 660 1234567", ""),
        ("call me", ""),
        ("", ""),
        ("+" + "1" * 70, ""),
        ("+99999", ""),
    ],
)
def test_reading_a_phone_number(typed: str, read: str) -> None:
    assert to_e164(typed) == read


@given(st.text(max_size=80))
def test_reading_any_text_as_a_phone_number(text: str) -> None:
    read = to_e164(text)
    assert read == "" or (read.startswith("+") and read[1:].isascii() and read[1:].isdigit() and len(read) <= 20)
    assert digits_of(text) == "" or digits_of(text).isascii()
