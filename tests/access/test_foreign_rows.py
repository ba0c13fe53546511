"""Rows of a foreign teamspace: never shown, offered, found, counted or worked on.

Everything that belongs to the foreign teamspace has its name, Faraway, in it somewhere.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import helpers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse

from customers.models import Customer, CustomFieldValue, Tag
from protoadmin.outbox.models import Call
from protoadmin.runs.models import Run, RunChunk
from tests.access.places import every_place
from tests.access.rows import MAKERS, new_tag
from tests.access.table import PAGES
from tests.access.world import FOREIGN, World, ask

PLACES = every_place()
ADMINS: dict[str, Any] = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}
LETTERS = "SMA"


@pytest.fixture
def foreign(world: World) -> dict[str, Any]:
    """Return a foreign row of every model, with rows of one's own beside them."""
    for label in PAGES:
        world.own_row(label, "S")
    return {label: world.foreign_row(label) for label in PAGES}


def names_foreign(response: Any) -> bool:
    """Tell whether an answer shows anything of the foreign teamspace."""
    return FOREIGN in response.content.decode()


def list_url(label: str) -> str:
    """Return the address of a model's list."""
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def seers(label: str) -> Iterator[str]:
    """Yield the letters of who sees rows of this model, but for superusers."""
    yield from (letter for letter in LETTERS if letter in PAGES[label].view)


@pytest.mark.parametrize("label", PAGES)
def test_lists_and_searches(label: str, world: World, foreign: dict[str, Any]) -> None:
    for letter in seers(label):
        for query in ({}, {"q": FOREIGN.lower()}, {"q": str(foreign[label].pk)}, {"all": ""}, {"o": "1"}):
            response = ask(world.client(letter), "GET", list_url(label), query)
            assert response.status_code == 200
            assert not names_foreign(response), f"{letter} {query}"
            assert foreign[label] not in response.context["cl"].result_list
    shown = ask(world.client("R"), "GET", list_url(label))
    assert names_foreign(shown), "a superuser sees it, so the test looks at the right thing"


@pytest.mark.parametrize("label", PAGES)
def test_filters_offer_nothing_foreign(label: str, world: World, foreign: dict[str, Any]) -> None:
    for letter in seers(label):
        changelist = ask(world.client(letter), "GET", list_url(label)).context["cl"]
        for spec in changelist.filter_specs:
            offered = [str(choice) for choice in spec.choices(changelist)]
            assert not [choice for choice in offered if FOREIGN in choice], f"{letter} {spec.title}"


@pytest.mark.parametrize("label", PAGES)
def test_filters_with_hand_made_values_find_nothing_foreign(label: str, world: World, foreign: dict[str, Any]) -> None:
    client = world.client("A")
    changelist = ask(client, "GET", list_url(label)).context["cl"]
    parameters = {name for spec in changelist.filter_specs for name in spec.expected_parameters()}
    for name in sorted(parameters | {"teamspace", "teamspace__id__exact", "tag", "by", "lane"}):
        for pk in {row.pk for row in foreign.values()}:
            response = ask(client, "GET", list_url(label), {name: str(pk)})
            if response.status_code == 200:
                assert foreign[label] not in response.context["cl"].result_list, name
                assert not names_foreign(response), f"{name}={pk}"


@pytest.mark.parametrize("place", [p for p in PLACES if p.kind in {"change", "add", "history", "panel"}], ids=str)
def test_pages_forms_and_panels(place: Any, world: World, foreign: dict[str, Any]) -> None:
    for letter in LETTERS:
        row = world.own_row(place.model, letter) if place.on_row else None
        response = ask(world.client(letter), "GET", place.url(row.pk if row else None))
        assert not names_foreign(response), letter


def test_dashboard_and_search(world: World, foreign: dict[str, Any]) -> None:
    for letter in (*LETTERS, "N"):
        client = world.client(letter)
        assert not names_foreign(ask(client, "GET", reverse("admin:index")))
        for query in ({"s": FOREIGN.lower()}, {"s": FOREIGN.lower(), "extended": "1"}):
            assert not names_foreign(ask(client, "GET", reverse("admin:search"), query))


@pytest.mark.parametrize("label", PAGES)
def test_live_badges(label: str, world: World, foreign: dict[str, Any]) -> None:
    url = reverse(f"admin:{label.replace('.', '_')}_states")
    for letter in seers(label):
        response = ask(world.client(letter), "GET", url, {"ids": f"{foreign[label].pk},1,2,3"})
        assert response.status_code == 404 or str(foreign[label].pk) not in response.json()


# --- actions over many rows -------------------------------------------------------------------------


def actions_of(label: str) -> list[str]:
    """Return the names of a list's actions, as a superuser is offered them."""
    return [name for _, name, _ in ADMINS[label]._get_base_actions()]


def snapshot(world: World, foreign: dict[str, Any]) -> Any:
    """Return everything that an action could change about the foreign teamspace."""
    rows = {label: list(type(row)._default_manager.filter(pk=row.pk).values()) for label, row in foreign.items()}
    tagged = list(Customer.tags.through.objects.filter(customer__teamspace=world.foreign).values_list("tag", flat=True))
    values = list(CustomFieldValue.objects.filter(customer__teamspace=world.foreign).values_list("value", flat=True))
    counts = [model.objects.filter(teamspace=world.foreign).count() for model in (Call, Run, Tag, Customer)]
    return rows, tagged, values, counts


@pytest.mark.parametrize(
    ("label", "action"), [(label, action) for label in sorted(set(PAGES) & set(ADMINS)) for action in actions_of(label)]
)
@pytest.mark.parametrize("across", ["0", "1"])
def test_actions_with_hand_made_ids(
    label: str, action: str, across: str, world: World, foreign: dict[str, Any]
) -> None:
    before, row = snapshot(world, foreign), foreign[label]
    tag = new_tag(world.own, world.colleague)
    own = [MAKERS[label](world.own, world.colleague) for _ in range(2)]
    for letter in "NSMA":
        for chosen in ([row.pk], [row.pk, own[0].pk]):
            data = {
                "action": action,
                helpers.ACTION_CHECKBOX_NAME: chosen,
                "select_across": across,
                "index": "0",
                "apply": "1",
                "post": "yes",
                "tags": [tag.name],
                "request_key": f"{letter}{len(chosen)}{across}",
            }
            with transaction.atomic():
                response = world.client(letter).post(list_url(label), data)
                assert snapshot(world, foreign) == before, f"{letter} {chosen}"
                worked_on = [pk for ids in RunChunk.objects.values_list("ids", flat=True) for pk in ids]
                assert row.pk not in worked_on or label == "runs.run", f"{letter} {chosen}"
                assert not names_foreign(response)
                transaction.set_rollback(True)


def test_the_actions_do_work_on_one_s_own_rows(world: World, foreign: dict[str, Any]) -> None:
    """The test above would prove nothing if its requests did nothing."""
    own = MAKERS["customers.customer"](world.own, world.colleague)
    data = {"action": "refresh", helpers.ACTION_CHECKBOX_NAME: [own.pk, foreign["customers.customer"].pk], "index": "0"}
    response = world.client("S").post(list_url("customers.customer"), {**data, "select_across": "0"})
    assert response.status_code == 302
    assert [chunk.ids for chunk in RunChunk.objects.all()] == [[own.pk]]
    world.client("S").post(list_url("customers.customer"), {**data, "select_across": "1"})
    everybody = list(Customer.objects.filter(teamspace=world.own).order_by("pk").values_list("pk", flat=True))
    assert RunChunk.objects.order_by("-pk")[0].ids == everybody


# --- forms with hand-made ids -----------------------------------------------------------------------

NEW = {
    "customers.customer": {"provided_unique_id": "new", "name": "new"},
    "customers.tag": {"name": "new"},
    "customers.customfield": {"name": "new", "type": "text"},
    "connections.channel": {"name": "new", "channel_id": "new", "base_url": "https://gw.proto.cx"},
}


@pytest.mark.parametrize("label", NEW)
def test_nothing_is_made_in_a_foreign_teamspace(label: str, world: World) -> None:
    url = reverse(f"admin:{label.replace('.', '_')}_add")
    model = ADMINS[label].model
    response = world.client("A").post(url, {**NEW[label], "teamspace": world.foreign.pk})
    assert "teamspace" in response.context["adminform"].form.errors
    assert not model._default_manager.filter(teamspace=world.foreign).exists()
    response = world.client("A").post(url, {**NEW[label], "teamspace": world.own.pk})
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert model._default_manager.filter(teamspace=world.own).count() == 1


def test_nothing_is_moved_to_a_foreign_teamspace(world: World) -> None:
    customer, channel = world.own_row("customers.customer", "A"), world.own_row("connections.channel", "A")
    for row, data in ((customer, {"name": "moved"}), (channel, NEW["connections.channel"])):
        url = ADMINS[row._meta.label_lower].change_url(row)
        world.client("A").post(url, {**data, "teamspace": world.foreign.pk})
        row.refresh_from_db()
        assert row.teamspace == world.own


def test_buttons_take_no_hand_made_teamspace_or_field(world: World) -> None:
    sync = reverse("admin:customers_customfield_list_button", args=["sync"])
    response = world.client("A").post(sync, {"teamspace": world.foreign.pk, "request_key": "k"})
    assert response.status_code == 422
    assert not names_foreign(response)
    assert not Call.objects.exists()
    upload = {"file": SimpleUploadedFile("p.csv", b"provided_unique_id,name\n1,x\n"), "request_key": "k"}
    people = reverse("admin:customers_customer_list_button", args=["import-people"])
    response = world.client("A").post(people, {**upload, "teamspace": world.foreign.pk})
    assert "teamspace" in response.context["form"].errors
    assert not Run.objects.exists()
    customer, field = world.own_row("customers.customer", "S"), world.foreign_row("customers.customfield")
    url = reverse("admin:customers_customer_button", args=[customer.pk, "set-custom-fields"])
    world.client("S").post(url, {f"field_{field.pk}": field.options[0], "request_key": "k2"})
    assert not CustomFieldValue.objects.filter(field=field).exists()


def test_a_foreign_tag_s_name_tells_nothing(world: World) -> None:
    """Support may use existing tags only: a tag of the foreign teamspace is none."""
    customer, tag = world.own_row("customers.customer", "S"), world.foreign_row("customers.tag")
    url = reverse("admin:customers_customer_button", args=[customer.pk, "add-tags"])
    for data in ({"tags": [tag.name]}, {"more": tag.name}):
        response = world.client("S").post(url, {**data, "request_key": "k"})
        assert response.status_code == 422
    assert not customer.tags.filter(name=tag.name).exists()


def test_every_list_asks_for_the_rows_of_its_reader(world: World) -> None:
    """Whatever page is added: its rows are the reader's own, or the superusers' alone."""
    request = RequestFactory().get("/")
    request.user = world.people["A"]
    for label, model_admin in ADMINS.items():
        if not model_admin.model._meta.managed:
            # A page of figures: there are no rows of it (tests/reports looks whose chats it counts).
            continue
        row = world.foreign_row(label)
        assert not model_admin.get_queryset(request).filter(pk=row.pk).exists(), label
