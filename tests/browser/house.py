"""A furnished house: the product with the sandbox, its demo data, and people who work there."""

import shutil
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, BrowserContext, StorageState

from tests.browser.remote import Remote
from tests.support.product import Product

PASSWORD = "a-long-made-up-password"
# Sam works for one teamspace, Ada looks after it.
PEOPLE = {"sam": "Support", "ada": "Administrator"}
# The people with mail addresses there are the ones for whom work on many is done; nobody else uses them.
MANY = "example.net"
MOVE_IN = f"""
from django.contrib.auth.models import Group
for name, role in {PEOPLE!r}.items():
    user = User.objects.create_user(name, password={PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    Teamspace.objects.get(name="Acme Support").members.add(user)
"""
# The demo data asks Proto for its custom fields; a page that is opened before they are there has none in its dialogs.
UNPACKED = """
import time
while not CustomField.objects.exists() or Call.objects.filter(state__in=["queued", "sending"]).exists():
    time.sleep(0.2)
"""
# A heartbeat that was found in the copied folder is one of workers that are long gone.
AT_WORK = """
import time
from django.utils import timezone
opened = timezone.now()
while not Heartbeat.objects.filter(beat_at__gt=opened).exists():
    time.sleep(0.2)
"""


def furnish(folder: Path) -> Path:
    """Make the data folder of a house once; return it, to be copied for each module."""
    with Product(folder, options=("--demo",)) as product:
        product.python(MOVE_IN)
        product.python(UNPACKED)
        product.stop()
    return product.var_dir


class House:
    """One running product, and the sandbox beside it."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.remote = Remote(product.sandbox_url)
        self._sessions: dict[str, StorageState] = {}
        self._taken: set[str] = set()

    @property
    def url(self) -> str:
        """The address of the product."""
        return self.product.url

    def enter(self, browser: Browser, name: str, **options: object) -> BrowserContext:
        """Return a browser context in which this person is logged in."""
        if name not in self._sessions:
            context = browser.new_context(base_url=self.url)
            page = context.new_page()
            page.goto("/admin/login/")
            page.get_by_label("Username").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/admin/")
            self._sessions[name] = context.storage_state()
            context.close()
        settings = {"viewport": {"width": 1440, "height": 900}, **options}
        return browser.new_context(base_url=self.url, storage_state=self._sessions[name], **settings)  # type: ignore[arg-type]

    def open(self) -> Self:
        """Wait until the workers are at work: a slow machine starts the web server long before them."""
        self.product.python(AT_WORK)
        return self

    def somebody(self) -> dict[str, str]:
        """Return a person whom no other test uses, with a mail address and an id that is good for paths."""
        for person in self.remote.people():
            unique_id, email = person["provided_unique_id"], person["email"] or MANY
            is_fit = unique_id.startswith("cust-") and person["name"] and MANY not in email
            if is_fit and unique_id not in self._taken:
                self._taken.add(unique_id)
                return {key: value or "" for key, value in person.items() if isinstance(value, str | None)}
        raise AssertionError("everybody is taken")


def copied(furnished: Path, folder: Path) -> Path:
    """Put a copy of the furnished data folder where a product in `folder` looks for it."""
    shutil.copytree(furnished, folder / "var", symlinks=True)
    return folder
