"""The charts: live figures, and the picture that is stored."""

import base64
import io

import numpy as np
from PIL import Image, ImageColor

from tests.live.watching import NAMES, put, sampled, until
from workbook.live.charts import STYLES, LiveCharts, charts
from workbook.live.sampler import Sampler
from workbook.target import Aws


def painted(drawn: LiveCharts, colour: str) -> int:
    """Return how many pixels of the picture have about this colour."""
    png = base64.b64decode(drawn.still()[0]["image/png"])
    image = np.array(Image.open(io.BytesIO(png)).convert("RGB"), int)
    return int((np.abs(image - ImageColor.getrgb(colour)).max(axis=2) < 20).sum())


def test_charts_and_the_pictures_text_have_the_samplers_figures(aws: Aws) -> None:
    sampler = Sampler(aws, *NAMES)
    drawn = LiveCharts(sampler, NAMES[0])
    put(aws, 30)
    sampled(sampler, "records in", 30)
    drawn.draw()
    frame = sampler.frame()
    assert [chart["title"]["text"] for chart in drawn.specifications] == [
        c.title for c in charts(sampler)
    ]
    shown = [row["in"] for row in drawn.figures[0] if row["in"] is not None]
    assert shown == list(frame["records in"])
    assert all(row["at the function"] is None for row in drawn.figures[1][:30])
    data, metadata = drawn.still()
    alt = data["text/plain"]
    assert f"over {len(frame)} periods of 1 s" in alt
    assert f"Latest: {sampler.in_words()}." in alt
    assert f"Records in: 30 in all, at most {frame['records in'].max():.0f} a second" in alt
    assert metadata["image/png"]["alt"] == alt


def test_lines_are_drawn_in_the_picture(aws: Aws) -> None:
    """Without data under the name that it expects, Vega draws axes without an error."""
    sampler = Sampler(aws, *NAMES)
    drawn = LiveCharts(sampler, NAMES[0])
    colour, _ = STYLES[0]
    before = painted(drawn, colour)
    put(aws, 30)

    def is_line() -> bool:
        sampler.sample()
        return len(sampler.frame()) > 5

    until(is_line)
    assert painted(drawn, colour) > before + 50


def test_the_very_first_figure_is_visible(aws: Aws) -> None:
    """As a dot: a line needs two points."""
    colour, _ = STYLES[0]
    empty = painted(LiveCharts(Sampler(aws, *NAMES), NAMES[0]), colour)
    sampler = Sampler(aws, *NAMES)
    sampler.sample()
    assert not sampler.frame().empty
    assert painted(LiveCharts(sampler, NAMES[0]), colour) > empty


def test_a_picture_without_figures_says_so(aws: Aws) -> None:
    data, _ = LiveCharts(Sampler(aws, *NAMES), NAMES[0]).still()
    assert "no figures yet" in data["text/plain"]
