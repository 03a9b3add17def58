"""The book as HTML, as written by `make book`: served from this machine, for every reader."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

BOOK = Path(__file__).parent.parent / "build" / "book"
NAMES = sorted(path.stem for path in BOOK.glob("*.html")) or ["index"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Do not log requests."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    assert (BOOK / "index.html").exists(), "there are no pages yet: make book"
    handler = functools.partial(Quiet, directory=BOOK)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# The page has adapted to its new size: what scrolls can be reached with the keyboard.
HAS_FOLLOWED = """() => [...document.querySelectorAll("pre, .scroll")].every(
    (one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_whole_and_without_barriers(
    url: str,
    name: str,
    page: Page,
    faults: list[str],
    barriers: Callable[..., list[str]],
    keep: Callable[..., None],
) -> None:
    page.goto(f"{url}/{name}.html")
    shown = page.locator("img").evaluate_all("all => all.map((one) => one.naturalWidth > 0)")
    assert all(shown)
    page.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
    assert barriers() == []
    keep(f"page-{name}", full_page=True)

    page.emulate_media(color_scheme="dark")
    assert barriers("color-contrast") == []

    page.set_viewport_size({"width": 390, "height": 844})  # a phone
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.wait_for_function(HAS_FOLLOWED)  # on a busy machine, the page learns its size late
    assert barriers("scrollable-region-focusable", "target-size") == []
    keep(f"page-{name}-telephone-dark", full_page=True)
    assert faults == []


def test_the_keyboard_leads_past_the_head_and_to_a_notebook(url: str, page: Page) -> None:
    page.goto(f"{url}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/0*.html")
    page.get_by_role("link", name="All notebooks").first.click()
    page.wait_for_url("**/index.html")
