"""Pictures in one style, each with an alt text computed from its data.

The colours are those of Okabe and Ito, which colour-blind readers can distinguish. ``show`` stores
the alt text with the picture in every form in which notebooks are read.
"""

import base64
import html
import io
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from PIL import Image

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK)
PALE = "#A6CBE3"  # light blue, for bars with little weight
DPI = 100
FEW = 30  # flights; the mean of fewer is mostly chance

STYLE: Any = {  # Any, because matplotlib's stubs want each key as a literal type
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.axisbelow": True,
    "axes.grid": True,
    "figure.titlesize": 13,
    "font.size": 10,
    "grid.color": "#DDDDDD",
}

NAMES = {  # labels of axes, by column
    "hour": "scheduled hour of departure, New York time",
    "local_hour": "scheduled hour of departure, New York time",
    "dest": "destination",
    "delay_class": "delay class",
}


class Picture(NamedTuple):
    """A figure and its alt text, for ``show(*picture)``; it also shows itself in a cell."""

    figure: Figure
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return mimebundle(_png(self.figure), self.alt)


def subplots(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (8, 4), **options: Any
) -> tuple[Figure, Any]:
    """Return an empty figure in the workbook's style and its axes, as ``plt.subplots`` does.

    Args:
        rows: the number of rows of axes.
        columns: the number of columns of axes.
        size: width and height, in inches of 100 dots.
        options: further arguments of ``Figure.subplots``, such as ``sharey=True``.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def show(figure: Figure, alt: str = "") -> None:
    """Show a picture at the end of a cell, with an alt text for screen readers.

    Args:
        figure: the picture.
        alt: the text; see ``mimebundle``.

    Raises:
        ValueError: ``alt`` is empty, or the picture was passed without the star.
    """
    if isinstance(figure, Picture):
        raise ValueError("a star is missing: plots.show(*picture)")
    data, metadata = mimebundle(_png(figure), alt)
    display(data, metadata=metadata, raw=True)


def _png(figure: Figure) -> bytes:
    drawn = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(drawn, format="png", dpi=DPI)
    return drawn.getvalue()


def mimebundle(png: bytes, alt: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture as notebooks store it: its data by MIME type, and its metadata.

    JupyterLab shows an ``image/png`` without alt text, whatever its metadata says, but shows an
    HTML ``img`` with its own; so do nbconvert's pages. Formats without HTML, such as PDF, use the
    PNG or the text. Because the picture is stored twice, it is reduced to a palette.

    Args:
        png: the picture.
        alt: what it shows, in words and figures, for readers who cannot see it.

    Raises:
        ValueError: ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("alt must say what the picture shows")
    image = io.BytesIO()
    colours = Image.open(io.BytesIO(png)).convert("RGB")
    # Other methods mix up the colours of thin lines.
    small = colours.quantize(256, method=Image.Quantize.FASTOCTREE)
    small.save(image, "PNG", optimize=True)
    encoded = base64.b64encode(image.getvalue()).decode()
    data = {
        "text/html": f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{encoded}">',
        "image/png": encoded,
        "text/plain": alt,
    }
    return data, {"image/png": {"alt": alt}}


def records_per_shard(counts: pd.DataFrame) -> Picture:
    """Return a picture of how evenly each partition key spreads the same records.

    Args:
        counts: numbers of records, with a row for each shard and a column for each key.
    """
    records = int(counts.iloc[:, 0].sum())
    even = records / len(counts)
    shards = [str(shard).removeprefix("shardId-").lstrip("0") or "0" for shard in counts.index]
    figure, axes = subplots(
        1, counts.shape[1], size=(2.2 * counts.shape[1] + 1, 3.4), sharey=True, squeeze=False
    )
    shares = []
    for panel, key in zip(axes[0], counts.columns, strict=True):
        share = counts[key].max() / records
        panel.bar(shards, counts[key], color=BLUE)
        line = panel.axhline(even, color=RED, linestyle="--", label="an even share")
        panel.set(title=f"{key}\n{share:.1%} of records\non one shard", xlabel="shard")
        panel.grid(visible=False, axis="x")
        empty = int((counts[key] == 0).sum())
        shares.append(f"by {key} {share:.1%}" + (f" ({empty} empty)" if empty else ""))
    axes[0][0].set_ylabel("records")
    axes[0][0].yaxis.set_major_formatter("{x:,.0f}")
    figure.legend(handles=[line], loc="outside lower right")
    figure.suptitle(f"{records:,} records over {len(counts)} shards, by partition key")
    alt = (
        f"Bar charts of {records:,} records over {len(counts)} shards, one for each partition key. "
        f"An even share is {even:,.0f} records or {1 / len(counts):.1%}. "
        f"The busiest shard has, keyed {'; '.join(shares)}."
    )
    return Picture(figure, alt)


def mean_delay(frame: pd.DataFrame, by: str, *, top: int | None = None) -> Picture:
    """Draw the mean departure delay of each group of flights.

    Hours and other numbers run along the axis in order; names are sorted, worst first. Each bar is
    labelled with its number of flights, and is pale if that is less than ``FEW``.

    Args:
        frame: flights, with ``dep_delay`` in minutes and the column ``by``.
        by: what to group by, such as ``hour``, ``carrier`` or ``route``.
        top: the number of groups to show, those with the most flights; by default, all.

    Raises:
        ValueError: the table lacks a column, or no flight has a delay.
    """
    absent = [name for name in (by, "dep_delay") if name not in frame]
    if absent:
        raise ValueError(f"no column {', '.join(absent)}; there are {', '.join(frame.columns)}")
    if not frame["dep_delay"].notna().any():
        raise ValueError("no flight has a delay, so there is no mean to draw")
    groups = frame.dropna(subset=["dep_delay"]).groupby(by, observed=True)["dep_delay"]
    table = groups.agg(["mean", "size"]).astype({"mean": float})
    if top is not None:
        table = table.nlargest(top, "size").sort_index()
    name = NAMES.get(by, by.replace("_", " "))
    if pd.api.types.is_numeric_dtype(table.index.dtype):
        figure, axes = subplots()
        bars = axes.bar(table.index.astype(int), table["mean"], color=_colours(table))
        axes.bar_label(bars, [f"{size:,}" for size in table["size"]], padding=2, fontsize=7)
        axes.set(xlabel=f"{name} (on the bars: flights)", ylabel="mean delay, minutes")
        axes.set_xticks(table.index.astype(int))
        axes.grid(visible=False, axis="x")
    else:
        table = table.sort_values("mean", ascending=False)
        figure, axes = subplots(size=(8, 1.2 + 0.25 * len(table)))
        _horizontal_bars(axes, table)
        axes.set(xlabel="mean delay, minutes (in brackets: flights)", ylabel=name)
    which = f"the {len(table)} most frequent of {groups.ngroups}" if top else f"{len(table)} groups"
    axes.set_title(f"Mean departure delay by {name}" + (f": {which}" if top else ""))
    mean = table["mean"]
    behind = int(table["size"].iloc[int(mean.argmax())])
    alt = (
        f"Bar chart of the mean departure delay by {name}, {which}, "
        f"{int(table['size'].sum()):,} flights. Longest: {mean.idxmax()} with {mean.max():.1f} "
        f"minutes (flights: {behind:,}); "
        f"shortest: {mean.idxmin()} with {mean.min():.1f} minutes."
    )
    return Picture(figure, alt)


def _colours(table: pd.DataFrame) -> list[str]:
    """Return a colour for each group; pale for a group with few flights."""
    return [PALE if size < FEW else BLUE for size in table["size"]]


def _horizontal_bars(axes: Axes, table: pd.DataFrame) -> None:
    bars = axes.barh([str(group) for group in table.index], table["mean"], color=_colours(table))
    labels = [
        f"{mean:.1f} ({size:,})" for mean, size in zip(table["mean"], table["size"], strict=True)
    ]
    axes.bar_label(bars, labels, padding=3)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
