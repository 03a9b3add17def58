"""Sweeps: a row for each run, stopped and resumed."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from botocore.exceptions import ClientError

from tests.laboratory.experiments import assert_nothing_is_left, empty_result, experiment
from tests.laboratory.workloads import Doubled
from workbook import laboratory as lab
from workbook.target import Aws


def test_a_sweep_has_a_row_for_each_run_and_its_settings_in_every_table(fast: Aws) -> None:
    settings: dict[str, Any] = {"BatchSize": np.array([20, 60]), "shards": range(1, 3)}
    outcome = lab.sweep(fast, experiment(), settings, at_once=4, progress=False)
    assert list(outcome.summary["BatchSize"]) == [20, 20, 60, 60]
    assert list(outcome.summary["shards"]) == [1, 2, 1, 2]
    assert set(outcome.summary["records"]) == {60}
    for table in (outcome.invocations, outcome.records):
        assert list(table.columns[:2]) == ["BatchSize", "shards"]
    assert len(outcome.records) == 4 * 60
    assert outcome.records.groupby(["BatchSize", "shards"]).size().eq(60).all()
    assert repr(outcome).startswith("<4 runs with different BatchSize, shards. Tables:")


Run = Callable[..., lab.Result]


def instead_of_running(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Replace ``run`` in sweeps, for tests of what they do before and after a run."""
    monkeypatch.setitem(lab.sweep.__globals__, "run", run)


def test_a_sweep_that_was_stopped_goes_on_where_it_was(
    fast: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def stopped_at_the_third(aws: Aws, each: lab.Experiment, progress: bool) -> lab.Result:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(each.mapping["BatchSize"])
        return empty_result(each)

    sizes = {"BatchSize": [20, 30, 60]}
    instead_of_running(monkeypatch, stopped_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        lab.sweep(fast, experiment(), sizes, folder=tmp_path, progress=False)
    assert done == [20, 30]

    instead_of_running(monkeypatch, lambda aws, each, progress: empty_result(each))
    outcome = lab.sweep(fast, experiment(), sizes, folder=tmp_path, progress=False)
    assert list(outcome.summary["BatchSize"]) == [20, 30, 60]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_run_comes_back_from_its_folder_as_it_was(fast: Aws, tmp_path: Path) -> None:
    again = [
        lab.sweep(fast, experiment(), {"BatchSize": [30]}, folder=tmp_path, progress=False)
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(again[0].records, again[1].records)
    pd.testing.assert_frame_equal(again[0].summary, again[1].summary)
    assert_nothing_is_left(fast)


def test_a_second_interruption_of_a_sweep_tells_what_still_runs(
    fast: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first waits for the runs in progress; the second says that they continue."""
    begun, end = threading.Event(), threading.Event()

    def slow(aws: Aws, each: lab.Experiment, progress: bool) -> lab.Result:
        begun.set()
        end.wait(60)
        return empty_result(each)

    def interrupt() -> None:
        raise KeyboardInterrupt

    def interrupted(futures: object) -> None:
        begun.wait(60)
        threads = [t for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")]
        monkeypatch.setattr(threads[-1], "join", interrupt)
        interrupt()

    instead_of_running(monkeypatch, slow)
    monkeypatch.setitem(lab.sweep.__globals__, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        lab.sweep(fast, experiment(), {"BatchSize": [20]}, progress=False)
    end.set()
    assert "Runs under way: 1." in caught.value.__notes__[0]


def test_a_run_that_fails_ends_the_sweep_and_is_named(
    fast: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int | None] = []

    def refused_once(aws: Aws, each: lab.Experiment, progress: bool) -> lab.Result:
        begun.append(each.concurrency)
        if each.concurrency == 990:  # above the account's quota
            return lab.run(aws, each, progress=progress)
        return empty_result(each)

    instead_of_running(monkeypatch, refused_once)
    reserved = {"concurrency": [20, 990, *range(30, 40)]}
    with pytest.raises(ClientError, match="UnreservedConcurrent") as refusal:
        lab.sweep(fast, experiment(), reserved, folder=tmp_path, progress=False)
    assert refusal.value.__notes__ == ["This was the run with {'concurrency': 990}."]
    assert len(begun) <= 3  # the next may have begun before the failure was seen
    assert len(list(tmp_path.iterdir())) == len(begun) - 1
    assert_nothing_is_left(fast)


def test_a_sweep_of_another_workload_does_not_find_this_ones_runs(
    fast: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead_of_running(monkeypatch, lambda aws, each, progress: empty_result(each))
    one = experiment()
    doubled = replace(one, workload=Doubled(**vars(one.workload)))
    for each in (one, doubled):
        lab.sweep(fast, each, {"BatchSize": [60]}, folder=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("vary", [{}, {"BatchSize": []}, {"BatchSize": np.array([])}])
def test_a_sweep_over_nothing_is_refused(fast: Aws, vary: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vary needs settings"):
        lab.sweep(fast, experiment(), vary)


@pytest.mark.parametrize("values", [20, "dest"])
def test_a_single_value_in_place_of_a_list_is_refused(fast: Aws, values: Any) -> None:
    with pytest.raises(ValueError, match=rf"key needs a list of values, such as \[{values!r}\]"):
        lab.sweep(fast, experiment(), {"key": values})


def test_repeats_are_runs_of_their_own_and_show_how_far_they_lie_apart(
    fast: Aws, tmp_path: Path
) -> None:
    sizes: dict[str, Any] = {"BatchSize": [20, 60]}
    outcome = lab.sweep(
        fast, experiment(), sizes, folder=tmp_path, repeats=2, at_once=4, progress=False
    )
    assert list(outcome.summary["BatchSize"]) == [20, 20, 60, 60]
    assert list(outcome.summary["repeat"]) == [1, 2, 1, 2]
    assert list(outcome.records.columns[:2]) == ["BatchSize", "repeat"]
    assert len(list(tmp_path.iterdir())) == 4
    spread = outcome.spread()
    assert list(spread.index) == [20, 60]
    speeds = outcome.summary.groupby("BatchSize")["per_second"]
    assert list(spread["per_second", "min"]) == list(speeds.min())
    assert list(spread["per_second", "max"]) == list(speeds.max())
    assert list(spread["per_second", "median"]) == list(speeds.median())
    again = lab.sweep(fast, experiment(), sizes, folder=tmp_path, repeats=2, progress=False)
    assert again.spread().equals(spread)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"vary": 5}, "vary must be lists"),
        ({"vary": ["shards"]}, "vary must be lists"),
        ({"folder": 5}, "folder must be a path"),
        ({"at_once": 0}, "at_once must be a whole number, 1 or more, not 0"),
        ({"at_once": "2"}, "at_once must be a whole number"),
        ({"repeats": 0}, "repeats must be a whole number, 1 or more, not 0"),
        ({"repeats": 1.5}, "repeats must be a whole number"),
        ({"aws": None}, "aws must be an Aws"),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_by_name(
    fast: Aws, arguments: dict[str, Any], named: str
) -> None:
    usual = {"aws": fast, "experiment": experiment(), "vary": {"shards": [1]}}
    with pytest.raises(ValueError, match=named):
        lab.sweep(**{**usual, **arguments})
