"""A page in a browser, its errors, and its barriers to accessibility."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from browser import chromium, lab

SCREENSHOTS = Path(__file__).parent.parent / "build" / "browser" / "screenshots"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def pytest_configure(config: pytest.Config) -> None:
    """Delete earlier screenshots: a notebook may have been renamed."""
    if not hasattr(config, "workerinput"):  # once, not in each process
        shutil.rmtree(SCREENSHOTS, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with chromium.launched() as browser:
            yield browser
    except chromium.NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def faults() -> list[str]:
    """The page's faults: its errors, and its requests to other hosts."""
    return []


@pytest.fixture
def page(browser: Browser, faults: list[str]) -> Iterator[Page]:
    """A page whose faults are noted."""

    def note_host(url: str) -> None:
        address = urlsplit(url)
        if address.hostname not in (chromium.HERE, None):
            faults.append(f"asks another host: {url}")

    def note_error(message: ConsoleMessage) -> None:
        if message.type == "error" and message.text not in lab.HARMLESS:
            faults.append(f"console: {message.text} ({message.location['url']})")

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    context.on("request", lambda request: note_host(request.url))
    page.on("websocket", lambda socket: note_host(socket.url))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("console", note_error)
    yield page
    context.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    with lab.running(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def jupyter(server: lab.Lab, page: Page) -> Iterator[lab.Lab]:
    """JupyterLab, whose kernels end with the test."""
    yield server
    page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")


@pytest.fixture
def barriers(page: Page) -> Callable[..., list[str]]:
    """Return what axe finds in the page, each with its place.

    ``within`` is a selector of the part to check. ``rules`` are the only rules to check.
    """

    def barriers(*rules: str, within: str | None = None) -> list[str]:
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
        options = {"runOnly": only, "resultTypes": ["violations"]}  # the rest is long
        found = Axe().run(page, context=within, options=options).response["violations"]
        return [
            f"{rule['id']}: {rule['help']}: {node['target']} {node['html'][:200]}"
            for rule in found
            for node in rule["nodes"]
        ]

    return barriers


@pytest.fixture
def keep(page: Page) -> Callable[..., None]:
    """Save a screenshot under a name: of the page, or of what is given."""

    def keep(name: str, of: Page | Locator = page, **options: Any) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        of.screenshot(path=SCREENSHOTS / f"{name}.png", **options)

    return keep
