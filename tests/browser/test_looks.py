"""How it looks: narrow, dark, with nothing of ours inline."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, NewDesk
from tests.browser.house import House
from tests.browser.remote import Remote

pytestmark = pytest.mark.browser

# Contrast of an element's text with what lies behind it, every half-transparent layer counted (WCAG 2.2).
CONTRAST = """element => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.unshift(getComputedStyle(each).backgroundColor);
    canvas.fillStyle = "white";
    canvas.fillRect(0, 0, 1, 1);
    const paint = (color) => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); };
    const luminance = () => [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
        .map((value) => value / 255)
        .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
    layers.forEach(paint);
    const behind = luminance();
    paint(getComputedStyle(element).color);
    const text = luminance();
    return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
}"""
STATES = ("local", "queued", "sending", "done", "failed", "unconfirmed", "dismissed", "running", "waiting", "stopped")
# One of each, in a card and in a list: what the pages show is the same markup.
SAMPLES = """states => {
    const card = document.querySelector(".pa-card");
    for (const state of states) {
        card.insertAdjacentHTML("beforeend", `<span class="pa-badge pa-state-${state}" data-sample>${state}</span>`);
    }
    for (const kind of ["", "pa-bad", "pa-good"]) {
        card.insertAdjacentHTML("beforeend", `<p class="pa-note ${kind}" data-sample>note ${kind}</p>`);
    }
    card.insertAdjacentHTML("beforeend", `<p class="pa-warning" data-sample>warning</p>`);
    card.insertAdjacentHTML("beforeend", `<p class="pa-call-error" data-sample>error</p>`);
    card.insertAdjacentHTML("beforeend", `<p class="pa-help" data-sample>help</p>`);
    card.insertAdjacentHTML("beforeend", `<a class="pa-chip" data-sample>chip</a>`);
    card.insertAdjacentHTML("beforeend", `<button class="pa-button pa-primary" data-sample>primary</button>`);
    card.insertAdjacentHTML("beforeend", `<button class="pa-button pa-danger" data-sample>danger</button>`);
}"""
# The parts of a page that our templates write, and not the theme's.
OURS = ", ".join(
    f"{part}, {part} *" for part in (".pa-head", ".pa-buttons", ".pa-side", ".pa-grid", ".pa-list-buttons", "dialog")
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_badges_and_notes_are_readable(new_desk: NewDesk, house: House, scheme: str) -> None:
    sam = new_desk("sam", color_scheme=scheme)
    sam.open(house.somebody())
    background = sam.page.evaluate("getComputedStyle(document.body).backgroundColor")
    sam.page.evaluate(SAMPLES, list(STATES))
    samples = sam.page.locator("[data-sample], .pa-head .pa-sub, .pa-card h2")
    ratios = {each.inner_text(): each.evaluate(CONTRAST) for each in samples.all()}
    assert {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < 4.5} == {}, background
    assert len(ratios) >= len(STATES) + 9
    lit = sam.page.locator(".pa-card").first.evaluate("element => getComputedStyle(element).backgroundColor")
    is_white = lit == "rgb(255, 255, 255)"
    assert is_white is (scheme == "light"), f"the cards are {lit} in {scheme}"


def narrow_pages(ada: Desk, house: House) -> dict[str, str]:
    """Make a person, a call and a run to look at; return the pages' addresses by what they are."""
    person = house.somebody()
    ada.open(person)
    pages = {"customer": ada.page.url}
    ada.page.get_by_label("Location").fill("a-very-long-word-without-a-break-" * 6)
    ada.save()
    expect(ada.badge).to_have_text("Done")
    ada.panel("sending").locator(".pa-call a").first.click()
    expect(ada.panel("call")).to_be_visible()
    pages["call"] = ada.page.url
    ada.visit("Customers")
    ada.search(person["provided_unique_id"])
    ada.page.get_by_role("checkbox", name="Select record").check()
    ada.page.get_by_label("Select action").select_option("Refresh from Proto")
    ada.page.get_by_role("button", name="Run").click()
    expect(ada.panel("run")).to_be_visible()
    return pages | {"run": ada.page.url}


def overflow(page: Page) -> str:
    """Return by how much the page can be scrolled sideways, and what sticks out."""
    return str(
        page.evaluate("""() => {
            const wide = document.documentElement.clientWidth;
            const over = document.documentElement.scrollWidth - wide;
            window.scrollTo(1000, 0);
            if (over <= 0 && window.scrollX === 0) return "";
            const out = [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right + window.scrollX > wide + 1)
                .slice(0, 5).map((each) => each.tagName + "." + each.className);
            return `${over} px: ${out.join(" | ")}`;
        }""")
    )


def test_no_page_scrolls_sideways_on_a_phone(new_desk: NewDesk, house: House) -> None:
    pages = narrow_pages(new_desk("ada"), house)
    pages |= {
        "customers": "/admin/customers/customer/",
        "calls": "/admin/outbox/call/",
        "connection": "/admin/connections/teamspace/1/change/",
        "custom fields": "/admin/customers/customfield/",
        "dashboard": "/admin/",
    }
    phone = new_desk("ada", viewport={"width": 390, "height": 844})
    found = {}
    for name, url in pages.items():
        phone.page.goto(url)
        found[name] = overflow(phone.page)
    assert found == dict.fromkeys(pages, "")
    phone.page.goto(pages["customer"])
    for name in ("Create ticket", "Add tags", "Set custom fields"):
        box = phone.dialog(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        phone.page.keyboard.press("Escape")


def test_a_phone_can_do_the_work(new_desk: NewDesk, house: House, remote: Remote) -> None:
    person = house.somebody()
    phone = new_desk("sam", viewport={"width": 390, "height": 844}, has_touch=True)
    phone.page.goto(f"/admin/customers/customer/?q={person['provided_unique_id']}")
    phone.rows.get_by_role("link").first.tap()
    mark = remote.mark()
    phone.page.get_by_label("Location").fill("From a phone")
    phone.page.get_by_role("button", name="Save", exact=True).tap()
    expect(phone.panel("sending").locator(".pa-call").first).to_contain_text("Done")
    (body,) = remote.bodies("create-customer", after=mark)
    assert body["location"] == "From a phone"


def test_nothing_of_ours_is_inline(ada: Desk, house: House) -> None:
    """The theme has inline scripts and handlers of its own; ours would keep the policy from ever being tightened."""
    person = house.somebody()
    ada.open(person)
    for path in (ada.page.url, "/admin/", "/admin/customers/customer/", "/admin/customers/customfield/"):
        ada.page.goto(path)
        ours = ada.page.locator(OURS)
        handlers = ours.evaluate_all(
            "all => all.flatMap(each => each.getAttributeNames().filter(name => /^on|^x-|^@/.test(name))"
            ".map(name => `${each.tagName} ${name}`))"
        )
        assert handlers == [], path
        scripts = ada.page.locator(".pa-main script:not([src]), .pa-side script:not([src]), dialog script")
        kinds = scripts.evaluate_all("all => all.map(each => each.type)")
        assert [kind for kind in kinds if kind != "application/json"] == [], path
    policy = ada.page.request.get("/admin/").headers["content-security-policy"]
    assert re.search(r"default-src 'self'(;|$)", policy)
    assert "http" not in policy
