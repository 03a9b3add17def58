"""Exercises of notebook 11: who waits long, an experiment in code, and reading a sweep."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbook import laboratory as lab
from workbook.exercises.exercise import Exercise

NEAR = 0.01  # a share may be rounded


def _check_waiting(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    records, half = notebook["records"], pd.Timedelta(milliseconds=500)

    def share(begin: str, end: str) -> float:
        return float((records[end] - records[begin] > half).mean())

    value, right = float(answer), share("arrived", "invoked")
    if abs(value - right) < NEAR:
        return None
    if value == round(right * len(records)):
        return "That is how *many* waited so long. What share of all records are they?"
    if not 0 <= value <= 1:
        return f"A share is a number from 0 to 1, and {value:,.1f} is not."
    if value == 0:
        return "Somebody did wait longer than half a second. Compare like units: s or ms?"
    if abs(value - (1 - right)) < NEAR:
        return "That is the share of those that waited *less* than half a second."
    if abs(value - share("sent", "written")) < NEAR:
        return "That is for the whole way, from sent to written."
    return "That is another share. A record waits from `arrived` to `invoked`."


def _check_experiment(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    if isinstance(answer, lab.Workload):
        return "That is a workload. Put it into an experiment: `lab.Experiment(workload=...)`."
    sent, mapping = answer.workload, answer.mapping
    if sent.seconds:
        return (
            f"It sends {sent.rate:g} records a second, over {sent.seconds:g} s. At once means at "
            "an infinite rate."
        )
    if (sent.records, sent.key) != (400, "carrier"):
        return f"It sends {sent.records} flights, keyed by {sent.key}. Read the task again."
    if answer.shards != 2:
        return f"Its stream has {answer.shards} shard(s)."
    missing = {"BatchSize", "MaximumBatchingWindowInSeconds"} - set(mapping)
    if missing:
        return f"The mapping needs a value for {sorted(missing)[0]} too."
    if (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) != (50, 2):
        return f"The mapping has {dict(mapping)}. Which of its numbers is the window, in seconds?"
    return None


def _check_sweep(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    invocations = notebook["second"].invocations
    sizes = sorted(invocations["BatchSize"].unique())
    full = {
        size: int((group["records"] == size).sum())
        for size, group in invocations.groupby("BatchSize")
    }
    right = {size: full[size] / int((invocations["BatchSize"] == size).sum()) for size in sizes}
    given = {int(size): float(share) for size, share in dict(answer).items()}
    if set(given) != set(right):
        return f"There must be one share for each of the batch sizes {', '.join(map(str, sizes))}."
    if all(abs(given[size] - right[size]) <= NEAR for size in sizes):
        return None
    if all(abs(given[size] - full[size]) <= NEAR for size in sizes):
        return "Those are counts of full batches. What share of the invocations are they?"
    means = invocations.groupby("BatchSize")["records"].mean()
    if all(abs(given[size] - means[size] / size) <= NEAR for size in sizes):
        return (
            "That is how full batches are on average. Here only those count that have as many "
            "records as they may, and a batch of 9 in 10 has not."
        )
    wrong = next(size for size in sizes if abs(given[size] - right[size]) > NEAR)
    return f"For a batch size of {wrong} it is another share. Compare `records` with `BatchSize`."


EXERCISES = (
    Exercise(
        title="Who waits long",
        task="""
            What share of the first experiment's records waited in the shard for more than half a
            second, before the function was invoked with them?
            """,
        blank="""
            answer = ...  # a share, 0 to 1
            """,
        hint="""
            Subtract two columns of `records`, and compare with `pd.Timedelta(milliseconds=500)`.
            The mean of true and false values is the share of true ones.
            """,
        solution="""
            waited = records["invoked"] - records["arrived"]

            answer = (waited > pd.Timedelta(milliseconds=500)).mean()
            """,
        explanation="""
            With a look once a second, about half of the records wait for more than half of it; a
            cold start makes it more of them.
            """,
        wrong=(
            """
            waited = records["invoked"] - records["arrived"]
            answer = (waited > pd.Timedelta(milliseconds=500)).sum()
            """,
            """
            waited = records["invoked"] - records["arrived"]
            answer = (waited.dt.total_seconds() > 500).mean()
            """,
            """
            waited = records["invoked"] - records["arrived"]
            answer = waited.dt.total_seconds().mean() * 1000
            """,
        ),
        check=_check_waiting,
    ),
    Exercise(
        title="Say it in code",
        task="""
            Write the experiment: 400 flights at once, keyed by carrier, into a stream of two
            shards; batches of at most 50, for which the mapping waits two seconds at most. (Do not
            run it; define it.)
            """,
        blank="""
            answer = ...
            """,
        hint="""
            `lab.Experiment(workload=lab.Workload(...), shards=..., mapping={...})`. The docstrings
            tell all names: try `lab.Workload?` in a cell of its own. `float("inf")` is infinite.
            """,
        solution="""
            answer = lab.Experiment(
                workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
                shards=2,
                mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
            )
            """,
        explanation="""
            What is sent is the workload; `shards` belongs to the stream; what AWS knows of a
            mapping goes by AWS's own names, so you can copy it into a template later.
            """,
        wrong=(
            """
            answer = lab.Workload(records=400, rate=float("inf"), key="carrier")
            """,
            """
            answer = lab.Experiment(
                workload=lab.Workload(records=400, rate=400, key="carrier"),
                shards=2,
                mapping={"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2},
            )
            """,
            """
            answer = lab.Experiment(
                workload=lab.Workload(records=400, rate=float("inf"), key="carrier"),
                shards=2,
                mapping={"BatchSize": 50},
            )
            """,
        ),
        check=_check_experiment,
    ),
    Exercise(
        title="Full batches",
        task="""
            In the sweep, what share of the invocations had a full batch: one with as many records
            as the batch size allows? Answer with a share, 0 to 1, for each batch size.
            """,
        blank="""
            answer = ...  # such as {10: 0.5, 50: 0.5, 500: 0.5}
            """,
        hint="""
            `second.invocations` has the columns `BatchSize` and `records`. The mean of true and
            false values is the share of true ones.
            """,
        solution="""
            full = second.invocations["records"] == second.invocations["BatchSize"]

            answer = full.groupby(second.invocations["BatchSize"]).mean().to_dict()
            """,
        explanation="""
            A batch size is only an upper limit. Without a batching window the mapping takes what is
            there when it looks: small limits are reached nearly always, large ones hardly ever.
            """,
        wrong=(
            """
            full = second.invocations["records"] == second.invocations["BatchSize"]
            answer = full.groupby(second.invocations["BatchSize"]).sum().to_dict()
            """,
            """
            answer = {10: 1.0, 50: 1.0, 500: 1.0}
            """,
        ),
        check=_check_sweep,
    ),
)
