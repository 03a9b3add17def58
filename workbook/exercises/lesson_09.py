"""Exercises of notebook 09: a record's window, a wait, partial sums, and a key's price."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbook.exercises.exercise import Exercise


def _check_window_start(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    cases = [(0, 15), (1_000_000_007.25, 15), (1_000_000_014.999, 15), (1_000_000_000, 900)]
    cases += [(float(second), notebook["SECONDS"]) for second in range(100, 130)]
    for arrival, seconds in cases:
        start, true = answer(arrival, seconds), int(arrival // seconds * seconds)
        if start == true:
            continue
        said = f"For an arrival of {arrival} and windows of {seconds} s you say {start}. "
        if start is None:
            return said + "A function without `return` gives `None`."
        if start > arrival:
            return said + "A window cannot begin after a record that is in it. Never round up."
        if start + seconds <= arrival:
            return said + "That window is over before the record arrives."
        if start == int(arrival) - seconds + 1 or arrival - start in (0, seconds):
            return said + "Windows do not begin with a record; their bounds lie on a fixed grid."
        return said + "Its start must be a multiple of the length: windows are counted from 1970."
    return None


def _check_wait(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    after_end, age = notebook["after_end"], notebook["age"].to_numpy()

    def lost(wait: float) -> float:
        return float((after_end >= wait).mean())

    wait = int(answer)
    if wait % 10:
        return "Waits go by tens of minutes: 0, 10, 20, and so on."
    if lost(wait) < 0.001 <= lost(wait - 10):
        return None
    if (age > wait).mean() < 0.001 <= (age > wait - 10).mean():
        return (
            "So few *flights* are older than that. But to miss its window a flight must come so "
            "long after the *end of its hour*: `after_end` has that. You need not wait as long."
        )
    share = f"With {wait} minutes, {lost(wait):.3%} of the flights miss their window. "
    if lost(wait) >= 0.01:
        return share + "That is far more than one in a thousand: 0.1 % is 0.001."
    if lost(wait) >= 0.001:
        return share + "That is still too many. Do you look beyond the 300 minutes of `trade`?"
    return share + "That is few enough, but a shorter wait would do."


def _check_merge(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    name, partials = notebook["NAME"], notebook["partials"]
    hour = ["time_hour", "origin"]
    true = partials.groupby(hour)["flights"].sum()
    copies = partials.iloc[::3]  # each a record of its own in the stream
    copies = copies.assign(sequence_number=copies["sequence_number"] + "0")
    delivered = pd.concat([partials, copies]).sample(frac=1, random_state=1)
    merged = answer(delivered).sort_index()
    if list(merged.index.names) != hour:
        return f"The result must be a Series with the index `{hour}`, in this order."
    if len(merged) != len(true):
        return f"There are {len(true)} hours and airports, and your result has {len(merged)}."
    if (merged == true).all():
        return None
    if merged.equals(delivered.groupby(hour)["flights"].sum()):
        return "Every copy is counted again. Drop the rows whose *name* was there before."
    one_shard = delivered.drop_duplicates([column for column in name if column != "source_shard"])
    if merged.equals(one_shard.groupby(hour)["flights"].sum()):
        return "One shard's rows are dropped as copies of the other's. What is in a row's name?"
    if (merged <= true).all():
        return (
            "Flights are missing. A later row does not replace an earlier one, nor the other way "
            "round: each holds what was *new* in its window."
        )
    return "Some counts are too high. What tells a copy from a new row?"


def _check_key(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    sent, counts = notebook["sent"], notebook["counts"]
    true = len(notebook["per_airport"])
    if answer == true:
        return None
    if answer == len(counts):
        return "So many there were with the tail number as key, where an airport is on both shards."
    if answer == sent["origin"].nunique():
        return "So many in a busy window. And in all windows together?"
    if answer == len(sent):
        return "That is one for each flight. A row is written for each airport *in a window*."
    return "Group the records of `sent` by what tells one row from another, and count the groups."


EXERCISES = (
    Exercise(
        title="Which window",
        task="""
            Write `window_start(arrival, seconds)`: when the tumbling window begins in which a
            record falls. Both the record's `arrival` and the answer are in seconds since 1970;
            `seconds` is how long a window is.
            """,
        blank="""
            def window_start(arrival, seconds):
                ...
            """,
        hint="""
            Windows lie side by side from 1970 on: the first begins at 0, the next at `seconds`.
            How many whole windows fit in before the arrival? `//` divides and rounds down.
            """,
        solution="""
            def window_start(arrival, seconds):
                return int(arrival // seconds) * seconds
            """,
        explanation="""
            The grid does not depend on the records, nor on when the mapping was made. So all
            shards have the same windows, and their sums can be put together.
            """,
        wrong=(
            """
            def window_start(arrival, seconds):
                return round(arrival / seconds) * seconds
            """,
            """
            def window_start(arrival, seconds):
                return arrival - arrival % 60
            """,
            """
            def window_start(arrival, seconds):
                return int(arrival) - seconds + 1
            """,
            """
            def window_start(arrival, seconds):
                arrival // seconds * seconds
            """,
        ),
        check=_check_window_start,
        name="window_start",
    ),
    Exercise(
        title="One in a thousand",
        task="""
            With the clock's watermark: how long after the end of an hour must we wait, so that
            *less than* 0.1 % of the year's flights miss their window? Give the shortest wait, in
            minutes, by tens.
            """,
        blank="""
            answer = ...
            """,
        hint="""
            `(after_end >= wait).mean()` is the share that misses. Try longer and longer waits.
            """,
        solution="""
            waits = range(0, 1_000, 10)
            answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.001)
            """,
        explanation="""
            Hours, to lose only one in a thousand; and those are still the most delayed of all.
            The last part of a long tail costs the most.
            """,
        wrong=(
            """
            waits = range(0, 1_000, 10)
            answer = next(wait for wait in waits if (after_end >= wait).mean() < 0.1)
            """,
            """
            waits = range(0, 1_000, 10)
            answer = next(wait for wait in waits if (age > wait).mean() < 0.001)
            """,
            """
            answer = trade["wait"].max()
            """,
            """
            waits = range(0, 2_000, 10)
            answer = next(wait for wait in waits if (after_end >= wait).sum() == 0)
            """,
        ),
        check=_check_wait,
    ),
    Exercise(
        title="Merge partial sums",
        task="""
            Write `merge(rows)`: it gets partial sums like `partials`, in any order and some of
            them twice (the copy is a record of its own, under the same name). It gives the true
            number of flights for each `time_hour` and `origin`, as a Series with these two as its
            index.
            """,
        blank="""
            def merge(rows):
                ...
            """,
        hint="""
            First keep one of each name (`NAME` has the columns), then group by hour and airport.
            """,
        solution="""
            def merge(rows):
                once = rows.drop_duplicates(NAME)
                return once.groupby(["time_hour", "origin"])["flights"].sum()
            """,
        explanation="""
            Addition does not mind the order, and the names take care of the copies. That is all
            that a reader of an unordered, at-least-once stream can ask for.
            """,
        wrong=(
            """
            def merge(rows):
                return rows.groupby(["time_hour", "origin"])["flights"].sum()
            """,
            """
            def merge(rows):
                once = rows.drop_duplicates(["time_hour", "origin", "window_start"])
                return once.groupby(["time_hour", "origin"])["flights"].sum()
            """,
            """
            def merge(rows):
                return rows.groupby(["time_hour", "origin"])["flights"].last()
            """,
            """
            def merge(rows):
                once = rows.drop_duplicates(NAME)
                return once.groupby("origin")["flights"].sum()
            """,
        ),
        check=_check_merge,
        name="merge",
    ),
    Exercise(
        title="Another key",
        task="""
            In part 1 the partition key was the tail number. Suppose that it had been `origin`, and
            that every record had arrived at the same time as it did: how many rows would the
            function have written? (`sent` has the records, with `window_start`.)
            """,
        blank="""
            answer = ...
            """,
        hint="""
            Records with the same key are all on the same shard. What then tells one row from
            another? `groupby(...).ngroups` is the number of groups.
            """,
        solution="""
            answer = sent.groupby(["window_start", "origin"]).ngroups
            """,
        explanation="""
            Fewer rows, and none to be added up over shards: what belongs together is together.
            The price is in notebook 08: three keys cannot fill more than three shards.
            """,
        wrong=(
            """
            answer = len(counts)
            """,
            """
            answer = sent.groupby("origin").ngroups
            """,
            """
            answer = len(sent)
            """,
        ),
        check=_check_key,
    ),
)
