"""The table and the picture of the results."""

import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path

import psutil

from benchmarks import peers
from benchmarks.measure import OURS, Result
from workbook import plots

TABLE, PICTURE = "RESULTS.md", "results.png"
ROOT = Path(__file__).parents[1]
COLOURS = {"ours": plots.BLUE, "peer": plots.ORANGE, "floor": plots.GREEN}


def write(folder: Path, found: Sequence[Result], seconds: float) -> None:
    """Write the table and the picture to a folder."""
    drawn = [one for one in found if len(one.figures) > 1]
    figure, alt = picture(drawn)
    figure.savefig(folder / PICTURE, dpi=plots.DPI)
    parts = [head(found, seconds), f"![{alt}]({PICTURE})\n", *map(section, rows(found))]
    (folder / TABLE).write_text("\n".join(parts), "utf-8")


def quote(document: Path, found: Sequence[Result]) -> None:
    """Update a document's tables of two columns: work and figure."""
    figures = {one.contest.work: f"{number(one.median(OURS))} {one.contest.unit}" for one in found}
    text = re.sub(
        r"^\| ([^|]+) \| ([^|]+) \|$",
        lambda row: f"| {row[1]} | {figures.get(row[1], row[2])} |",
        document.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    document.write_text(text, "utf-8")


def rows(found: Sequence[Result]) -> list[list[Result]]:
    """Return the results, grouped by row."""
    return [list(group) for _, group in groupby(found, key=lambda one: one.contest.row)]


def head(found: Sequence[Result], seconds: float) -> str:
    """Return the table's introduction: what was measured, where and when."""
    versions = ", ".join(f"{name} {number}" for name, number in peers.versions().items())
    missing = ", ".join(peers.missing()) or "none"
    busy = psutil.getloadavg()[2]
    memory = psutil.virtual_memory().total / 2**30
    rounds = max(len(values) for one in found for values in one.figures.values())
    aims = [met for one in found for _, met in one.reached()]
    return f"""# Measured: the workbook beside its peers and the floor

`make bench` wrote this on {datetime.now(UTC):%d %B %Y}, in {seconds / 60:.0f} minutes.
[docs/performance.md](../docs/performance.md) explains the figures.

- Commit: {commit()}
- Machine: {psutil.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB; {platform.system()},
  Python {platform.python_version()}
- Versions: {versions}
- Left out: {missing}; no peers, and the page above says why: {", ".join(peers.NO_PEERS)}
- Rounds: {rounds}; each figure is the median, and the range is that of all rounds. The contenders
  took turns, so all of them had the same load of the machine to cope with.
- Programs running or waiting for a core, mean of the last 15 minutes: {busy:.1f}. A load that is
  well above the number of cores makes all figures lower and their ratios less certain.
- Aims: {sum(aims)} of {len(aims)} reached
"""


@cache
def commit() -> str:
    """Return the measured commit, before results change the checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.check_output(command, cwd=ROOT, text=True).strip()


def section(results: Sequence[Result]) -> str:
    """Return the table of a row."""
    lines = [
        f"## {results[0].contest.row}\n",
        "| work | by | median | range | the workbook is |",
        "|---|---|--:|--:|---|",
    ]
    for one in results:
        for name, values in one.figures.items():
            work = one.contest.work if name == OURS else ""
            ratio = "" if name == OURS else f"{one.times_as_fast(name):.2f} times as fast"
            span = f"{number(min(values))} to {number(max(values))}"
            by = f"**{name}**" if name == OURS else f"{one.kind(name)}: {name}"
            median = f"{number(one.median(name))} {one.contest.unit}"
            lines.append(f"| {work} | {by} | {median} | {span} | {ratio} |")
        for aim, met in one.reached():
            verdict = "reached" if met else "not reached"
            lines.append(f"| | *aim* | | | {aim}: {verdict} |")
    return "\n".join([*lines, ""])


def number(value: float) -> str:
    """Return a figure with three significant digits."""
    return f"{float(f'{value:.3g}'):,.10g}"


def picture(drawn: Sequence[Result]) -> plots.Picture:
    """Draw bars that show how many times as fast as each contender the workbook is."""
    bars = [
        (f"{one.contest.row}, {one.contest.work}: {name}", one.times_as_fast(name), one.kind(name))
        for one in drawn
        for name in one.figures
        if name != OURS
    ]
    labels, ratios, kinds = zip(*bars, strict=True)
    figure, axes = plots.subplots(size=(11, 1 + 0.24 * len(bars)))
    colours = [COLOURS[kind] for kind in kinds]
    drawn_bars = axes.barh(range(len(bars)), [r - 1 for r in ratios], left=1, color=colours)
    axes.margins(0.08, 0.01)
    axes.set_yticks(range(len(bars)), labels, fontsize=7)
    axes.bar_label(drawn_bars, [f"{ratio:.2f}" for ratio in ratios], padding=3, fontsize=7)
    axes.set_xscale("log")
    axes.axvline(1, color=plots.BLACK, linewidth=1)
    axes.invert_yaxis()
    figure.suptitle("How many times as fast the workbook is (orange: peers; green: the floor)")
    axes.set_xlabel("times as fast, logarithmic; right of 1 the workbook is faster")
    beside = [ratio for ratio, kind in zip(ratios, kinds, strict=True) if kind == "peer"]
    alt = f"Bars of {len(bars)} comparisons."
    if beside:
        ahead = sum(ratio > 1 for ratio in beside)
        alt += f" The workbook is faster in {ahead} of the {len(beside)} with peers, from "
        alt += f"{min(beside):.2f} to {max(beside):.1f} times as fast."
    return plots.Picture(figure, alt)
