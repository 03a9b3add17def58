"""Many experiments that differ in a few settings, in one call that can be stopped and resumed.

Each run is saved as Parquet when it ends, in a folder whose name is a digest of everything that
determines a run. Repeating the call loads the runs that exist and runs only those that are missing.
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
from workbook.laboratory.limits import is_whole
from workbook.laboratory.result import Result
from workbook.laboratory.runner import PREFIX, check_types, run
from workbook.target import Aws

REPEAT = "repeat"  # the column that numbers the runs of one combination, from 1


@dataclass(frozen=True)
class Sweep:
    """The outcome of all runs; each table has a column for each setting that was varied.

    Args:
        summary: one row for each run; see ``Result.summary``.
        invocations: the invocations of all runs; see ``logbook.table``.
        records: the records of all runs; see ``records_table``.
        results: the result of each run, in the order of the summary.
        settings: the names of the settings that were varied.
    """

    summary: pd.DataFrame
    invocations: pd.DataFrame
    records: pd.DataFrame
    results: list[Result]
    settings: tuple[str, ...]

    def __repr__(self) -> str:
        runs = "1 run" if len(self.results) == 1 else f"{len(self.results)} runs"
        return (
            f"<{runs} with different {', '.join(self.settings)}. "
            "Tables: summary, invocations, records. Each run: results>"
        )

    def spread(self) -> pd.DataFrame:
        """Return how much the repeats of each combination of settings differ.

        Returns:
            One row for each combination. The columns have two levels: the figures of
            ``Result.summary``, and ``median``, ``min`` and ``max`` of each.
        """
        names = list(self.settings)
        figures = [name for name in self.summary if name not in (*names, REPEAT)]
        return self.summary.groupby(names, sort=False)[figures].agg(["median", "min", "max"])


def sweep(
    aws: Aws,
    experiment: Experiment,
    vary: Mapping[str, Iterable[Any]],
    *,
    folder: Path | str | None = None,
    at_once: int = 1,
    repeats: int = 1,
    progress: bool = True,
) -> Sweep:
    """Run an experiment for each combination of settings.

    You may interrupt it: no further run starts, those in progress end, and if there is a
    ``folder``, all that have ended are kept. A second interruption does not wait for those in
    progress, which then end and clean up in the background.

    Args:
        aws: the AWS to run the experiments in.
        experiment: the settings that all runs have in common.
        vary: the values of each setting, by the names that ``Experiment.vary`` accepts; lists,
            ranges or arrays.
        folder: the folder in which to keep runs as Parquet, and to find them again as long as
            nothing that determines them has changed (settings, workload, data, handler, workbook);
            None keeps nothing.
        at_once: the number of simultaneous runs, each with its own pipeline. On a laptop they share
            the processors, so more than a few slow one another down.
        repeats: the number of runs of each combination. With more than one, each table has a
            column ``repeat``, and ``Sweep.spread`` shows how far the runs lie apart.
        progress: whether to show a bar.

    Raises:
        ValueError: an argument has a wrong type; a setting has an unknown name, no values or one
            out of range; or ``at_once`` or ``repeats`` is below 1.
        Exception: an error of ``run``, with a note that names its settings; no further run starts.
    """
    check_types(aws, experiment)
    if not isinstance(vary, Mapping):
        raise ValueError(f"vary must be lists of values by name, as in a dict, not {vary!r}")
    if not isinstance(folder, str | Path | None):
        raise ValueError(f"folder must be a path, or None, not {folder!r}")
    for name, values in vary.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise ValueError(f"{name} needs a list of values, such as [{values!r}]")
    choices = {name: _plain(values) for name, values in vary.items()}
    if not choices or not all(choices.values()):
        raise ValueError("vary needs settings, each with at least one value")
    for name, number in (("at_once", at_once), ("repeats", repeats)):
        if not is_whole(number, 1):
            raise ValueError(f"{name} must be a whole number, 1 or more, not {number!r}")
    chosen = [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]
    numbers = range(1, repeats + 1)
    experiments = [(experiment.vary(**settings), n) for settings in chosen for n in numbers]
    combinations = [
        settings if repeats == 1 else {**settings, REPEAT: n}
        for settings in chosen
        for n in numbers
    ]
    runs: dict[Future[Result], dict[str, Any]] = {}
    bar = tqdm(total=len(experiments), desc="experiments", unit="run", disable=not progress)
    try:
        with bar, ThreadPoolExecutor(at_once) as pool:
            try:
                for (each, n), settings in zip(experiments, combinations, strict=True):
                    runs[pool.submit(_run_or_load, aws, each, folder, n)] = settings
                for ended in as_completed(runs):
                    if error := ended.exception():
                        error.add_note(f"This was the run with {runs[ended]}.")
                        raise error
                    bar.update()
            finally:  # after an interruption or an error, start no further run
                pool.shutdown(wait=False, cancel_futures=True)
    except KeyboardInterrupt as interruption:
        if under_way := sum(each.running() for each in runs):  # the second ended the wait for them
            interruption.add_note(
                f"Runs under way: {under_way}. They end in the background and delete what they "
                f"created (names that start with {PREFIX}). Keep this kernel running until then."
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
        tuple(choices),
    )


def _plain(values: Iterable[Any]) -> list[Any]:
    """Return values of Python's own types, because neither AWS nor JSON accepts NumPy's."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _run_or_load(
    aws: Aws, experiment: Experiment, folder: Path | str | None, repeat: int
) -> Result:
    if folder is None:
        return run(aws, experiment, progress=False)
    name = digest(aws, experiment)
    place = Path(folder) / (name if repeat == 1 else f"{name}-{repeat}")
    try:
        return Result.load(place)
    except FileNotFoundError:
        result = run(aws, experiment, progress=False)
        result.save(place)
        return result


def _join(frames: list[pd.DataFrame], combinations: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the tables of all runs as one, with the settings as the first columns."""
    labelled = [
        frame.reset_index().assign(**settings)
        for frame, settings in zip(frames, combinations, strict=True)
    ]
    names = list(combinations[0])
    joined = pd.concat(labelled, ignore_index=True)
    return joined[[*names, *(name for name in joined if name not in names)]]
