"""Pictures of the outcomes of experiments, in the workbook's style; see ``plots``."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from workbook import plots
from workbook.laboratory.result import Result
from workbook.laboratory.sweeps import Sweep
from workbook.plots import Picture

OUTCOMES = {  # colour and marker, either is enough to tell outcomes apart
    "ok": (plots.BLUE, "o"),
    "partial": (plots.ORANGE, "^"),
    "error": (plots.RED, "x"),
    "timeout": (plots.PURPLE, "v"),
    "given up": (plots.BLACK, "s"),
}


def attempts(results: Mapping[str, Result]) -> Picture:
    """Return a picture of the invocations over time, with a panel for each result.

    An invocation is a vertical bar from its first record to its last. The processed part of a
    partial batch is drawn as ``ok``. Records that the mapping gave up are a bar too, at the time
    when it did. Each panel's title first says what was lost.

    Args:
        results: the results, by the title of their panel. Each needs one shard and a
            ParallelizationFactor of 1, so that the records of an invocation are consecutive.

    Raises:
        ValueError: there are no results, or one has several shards or several batches at once.
    """
    if not results:
        raise ValueError("results must have at least one result")
    rows = (len(results) + 1) // 2
    figure, grid = plots.subplots(rows, 2, size=(9, 1 + 2.5 * rows), sharey=True, squeeze=False)
    drawn: set[str] = set()
    told = []
    for (title, result), axes in zip(results.items(), grid.flat, strict=False):
        if result.records["shard_id"].nunique() > 1:
            raise ValueError(f"the result {title!r} has records of several shards, not of one")
        if result.experiment["mapping"].get("ParallelizationFactor", 1) > 1:
            raise ValueError(f"the result {title!r} has a ParallelizationFactor above 1")
        bars = _bars(result)
        drawn.update(bars["outcome"])
        _panel(axes, bars, result.records["poison"])
        axes.set(title=f"{title}\n{_loss(result)}", xlabel="seconds since the first invocation")
        told.append(f"{title}: {_loss(result)}; {_told(result, bars)}")
    for axes in grid[:, 0]:
        axes.set_ylabel("record")
    if len(results) % 2:  # the last position is free
        grid.flat[-1].set_axis_off()
        grid.flat[-1].legend(handles=_legend(drawn), loc="center")
    else:
        figure.legend(handles=_legend(drawn), loc="outside lower center", ncols=len(OUTCOMES) + 1)
    figure.suptitle("Attempts over time: each bar is an invocation and the records it had")
    alt = f"Panels with the attempts over time: {len(results)}. {'; '.join(told)}."
    return Picture(figure, alt)


NAMED = {  # figures of a summary: description and unit
    "per_second": ("throughput", "records/s"),
    "p50_ms": ("median latency", "ms"),
    "p95_ms": ("95th percentile of the latency", "ms"),
    "p99_ms": ("99th percentile of the latency", "ms"),
    "blocked_seconds": ("time blocked by retries", "s"),
    "utilisation": ("utilisation", "share of the time"),
    "max_iterator_age_ms": ("maximum iterator age", "ms"),
    "invocations": ("invocations", "number"),
    "retries": ("retries", "invocations"),
    "usd_per_million": ("cost of a million records written", "USD"),
}


def sweep(outcome: Sweep, figure: str) -> Picture:
    """Return a picture of one figure of a sweep over its first setting.

    Each combination of the other settings is a line through the medians of its repeats, with bars
    from the minimum to the maximum. Infinite values (a percentile of records that never arrived)
    are left out of the line, and named in the alt text.

    Args:
        outcome: the result of ``sweep``.
        figure: a column of its summary, such as ``p95_ms``.

    Raises:
        ValueError: the summary has no such figure.
    """
    spread = outcome.spread()
    names = list(dict.fromkeys(spread.columns.get_level_values(0)))
    if figure not in names:
        raise ValueError(f"figure must be one of {', '.join(names)}, not {figure!r}")
    across, *others = outcome.settings
    found = spread[figure].astype(float).reset_index()
    places = {value: place for place, value in enumerate(dict.fromkeys(found[across]))}
    drawing, axes = plots.subplots(size=(8, 4))
    told = []
    for values, line in found.groupby(others, sort=False) if others else [((), found)]:
        label = ", ".join(f"{name} {value}" for name, value in zip(others, values, strict=True))
        finite = line[np.isfinite(line["max"])]
        middle = finite["median"]
        axes.errorbar(
            finite[across].map(places),
            middle,
            yerr=[middle - finite["min"], finite["max"] - middle],
            marker="o",
            capsize=4,
            label=label or None,
        )
        pairs = zip(line[across], line["median"], strict=True)
        shown = ", ".join(f"{value}: {median:,.4g}" for value, median in pairs)
        told.append(f"{label}: {shown}" if label else shown)
    name, unit = NAMED.get(figure, (figure.replace("_", " "), "records"))
    title = f"{name[0].upper()}{name[1:]}, by {across}"
    axes.set(title=title, xlabel=across, ylabel=f"{name}, {unit}")
    axes.set_xticks(list(places.values()), [str(value) for value in places])
    axes.set_ylim(bottom=0)
    if others:
        axes.legend()
    return Picture(drawing, f"{title}; medians, {unit}. {'; '.join(told)}.")


def _bars(result: Result) -> pd.DataFrame:
    """Return the bars of a panel, each with one outcome.

    Returns:
        ``at``, in seconds since the first invocation; ``first`` and ``last``, the places of records
        in the shard; ``outcome``.
    """
    invocations, failures = result.invocations, result.failures
    numbers = sorted(result.records["sequence_number"], key=int)
    place = pd.Series(range(len(numbers)), index=numbers)
    begin = invocations["started"].min()
    first = invocations["first_sequence_number"].map(place)
    tried = pd.DataFrame(
        {
            "at": (invocations["started"] - begin).dt.total_seconds(),
            "first": first,
            "last": first + invocations["records"] - 1,
            "outcome": invocations["outcome"],
        }
    )
    is_partial = invocations["outcome"] == "partial"
    cut = tried["last"] - invocations["failed"]  # the last record that was processed
    done = tried.assign(last=cut, outcome="ok")[is_partial & (cut >= first)]
    tried.loc[is_partial, "first"] = cut + 1
    given_up = pd.DataFrame(
        {
            "at": (failures["at"] - begin).dt.total_seconds(),
            "first": failures["first_sequence_number"].map(place),
            "last": failures["last_sequence_number"].map(place),
            "outcome": "given up",
        }
    )
    bars = pd.concat([tried, done, given_up], ignore_index=True)
    return bars.astype({"first": "int64", "last": "int64"})


def _panel(axes: Axes, bars: pd.DataFrame, poison: "pd.Series[bool]") -> None:
    for outcome, group in bars.groupby("outcome"):
        colour, marker = OUTCOMES[str(outcome)]
        axes.vlines(group["at"], group["first"] - 0.4, group["last"] + 0.4, colour, linewidth=2.5)
        axes.plot(group["at"], group["first"], marker, color=colour, markersize=5)
    for place in range(len(poison)):
        if poison.iloc[place]:
            axes.axhline(place, color=plots.BLACK, linestyle=":", linewidth=1, zorder=0)
    axes.grid(visible=False, axis="x")


def _legend(drawn: set[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, marker=marker, linewidth=3, label=outcome)
        for outcome, (colour, marker) in OUTCOMES.items()
        if outcome in drawn
    ]
    return [*handles, Line2D([], [], color=plots.BLACK, linestyle=":", label="poison")]


def _loss(result: Result) -> str:
    """Return a description of the fate of the records that could be processed."""
    fates = result.records.loc[~result.records["poison"], "fate"].value_counts()
    missing = [f"{fates[fate]} {fate}" for fate in ("given up", "lost", "pending") if fate in fates]
    return f"innocent records: {', '.join(missing)}" if missing else "innocent records: all written"


def _told(result: Result, bars: pd.DataFrame) -> str:
    """Return a description of a panel's invocations, with figures."""
    outcomes = result.invocations["outcome"].value_counts()
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    text = f"{len(result.invocations)} invocations ({counts}) in {bars['at'].max():.0f} s"
    for _, bar in bars[bars["outcome"] == "given up"].iterrows():
        one = bar["first"] == bar["last"]
        which = f"record {bar['first']}" if one else f"records {bar['first']} to {bar['last']}"
        text += f", {which} given up at {bar['at']:.0f} s"
    return text
