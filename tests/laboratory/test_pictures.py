"""The picture of attempts over time, from tables in the form of an experiment's."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from tests.laboratory.experiments import FIRST, SHARD, failure, moment
from workbook import plots
from workbook.laboratory import Result, Sweep, pictures
from workbook.laboratory.logbook import COLUMNS
from workbook.laboratory.result import failures_table

Try = tuple[float, int, int, int, str]


def result(
    *tries: Try,
    given_up: Sequence[tuple[float, int, int]] = (),
    shards: Sequence[str] = (SHARD,),
    factor: int = 1,
    fates: Sequence[str] = ("written",) * 5,
) -> Result:
    """A result with a poison record at place 2 of 6.

    Args:
        tries: of each invocation its second, first place, records, failed ones and outcome.
        given_up: of each failure its second and its first and last place.
        shards: of the records, in turn.
        factor: batches of the shard at once, at most.
        fates: of the records after the first.
    """
    rows = [
        {
            **dict.fromkeys(COLUMNS, 0),
            "started": moment(at),
            "first_sequence_number": str(FIRST + first),
            "records": records,
            "failed": failed,
            "outcome": outcome,
        }
        for at, first, records, failed, outcome in tries
    ]
    documents = [failure(first, last, last - first + 1, at) for at, first, last in given_up]
    records = pd.DataFrame(
        {
            "shard_id": [shards[n % len(shards)] for n in range(6)],
            "sequence_number": [str(FIRST + n) for n in range(6)],
            "poison": [n == 2 for n in range(6)],
            "fate": ["written", *fates],
        }
    )
    mapping = {"ParallelizationFactor": factor}
    return Result({"mapping": mapping}, pd.DataFrame(rows), records, failures_table(documents))


def bars(axes: Any) -> list[tuple[float, int, int]]:
    """Every bar: when, and from which place to which."""
    found = [
        (float(x), round(float(low) + 0.4), round(float(high) - 0.4))
        for lines in axes.collections
        for (x, low), (_, high) in lines.get_segments()
    ]
    return sorted(found)


def test_each_invocation_is_a_bar_over_its_records_and_so_is_what_was_given_up() -> None:
    fates = ["given up", "given up", "given up", "written", "written"]
    tries = (0, 0, 4, 4, "error"), (1, 0, 4, 4, "error")
    failing = result(*tries, given_up=[(3, 0, 3)], fates=fates)
    figure, alt = pictures.attempts({"retries only": failing})
    panel = figure.axes[0]
    assert panel.get_title() == "retries only\ninnocent records: 2 given up"
    assert bars(panel) == [(0, 0, 3), (1, 0, 3), (3, 0, 3)]
    assert "retries only: innocent records: 2 given up; 2 invocations (2 error) in 3 s" in alt
    assert "records 0 to 3 given up at 3 s" in alt


def test_a_partial_invocation_is_cut_where_it_failed() -> None:
    partial = result((0, 0, 4, 2, "partial"), (1, 2, 2, 2, "partial"), given_up=[(2, 2, 2)])
    figure, alt = pictures.attempts({"partial": partial})
    assert bars(figure.axes[0]) == [(0, 0, 1), (0, 2, 3), (1, 2, 3), (2, 2, 2)]
    assert "record 2 given up" in alt
    legend = figure.axes[-1].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["ok", "partial", "given up", "poison"]


def test_the_poison_is_a_line_through_its_panel() -> None:
    figure, _ = pictures.attempts({"one": result((0, 0, 6, 6, "error"))})
    lines = [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert [list(line.get_ydata()) for line in lines] == [[2, 2]]  # type: ignore[arg-type]


def test_panels_are_two_in_a_row_and_a_free_place_has_the_legend() -> None:
    one = result((0, 0, 6, 0, "ok"))
    figure, alt = pictures.attempts({"a": one, "b": one})
    assert len(figure.legends) == 1
    figure, alt = pictures.attempts({"a": one, "b": one, "c": one})
    assert [axes.axison for axes in figure.axes] == [True, True, True, False]
    assert figure.axes[-1].get_legend()
    assert not figure.legends
    assert "a: innocent records: all written; 1 invocations (1 ok)" in alt
    assert alt.startswith("Panels with the attempts over time: 3.")
    plots.show(figure, alt)


def test_nothing_and_several_shards_or_batches_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="results must have"):
        pictures.attempts({})
    with pytest.raises(ValueError, match="'wide' has records of several shards"):
        pictures.attempts({"wide": result((0, 0, 6, 0, "ok"), shards=("a", "b"))})
    with pytest.raises(ValueError, match="'quick' has a ParallelizationFactor above 1"):
        pictures.attempts({"quick": result((0, 0, 6, 0, "ok"), factor=2)})


def swept(**latencies: list[float]) -> Sweep:
    """A sweep over two batch sizes and two numbers of shards, with two repeats of each."""
    rows = [
        {"BatchSize": size, "shards": shards, "repeat": n, "p95_ms": latency}
        for (size, shards), key in zip(
            [(10, 1), (10, 2), (100, 1), (100, 2)], latencies.values(), strict=True
        )
        for n, latency in enumerate(key, 1)
    ]
    empty = pd.DataFrame()
    return Sweep(pd.DataFrame(rows), empty, empty, [], ("BatchSize", "shards"))


def test_a_sweep_has_a_line_of_medians_and_bars_for_each_combination_of_other_settings() -> None:
    outcome = swept(a=[10, 30], b=[5, 6], c=[40, 40], d=[7, float("inf")])
    picture = pictures.sweep(outcome, "p95_ms")
    (axes,) = picture.figure.axes
    assert axes.get_title() == "95th percentile of the latency, by BatchSize"
    assert axes.get_xlabel() == "BatchSize"
    assert axes.get_ylabel() == "95th percentile of the latency, ms"
    first, second = axes.containers
    assert [list(line[0].get_ydata()) for line in (first, second)] == [[20, 40], [5.5]]
    (bar,) = first[2]
    assert [list(segment[:, 1]) for segment in bar.get_segments()] == [[10, 30], [40, 40]]
    assert "shards 2: 10: 5.5, 100: inf" in picture.alt


def test_a_figure_that_a_sweep_does_not_have_is_refused() -> None:
    outcome = swept(a=[1, 1], b=[1, 1], c=[1, 1], d=[1, 1])
    with pytest.raises(ValueError, match="figure must be one of p95_ms, not 'p59_ms'"):
        pictures.sweep(outcome, "p59_ms")
