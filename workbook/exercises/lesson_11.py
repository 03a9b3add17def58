"""Exercises of notebook 11: where time goes, an experiment in code, and reading a sweep."""

from collections.abc import Mapping
from typing import Any

from workbook import laboratory as lab
from workbook.exercises.exercise import Exercise

NEAR = 0.01  # a mean may be rounded


def _check_waiting(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    records = notebook["records"]

    def mean(begin: str, end: str) -> float:
        return float((records[end] - records[begin]).dt.total_seconds().mean())

    waiting = 1000 * mean("arrived", "invoked")
    means = {
        waiting / 1000: "That is in seconds. How many milliseconds is it?",
        1000 * mean("sent", "written"): "That is the whole way, from sent to written.",
        1000 * mean("sent", "invoked"): (
            "That begins when the producer sent it. It waits in the shard only once it has arrived."
        ),
        1000 * mean("invoked", "written"): "That is the way through the function, after waiting.",
    }
    value = float(answer)
    if abs(value - waiting) <= NEAR * waiting:
        return None
    for wrong, hint in means.items():
        if abs(value - wrong) <= NEAR * wrong:
            return hint
    return f"{value:,.1f} is not the mean over all records. Did you leave some out?"


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
            "That is how full batches are on average. Here only those count that are quite full, "
            "and a batch of 9 in 10 is not."
        )
    wrong = next(size for size in sizes if abs(given[size] - right[size]) > NEAR)
    return f"For a batch size of {wrong} it is another share. Compare `records` with `BatchSize`."


EXERCISES = (
    Exercise(
        title="Waiting",
        task="""
            How many milliseconds does a record of the first experiment wait in its shard, on
            average, before the function is invoked with it?
            """,
        blank="""
            answer = ...  # milliseconds
            """,
        hint="""
            Subtract two columns of `records`. The difference has a `.dt.total_seconds()`.
            """,
        solution="""
            waited = records["invoked"] - records["arrived"]

            answer = waited.dt.total_seconds().mean() * 1000
            """,
        explanation="""
            It waits from when Kinesis took it until the first invocation that has it begins. This
            is the part of the latency that settings of the mapping change most.
            """,
        wrong=(
            """
            answer = records["latency_ms"].mean()
            """,
            """
            waited = records["invoked"] - records["arrived"]
            answer = waited.dt.total_seconds().mean()
            """,
            """
            waited = records["written"] - records["invoked"]
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
            In the sweep, what share of the invocations had a batch that was quite full? Answer with
            a share, 0 to 1, for each batch size.
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
