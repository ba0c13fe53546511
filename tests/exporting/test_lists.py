"""Exports of the other lists: tickets, Protocol customers, companies, contacts, visitor conversations, people."""

import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from conversations.exporting.lists import TICKETS, VISITORS
from customers.exporting.lists import COMPANIES, CONTACTS, PROTOCOL
from customers.exporting.people import PEOPLE
from protoadmin.runs.models import Run
from tests.access.rows import MAKERS
from tests.exporting.reading import drive, rows
from tests.inbox.scene import Scene

pytestmark = pytest.mark.django_db
EXPORTS = (TICKETS, VISITORS, COMPANIES, CONTACTS, PROTOCOL, PEOPLE)
LABELS = {export.name: export.model._meta.label_lower for export in EXPORTS}
PARAMETRIZED = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)


def address(export: Any, **query: str) -> str:
    meta = export.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query=query)


def act(scene: Scene, export: Any, format: str, *selected: Any, **query: str) -> Any:
    data: dict[str, Any] = {
        "action": f"export_{format}",
        "_selected_action": [row.pk for row in selected],
        "select_across": "0" if selected else "1",
        "index": "0",
    }
    data["_selected_action"] = data["_selected_action"] or [export.model.objects.values_list("pk", flat=True)[0]]
    return scene.client(scene.mia).post(address(export, **query), data)


def make(scene: Scene, export: Any, number: int) -> list[Any]:
    return [MAKERS[LABELS[export.name]](scene.home, scene.sam) for _ in range(number)]


@PARAMETRIZED
@pytest.mark.parametrize("format", ["csv", "jsonl", "xlsx"])
def test_all_rows_of_the_list_and_no_others(scene: Scene, export: Any, format: str) -> None:
    own = make(scene, export, 3)
    foreign = MAKERS[LABELS[export.name]](scene.away, scene.sam)
    response = act(scene, export, format)
    run = drive(Run.objects.get())
    assert response["Location"] == reverse("admin:runs_run_change", args=[run.pk])
    found = rows(run)
    assert run.done == len(found) == export.model.objects.count() - 1 >= len(own)
    assert {row["teamspace"] for row in found} == {"Home"}
    assert str(foreign) not in str(found)
    assert run.parameters["words"] == ["All rows"]
    assert run.parameters["teamspaces"] == [scene.home.pk]


@PARAMETRIZED
def test_selected_rows_in_the_order_of_the_list(scene: Scene, export: Any) -> None:
    own = make(scene, export, 3)
    act(scene, export, "jsonl", own[0], own[2])
    run = drive(Run.objects.get())
    assert run.done == 2
    assert run.parameters["words"] == ["Selected rows"]


@PARAMETRIZED
def test_who_may(scene: Scene, export: Any) -> None:
    (row,) = make(scene, export, 1)
    sam = scene.client(scene.sam)
    assert "export_csv" not in sam.get(address(export)).content.decode()
    sam.post(address(export), {"action": "export_csv", "_selected_action": [row.pk], "index": "0"})
    assert not Run.objects.exists()
    assert "export_csv" in scene.client(scene.mia).get(address(export)).content.decode()


@PARAMETRIZED
def test_formulas_are_harmless(scene: Scene, export: Any) -> None:
    (row,) = make(scene, export, 1)
    texts = [
        field.attname
        for field in export.model._meta.concrete_fields
        if field.get_internal_type() in {"CharField", "TextField"} and not field.choices and field.name != "email"
    ]
    export.model.objects.filter(pk=row.pk).update(**dict.fromkeys(texts, "=1+1"))
    act(scene, export, "csv", row)
    (found,) = rows(drive(Run.objects.get()))
    assert "'=1+1" in found.values()
    assert not [cell for cell in found.values() if cell[:1] in {"=", "+", "-", "@"} and cell]


def test_a_search_is_told_in_words_and_holds(scene: Scene) -> None:
    first, _ = make(scene, TICKETS, 2)
    act(scene, TICKETS, "csv", q=first.subject)
    run = drive(Run.objects.get())
    assert [row["subject"] for row in rows(run)] == [first.subject]
    assert run.parameters["words"] == [f"“{first.subject}”"]


def test_filters_are_told_in_words(scene: Scene) -> None:
    scene.away.members.add(scene.mia)
    (company,) = make(scene, COMPANIES, 1)
    type(company).objects.filter(pk=company.pk).update(industry="Tea <b>", is_customer=True)
    chosen = {"industry": "Tea <b>", "customer": "yes", "teamspace": str(scene.home.pk), "gone": "no"}
    act(scene, COMPANIES, "csv", q=company.name, p="1", **chosen)
    run = drive(Run.objects.get())
    assert run.done == 1
    words = [f"“{company.name}”", "Industry: Tea <b>", "Is a customer: Yes", "Gone: No", "Teamspace: Home"]
    assert run.parameters["words"] == words
    page = scene.client(scene.mia).get(reverse("admin:runs_run_exports")).content.decode()
    assert "Industry: Tea &lt;b&gt; · Is a customer: Yes" in page


def test_a_choice_of_djangos_own_filters_is_told(scene: Scene) -> None:
    (ticket,) = make(scene, TICKETS, 1)
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    span = {"created_at__gte": str(today), "created_at__lt": str(today + datetime.timedelta(days=1))}
    act(scene, TICKETS, "csv", sync_state__exact=ticket.sync_state, **span)
    words = [f"Sync state: {ticket.get_sync_state_display()}", "Created at: Today"]
    assert Run.objects.get().parameters["words"] == words


def test_what_no_filter_knows_stands_as_it_came(scene: Scene) -> None:
    make(scene, COMPANIES, 1)
    # With one teamspace there is no such filter.
    act(scene, COMPANIES, "csv", teamspace=str(scene.home.pk), industry="none\x00such")
    words = Run.objects.get().parameters["words"]
    assert words == ["Industry: none\ufffdsuch", f"teamspace={scene.home.pk}"]


def test_values_keep_their_kind(scene: Scene) -> None:
    (company,) = make(scene, COMPANIES, 1)
    type(company).objects.filter(pk=company.pk).update(deal_value="1234.50", is_customer=True, position=3)
    for format, wanted in (("csv", ("1234.50", "yes", "3")), ("jsonl", ("1234.50", True, 3))):
        act(scene, COMPANIES, format, company)
        (row,) = rows(drive(Run.objects.latest("pk")))
        assert (row["deal_value"], row["is_customer"], row["position"]) == wanted


def test_every_list_with_an_export_names_its_own(scene: Scene) -> None:
    for export in EXPORTS:
        assert admin.site._registry[export.model].export is export  # type: ignore[attr-defined]
