"""Add tags, Set custom fields and Refresh for many people: over a selection or all that match, counted, stoppable."""

from __future__ import annotations

from typing import Any

import pytest

from customers import bulk
from customers.models import Customer, CustomField, Tag
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.runs.models import Run
from protoadmin.runs.working import work_due
from tests.base.acme import Acme, button, listing, page, panel, text_of


def act(
    acme: Acme, action: str, people: list[Customer], *, across: bool = False, query: str = "", **fields: Any
) -> Any:
    """Choose an action over the list, and with `apply` confirm it."""
    given = {
        "action": action,
        "_selected_action": [person.pk for person in people],
        "select_across": "1" if across else "0",
    }
    return acme.administrator().post(f"{listing(Customer)}?{query}", {**given, "index": "0", **fields})


def work(acme: Acme) -> Run:
    """Have workers do the newest run and its calls to the end."""
    for _ in range(6):
        Run.objects.filter(state="running").update(heartbeat_at=None)  # the lease of the worker before is over
        work_due(5)
        acme.send()
    return Run.objects.latest("id")


def confirmed(**fields: Any) -> dict[str, Any]:
    return {"apply": "1", "request_key": "-", **fields}


def test_add_tags_to_a_selection(acme: Acme) -> None:
    chosen, other = [acme.known_person(name=f"P{number}") for number in range(3)], acme.known_person(name="Other")
    asked = act(acme, "add_tags", chosen)
    assert asked.status_code == 200
    assert "For 3 people" in text_of(asked)
    started = act(acme, "add_tags", chosen, **confirmed(more="vip, new one"))
    run = Run.objects.get()
    assert started["Location"] == page(run)
    assert run.total == 3
    run = work(acme)
    assert (run.state, run.done, run.failed) == ("done", 3, 0)
    for person in chosen:
        assert set(acme.at_proto(person)["tags"]) == {"vip", "new one"}
    assert acme.at_proto(other)["tags"] == []
    assert set(Call.objects.values_list("run", "requested_by__username")) == {(run.pk, "administrator")}


def test_all_rows_that_match(acme: Acme, other_teamspace: Teamspace) -> None:
    matching = [acme.known_person(name=f"Match {number}") for number in range(55)]
    acme.known_person(name="Other")
    Customer.objects.create(teamspace=other_teamspace, name="Match theirs", provided_unique_id="x")
    asked = act(acme, "refresh", matching[:1], across=True, query="q=match")
    assert asked.status_code == 302
    run = work(acme)
    assert (run.total, run.done, run.failed, run.state) == (55, 55, 0, "done")
    assert {request["path"].split("/")[-2] for request in acme.remote.requests("get-customer")} == {
        person.provided_unique_id for person in matching
    }


def test_what_fails_is_counted_and_named(acme: Acme) -> None:
    good, unknown, local = (
        acme.known_person(name="Good"),
        acme.person(name="Unknown"),
        acme.person(name="Local", provided_unique_id=""),
    )
    act(acme, "refresh", [good, unknown, local])
    run = work(acme)
    assert (run.state, run.done, run.failed) == ("done", 1, 2)
    errors = {error.row: error.message for error in run.errors.all()}
    assert set(errors) == {"Unknown", "Local"}
    assert "has no unique id" in errors["Local"]
    said = text_of(acme.administrator().get(panel(run, "run")))
    assert "1 done, 2 failed of 3" in said
    assert "has no unique id" in said


def test_who_has_it_already_counts_as_done(acme: Acme) -> None:
    person = acme.known_person()
    Tag.objects.create(teamspace=acme.teamspace, name="vip").customers.add(person)
    act(acme, "add_tags", [person], **confirmed(more="vip"))
    run = work(acme)
    assert (run.state, run.done) == ("done", 1)
    assert not Call.objects.exists()


def test_set_custom_fields_leaves_empty_inputs_alone(acme: Acme) -> None:
    people = [acme.known_person(), acme.known_person()]
    names = [each["name"] for each in acme.remote.read("fields", subcompany_id=acme.teamspace.subcompany_id)["fields"]]
    assert "Loyalty points" in names
    points = CustomField.objects.create(teamspace=acme.teamspace, name="Loyalty points", type="number")
    note = CustomField.objects.create(teamspace=acme.teamspace, name="Preferred name")
    refused = act(acme, "set_custom_fields", people, **confirmed())
    assert refused.status_code == 200
    assert "Enter at least one value." in text_of(refused)
    act(acme, "set_custom_fields", people, **confirmed(**{f"field_{points.pk}": "0", f"field_{note.pk}": ""}))
    run = work(acme)
    assert (run.state, run.done, run.failed) == ("done", 2, 0)
    assert [acme.at_proto(person)["custom_fields"] for person in people] == [{"Loyalty points": 0}] * 2


def test_stop_dismisses_what_was_not_sent(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PER_SLICE", 2)
    people = [acme.known_person() for _ in range(6)]
    act(acme, "refresh", people)
    run = Run.objects.get()
    work_due(0.001)  # as good as no time: one slice
    asked = Call.objects.count()
    assert asked == 2
    assert acme.administrator().post(button(run, "stop")).status_code == 302
    run = work(acme)
    assert run.state == "stopped"
    assert set(Call.objects.values_list("state", flat=True)) <= {"dismissed"}
    assert Call.objects.count() == asked
    assert acme.remote.requests() == []
    assert "Stopped" in text_of(acme.administrator().get(panel(run, "run")))


def test_a_person_removed_meanwhile_is_named(acme: Acme) -> None:
    people = [acme.known_person(), acme.known_person()]
    act(acme, "refresh", people)
    people[0].delete()
    run = work(acme)
    assert (run.state, run.done, run.failed) == ("done", 1, 1)
    assert "removed meanwhile" in run.errors.get().message


def test_who_may(acme: Acme, other_teamspace: Teamspace) -> None:
    theirs = Customer.objects.create(teamspace=other_teamspace, provided_unique_id="x")
    fields = {"action": "refresh", "_selected_action": [theirs.pk, acme.known_person().pk]}
    acme.manager().post(listing(Customer), fields)
    assert not Run.objects.exists()
    acme.client().post(listing(Customer), fields)
    run = work(acme)
    assert run.total == 1
    assert not any(call.target == theirs for call in Call.objects.all())


def test_support_makes_no_new_tags_in_bulk_either(acme: Acme) -> None:
    person = acme.known_person()
    given = {"action": "add_tags", "_selected_action": [person.pk], "select_across": "0", "index": "0"}
    refused = acme.client().post(listing(Customer), {**given, **confirmed(more="made up")})
    assert "There is no tag named made up." in text_of(refused)
    assert not Run.objects.exists()
