"""The charts of the live view, in the browser and as a picture.

Altair describes the charts once and Vega draws them, so that afterwards only figures go to the
browser. The whole live view uses 3 % of a core (``benchmarks/live.py``). With a new description at
every tick it used ten times as much, and Plotly used 12 % in the browser alone. The scripts are in
the package vl-convert, so no network is needed.
"""

import math
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import anywidget
import numpy as np
import traitlets
import vl_convert

from workbook import plots
from workbook.live.sampler import AGE, PERIODS, Sampler

HERE = Path(__file__).parent
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.split(".")[:2])  # v6.4
WIDTH, HEIGHT = 350, 110  # inside one chart, in pixels
LABELS = 40  # the width of the labels to its left, in pixels
COLUMNS = 2  # of charts in the picture
DASHES = ([1, 0], [6, 3], [2, 2])
STYLES = [  # 24 styles; neighbours differ in colour and dash, and further lines repeat them
    (plots.COLOURS[number % len(plots.COLOURS)], DASHES[number % len(DASHES)])
    for number in range(len(plots.COLOURS) * len(DASHES))
]


class Line(NamedTuple):
    """A line of a chart: the name of its figure in the sampler, its label and its style."""

    figure: str
    label: str
    style: int


class Chart(NamedTuple):
    """A chart: its title, with the unit, and its lines."""

    title: str
    lines: list[Line]


def charts(sampler: Sampler) -> list[Chart]:
    """Return the four charts of the sampler's figures.

    A shard has a line while its age is known, so a closed shard loses its line. The styles of the
    other lines do not change. There is no line for the output if no stream is watched as such.
    """

    def counted(*lines: Line) -> list[Line]:
        return [line for line in lines if line.figure in sampler.counts]

    shards = [
        Line(name, f"shard {name.removeprefix('shardId-').lstrip('0') or 0}", style)
        for style, name in enumerate(sampler.ages)
        if name != AGE and not np.isnan(sampler.series(name)).all()
    ]
    unit = "second" if sampler.period == 1 else f"{sampler.period} seconds"
    return [
        Chart(
            "Records per second",
            counted(Line("records in", "in", 0), Line("records out", "out", 1)),
        ),
        Chart("Iterator age, seconds", [Line(AGE, "at the function", 0), *shards]),
        Chart("Batches in flight, at most", [Line("batches in flight", "batches", 0)]),
        Chart(
            f"Errors and throttles in each {unit}",
            counted(
                Line("errors", "errors", 0),
                Line("throttled invocations", "throttled invocations", 1),
                Line("throttled records in", "throttled records, in", 2),
                Line("throttled records out", "throttled records, out", 3),
            ),
        ),
    ]


def ago(sampler: Sampler) -> tuple[Any, str]:
    """Return the charts' time axis: each period's time before the latest; and its unit."""
    seconds = sampler.period * np.arange(1 - PERIODS, 1)
    if sampler.period == 1:
        return seconds, "seconds"
    return seconds / 60, "minutes"


@cache  # takes seconds, so only a kernel that shows charts does it, once
def script() -> str:
    """Return the charts' script together with the libraries that draw them."""
    bundle: str = vl_convert.javascript_bundle((HERE / "charts.js").read_text("utf-8"), VEGA_LITE)
    return bundle


class LiveCharts(anywidget.AnyWidget):
    """The charts as a widget.

    Args:
        sampler: the source of the figures.
        stream: the name of the input stream.
    """

    _css = (HERE / "charts.css").read_text("utf-8")
    specifications: Any = traitlets.List().tag(sync=True)
    figures: Any = traitlets.List().tag(sync=True)

    def __init__(self, sampler: Sampler, stream: str) -> None:
        super().__init__()
        self._sampler = sampler
        self._stream = stream
        self._drawn: list[Chart] = []

    @property
    def _esm(self) -> str:
        return script()

    def draw(self) -> None:
        """Show the present figures; an unchanged chart costs the browser nothing."""
        present = charts(self._sampler)
        if present != self._drawn:
            self._drawn = present
            self.specifications = [_specification(chart, self._sampler) for chart in present]
        self.figures = [_rows(chart, self._sampler) for chart in present]

    def still(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the present charts as a picture, with an alt text computed from the figures.

        This takes a quarter of a second, during which no other thread of the kernel runs
        [vl-convert 1.9].

        Returns:
            The picture's data by MIME type, and its metadata; see ``plots.mimebundle``.
        """
        self.draw()
        latest = datetime.fromtimestamp(int(self._sampler.starts()[-1]), UTC)
        together = {
            "$schema": alt.SCHEMA_URL,
            "title": {
                "text": f"The pipeline behind stream {self._stream}",
                "subtitle": f"up to {latest:%Y-%m-%d %H:%M:%S} UTC",
            },
            "columns": COLUMNS,
            "concat": [
                chart | {"data": {"values": rows}}
                for chart, rows in zip(self.specifications, self.figures, strict=True)
            ],
            "resolve": {"scale": {"color": "independent", "strokeDash": "independent"}},
            "background": "white",
        }
        png = vl_convert.vegalite_to_png(together, VEGA_LITE)
        return plots.mimebundle(png, _in_words(self._sampler, self._stream))


def _specification(chart: Chart, sampler: Sampler) -> dict[str, Any]:
    """Return a chart in Vega-Lite; its data, named ``figures``, are set later (see ``_rows``)."""
    labels: list[Any] = [line.label for line in chart.lines]
    styles = [STYLES[line.style % len(STYLES)] for line in chart.lines]
    before, unit = ago(sampler)
    axis: dict[str, Any] = {"tickCount": 5, "gridColor": "#DDDDDD", "titleFontWeight": "normal"}
    lines: alt.Chart = (
        alt.Chart(alt.NamedData("figures"))
        .transform_fold(labels, as_=["line", "value"])
        # Lines continue across unknown figures: ages are known only when batches are read.
        .transform_filter("isValid(datum.value)")
        .mark_line()
        .encode(
            alt.X("ago:Q")
            .title(f"{unit} before the latest")
            .scale(domain=[float(before[0]), 0], nice=False)
            .axis(**axis),
            # Labels always have the same width, so that the rest of the chart does not move.
            alt.Y("value:Q")
            .title(None)
            .scale(domain={"unionWith": [0, 1]})
            .axis(**axis, format=",~f", minExtent=LABELS, maxExtent=LABELS, labelFlush=True),
            alt.Color("line:N")
            .title(None)
            .scale(domain=labels, range=[colour for colour, _ in styles])
            .legend(
                orient="bottom",
                columns=2,
                labelLimit=0,
                symbolLimit=0,
                symbolType="stroke",
                offset=4,
                symbolOpacity=1,
                symbolStrokeWidth=2.5,
            ),
            alt.StrokeDash("line:N")
            .title(None)
            .scale(domain=labels, range=[dash for _, dash in styles]),
        )
    )
    lone = (  # a dot, because a line of one figure would be invisible
        lines.mark_circle(size=16, opacity=1)
        .encode(alt.Y("value:Q"))  # with the scale and axis of the lines
        .transform_joinaggregate(figures="count()", groupby=["line"])
        .transform_filter("datum.figures == 1")
    )
    layers = alt.layer(
        lines,
        lone,
        title=alt.Title(chart.title, frame="group"),
        width=WIDTH,
        height=HEIGHT,
        description=f"Line chart. {chart.title}: {', '.join(labels)}.",
    )
    return layers.to_dict()


def _rows(chart: Chart, sampler: Sampler) -> list[dict[str, float | None]]:
    """Return a chart's figures: rows of periods, with a column for each line; None if unknown."""
    columns = {"ago": ago(sampler)[0]}
    columns |= {label: sampler.series(name) for name, label, _ in chart.lines}
    known = [[None if math.isnan(v) else v for v in column.tolist()] for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*known, strict=True)]


def _in_words(sampler: Sampler, stream: str) -> str:
    """Return the alt text of the picture."""
    frame = sampler.frame()
    if frame.empty:
        return f"Four empty charts of the pipeline behind stream {stream}: no figures yet."
    peaks = {name: frame[name].max() for name in frame}
    records = [
        f"{name.capitalize()}: {round(frame[name].sum() * sampler.period):,} in all, at most "
        f"{peaks[name]:,.0f} a second."
        for name in sampler.counts
        if name.startswith("records")
    ]
    known = {name: peaks[name] for name in sampler.ages if not np.isnan(peaks[name])}
    eldest = max(known, key=lambda name: known[name], default=None)
    where = "at the function" if eldest == AGE else f"on {eldest}"
    age = (
        f"at most {known[eldest]:,.1f} s, {where}" if eldest else "unknown, since nothing was read"
    )
    return (
        f"Four line charts of the pipeline behind stream {stream}, over {len(frame)} periods of "
        f"{sampler.period} s. Latest: {sampler.in_words()}. {' '.join(records)} Iterator age: "
        f"{age}. Batches in flight: at most {peaks['batches in flight']:.0f}."
    )
