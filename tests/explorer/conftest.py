"""A Chromium for tests that look at the pages as a person does, where the machine has one; none is ever downloaded."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from api.main import create_app
from tests.conftest import watch_of
from tests.data.serving import served

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
PATIENCE = 30_000  # milliseconds until a test gives up waiting; a busy machine is slow and still right


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, one for each module: while it is there, no other event loop can run in this thread."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip(f"no Chromium on this machine: none of {', '.join(NAMES)}, and CHROMIUM names none")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def base(loaded_engines) -> Iterator[str]:
    """The address of the application on the bundled data set."""
    engine = loaded_engines["sqlite"]
    with served(create_app(engine, watch_of(engine))) as found:
        yield found


@pytest.fixture
def context(browser: Browser, base: str) -> Iterator[BrowserContext]:
    """A fresh window, without what an earlier test kept."""
    found = browser.new_context(base_url=base, viewport={"width": 1200, "height": 900}, color_scheme="light")
    found.set_default_timeout(PATIENCE)
    yield found
    found.close()


@pytest.fixture
def open_page(context: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Open addresses; fails at the end if a page threw an error or its policy had to stop something."""
    complaints: list[str] = []

    def heard(message: object) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    def to(path: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        page.goto(path)
        return page

    yield to
    assert complaints == []
