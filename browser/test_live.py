"""The live panel in JupyterLab: it moves while a cell runs, and its knobs change the mapping."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser import lab

SIZE = 1  # records in a batch, once the knob is turned: too few to keep up with the producer
BEHIND = 4  # seconds
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
# The latest figures in the line of that name, as Plotly has them.
LINE = """(name) => document.querySelector(".js-plotly-plot")?.data
  .find((line) => line.name === name)?.y?.slice(-10).filter((value) => value !== null) ?? []"""


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
    page.wait_for_function(f"() => Math.max(...({LINE})('in')) > 0", timeout=lab.TIMEOUT)
    ages = page.locator(".js-plotly-plot .scatterlayer").nth(1)
    before = ages.inner_html()
    keep("live-before")

    knob = page.get_by_label("Batch size, records")
    knob.fill(str(SIZE))
    knob.press("Enter")
    said = page.get_by_role("status").filter(has_text="The mapping has")
    expect(said).to_be_visible(timeout=lab.TIMEOUT)
    assert lab.code_cells(page)[-1]["execution_count"] is None  # the knob waited for no cell's end
    page.wait_for_function(
        f"() => Math.max(...({LINE})('at the function')) > {BEHIND}", timeout=lab.TIMEOUT
    )
    assert ages.inner_html() != before
    keep("live-after")
    assert barriers(within=".jp-OutputArea-output:has(.js-plotly-plot)") == []

    cells = lab.wait_for_end(page)
    assert lab.failures(cells) == []
    assert cells[-1]["outputs"][0]["data"]["text/plain"] == str(SIZE)

    page.get_by_role("button", name="Stop watching").click()
    picture = page.locator(".jp-OutputArea-output img")
    expect(picture).to_be_visible(timeout=lab.TIMEOUT)
    keep("live-still", picture)
    output = jupyter.saved(page, "live.ipynb")[1]["outputs"][0]
    alt = output["metadata"]["image/png"]["alt"]
    assert alt.startswith("Four line charts of the pipeline behind stream flights")
    assert picture.get_attribute("alt") == alt
    assert faults == []
