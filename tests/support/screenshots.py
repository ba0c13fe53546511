"""`make screenshots`: start the product with demo data and some history, and take the pictures of the README anew."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.house import PASSWORD, House
from tests.browser.remote import Json, Remote
from tests.support.browser import chromium
from tests.support.palette import reduced
from tests.support.product import ROOT, Product

TARGET = ROOT / "docs" / "screenshots"
LARGEST = 200 * 1024
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}

STAFF = """
from django.contrib.auth.models import Group

def staff(username, first, last, role):
    user = User.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    for teamspace in Teamspace.objects.all():
        teamspace.members.add(user)

staff("ada", "Ada", "Lindqvist", "Administrator")
staff("sam", "Sam", "Okafor", "Support")
"""
# A working day: what stands in the lists, and what went wrong.
DAY = """
from conversations.services import ticket_create
from customers import services
from customers.models import CustomField, Customer

ada, sam = User.objects.get(username="ada"), User.objects.get(username="sam")
acme = Teamspace.objects.get(name="Acme Support")
fields = {field.name: field for field in CustomField.objects.filter(teamspace=acme)}

def save(person, by, **values):
    services.customer_change(customer=person, values=values, by=by)
    services.customer_push(customer=person, by=by)

def ticket(person, subject, by):
    return ticket_create(customer=person, subject=subject, identifier="provided_unique_id", by=by)

main = Customer.objects.get(provided_unique_id=MAIN)
save(main, sam, location="Marseille, France")
services.customer_add_tags(customer=main, names=["vip", "billing"], create=False, by=sam)
services.customer_set_fields(customer=main, by=sam, values={
    fields["Plan"]: "Premium", fields["Loyalty points"]: 2450, fields["Newsletter"]: True,
    fields["Customer since"]: "2022-03-14", fields["Preferred name"]: "Zoé",
})
ticket(main, "Colis endommagé à la livraison", sam)
refused, busy, other = Customer.objects.filter(teamspace=acme).exclude(pk=main.pk).exclude(email="")[:3]
save(refused, sam, email="someone@localhost")
ticket(busy, "Charged twice for order 48213", sam)
save(other, ada, location="Lisboa, Portugal")
"""
LOST = """
from conversations.services import ticket_create
from customers.models import Customer
main = Customer.objects.get(provided_unique_id=MAIN)
ticket_create(customer=main, subject="Remboursement pas encore reçu", identifier="provided_unique_id",
    by=User.objects.get(username="sam"))
"""
RUN = """
from customers.models import Customer
from protoadmin.runs.services import run_start
acme = Teamspace.objects.get(name="Acme Support")
people = Customer.objects.filter(teamspace=acme, email__contains="example.net").values_list("pk", flat=True)
run = run_start(kind="people_add_tags", by=User.objects.get(username="ada"), title="Add tags: people of Acme Support",
    teamspace=acme, ids=list(people), parameters={"tags": ["newsletter", "at risk"], "create": False})
print(run.pk)
"""
NOTHING_PENDING = "from protoadmin.outbox.models import Call; print(Call.objects.pending().exists())"
# A chat with everything in it, and a delivery that became messages of one.
CHAT_PK = """
from conversations.models import Chat
rich = Chat.objects.filter(messages__type="carousel", human__customer__isnull=False, active=True)
print((rich.order_by("-message_count").first() or Chat.objects.order_by("-message_count").first()).pk)
"""
DELIVERY_PK = """
from webhooks.models import Delivery
found = Delivery.objects.filter(kind="messages", state="processed").order_by("-pk").first()
print(found.pk if found else "")
"""
MAIN_PK = "from customers.models import Customer; print(Customer.objects.get(provided_unique_id=MAIN).pk)"


def main() -> int:
    """Take every picture; 1 when one has become too large."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="proto-admin-pictures-") as folder,
        chromium() as browser,
        Product(Path(folder), options=("--demo",)) as product,
    ):
        pages = _furnish(product)
        for scheme in ("light", "dark"):
            _take_all(browser, House(product), pages, scheme)
    pictures = sorted(TARGET.glob("*.png"))
    for picture in pictures:
        print(f"{picture.name:28} {picture.stat().st_size / 1024:6.0f} KiB")
    return 1 if any(picture.stat().st_size > LARGEST for picture in pictures) else 0


def _furnish(product: Product) -> dict[str, str]:
    """Let a day pass; return the pages to photograph."""
    remote = Remote(product.sandbox_url)
    people = remote.people()
    main_id = next(row["provided_unique_id"] for row in people if row["name"] == "Zoé Dupré" and row["email"])
    known = f"MAIN, PASSWORD = {main_id!r}, {PASSWORD!r}\n"
    product.python(known + STAFF)
    run = _run(product, remote, people)
    product.python(known + DAY)
    _wait_until_sent(product)
    remote.fault("drop_after", "create-ticket", times=1)
    product.python(known + LOST)
    _wait_until_sent(product)
    product.wait_for(lambda: product.python(DELIVERY_PK), "a delivery", 120)
    return {
        "dashboard": "/admin/",
        "customers": "/admin/customers/customer/?teamspace=1",
        "customer": f"/admin/customers/customer/{product.python(known + MAIN_PK)}/change/",
        "api-calls": "/admin/outbox/call/",
        "custom-fields": "/admin/customers/customfield/?teamspace=1",
        "connection": "/admin/connections/teamspace/1/change/",
        "run": f"/admin/runs/run/{run}/change/",
        "inbox": f"/admin/conversations/chat/{product.python(CHAT_PK)}/change/",
        "deliveries": "/admin/webhooks/delivery/",
        "delivery": f"/admin/webhooks/delivery/{product.python(DELIVERY_PK)}/change/",
        "search": "/admin/conversations/chat/search/?q=order",
        "reports": "/admin/dashboard/report/?span=28d",
    }


def _run(product: Product, remote: Remote, people: list[Json]) -> str:
    """Tag many people, two of whom Proto no longer knows; return the run's id."""
    for person in [row for row in people if "example.net" in (row["email"] or "")][3:5]:
        remote.delete(person["provided_unique_id"])
    run = product.python(RUN)
    state = f"from protoadmin.runs.models import Run; print(Run.objects.get(pk={run}).state)"
    product.wait_for(lambda: product.python(state) == "done", "the run to end", 120)
    return run


def _wait_until_sent(product: Product) -> None:
    product.wait_for(lambda: product.python(NOTHING_PENDING) == "False", "every call to be answered", 60)


def _take_all(browser: Browser, house: House, pages: dict[str, str], scheme: str) -> None:
    context = house.enter(browser, "ada", viewport=WIDE, color_scheme=scheme)
    page = context.new_page()
    for name, address in pages.items():
        page.goto(address)
        if name == "connection" and scheme == "light":
            page.get_by_role("button", name="Test connection").click()
            page.locator("#panel-connection").get_by_text("It works").wait_for()
        _take(page, f"{name}-{scheme}")
    context.close()
    if scheme == "light":
        context = house.enter(browser, "ada", viewport=NARROW, color_scheme=scheme)
        page = context.new_page()
        for name in ("customer", "inbox", "reports"):
            page.goto(pages[name])
            _take(page, f"{name}-narrow")
        context.close()


def _take(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    picture = page.screenshot(animations="disabled", caret="hide")
    blank = page.context.new_page()
    (TARGET / f"{name}.png").write_bytes(reduced(blank, picture))
    blank.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LookupError as error:
        sys.exit(f"No pictures: {error}.")
