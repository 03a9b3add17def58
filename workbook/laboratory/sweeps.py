"""Many experiments that differ in a few settings, as one: stopped and resumed at will.

Each run is written as Parquet when it ends, in a folder named by a digest of all that decides a
run: where it runs, its settings, the records that its workload sends, and the code. The same call
finds what is there and runs only what is missing.
"""

import itertools
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from workbook.laboratory.digest import digest
from workbook.laboratory.experiment import Experiment
from workbook.laboratory.result import Result
from workbook.laboratory.runner import PREFIX, run
from workbook.target import Aws


@dataclass(frozen=True)
class Sweep:
    """The outcome of all runs, each table with a column for each setting that was varied.

    Args:
        summary: one row for each run; see ``Result.summary``.
        invocations: of all runs; see ``logbook.table``.
        records: of all runs; see ``records_table``.
        results: of each run, in the summary's order.
    """

    summary: pd.DataFrame
    invocations: pd.DataFrame
    records: pd.DataFrame
    results: list[Result]


def sweep(
    aws: Aws,
    experiment: Experiment,
    vary: Mapping[str, Iterable[Any]],
    *,
    folder: Path | str | None = None,
    at_once: int = 1,
    progress: bool = True,
) -> Sweep:
    """Run an experiment once for each combination of settings.

    Interrupt it when you like: no further run begins, those under way come to their end, and all
    that have ended are kept, if there is a ``folder``. A second interruption does not wait for
    those under way: they end, and clean up, in the background.

    Args:
        aws: where.
        experiment: what all runs have in common.
        vary: values for each setting, by the names that ``Experiment.vary`` takes; lists, ranges
            or arrays.
        folder: where runs are kept as Parquet, and looked for; None keeps nothing. A run is found
            again only as long as all that decides it is the same, a subclass's code included.
        at_once: runs side by side, each in a pipeline of its own. On a laptop they share its
            processors, so more than a few disturb one another.
        progress: whether to show a bar.

    Raises:
        ValueError: a setting has an unknown name, no values or one out of range, or ``at_once``
            is below 1.
        Exception: what ``run`` raises, with a note that says under which settings; no run begins
            any more.
    """
    choices = {name: _plain(values) for name, values in vary.items()}
    if not choices or not all(choices.values()):
        raise ValueError("vary needs settings, each with one value or more")
    if at_once < 1:
        raise ValueError(f"at_once must be 1 or more, not {at_once}")
    combinations = [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]
    experiments = [experiment.vary(**settings) for settings in combinations]
    runs: dict[Future[Result], dict[str, Any]] = {}
    bar = tqdm(total=len(experiments), desc="experiments", unit="run", disable=not progress)
    try:
        with bar, ThreadPoolExecutor(at_once) as pool:
            try:
                for each, settings in zip(experiments, combinations, strict=True):
                    runs[pool.submit(_run_or_load, aws, each, folder)] = settings
                for ended in as_completed(runs):
                    if error := ended.exception():
                        error.add_note(f"This was the run with {runs[ended]}.")
                        raise error
                    bar.update()
            finally:  # after an interruption or a failure, what waits is left out
                pool.shutdown(wait=False, cancel_futures=True)
    except KeyboardInterrupt as interruption:
        if under_way := sum(each.running() for each in runs):  # this one ended the wait for them
            interruption.add_note(
                f"Runs under way: {under_way}. They end, and delete what they made (names that "
                f"start with {PREFIX}), in the background: leave this kernel running until then."
            )
        raise
    results = [each.result() for each in runs]
    return Sweep(
        pd.DataFrame(
            [
                {**settings, **result.summary()}
                for settings, result in zip(combinations, results, strict=True)
            ]
        ).infer_objects(),
        _join([result.invocations for result in results], combinations),
        _join([result.records for result in results], combinations),
        results,
    )


def _plain(values: Iterable[Any]) -> list[Any]:
    """Python's own values: neither AWS nor JSON takes NumPy's."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _run_or_load(aws: Aws, experiment: Experiment, folder: Path | str | None) -> Result:
    if folder is None:
        return run(aws, experiment, progress=False)
    place = Path(folder) / digest(aws, experiment)
    try:
        return Result.load(place)
    except FileNotFoundError:
        result = run(aws, experiment, progress=False)
        result.save(place)
        return result


def _join(frames: list[pd.DataFrame], combinations: list[dict[str, Any]]) -> pd.DataFrame:
    """The tables of all runs under one another, with the settings in front."""
    labelled = [
        frame.reset_index().assign(**settings)
        for frame, settings in zip(frames, combinations, strict=True)
    ]
    names = list(combinations[0])
    joined = pd.concat(labelled, ignore_index=True)
    return joined[[*names, *(name for name in joined if name not in names)]]
