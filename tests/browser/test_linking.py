"""Who is who, decided at a person's page and at a record's, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Two people of the demo who may each be one contact: the helpdesk is pulled by a worker.
SUGGESTED = """
import time
from customers.models import Contact, Customer
found = []
for _ in range(300):
    acme = Customer.objects.filter(teamspace__name="Acme Support", has_suggestions=True).exclude(email="")
    contacts = set(Contact.objects.filter(customer=None).values_list("email_normal", flat=True))
    found = [each.pk for each in acme.order_by("pk") if each.email_normal in contacts]
    if len(found) > 1:
        break
    time.sleep(0.2)
print(*found[:2])
"""


def test_link_and_not_the_same_person(sam: Desk, house: House) -> None:
    first, second = house.product.python(SUGGESTED).split()
    page = sam.page
    page.goto(f"/admin/customers/customer/{first}/change/")
    page.get_by_role("link", name="Other systems may know this person").click()
    known = sam.panel("known")
    contact = known.locator("article").filter(has_text="Contact").filter(has_text="Same mail")
    contact.get_by_role("button", name=re.compile("^Link")).click()
    linked = known.locator("article").filter(has_text="Contact").filter(has=page.get_by_role("button", name="Unlink"))
    expect(linked).to_be_visible()
    expect(page.get_by_text("Unlink takes it back.")).to_be_visible()
    # From the contact's page it is unlinked again, and remembered.
    linked.get_by_role("link", name=re.compile("^Open")).click()
    who = sam.panel("person")
    who.get_by_role("button", name=re.compile("^Unlink")).click()
    expect(who).to_contain_text("Said not to be (1)")
    page.goto(f"/admin/customers/customer/{second}/change/")
    contact.get_by_role("button", name=re.compile("^Not the same person")).click()
    expect(known).to_contain_text("Said not to be the same person (1)")
    expect(sam.panel("history")).to_contain_text("not the same person")
    known.get_by_text("Said not to be the same person").click()
    known.get_by_role("button", name=re.compile("^Take back")).click()
    expect(contact.get_by_role("button", name=re.compile("^Link"))).to_be_visible()


def test_the_list_and_the_run(sam: Desk, house: House) -> None:
    house.product.python(SUGGESTED)
    sam.visit("Customers")
    sam.submit(sam.dialog("Find the same people"), "Find the same people")
    expect(sam.page.locator("#panel-run")).to_contain_text("Done")
    sam.page.get_by_role("link", name="People with suggestions").click()
    expect(sam.rows.first).to_be_visible()


# A contact and a person who have nothing in common, and the first word of the person's name.
STRANGERS = """
import time
from customers.models import Contact, Customer
while not Contact.objects.exists():
    time.sleep(0.2)
acme = Customer.objects.filter(teamspace__name="Acme Support")
person = acme.filter(has_suggestions=False, contacts=None).exclude(name="").order_by("-pk")[0]
contact = Contact.objects.filter(account__teamspace__name="Acme Support", customer=None).order_by("-pk")[0]
print(contact.pk, person.pk)
"""


def test_by_hand_with_the_keyboard_and_then_somebody_else(sam: Desk, house: House) -> None:
    contact, person = house.product.python(STRANGERS).split()
    page = sam.page
    page.goto(f"/admin/customers/customer/{person}/change/")
    name = sam.panel("known").locator("dd").first.inner_text()
    page.goto(f"/admin/customers/contact/{contact}/change/")
    who = sam.panel("person")
    if who.locator("details:not([open])").count():
        who.get_by_text("Look for a person").press("Enter")
    who.get_by_role("searchbox").fill(name)
    page.keyboard.press("Enter")
    found = who.get_by_role("button", name=f"Link: {name}", exact=True)
    expect(found.first).to_be_visible()
    expect(who.get_by_role("searchbox")).to_be_focused()
    found.first.press("Enter")
    expect(who).to_contain_text("Unlink")
    # Whoever is linked is named before somebody else takes that place.
    who.get_by_text("Link to somebody else").click()
    expect(who).to_contain_text(f"Linked to {name} now.")
    who.get_by_role("searchbox").fill("a")
    who.get_by_role("button", name="Find").click()
    who.get_by_role("button", name=re.compile("^Link instead")).first.click()
    expect(page.get_by_text(f"and no longer to {name}")).to_be_visible()
    expect(who).to_contain_text("Said not to be (1)")
