"""A support agent's whole job, by clicking; what counts is what the sandbox received."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import ON_ITS_WAY, Desk
from tests.browser.house import PASSWORD, House
from tests.browser.remote import HELD, SIX, Remote

pytestmark = pytest.mark.browser


def written_differently(number: str) -> str:
    """Return an international number as somebody else would type it."""
    digits = re.sub(r"\D", "", number)
    return f"00{digits[:2]} ({digits[2:4]}) {digits[4:7]}/{digits[7:]}"


def test_logging_in_shows_the_work_of_ones_own_teamspace_alone(house: House, browser: Browser) -> None:
    page = browser.new_page(base_url=house.url)
    page.goto("/")
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("body")).to_contain_text("Please enter the correct username")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    navigation = page.get_by_role("navigation")
    expect(navigation).to_contain_text("Customers")
    expect(navigation).not_to_contain_text("Connections")
    expect(navigation).not_to_contain_text("Staff")
    page.goto("/admin/customers/customer/")
    expect(page.locator("body")).to_contain_text("300 customers")
    page.context.close()


def test_a_person_is_found_by_phone_and_by_name_however_they_are_written(sam: Desk, remote: Remote) -> None:
    person = next(row for row in remote.people() if "é" in (row["name"] or "") and row["phone_number"])
    sam.visit("Customers")
    rows = sam.search(written_differently(person["phone_number"]))
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(person["provided_unique_id"])
    plain = person["name"].lower().replace("é", "e")
    expect(sam.search(plain).filter(has_text=person["provided_unique_id"])).to_have_count(1)
    sam.search(f"nobody is called {plain}")
    expect(sam.rows).to_have_count(0)


def test_a_corrected_mail_reaches_proto_with_exactly_the_six_fields(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.find(person)
    mark = remote.mark()
    mail = sam.page.get_by_label("Mail")
    mail.fill("not a mail address")
    sam.page.get_by_label("Location").fill("Lyon, France")
    sam.save()
    expect(sam.mail_error()).to_contain_text("Enter a valid email address")
    expect(mail).to_have_value("not a mail address")
    expect(sam.page.get_by_label("Location")).to_have_value("Lyon, France")
    assert remote.received("create-customer", after=mark) == []

    remote.fault("slow", "create-customer", seconds=HELD, times=1)
    mail.fill("corrected@example.com")
    sam.save()
    expect(sam.badge).to_have_text(ON_ITS_WAY)
    sam.stay()
    expect(sam.panel("sending").locator("h2")).to_contain_text(ON_ITS_WAY)
    expect(sam.badge).to_have_text("Done")
    expect(sam.panel("sending").locator("h2")).to_contain_text("Done")
    assert sam.has_stayed()
    (request,) = remote.received("create-customer", after=mark)
    assert request["method"] == "PUT"
    assert request["path"].endswith(f"{remote.id_of()}/create-customer/{person['provided_unique_id']}")
    expected = {name: person[name] for name in SIX} | {"email": "corrected@example.com", "location": "Lyon, France"}
    assert request["body"] == expected


def test_saving_nothing_sends_nothing(sam: Desk, house: House, remote: Remote) -> None:
    sam.open(house.somebody())
    mark = remote.mark()
    sam.save()
    expect(sam.page.locator("body")).to_contain_text("Nothing was changed, so nothing is sent.")
    assert remote.received(after=mark) == []


def test_existing_tags_are_added_and_new_ones_refused(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    remote_tags = remote.person(person["provided_unique_id"])["tags"]
    wanted = next(tag for tag in ("wholesale", "press", "refund") if tag not in str(remote_tags))
    sam.open(person)
    mark = remote.mark()
    dialog = sam.dialog("Add tags")
    dialog.get_by_label("Other tags").fill("never heard of")
    sam.expected_status.add(422)
    sam.submit(dialog, "Add tags")
    refused = sam.page.get_by_role("alert")
    expect(refused).to_have_text("There is no tag named never heard of.")
    expect(sam.page.get_by_label("Other tags")).to_have_value("never heard of")
    assert remote.received("add-tags", after=mark) == []

    sam.page.get_by_label("Other tags").fill("")
    sam.page.get_by_role("checkbox", name=wanted).check()
    sam.page.locator("main, body").get_by_role("button", name="Add tags").last.click()
    chip = sam.card("Tags").locator(".pa-chip", has_text=wanted)
    expect(chip).to_be_visible()
    sam.stay()
    expect(chip).to_have_text(wanted)
    expect(sam.panel("sending").locator(".pa-call", has_text="Add tags").first).to_contain_text("Done")
    assert sam.has_stayed()
    assert remote.bodies("add-tags", after=mark) == [{"tags": [wanted], "create_if_not_exists": False}]
    assert wanted in str(remote.person(person["provided_unique_id"])["tags"])


def test_every_type_of_custom_field_has_a_fitting_input(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.open(person)
    mark = remote.mark()
    dialog = sam.dialog("Set custom fields")
    expect(dialog.get_by_label("Loyalty points")).to_have_attribute("type", "number")
    expect(dialog.get_by_label("Customer since")).to_have_attribute("type", "date")
    assert dialog.get_by_label("Plan").locator("option").all_inner_texts()[1:] == [
        *("Basic", "Plus", "Premium", "Enterprise")
    ]
    dialog.get_by_label("Preferred name").fill("Señora <b>Ana</b>")
    dialog.get_by_label("Loyalty points").fill("12.5")
    dialog.get_by_label("Newsletter").select_option("Yes")
    dialog.get_by_label("Customer since").fill("2024-02-29")
    dialog.get_by_label("Plan").select_option("Premium")
    sam.submit(dialog, "Set custom fields")
    expect(sam.panel("sending").locator(".pa-call", has_text="Set custom fields").first).to_contain_text("Done")
    expect(sam.card("Custom fields")).to_contain_text("Señora <b>Ana</b>")
    expect(sam.card("Custom fields").locator(".pa-badge")).to_have_count(0)
    fields = remote.fields()
    (body,) = remote.bodies("add-custom-fields", after=mark)
    assert {item["id"]: item["value"] for item in body["custom_fields"]} == {
        fields["Preferred name"]["id"]: "Señora <b>Ana</b>",
        fields["Loyalty points"]["id"]: 12.5,
        fields["Newsletter"]["id"]: True,
        fields["Customer since"]["id"]: "2024-02-29",
        fields["Plan"]["id"]: "Premium",
    }


def test_a_double_click_and_a_reload_make_one_ticket(sam: Desk, house: House, remote: Remote) -> None:
    person = house.somebody()
    sam.open(person)
    mark = remote.mark()
    remote.fault("slow", "create-ticket", seconds=HELD, times=1)
    dialog = sam.dialog("Create ticket")
    dialog.get_by_label("Subject").fill("Charged twice")
    expect(dialog.get_by_role("radio").first).to_be_checked()
    # A browser may drop one of two submits by itself, so the events are counted that a script has let through.
    sam.page.evaluate(
        "sessionStorage.sent = 0; window.addEventListener('submit', (event) => {"
        " if (!event.defaultPrevented) sessionStorage.sent = Number(sessionStorage.sent) + 1; })"
    )
    sam.submit(dialog, "Create ticket", how="dblclick")
    ticket = sam.card("Tickets").locator(".pa-call", has_text="Charged twice")
    expect(ticket).to_contain_text(ON_ITS_WAY)
    assert sam.page.evaluate("sessionStorage.sent") == "1"
    sam.page.reload()
    sam.stay()
    expect(ticket.locator(".pa-badge")).to_have_count(0)
    tickets = [
        row for row in remote.person(person["provided_unique_id"])["tickets"] if row["subject"] == "Charged twice"
    ]
    assert len(tickets) == 1
    expect(ticket).to_contain_text(tickets[0]["id"])
    assert sam.has_stayed()
    assert remote.bodies("create-ticket", after=mark) == [
        {"subject": "Charged twice", "provided_unique_id": person["provided_unique_id"]}
    ]


def test_two_submits_of_one_form_are_one_ticket_for_the_server_too(sam: Desk, house: House, remote: Remote) -> None:
    sam.open(house.somebody())
    mark = remote.mark()
    dialog = sam.dialog("Create ticket")
    dialog.get_by_label("Subject").fill("Sent twice")
    # The same form twice, without the script that holds a double click back.
    dialog.locator("form").evaluate(
        "async form => { const send = () => fetch(form.action, {method: 'POST', body: new FormData(form)});"
        " await Promise.all([send(), send()]); await send(); }"
    )
    sam.page.reload()
    ticket = sam.card("Tickets").locator(".pa-call", has_text="Sent twice")
    expect(ticket).to_have_count(1)
    expect(ticket.locator(".pa-badge")).to_have_count(0)
    assert len(remote.received("create-ticket", after=mark)) == 1


def test_a_refresh_shows_what_differs_and_fills_the_inputs_that_nobody_touched(
    sam: Desk, house: House, remote: Remote
) -> None:
    person = house.somebody()
    remote.change(person["provided_unique_id"], name="Renamed There", location="Oslo, Norway")
    sam.open(person)
    remote.fault("slow", "get-customer", seconds=HELD, times=1)
    sam.press("Refresh from Proto")
    expect(sam.panel("sending")).to_contain_text(ON_ITS_WAY)
    sam.stay()
    sam.page.get_by_label("Location").fill("what I was typing")
    differences = sam.panel("sending").locator("table")
    expect(differences).to_contain_text(f"{person['name']} → Renamed There")
    expect(differences).to_contain_text("Oslo, Norway")
    expect(sam.page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Renamed There")
    expect(sam.page.get_by_label("Location")).to_have_value("what I was typing")
    assert sam.has_stayed()

    mark = remote.mark()
    sam.save()
    expect(sam.page.locator(".field-location")).to_contain_text("Meanwhile this was changed to “Oslo, Norway”")
    assert remote.received("create-customer", after=mark) == []
    sam.save()
    expect(sam.panel("sending").locator(".pa-call", has_text="Save").first).to_contain_text("Done")
    (body,) = remote.bodies("create-customer", after=mark)
    assert (body["name"], body["location"]) == ("Renamed There", "what I was typing")
