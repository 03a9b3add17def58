"""Measure the cost of the live view: processor time of browser, kernel, Jupyter and local AWS.

Run ``build/browser/venv/bin/python -m benchmarks.live`` after ``make browser``. It prints the
percentage of a core used with and without the live view, each for a minute, in a real JupyterLab
and browser: for an idle pipeline, and for one with a varying rate of up to ``RATE`` records a
second. The cost includes the picture that is kept for the saved notebook.
"""

import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil
from playwright.sync_api import Page

from browser import chromium, lab

SECONDS = 60.0  # of each measurement, after SETTLE
SETTLE = 15.0
RATE = 800  # records a second at most, when busy
PROCESSES = {  # by a word in their command lines
    "--type=renderer": "browser",
    "--type=gpu-process": "browser",
    "--type=utility": "browser",
    "--headless": "browser",
    "ipykernel_launcher": "kernel",
    "workbook.localaws": "local AWS",
    "jupyter-lab": "server",
}
CONNECT = """
from workbook import deployment, live, target

aws = target.connect()
uuid = deployment.deploy(aws, shards=2)
"""
WATCH = """
panel = live.Panel(aws)
panel
"""
STOP = "panel.stop()"
SEND = f"""
import random
import threading

from workbook import flights

def send():
    kinesis = aws.client("kinesis")
    events = flights.events(flights.load(first={RATE // 2}))
    records = [{{"Data": flights.encode(e), "PartitionKey": flights.event_id(e)}} for e in events]
    while not ending.wait(0.5):
        some = random.randrange(1, len(records))
        kinesis.put_records(StreamName="flights", Records=records[:some])

ending = threading.Event()
threading.Thread(target=send, daemon=True).start()
"""


def taken() -> dict[str, float]:
    """Return the processor time in seconds that each part has used so far."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            command, times = " ".join(process.cmdline()), process.cpu_times()
            part = next((part for word, part in PROCESSES.items() if word in command), "other")
            seconds[part] += times.user + times.system
    return seconds


def measure(what: str, page: Page) -> float:
    """Print the share of a core that each part uses in ``SECONDS``; return their sum in percent."""
    page.wait_for_timeout(SETTLE * 1000)
    before, begun = taken(), time.monotonic()
    page.wait_for_timeout(SECONDS * 1000)
    passed, after = time.monotonic() - begun, taken()
    shares = {part: 100 * (after[part] - before[part]) / passed for part in sorted(after)}
    listed = ", ".join(f"{part} {share:.1f}" for part, share in shares.items())
    print(f"{what:14} {sum(shares.values()):.1f} % of a core: {listed}", flush=True)
    return sum(shares.values())


def run_cell(page: Page) -> None:
    """Run the next cell of the notebook, and wait until it has finished."""
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell-and-select-next')")
    page.wait_for_function(lab.READY, timeout=lab.TIMEOUT)


def main() -> None:
    """Measure an idle and a busy pipeline, each without and with the live view."""
    cells = [CONNECT, WATCH, STOP, SEND, WATCH, STOP]
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.running(Path(folder)) as jupyter,
        chromium.launched() as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        jupyter.write("live.ipynb", cells)
        jupyter.open(page, "live.ipynb")
        page.on("pageerror", lambda error: print(f"the page has a fault: {error}"))
        for state in ("idle", "busy"):
            run_cell(page)
            without = measure(f"{state}, without", page)
            run_cell(page)
            page.locator(".workbook-charts").last.scroll_into_view_if_needed()
            costs = measure(f"{state}, with", page) - without
            print(f"{state}: the live view takes {costs:.1f} % of a core")
            run_cell(page)
        for failure in lab.failures(lab.code_cells(page)):
            print(failure)


if __name__ == "__main__":
    main()
