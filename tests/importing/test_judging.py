"""What each row would do, and why a row is refused. Nothing is changed by asking."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User

from customers.importing.judging import Rules, Verdict, judge
from customers.importing.records import records
from customers.importing.sniffing import look
from customers.models import Customer, Tag
from customers.services import customer_create
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call

pytestmark = pytest.mark.django_db


def judge_text(
    teamspace: Teamspace, text: str, *, may_add_tags: bool = True, empty_clears: bool = False
) -> list[Verdict]:
    """Judge a whole small file."""
    binary = io.BytesIO(text.encode())
    layout = look(binary)
    rows = list(records(binary, layout.encoding, layout.delimiter, layout.start))
    return judge(rows, Rules(teamspace, layout, may_add_tags, empty_clears), {})


def only(teamspace: Teamspace, text: str, **options: Any) -> Verdict:
    """Judge a file of one row."""
    [verdict] = judge_text(teamspace, text, **options)
    return verdict


def make(teamspace: Teamspace, unique_id: str = "7", **values: str) -> Customer:
    """A person who is here already."""
    return customer_create(teamspace=teamspace, values={"provided_unique_id": unique_id, **values}, by=None)


def test_an_unknown_id_makes_a_person(vienna: Teamspace) -> None:
    verdict = only(vienna, "id,name,email,tags\n7,Ada,,vip; new\n")
    assert (verdict.kind, verdict.values, verdict.tags) == ("created", {"name": "Ada"}, ["vip", "new"])
    assert verdict.calls == 2
    assert not Customer.objects.exists()
    assert not Tag.objects.exists()
    assert not Call.objects.exists()


def test_a_known_id_changes_what_differs(vienna: Teamspace) -> None:
    make(vienna, name="Ada", location="Graz", email="ada@example.org")
    verdict = only(vienna, "id,name,location,email\n7,Ada,Linz,ada@example.org\n")
    assert (verdict.kind, verdict.values) == ("changed", {"location": "Linz"})


def test_the_same_id_of_another_teamspace_is_somebody_else(vienna: Teamspace) -> None:
    make(Teamspace.objects.create(name="Other", subcompany_id="other"), name="Bob")
    assert only(vienna, "id,name\n7,Ada\n").kind == "created"


def test_what_is_so_already_is_unchanged(vienna: Teamspace) -> None:
    customer = make(vienna, name=" Ada ", phone_number="+43 1")
    customer.tags.add(Tag.objects.create(teamspace=vienna, name="vip"))
    verdict = only(vienna, "id,name,phone,tags,location\n7,  Ada,'+43 1,vip,\n")
    assert (verdict.kind, verdict.calls) == ("unchanged", 0)


def test_an_absent_column_and_an_empty_cell_leave_the_field(vienna: Teamspace) -> None:
    make(vienna, name="Ada", location="Graz", email="ada@example.org")
    assert only(vienna, "id,name,email\n7,Ada,\n").kind == "unchanged"
    assert only(vienna, "id,name,email\n7,Ada\n").kind == "unchanged"


def test_an_empty_cell_empties_when_that_was_asked_for(vienna: Teamspace) -> None:
    make(vienna, name="Ada", location="Graz", email="ada@example.org")
    verdict = only(vienna, "id,name,email,tags\n7,Ada,,\n", empty_clears=True)
    assert (verdict.kind, verdict.values) == ("changed", {"email": ""})


def test_a_person_whom_proto_never_had_is_saved_before_they_are_tagged(vienna: Teamspace) -> None:
    customer = make(vienna, name="Ada")
    assert only(vienna, "id,tags\n7,vip\n").calls == 2
    Customer.objects.filter(pk=customer.pk).update(proto_id="p-1")
    assert only(vienna, "id,tags\n7,vip\n").calls == 1


def test_a_gateway_profile_id_alone_needs_no_request(vienna: Teamspace) -> None:
    make(vienna, name="Ada")
    verdict = only(vienna, "id,gateway_profile_id\n7,g-1\n")
    assert (verdict.kind, verdict.calls) == ("changed", 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Ada,,,", "no provided_unique_id"),
        ("  ,Ada,,,", "no provided_unique_id"),
        (".,Ada,,,", "cannot be used as an id"),
        ("..,Ada,,,", "cannot be used as an id"),
        ("a\x07b,Ada,,,", "control character"),
        ("a\x00b,Ada,,,", "control character"),
        ('"a\nb",Ada,,,', "control character"),
        ("x" * 201 + ",Ada,,,", "201 characters"),
        ("4.36605E+11,Ada,,,", "shortened"),
        ("7," + "x" * 301 + ",,,", "Name is 301 characters long; at most 300 fit"),
        ("7,a\x00b,,,", "NUL"),
        ("7,Ada,not a mail,,", "not a mail address"),
        ("7,Ada,ada@,,", "not a mail address"),
        ("7,Ada,," + "1" * 61 + ",", "Phone is 61 characters"),
        ('7,Ada,,"4,36605E+11",', "shortened"),
        ("7,Ada,,," + "t" * 101, "A tag is 101 characters"),
        ("7,Ada,,,a\x00b", "NUL"),
        ("7,Ada,,,vip,more", "6 cells"),
        ('7,"Ada" L,,,', "not closed properly"),
    ],
)
def test_rows_that_are_refused(vienna: Teamspace, row: str, reason: str) -> None:
    verdict = only(vienna, f"id,name,email,phone,tags\n{row}\n")
    assert verdict.kind == "refused"
    assert reason in verdict.reason


@pytest.mark.parametrize("avatar", ["javascript:alert(1)", "http://[", "pictures/ada.png"])
def test_an_avatar_is_a_web_address(vienna: Teamspace, avatar: str) -> None:
    assert "web address" in only(vienna, f"id,avatar\n7,{avatar}\n").reason
    assert only(vienna, "id,avatar\n7,https://example.org/a.png\n").kind == "created"


def test_a_repeated_id_names_the_first_line(vienna: Teamspace) -> None:
    verdicts = judge_text(vienna, 'id,name\n7,"A\nda"\n8,Bob\n 7 ,Cyd\n7,Dee\n')
    assert [verdict.kind for verdict in verdicts] == ["created", "created", "refused", "refused"]
    assert "on line 2 already" in verdicts[2].reason
    assert verdicts[2].record.line == 5
    assert "on line 2 already" in verdicts[3].reason


def test_what_we_have_already_is_not_asked_about(vienna: Teamspace) -> None:
    """Proto may have told a mail address that is none; a file that says the same changes nothing."""
    make(vienna, name="Ada", email="not a mail")
    assert only(vienna, "id,name,email\n7,Ada L,not a mail\n").values == {"name": "Ada L"}


def test_new_tags_need_the_permission_to_make_tags(vienna: Teamspace) -> None:
    Tag.objects.create(teamspace=vienna, name="vip")
    other = Teamspace.objects.create(name="Other", subcompany_id="other")
    Tag.objects.create(teamspace=other, name="theirs")
    assert only(vienna, "id,tags\n7,vip\n", may_add_tags=False).kind == "created"
    assert "no tag named theirs" in only(vienna, "id,tags\n7,vip;theirs\n", may_add_tags=False).reason
    assert only(vienna, "id,tags\n7,vip;theirs\n", may_add_tags=True).kind == "created"


def test_a_row_of_another_teamspace_is_refused(vienna: Teamspace) -> None:
    assert "says “Graz”" in only(vienna, "teamspace,id\nGraz,7\n").reason
    assert only(vienna, "teamspace,id\nVienna,7\n").kind == "created"
    assert only(vienna, "teamspace,id\n,7\n").kind == "created"


def test_an_id_with_blanks_that_is_here_is_found(vienna: Teamspace, ada: User) -> None:
    make(vienna, " 7 ", name="Ada")
    assert only(vienna, "id,name\n 7 ,Ada\n").kind == "unchanged"
