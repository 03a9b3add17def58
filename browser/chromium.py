"""The browser: the installed Chromium or Chrome, which can reach this machine only."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HERE = "127.0.0.1"
SWITCHES = (
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HERE}",
    # The browser's own requests are not faults of the pages.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class NoBrowserError(FileNotFoundError):
    """No browser is installed; the message says how to get one."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser, which ends with the block.

    Raises:
        NoBrowserError: there is none.
    """
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NoBrowserError(
            "there is no Chromium on the PATH: install it (Debian: apt-get install chromium), or "
            "say where it is: CHROMIUM=/where/it/is make browser"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=SWITCHES, chromium_sandbox=False
        )
        yield browser
        browser.close()
