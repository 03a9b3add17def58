"""Pictures in notebooks have an alt text computed from what they show."""

import base64
import io
import math
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from PIL import Image, ImageColor

from workbook import flights, plots


@pytest.fixture(scope="module")
def first_flights() -> pd.DataFrame:
    frame = flights.load(first=2_000)
    return frame.assign(route=frame["origin"] + "-" + frame["dest"])


@pytest.mark.parametrize("by", ["hour", "carrier", "route"])
def test_the_text_of_mean_delays_names_the_extremes(first_flights: pd.DataFrame, by: str) -> None:
    means = first_flights.groupby(by)["dep_delay"].mean().dropna()
    figure, alt = plots.mean_delay(first_flights, by)
    assert f"Longest: {means.idxmax()} with {means.max():.1f} minutes" in alt
    assert f"shortest: {means.idxmin()} with {means.min():.1f} minutes" in alt
    assert figure.axes[0].get_title()
    assert "minutes" in figure.axes[0].get_xlabel() + figure.axes[0].get_ylabel()


def test_mean_delays_need_their_columns_and_a_delay(first_flights: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"no column airline; there are year, .*, route"):
        plots.mean_delay(first_flights, "airline")
    cancelled = first_flights[first_flights["dep_delay"].isna()]
    with pytest.raises(ValueError, match="no flight has a delay"):
        plots.mean_delay(cancelled, "carrier")


def test_only_the_most_frequent_groups_are_drawn_if_requested(first_flights: pd.DataFrame) -> None:
    figure, alt = plots.mean_delay(first_flights, "route", top=5)
    assert len(figure.axes[0].patches) == 5
    assert "the 5 most frequent of" in alt


def test_the_text_of_shards_gives_each_keys_busiest() -> None:
    counts = pd.DataFrame(
        {"dest": [10, 30], "constant": [0, 40]},
        index=["shardId-000000000000", "shardId-000000000001"],
    )
    figure, alt = plots.records_per_shard(counts)
    assert "40 records over 2 shards" in alt
    assert "by dest 75.0%" in alt
    assert "by constant 100.0% (1 empty)" in alt
    assert len(figure.axes) == 2
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights == [10, 30]


def test_a_picture_without_text_is_refused(first_flights: pd.DataFrame) -> None:
    figure, _ = plots.mean_delay(first_flights, "hour")
    with pytest.raises(ValueError, match="alt"):
        plots.show(figure, " ")


def test_a_picture_passed_without_its_star_is_refused(first_flights: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"star is missing: plots\.show\(\*picture\)"):
        plots.show(plots.mean_delay(first_flights, "hour"))  # type: ignore[arg-type]


def test_a_small_picture_keeps_the_colours_of_thin_lines() -> None:
    """Readers distinguish lines by them; the colours were chosen for that."""
    figure, axes = plots.subplots()
    for number, colour in enumerate(plots.COLOURS[:4]):
        axes.plot([0, 1], [number, number], color=colour)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    data, _ = plots.mimebundle(drawn.getvalue(), "four lines")
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
    shown: list[Any] = [colour for _, colour in image.getcolors() or ()]
    for colour in plots.COLOURS[:4]:
        wanted = ImageColor.getrgb(colour)
        assert min(math.dist(wanted, one) for one in shown) < 5


@pytest.mark.parametrize("shown", ["plots.show(*{})", "{}"])
def test_the_text_is_stored_with_the_picture_in_the_notebook(shown: str) -> None:
    picture = shown.format("plots.mean_delay(flights.load(first=50), 'origin')")
    code = f"from workbook import flights, plots\n{picture}"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60).execute()
    (output,) = notebook.cells[0].outputs
    alt = output["metadata"]["image/png"]["alt"]
    assert "Bar chart of the mean departure delay by origin" in alt
    assert alt in output["data"]["text/plain"]
    assert f'<img alt="{alt}" src="data:image/png;base64,' in output["data"]["text/html"]
    assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")
