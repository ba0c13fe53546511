"""Every address of the admin x every role x every kind of row, against the one table (table.py).

The rules, wherever the table says that somebody may:
- Who is not logged in, or may not enter the admin, is sent to the login. Without the permission: 403.
- A row out of sight is a row that does not exist. Our own addresses (buttons, panels, files, passwords) answer 404;
  Django's pages of a row (change, history, delete) send to the index, which says that there is no such row.
- A button answers GET with 405; every POST without its CSRF token is 403.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from tests.access.people import client_of
from tests.access.places import Place, autocompletes, every_place
from tests.access.table import ANY_STAFF, APP_LISTS, NOT_FOUND, OVERSEERS, PAGES, REPORTS, Page
from tests.access.world import World, ask

PLACES = every_place()
LOGIN = reverse("admin:login")
INDEX = reverse("admin:index")
LETTERS = "NSMAR"

TO_LOGIN, TO_INDEX = "to the login", "to the index"
# A form that was taken, came back with its errors, or answered with a refusal in words.
TAKEN = {200, 302, 422}


def answer_of(response: Any) -> Any:
    """Return the status, or in words where a redirect leads."""
    if response.status_code == 302 and response["Location"].startswith(LOGIN):
        return TO_LOGIN
    if response.status_code == 302 and response["Location"] == INDEX:
        return TO_INDEX
    return response.status_code


# --- what the table says about an address ---------------------------------------------------------


def expected(place: Place, page: Page, letter: str, method: str, *, foreign: bool) -> set[Any]:
    """Return the answers that the table allows."""
    sees = letter in page.view
    match place.kind:
        case "changelist":
            return {200, 302} if sees else {403}
        case "add":
            return {200} if letter in page.add else {403}
        case "states":
            # 404 where the list has no live badges.
            return {200, 404} if sees else {403, 404}
        case "redirect":
            return {302}
        case "change" | "delete" | "history":
            return _page_of_a_row(place.kind, page, letter, method, foreign=foreign)
        case "panel":
            return _our_own(place.name in page.panels, sees, sees, {200}, foreign, method == "GET")
        case "button":
            may = letter in page.buttons.get(place.name, "")
            return _our_own(place.name in page.buttons, sees, may, TAKEN, foreign, method == "POST")
        case "list_button":
            may = letter in page.list_buttons.get(place.name, "")
            return _our_own(place.name in page.list_buttons, sees, may, TAKEN, False, method == "POST")
        case "file":
            # A file of a run that one may only look at does not exist either.
            return {403} if not sees else {200} if letter in page.others["file"] and not foreign else {404}
        case kind if kind in page.reads:
            return _our_own(True, sees, letter in page.reads[kind], {200}, foreign, method == "GET")
        case _:
            return _our_own(True, sees, letter in page.others[place.kind], TAKEN, foreign)


def _our_own(known: bool, sees: bool, may: bool, taken: set[Any], foreign: bool, method_fits: bool = True) -> set[Any]:
    if not known:
        return {404}
    if not method_fits:
        return {405}
    if not sees:
        return {403}
    if foreign:
        return {404}
    return taken if may else {403}


def _page_of_a_row(kind: str, page: Page, letter: str, method: str, *, foreign: bool) -> set[Any]:
    may = {
        "history": page.view,
        "delete": page.delete,
        "change": page.view if method == "GET" else page.change,
    }[kind]
    if foreign and letter != "R":
        # Of a row that is not there, Django says so before it asks about permissions (history), or after.
        return {TO_INDEX} if letter in may else {403, TO_INDEX}
    # After deleting what one may not change, Django has no list to go back to: it goes to the index.
    taken = {*TAKEN, TO_INDEX} if kind == "delete" and method == "POST" else TAKEN
    return taken if letter in may else {403}


# --- the walk -------------------------------------------------------------------------------------


def rows_for(place: Place, world: World, letter: str) -> Iterator[tuple[str, Any, Page, bool]]:
    """Yield what to ask about: (words, row, what the table says, whether it is out of sight)."""
    page = PAGES[place.model]
    if not place.on_row:
        yield "", None, page, False
        return
    yield "own row", world.own_row(place.model, letter), page, False
    if page.colleague is not None:
        row = world.colleague_row(place.model)
        hidden = letter not in page.colleague.view
        yield "colleague's row", row, _with_colleague(page, page.colleague), hidden
    if letter == "R" and page.colleague is not None:
        page = _with_colleague(page, page.colleague)
    yield "foreign row", world.foreign_row(place.model), page, letter != "R"


def _with_colleague(page: Page, colleague: Page) -> Page:
    return Page(
        view=page.view,
        change=colleague.change,
        buttons=colleague.buttons,
        panels=page.panels,
        others=colleague.others,
        reads=colleague.reads,
    )


@pytest.mark.parametrize("place", [place for place in PLACES if place.model], ids=str)
def test_every_address_of_a_model(place: Place, world: World) -> None:
    _assert_known(place)
    wrong = []
    arguments = {"purpose": "result"} if place.kind == "file" else {}
    for letter in LETTERS:
        for words, row, page, foreign in rows_for(place, world, letter):
            url = place.url(row.pk if row is not None else None, **arguments)
            for method in ("GET", "POST"):
                data = {"post": "yes"} if place.kind == "delete" else {}
                got = answer_of(ask(world.client(letter), method, url, data))
                wanted = expected(place, page, letter, method, foreign=foreign)
                if got not in wanted:
                    wrong.append(f"{letter} {method} {words} {url}: {got}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def _assert_known(place: Place) -> None:
    page = PAGES.get(place.model)
    assert page is not None, f"{place.model} has pages that nobody decided about: add it to PAGES in table.py"
    named = {"button": page.buttons, "list_button": page.list_buttons, "panel": page.panels}
    if place.kind in named:
        known = place.name in named[place.kind] or place.name.startswith("no-such-")
        assert known, f"the {place.kind} {place.name} of {place.model} is not in the table: add it to table.py"
    elif place.kind not in {"changelist", "add", "states", "redirect", "change", "delete", "history"}:
        assert place.kind in {*page.others, *page.reads}, f"{place.url_name} is not in the table: add it to table.py"


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_strangers_are_sent_to_the_login(place: Place, world: World) -> None:
    if place.kind in {"login", "logout"}:
        return
    for who in ("anonymous", "outsider"):
        for method in ("GET", "POST"):
            url = _any_url(place, world)
            assert answer_of(ask(world.client(who), method, url)) == TO_LOGIN, f"{who} {method} {url}"


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_post_without_its_token_is_refused(place: Place, world: World) -> None:
    client = client_of(world.people["R"], enforce_csrf_checks=True)
    assert ask(client, "POST", _any_url(place, world)).status_code == 403


def _any_url(place: Place, world: World) -> str:
    if place.kind == "app_list":
        return reverse("admin:app_list", args=["customers"])
    if place.kind == "catch_all":
        return f"{INDEX}no/such/page/"
    if place.kind == "view_on_site":
        return reverse("admin:view_on_site", args=[1, 1])
    row = world.own_row(place.model, "R") if place.on_row else None
    return place.url(row.pk if row else None, **({"purpose": "result"} if place.kind == "file" else {}))


@pytest.mark.parametrize("place", [place for place in PLACES if not place.model], ids=str)
def test_every_address_of_the_admin_itself(place: Place, world: World) -> None:
    known = {*ANY_STAFF, *NOT_FOUND, *REPORTS, "app_list", "autocomplete"}
    assert place.kind in known, f"admin:{place.kind} is not in the table: add it to table.py"
    if place.kind in {"app_list", "autocomplete"}:
        return
    for letter in LETTERS:
        got = ask(world.client(letter), "GET", _any_url(place, world)).status_code
        wanted = {404} if place.kind in NOT_FOUND else {405} if place.kind == "logout" else {200, 302}
        if place.kind in REPORTS:
            wanted = {200} if letter in OVERSEERS else {403}
        assert got in wanted, f"{letter}: {got}"


def test_app_lists(world: World) -> None:
    labels = {place.model.partition(".")[0] for place in PLACES if place.model}
    unknown = labels - APP_LISTS.keys()
    assert not unknown, f"add them to APP_LISTS in table.py: {unknown}"
    for label in labels:
        for letter in LETTERS:
            got = ask(world.client(letter), "GET", reverse("admin:app_list", args=[label])).status_code
            assert got == (200 if letter in APP_LISTS[label] else 404), f"{letter} {label}"


@pytest.mark.parametrize(("app", "model", "field"), autocompletes(), ids=".".join)
def test_autocomplete_gives_what_one_sees_or_nothing(app: str, model: str, field: str, world: World) -> None:
    foreign = {str(world.foreign_row(label).pk): label for label in PAGES}
    for letter in LETTERS:
        query = {"app_label": app, "model_name": model, "field_name": field, "term": ""}
        response = ask(world.client(letter), "GET", reverse("admin:autocomplete"), query)
        assert response.status_code in {200, 403, 404}
        if response.status_code == 200 and letter != "R":
            target = _target_of(app, model, field)
            assert letter in PAGES[target].view, f"{letter} reads {target} through {app}.{model}.{field}"
            found = {result["id"] for result in response.json()["results"]}
            assert not [pk for pk, label in foreign.items() if label == target and pk in found]


def _target_of(app: str, model: str, field: str) -> str:

    related: Any = apps.get_model(app, model)._meta.get_field(field).related_model
    return str(related._meta.label_lower)


def test_a_foreign_row_answers_like_one_that_does_not_exist(world: World) -> None:
    wrong = []
    for place in PLACES:
        if not place.on_row or place.kind == "redirect":
            continue
        arguments = {"purpose": "result"} if place.kind == "file" else {}
        foreign = place.url(world.foreign_row(place.model).pk, **arguments)
        missing = place.url(987654321, **arguments)
        for letter in "NSMA":
            for method in ("GET", "POST"):
                answers = [answer_of(ask(world.client(letter), method, url)) for url in (foreign, missing)]
                if answers[0] != answers[1]:
                    wrong.append(f"{letter} {method} {foreign}: {answers}")
    assert not wrong, "\n".join(wrong)


def test_the_table_has_nothing_that_is_gone() -> None:
    gone = set(PAGES) - {place.model for place in PLACES}
    for label, page in PAGES.items():
        places = [place for place in PLACES if place.model == label]
        for kind, names in (("button", page.buttons), ("list_button", page.list_buttons), ("panel", page.panels)):
            gone |= {f"{label} {kind} {name}" for name in set(names) - {p.name for p in places if p.kind == kind}}
        gone |= {f"{label} {name}" for name in {*page.others, *page.reads} - {p.kind for p in places}}
    assert not gone, f"take it out of table.py: {gone}"
