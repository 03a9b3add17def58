"""Judge the exercises of notebook 11: long waits, an experiment in code, reading a sweep."""

import dataclasses
from collections.abc import Mapping
from numbers import Real
from typing import Any

import pandas as pd

from workbook import deployment
from workbook import laboratory as lab
from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.values import close, items, number, numbers, shown, table

NEAR = 0.006  # a share may be rounded to a hundredth
RECORDS, SHARDS = 400, 2  # of the second exercise
SETTINGS = {"BatchSize": 50, "MaximumBatchingWindowInSeconds": 2}
ASKED = ("workload", "shards", "mapping")  # fields of the experiment
FREE = ("rate", "records", "key", "seed", "spacing")  # asked for, or with no effect at once


# --- 1


def _records(notebook: Mapping[str, Any], *waits: int) -> pd.DataFrame:
    """Return records that waited so many ms, 100 ms after they were sent, and took 350 more."""
    few: pd.DataFrame = notebook["records"].iloc[: len(waits)]
    sent = pd.Timestamp("2026-01-01 12:00:00.900", tz="UTC")
    moments = pd.Series(waits, index=few.index)
    arrived = pd.Series(sent + pd.Timedelta(milliseconds=100), index=few.index)
    invoked = arrived + pd.to_timedelta(moments, unit="ms")
    written = invoked + pd.Timedelta(milliseconds=350)
    return few.assign(
        sent=sent,
        arrived=arrived,
        invoked=invoked,
        written=written,
        latency_ms=1000 * (written - sent).dt.total_seconds(),
    )


def share_waiting(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with records of known waits, and with the notebook's."""
    waits = (0, 100, 300, 450, 480, 500, 501, 800, 900, 1100)
    own = _records(notebook, *waits)
    share = number(trials.call(answer, own), "The result")
    right = sum(wait > 500 for wait in waits) / len(waits)
    told = (
        f"Ten records waited {', '.join(map(str, waits))} ms. Your function returns {share:.3g}, "
        f"not {right}."
    )

    def is_share(begin: str, end: str, *, and_half: bool = False) -> bool:
        waited = 1000 * (own[end] - own[begin]).dt.total_seconds()
        long = waited >= 500 if and_half else waited > 500
        return close(share, float(long.mean()), within=NEAR)

    span = own["invoked"] - own["arrived"]
    if not close(share, right, within=NEAR):
        if share == right * len(waits):
            return f"{told} That is how *many* waited so long. What share of all records are they?"
        if close(share, 100 * right):
            return f"{told} That is in per cent; give a share from 0 to 1."
        if is_share("arrived", "invoked", and_half=True):
            return f"{told} One waited exactly 500 ms, which is not more than half a second."
        if is_share("sent", "invoked"):
            return f"{told} That counts from `sent`. A record waits in the shard from `arrived` on."
        if is_share("arrived", "written"):
            return f"{told} That counts until `written`. A record waits until it is `invoked`."
        if is_share("sent", "written"):
            return f"{told} That is for the whole way, from `sent` to `written`."
        if close(share, 1 - right, within=NEAR):
            return f"{told} That is the share of those that did *not* wait so long."
        for part, long in (
            ("seconds", span.dt.seconds > 0.5),
            ("microseconds", span.dt.microseconds > 500_000),
        ):
            if close(share, float(long.mean()), within=NEAR):
                return (
                    f"{told} `.dt.{part}` would give that. It is only a part of a time, as the "
                    "minutes of a clock are; `.dt.total_seconds()` is all of it."
                )
        if share == 0:
            return (
                f"{told} So no wait is longer than what you compare it with. Look at one, and at "
                "its unit."
            )
        return f"{told} A record waits from `arrived` to `invoked`."
    records = notebook["records"]
    true = float((records["invoked"] - records["arrived"] > pd.Timedelta("500ms")).mean())
    share = number(trials.call(answer, records), "The result")
    if not close(share, true, within=NEAR):
        return f"For the notebook's `records` your function returns {share:.3g}, not {true:.3g}."
    return None


# --- 2


def burst(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare an experiment with what the task asks for, setting by setting."""
    if isinstance(answer, lab.Workload):
        return "That is a workload. Put it into an experiment: `lab.Experiment(workload=...)`."
    if not isinstance(answer, lab.Experiment):
        return f"The answer must be an experiment; yours is {shown(answer)}."
    sent, mapping = answer.workload, answer.mapping
    if sent.seconds:
        return (
            f"It sends {sent.rate:g} records a second, over {sent.seconds:g} s. At once means at "
            "an infinite rate."
        )
    if (sent.records, sent.key) != (RECORDS, "carrier"):
        return f"It sends {sent.records} flights, keyed by {sent.key}. Read the task again."
    for each in dataclasses.fields(lab.Experiment):
        value = getattr(answer, each.name)
        as_before = (each.default, getattr(notebook["experiment"], each.name))
        if each.name not in ASKED and value not in as_before:
            return f"The experiment also has `{each.name}`, which the task does not ask for."
    if answer.shards != SHARDS:
        return f"Its stream must have {SHARDS} shards; yours has {answer.shards}."
    if missing := [name for name in SETTINGS if name not in mapping]:
        names = ", ".join(f"`{name}`" for name in mapping) or "no setting"
        return f"The mapping has {names}. It needs a value for `{missing[0]}` too."
    if {name: mapping[name] for name in SETTINGS} != SETTINGS:
        return f"The mapping has {dict(mapping)}. Which of its numbers is the window, in seconds?"
    defaults = {**deployment.MAPPING, **SETTINGS}
    if others := [name for name, value in mapping.items() if defaults.get(name) != value]:
        return f"The mapping also has `{others[0]}`, which the task does not ask for."
    for field in dataclasses.fields(lab.Workload):
        value = getattr(sent, field.name)
        if field.name not in FREE and value != field.default:
            return (
                f"The workload also has `{field.name}={value!r}`, which the task does not ask for."
            )
    return None


# --- 3


def full_batches(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with invocations of its own, and with the notebook's."""
    batches = [(10, 10), (10, 10), (10, 9), (10, 10), (50, 50), (50, 45), (50, 40), (500, 250)]
    own = pd.DataFrame(batches, columns=["BatchSize", "records"])
    return _shares(answer, own) or _shares(answer, notebook["second"].invocations)


def _shares(answer: Any, invocations: pd.DataFrame) -> str | None:
    by_size: Any = invocations.groupby("BatchSize")["records"]
    full = {int(size): int((taken == size).sum()) for size, taken in by_size}
    right = {size: full[size] / len(taken) for size, taken in by_size}
    given = _by_size(trials.call(answer, invocations), list(right))
    if set(given) != set(right):
        return f"There must be one share for each of the batch sizes {', '.join(map(str, right))}."

    def are_near(shares: Mapping[int, float]) -> bool:
        return all(close(given[size], shares[size], within=NEAR) for size in right)

    if are_near(right):
        return None
    if are_near(full):
        return "Those are counts of full batches. What share of the invocations are they?"
    if are_near({size: 100 * share for size, share in right.items()}):
        return "Those are in per cent; give shares from 0 to 1."
    if are_near({size: taken.mean() / size for size, taken in by_size}):
        return (
            "That is how full batches are on average. Here only those count that have as many "
            "records as they may, and a batch of 9 in 10 has not."
        )
    if are_near({size: 1 - share for size, share in right.items()}):
        return "Those are the shares of batches that are *not* full."
    wrong = next(size for size in right if not close(given[size], right[size], within=NEAR))
    taken = invocations.loc[invocations["BatchSize"] == wrong, "records"]
    return (
        f"With a batch size of {wrong}, {full[wrong]} of {len(taken)} batches were full. Your "
        f"function returns {given[wrong]:.3g} for this size."
    )


def _by_size(result: Any, sizes: list[int]) -> dict[int, float]:
    """Read shares by batch size; those in a list are from the smallest size to the largest."""
    if isinstance(result, Real):
        raise Hint(f"There must be one share for each batch size; yours is {shown(result)} alone.")
    if not hasattr(result, "items"):
        found = items(result, "The result")
        if found and not any(isinstance(item, tuple | list) for item in found):
            shares = numbers(found, "The result")
            if len(shares) != len(sizes):
                raise Hint(f"There must be {len(sizes)} shares; yours are {len(shares)}.")
            return dict(zip(sizes, shares, strict=True))
    keyed = table(result, "The result")
    if texts := [key for key in keyed if isinstance(key, str)]:
        raise Hint(f"The batch sizes are numbers; yours is text, {shown(texts[0])}.")
    return {int(key): number(value, "Each share") for key, value in keyed.items()}
