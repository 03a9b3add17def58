"""The live view's charts: what is drawn where, live with Plotly and still with matplotlib.

Plotly, because a tick sends only the new figures and costs the kernel 1.2 % of a core, where Altair
builds and checks its whole chart anew and takes 44 %. A browser without a graphics processor takes
12 % for Plotly and 5 % for Altair; both bring their scripts along and need no network.
"""

from itertools import cycle
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbook import plots
from workbook.live.sampler import AGE, PERIODS, Sampler

HEIGHT = 420  # pixels
COLUMNS = 2
LINES = [("solid", "-"), ("dash", "--"), ("dot", ":")]  # in Plotly, in matplotlib
STYLES = [  # 24 that differ, neighbours in both colour and line
    (plots.COLOURS[number % len(plots.COLOURS)], *LINES[number % len(LINES)])
    for number in range(len(plots.COLOURS) * len(LINES))
]


class Chart(NamedTuple):
    """One chart: its title with the unit, and its figures with what a reader calls them."""

    title: str
    lines: dict[str, str]


def charts(sampler: Sampler) -> list[Chart]:
    """The four charts of the figures that the sampler has."""
    ages = {
        name: f"shard {name.removeprefix('shardId-').lstrip('0') or 0}" for name in sampler.ages
    }
    if AGE in ages:
        ages[AGE] = "at the function"
    unit = "second" if sampler.period == 1 else f"{sampler.period} seconds"
    return [
        Chart("Records per second", {"records in": "in", "records out": "out"}),
        Chart("Iterator age, seconds", ages),
        Chart("Batches in flight, at most", {"batches in flight": "batches"}),
        Chart(
            f"Errors and throttles in each {unit}",
            {
                "errors": "errors",
                "throttled invocations": "throttled invocations",
                "throttled records in": "throttled records, in",
                "throttled records out": "throttled records, out",
            },
        ),
    ]


def ago(sampler: Sampler) -> tuple[Any, str]:
    """The time axis of the charts: the 60 periods' distance from the last, and its unit."""
    seconds = sampler.period * np.arange(1 - PERIODS, 1)
    if sampler.period == 1:
        return seconds, "seconds"
    return seconds / 60, "minutes"


class LiveCharts:
    """Charts as a widget; ``draw`` puts the sampler's figures into them.

    Args:
        sampler: whose figures are drawn.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._ago, unit = ago(sampler)
        titles = [chart.title for chart in charts(sampler)]
        rows = -(-len(titles) // COLUMNS)
        self._drawn: dict[str, Any] = {}  # the trace of each figure
        self._shown: dict[str, Any] = {}  # what each trace shows
        self.widget = go.FigureWidget(
            make_subplots(rows, COLUMNS, subplot_titles=titles, vertical_spacing=0.18)
        )
        # Its buttons would cover a title; there is no public name for them [plotly 6].
        self.widget._config = {**self.widget._config, "displayModeBar": False}
        self.widget.update_layout(
            template="plotly_white",
            autosize=True,
            height=HEIGHT,
            margin={"l": 50, "r": 10, "t": 30, "b": 40},
            font={"size": 12, "color": "#222222"},
            hovermode="x unified",
        )
        self.widget.update_annotations(font_size=13)
        self.widget.update_xaxes(range=[self._ago[0], 0])
        self.widget.update_xaxes(title_text=f"{unit} before the latest", row=rows)
        self.widget.update_yaxes(rangemode="tozero")
        for number in range(len(titles)):
            axes = self.widget.get_subplot(*_place(number))
            corner = {"x": axes.xaxis.domain[0], "y": axes.yaxis.domain[1]}
            corner |= {"xanchor": "left", "yanchor": "top"}
            look = {"font": {"size": 11}, "bgcolor": "rgba(255, 255, 255, 0.6)"}
            self.widget.update_layout({_legend(number): corner | look})

    def draw(self) -> None:
        """Show the figures as they are now; what looks as before costs the browser nothing."""
        for number, chart in enumerate(charts(self._sampler)):
            for (name, label), style in zip(chart.lines.items(), cycle(STYLES), strict=False):
                if name not in self._drawn:
                    self._add(number, name, label, style)
        with self.widget.batch_update():
            for name, trace in self._drawn.items():
                figures = self._sampler.series(name)
                if not np.array_equal(figures, self._shown.get(name, ()), equal_nan=True):
                    trace.y = self._shown[name] = figures

    def _add(self, number: int, name: str, label: str, style: tuple[str, str, str]) -> None:
        row, column = _place(number)
        self.widget.add_scatter(
            x=self._ago,
            name=label,
            mode="lines",
            line={"color": style[0], "dash": style[1], "width": 2},
            connectgaps=True,
            legend=_legend(number),
            showlegend=True,
            row=row,
            col=column,
        )
        self._drawn[name] = self.widget.data[-1]


def _place(number: int) -> tuple[int, int]:
    """The row and the column of a chart, from 1 on."""
    return number // COLUMNS + 1, number % COLUMNS + 1


def _legend(number: int) -> str:
    """What Plotly calls the legend of a chart."""
    return f"legend{number + 1}" if number else "legend"


def still(sampler: Sampler, stream: str) -> plots.Picture:
    """The charts as a picture that stays in the notebook, with a text computed from the figures.

    Args:
        sampler: whose figures are drawn.
        stream: the name of the stream that is watched.
    """
    before, unit = ago(sampler)
    all_charts = charts(sampler)
    figure, axes = plots.subplots(2, COLUMNS, size=(8, 5.2), sharex=True)
    for chart, panel in zip(all_charts, axes.flat, strict=True):
        styles = cycle(STYLES)
        for name, label in chart.lines.items():
            colour, _, dash = next(styles)
            values = sampler.series(name)
            known = ~np.isnan(values)
            panel.plot(before[known], values[known], color=colour, linestyle=dash, label=label)
        panel.set(title=chart.title, xlim=(before[0], 0))
        panel.set_ylim(bottom=0, top=None if panel.get_ylim()[1] > 1 else 1)
        if chart.lines:
            panel.legend(loc="upper left", fontsize=7)
    for panel in axes[-1]:
        panel.set_xlabel(f"{unit} before the latest")
    figure.suptitle(f"The pipeline behind stream {stream}")
    return plots.Picture(figure, _alt(sampler, stream, unit, -before[0]))


def _alt(sampler: Sampler, stream: str, unit: str, longest: float) -> str:
    """What the picture shows, in words and figures."""
    frame = sampler.frame()
    if frame.empty:
        return f"Four empty charts of the pipeline behind stream {stream}: no figures yet."
    peaks = {name: frame[name].max() for name in frame}
    sent, written = (
        round(frame[name].sum() * sampler.period) for name in ("records in", "records out")
    )
    known = {name: peaks[name] for name in sampler.ages if not np.isnan(peaks[name])}
    eldest = max(known, key=lambda name: known[name], default=None)
    where = "at the function" if eldest == AGE else f"on {eldest}"
    age = f"at most {known[eldest]:,.1f} s, {where}" if eldest else "unknown, as nobody read"
    return (
        f"Four line charts of the pipeline behind stream {stream}, over {len(frame)} periods of "
        f"{sampler.period} s. Latest: {sampler.in_words()}. Records in: {sent:,} in all, at most "
        f"{peaks['records in']:,.0f} a second. Records out: {written:,} in all, at most "
        f"{peaks['records out']:,.0f} a second. Iterator age: {age}. Batches in flight: at most "
        f"{peaks['batches in flight']:.0f}."
    )
