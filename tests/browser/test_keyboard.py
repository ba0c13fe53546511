"""Everything on a person's page with the keyboard alone: reached, seen, pressed, and back where one was."""

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.house import House
from tests.browser.remote import Remote

pytestmark = pytest.mark.browser

# What has the focus: what it is, and what a person would call it.
NAME = """() => {
    const element = document.activeElement;
    const label = element.labels && element.labels[0] ? element.labels[0].innerText : "";
    const icon = [...element.querySelectorAll("[aria-hidden=true]")].map((each) => each.innerText).join("");
    const name = label || element.getAttribute("aria-label") || element.innerText || "";
    return element.tagName + " " + name.replace(icon, "").trim();
}"""
# Whether one can see that it has: it looks otherwise than without the focus.
VISIBLE = """() => {
    const element = document.activeElement;
    const looks = () => {
        const style = getComputedStyle(element);
        return ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderColor", "backgroundColor"]
            .map((name) => style[name]).join();
    };
    const focused = looks();
    element.blur();
    const plain = looks();
    element.focus({preventScroll: true, focusVisible: true});
    return focused !== plain;
}"""
MOST = 80


def walk(desk: Desk) -> list[tuple[str, bool]]:
    """Press Tab until the walk is back where it began; return what had the focus, and whether one saw it."""
    met: list[tuple[str, bool]] = []
    desk.page.evaluate("document.activeElement.blur()")
    for _ in range(MOST):
        desk.page.keyboard.press("Tab")
        if desk.page.evaluate("document.activeElement === document.body || 'met' in document.activeElement.dataset"):
            break
        desk.page.evaluate("document.activeElement.dataset.met = ''")
        met.append((desk.page.evaluate(NAME), desk.page.evaluate(VISIBLE)))
    return met


def tab_to(desk: Desk, name: str) -> None:
    """Press Tab until the button of this name has the focus."""
    for _ in range(MOST):
        desk.page.keyboard.press("Tab")
        if desk.page.evaluate(NAME) == f"BUTTON {name}":
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_tab_reaches_every_button_and_input_and_one_sees_where_one_is(sam: Desk, house: House) -> None:
    sam.open(house.somebody())
    met = walk(sam)
    names = [name for name, _ in met]
    wanted = [f"BUTTON {name}" for name in ("Create ticket", "Add tags", "Set custom fields", "Refresh from Proto")]
    wanted += [f"INPUT {name}" for name in ("External id", "Name", "Location", "Mail", "Phone", "Avatar")]
    wanted += ["BUTTON Save"]
    assert [name for name in names if name in wanted] == wanted, names
    # Of ours nothing clickable is left out.
    clickable = sam.page.locator(".pa-button:visible, .pa-card a:visible, a.pa-chip:visible").count()
    assert sam.page.locator(".pa-button[data-met], .pa-card a[data-met], a.pa-chip[data-met]").count() == clickable
    assert [name for name, is_visible in met if not is_visible] == []


@pytest.mark.parametrize("name", ["Create ticket", "Add tags", "Set custom fields"])
def test_a_dialog_opens_with_enter_and_gives_the_focus_back(sam: Desk, house: House, name: str) -> None:
    sam.open(house.somebody())
    dialog = sam.page.get_by_role("dialog", name=name)
    opener = sam.page.locator(".pa-buttons").first.get_by_role("button", name=name)
    for leave in ("Escape", "Cancel"):
        tab_to(sam, name)
        sam.page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        assert dialog.evaluate("element => element.contains(document.activeElement)")
        assert sam.page.evaluate("document.activeElement.matches('input, select, textarea')")
        if leave == "Escape":
            sam.page.keyboard.press("Escape")
        else:
            tab_to(sam, "Cancel")
            sam.page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()
        sam.page.evaluate("document.activeElement.blur()")


def test_a_ticket_is_made_without_a_mouse(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.open(person)
    mark = remote.mark()
    tab_to(sam, "Create ticket")
    sam.page.keyboard.press("Space")
    sam.page.keyboard.type("By keyboard")
    sam.page.keyboard.press("Enter")
    ticket = sam.card("Tickets").locator(".pa-call", has_text="By keyboard")
    expect(ticket).to_be_visible()
    expect(ticket.locator(".pa-badge")).to_have_count(0)
    assert remote.bodies("create-ticket", after=mark) == [
        {"subject": "By keyboard", "provided_unique_id": person["provided_unique_id"]}
    ]


def test_a_dialog_keeps_the_focus_inside(sam: Desk, house: House) -> None:
    sam.open(house.somebody())
    dialog = sam.dialog("Set custom fields")
    for _ in range(12):
        sam.page.keyboard.press("Tab")
        inside = "element => element.contains(document.activeElement) || document.activeElement === document.body"
        assert dialog.evaluate(inside)


def test_the_list_is_worked_with_the_keyboard(sam: Desk, house: House) -> None:
    person = house.somebody()
    sam.visit("Customers")
    sam.page.keyboard.press("/")
    expect(sam.page.locator("#searchbar")).to_be_focused()
    sam.page.keyboard.type(person["provided_unique_id"])
    sam.page.keyboard.press("Enter")
    sam.page.wait_for_url("**q=*")
    for _ in range(MOST):
        sam.page.keyboard.press("Tab")
        if sam.page.evaluate("document.activeElement.matches('#result_list tbody a')"):
            break
    sam.page.keyboard.press("Enter")
    expect(sam.page.locator(".pa-head h1")).to_contain_text(person["name"])
