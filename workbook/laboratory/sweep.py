"""Many experiments that differ in a few settings, as one: stopped and resumed at will.

Each run is written as Parquet when it ends, in a folder named by a digest of its settings and of
the function's code. Whoever calls again with the same settings and the same handler gets what is
there, and runs only what is missing.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from workbook.laboratory.experiment import Experiment
from workbook.laboratory.pipeline import CODE
from workbook.laboratory.result import Result
from workbook.laboratory.run import run
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

    Interrupt it when you like: no run begins any more, those under way come to their end, and all
    that have ended are kept, if there is a ``folder``.

    Args:
        aws: where.
        experiment: what all runs have in common.
        vary: values for each setting, by the names that ``Experiment.vary`` takes; lists, ranges
            or arrays.
        folder: where runs are kept as Parquet, and looked for; None keeps nothing.
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
    with (
        ThreadPoolExecutor(at_once) as pool,
        tqdm(total=len(experiments), desc="experiments", unit="run", disable=not progress) as bar,
    ):
        runs = {
            pool.submit(_run_or_load, aws, each, folder): settings
            for each, settings in zip(experiments, combinations, strict=True)
        }
        try:
            for ended in as_completed(runs):
                if error := ended.exception():
                    error.add_note(f"This was the run with {runs[ended]}.")
                    raise error
                bar.update()
            results = [each.result() for each in runs]
        finally:  # after an interruption or a failure, what waits is left out
            pool.shutdown(wait=False, cancel_futures=True)
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


def digest(aws: Aws, experiment: Experiment) -> str:
    """What names a run's folder: 16 hexadecimal digits of place, code and all settings."""
    settings = {"aws": aws.where, "speed": aws.speed, **experiment.as_dict()}
    code = [path.read_text("utf-8") for path in CODE]
    text = "\0".join([json.dumps(settings, sort_keys=True), *code])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _join(frames: list[pd.DataFrame], combinations: list[dict[str, Any]]) -> pd.DataFrame:
    """The tables of all runs under one another, with the settings in front."""
    labelled = [
        frame.reset_index().assign(**settings)
        for frame, settings in zip(frames, combinations, strict=True)
    ]
    names = list(combinations[0])
    joined = pd.concat(labelled, ignore_index=True)
    return joined[[*names, *(name for name in joined if name not in names)]]
