"""The live panel in JupyterLab: it updates while a cell runs, and its knobs change the mapping."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from browser import lab

SIZE = 1  # records in a batch, once the knob is turned: too few to keep up with the producer
BEHIND = 4  # seconds
ALT = "Four line charts of the pipeline behind stream flights, over "
CELLS = [
    """
    from workbook import deployment, flights, live, producer, target

    aws = target.connect()
    mapping = deployment.deploy(aws, BatchSize=1_000)
    """,
    """
    panel = live.Panel(aws)
    panel
    """,
    f"""
    def batch_size():
        return aws.client("lambda").get_event_source_mapping(UUID=mapping)["BatchSize"]

    def is_behind():
        return batch_size() == {SIZE} and panel.frame()["iterator age"].tail(5).max() > {BEHIND}

    year = flights.load(first=60_000)
    for start in range(0, len(year), 500):
        events = flights.events(year[start : start + 500])
        producer.send(aws.client("kinesis"), "flights", events, progress=False)
        if is_behind():
            break
    """,
    "batch_size()",
]
PANEL = ".jp-OutputArea-output:has(.workbook-charts)"
AGES = f"{PANEL} canvas >> nth=1"
# The content of the chart of ages, pixel by pixel.
DRAWN = "(canvas) => canvas.toDataURL()"


def test_a_knob_changes_the_running_mapping_and_the_picture_with_it(
    jupyter: lab.Lab,
    page: Page,
    faults: list[str],
    barriers: Callable[..., list[str]],
    keep: Callable[..., None],
) -> None:
    jupyter.write("live.ipynb", CELLS)
    jupyter.open(page, "live.ipynb")
    lab.start_all(page)
    figures = page.locator(PANEL).get_by_role("note")
    expect(figures).to_have_text(re.compile("in [1-9]"), timeout=lab.TIMEOUT)
    ages = page.locator(AGES)
    before = ages.evaluate(DRAWN)
    keep("live-before")

    knob = page.get_by_label("Batch size, records")
    knob.fill(str(SIZE))
    knob.press("Enter")
    said = page.get_by_role("status").filter(has_text="The mapping has")
    expect(said).to_be_visible(timeout=lab.TIMEOUT)
    # The knob did not wait for the cell to end.
    assert lab.code_cells(page)[-1]["execution_count"] is None
    older = re.compile(rf"oldest ([{BEHIND}-9]|\d\d+)\.")
    expect(figures).to_have_text(older, timeout=lab.TIMEOUT)
    assert ages.evaluate(DRAWN) != before
    keep("live-after")
    assert barriers(within=PANEL) == []

    cells = lab.wait_for_end(page)
    assert lab.failures(cells) == []
    assert cells[-1]["outputs"][0]["data"]["text/plain"] == str(SIZE)

    picture = page.locator(".jp-OutputArea-output img")
    expect(picture).to_be_hidden()  # behind the panel
    saved = jupyter.saved(page, "live.ipynb")[1]["outputs"]
    assert alt_text(saved).startswith(ALT)

    page.get_by_role("button", name="Stop watching").click()
    expect(picture).to_be_visible(timeout=lab.TIMEOUT)
    expect(page.locator(PANEL)).to_have_count(0)
    keep("live-still", picture)
    ended = jupyter.saved(page, "live.ipynb")[1]["outputs"]
    assert alt_text(ended) != alt_text(saved)
    assert picture.get_attribute("alt") == alt_text(ended)
    assert faults == []


def alt_text(outputs: list[dict[str, Any]]) -> str:
    """Return the alt text of the picture in the second output."""
    alt: str = outputs[1]["metadata"]["image/png"]["alt"]
    return alt
