"""A person at a browser: opens pages by clicking, presses buttons, and nothing may go wrong unseen meanwhile."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, expect

from tests.browser.house import House

PATIENCE = 30_000
ON_ITS_WAY = re.compile("Queued|Sending")
# What Chromium says of a page that answers 4xx; each test names the status that it expects.
STATUS = re.compile(r"status of (\d+)")


class Desk:
    """One page, with everything that its browser asked for and complained about."""

    def __init__(self, page: Page, house: House) -> None:
        self.page, self.house, self.remote = page, house, house.remote
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self.expected_status: set[int] = set()
        page.context.on("request", self._note_request)
        page.context.on("console", self._note_console)
        page.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        page.on("dialog", self._note_dialog)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.house.url}/", "data:", "blob:")):
            self.foreign.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        status = STATUS.search(message.text)
        is_expected = status is not None and int(status[1]) in self.expected_status
        if message.type in {"error", "warning"} and not is_expected:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _note_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"a {dialog.type} dialog: {dialog.message}")
        dialog.dismiss()

    def report(self) -> str:
        """Return what the browser shows, for a test that failed."""
        shown = self.page.locator("body").inner_text()[:2000]
        return f"At {self.page.url}, complaints {self.complaints}:\n{shown}"

    # --- finding one's way ------------------------------------------------------------------------

    def visit(self, title: str) -> None:
        """Go to a page of the left navigation."""
        if self.page.url == "about:blank":
            self.page.goto("/admin/")
        # The link's name begins with that of its icon.
        self.page.get_by_role("navigation").get_by_role("link", name=re.compile(rf"(^|\s){re.escape(title)}$")).click()
        expect(self.page.get_by_role("heading", level=1).first).to_contain_text(title)

    def search(self, text: str) -> Locator:
        """Search in the list that is open; return the rows."""
        box = self.page.locator("#searchbar")
        box.fill(text)
        box.press("Enter")
        self.page.wait_for_url(re.compile(r"[?&]q="))
        return self.rows

    @property
    def rows(self) -> Locator:
        """The rows of the list."""
        return self.page.locator("#result_list tbody tr")

    def find(self, person: dict[str, str]) -> None:
        """Find a person by the unique id, as one does it by hand, and open the page."""
        self.visit("Customers")
        self.search(person["provided_unique_id"])
        self._open_row(person)

    def open(self, person: dict[str, str]) -> None:
        """Open a person's page by way of an address that one may have kept."""
        self.page.goto(f"/admin/customers/customer/?{urlencode({'q': person['provided_unique_id']})}")
        self._open_row(person)

    def _open_row(self, person: dict[str, str]) -> None:
        self.rows.filter(has_text=person["provided_unique_id"]).get_by_role("link").first.click()
        expect(self.page.locator(".pa-head h1")).to_contain_text(person["name"])

    # --- what a person's page has -------------------------------------------------------------------

    @property
    def badge(self) -> Locator:
        """The state beside the name."""
        return self.page.locator("#head-badge .pa-badge")

    def panel(self, name: str) -> Locator:
        """One of the live panels."""
        return self.page.locator(f"#panel-{name}")

    def card(self, title: str) -> Locator:
        """A card by its heading."""
        return self.page.locator(".pa-card").filter(has=self.page.get_by_role("heading", name=title))

    def save(self) -> None:
        """Press Save."""
        self.page.get_by_role("button", name="Save", exact=True).click()

    def press(self, name: str) -> None:
        """Press a button above the columns."""
        self.page.locator(".pa-buttons").first.get_by_role("button", name=name).click()

    def dialog(self, name: str) -> Locator:
        """Open a button's dialog."""
        self.press(name)
        found = self.page.get_by_role("dialog", name=name)
        expect(found).to_be_visible()
        return found

    def submit(self, dialog: Locator, name: str, *, how: Literal["click", "dblclick"] = "click") -> None:
        """Press the button of a dialog."""
        button = dialog.get_by_role("button", name=name)
        button.click() if how == "click" else button.dblclick()

    def mail_error(self) -> Locator:
        """What stands beside the input for the mail address."""
        return self.page.locator(".field-email")

    # --- without a reload -------------------------------------------------------------------------

    def stay(self) -> None:
        """Remember that from now on the page must not be loaded anew."""
        self.page.evaluate("window.stayed = true")

    def has_stayed(self) -> bool:
        """Tell whether it was not."""
        return bool(self.page.evaluate("window.stayed === true"))


NewDesk = Callable[..., Desk]


@contextmanager
def desks_in(house: House, browser: Browser) -> Iterator[NewDesk]:
    """Give a function that seats somebody at a browser; at the end nothing may have been foreign or broken."""
    expect.set_options(timeout=PATIENCE)
    desks: list[Desk] = []

    def seat(name: str, **options: object) -> Desk:
        context = house.enter(browser, name, **options)
        context.set_default_timeout(PATIENCE)
        desks.append(Desk(context.new_page(), house))
        return desks[-1]

    try:
        yield seat
        assert [desk.foreign for desk in desks] == [[] for _ in desks], "a request left the server's origin"
        assert [desk.complaints for desk in desks] == [[] for _ in desks], "the browser complained"
    except Exception as error:
        for desk in desks:
            error.add_note(desk.report())
        raise
    finally:
        for desk in desks:
            desk.page.context.close()
