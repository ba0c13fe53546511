"""Debian's Chromium under Playwright.

Synchronous Playwright runs an event loop in the test's thread, and the ORM refuses to work beside one: such tests
start the product as processes of its own (tests/support/product.py) and leave the database alone. The fixtures
last for one module, so that no loop is left for the next one.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def find_chromium() -> str | None:
    """Return the path of a Chromium; None when there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser without a window; LookupError when none is installed."""
    program = find_chromium()
    if program is None:
        raise LookupError("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
