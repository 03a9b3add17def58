"""Judge the exercises of notebook 09: a record's window, a wait, partial sums, a key's price."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbook.exercises import trials
from workbook.exercises.exercise import Hint
from workbook.exercises.trials import Mistake
from workbook.exercises.values import number, seconds, shown, whole

HOUR = ["time_hour", "origin"]  # what partial sums are added up for


# --- 1


def window_start(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the function with the grid of windows, at their bounds above all."""
    length = notebook["SECONDS"]
    cases = [(0.0, 15), (14.5, 15), (15.0, 15), (100.0, 60), (899.999, 900), (900.0, 900)]
    cases += [(1_000_000_007.25, 15), (1_000_000_014.999, 15), (1_000_000_000.0, 900)]
    cases += [(float(second), length) for second in range(100, 130)]
    return trials.compare(
        answer,
        cases,
        lambda arrival, length: arrival // length * length,
        [
            Mistake(
                lambda arrival, length: round(arrival / length) * length,
                "From the middle of a window on, yours begins after the record. A window cannot "
                "begin after a record that is in it. Never round up.",
            ),
            Mistake(
                lambda arrival, length: -(-arrival // length) * length,
                "You round up. Then a record lies before its own window, unless it arrives "
                "exactly at its start.",
            ),
            Mistake(
                lambda arrival, length: arrival // length * length + length,
                "That is where the window ends, and the next one begins.",
            ),
            Mistake(
                lambda arrival, length: arrival // length,
                "That is the number of the window. How many seconds after 1970 does it begin?",
            ),
            Mistake(
                lambda arrival, length: int(arrival % length),
                "That is how far into its window a record is.",
            ),
            Mistake(
                lambda arrival, length: int(arrival) - length + 1,
                "Yours ends with the record. Windows do not follow the records; their bounds lie "
                "on a fixed grid.",
            ),
            Mistake(
                lambda arrival, length: int(arrival),
                "Yours begins with the record. Windows do not follow the records; their bounds lie "
                "on a fixed grid.",
            ),
        ],
        within=1e-6,
    )


# --- 2


def shortest_wait(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """See how many flights miss their window with this wait, and with a shorter one."""
    after_end, age = notebook["after_end"], notebook["age"].to_numpy()

    def lost(wait: float) -> float:
        return float((after_end >= wait).mean())

    is_duration = isinstance(answer, datetime.timedelta | np.timedelta64)
    minutes = seconds(answer) / 60 if is_duration else number(answer)
    if minutes % 10 and lost(60 * minutes) < 0.001 <= lost(60 * minutes - 10):
        return f"{minutes:g} looks like hours. Give the wait in minutes."
    wait = whole(minutes)
    if wait % 10:
        return f"Waits go in steps of ten minutes: 0, 10, 20, and so on. Yours is {wait}."
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
        return share + "That is still too many."
    return share + "That is few enough, but a shorter wait would do."


# --- 3


def merge(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with rows of its own, and with the notebook's, in disorder, some twice."""
    partials = notebook["partials"]
    hours = partials["time_hour"].drop_duplicates().sort_values().to_list()[:2]
    windows = partials["window_start"].drop_duplicates().sort_values().to_list()[:3]
    rows = [  # airport, hour, window, shard, flights
        ("EWR", 0, 0, 0, 5),
        ("EWR", 0, 0, 1, 8),
        ("EWR", 0, 1, 1, 5),
        ("EWR", 1, 1, 0, 4),
        ("JFK", 0, 1, 1, 2),
        ("JFK", 0, 2, 1, 2),
    ]
    own = pd.DataFrame(
        [
            {
                "origin": origin,
                "time_hour": hours[hour],
                "window_start": windows[window],
                "source_shard": f"shardId-{shard:012}",
                "flights": flights,
                "left": flights,
                "delay": 10 * flights,
                "sequence_number": str(place),
            }
            for place, (origin, hour, window, shard, flights) in enumerate(rows)
        ]
    ).astype(dict.fromkeys(("flights", "left", "delay"), "Int64"))
    return _merged(answer, own, notebook) or _merged(answer, partials, notebook)


def _merged(answer: Any, rows: pd.DataFrame, notebook: Mapping[str, Any]) -> str | None:
    name = notebook["NAME"]
    true = rows.groupby(HOUR)["flights"].sum()
    copies = rows.iloc[::3]  # each a record of its own in the stream
    copies = copies.assign(sequence_number=copies["sequence_number"] + "0")
    delivered = pd.concat([rows, copies]).sample(frac=1, random_state=1).reset_index(drop=True)
    merged = _by_hour(trials.call(answer, delivered))
    if len(merged) != len(true):
        return (
            f"{len(rows)} rows are about {len(true)} hours and airports, and your result has "
            f"{len(merged)}."
        )
    if not merged.index.equals(true.index):
        return f"Your result is about other hours and airports than the {len(rows)} rows."
    if (merged == true).all():
        return None
    if merged.equals(_flights(delivered)):
        return "Every copy is counted again. Drop the rows whose *name* has already occurred."
    one_shard = delivered.drop_duplicates([column for column in name if column != "source_shard"])
    if merged.equals(_flights(one_shard)):
        return "One shard's rows are dropped as copies of the other's. What is in a row's name?"
    place: Any = (merged - true).abs().idxmax()
    told = (
        f"For {place[1]} at {place[0]:%H:%M} UTC your result is {merged[place]:g}, not "
        f"{true[place]:g}."
    )
    groups: Any = rows.groupby(HOUR)
    if all(merged[key] in set(group["flights"]) for key, group in groups):
        return (
            f"{told} It is the count of a single row. A later row does not replace an earlier one: "
            "each holds what was *new* in its window."
        )
    return f"{told} Add up all rows about an hour and airport, those of each name once."


def _flights(rows: pd.DataFrame) -> "pd.Series[float]":
    return rows.groupby(HOUR)["flights"].sum().astype(float)


def _by_hour(result: Any) -> "pd.Series[float]":
    """Read the sums by hour and airport, in whichever form they come."""
    if isinstance(result, Mapping):
        result = pd.Series({tuple(key): value for key, value in result.items()}, dtype=float)
        if result.index.nlevels == len(HOUR):
            result = result.rename_axis(HOUR)
    if isinstance(result, pd.DataFrame) and {*HOUR, "flights"} <= set(result):
        result = result.set_index(HOUR)
    if isinstance(result, pd.DataFrame) and "flights" in result:
        result = result["flights"]
    if not isinstance(result, pd.Series):
        raise Hint(f"The result must be a Series; yours is {shown(result)}.")
    if list(result.index.names) == [None, None]:
        result = result.rename_axis(HOUR)
    if set(result.index.names) != set(HOUR):
        names = ", ".join(f"`{name}`" for name in result.index.names)
        raise Hint(f"The result must have the index `{HOUR}`; yours has {names}.")
    merged: Any = result.reset_index(name="flights").set_index(HOUR)["flights"].sort_index()
    merged = merged.astype("Float64").fillna(0)
    found: pd.Series[float] = merged[merged != 0].astype(
        float
    )  # hours without flights may be there
    return found


# --- 4


def other_key(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a number of rows with the groups that there would be."""
    sent, counts = notebook["sent"], notebook["counts"]
    rows = whole(answer)
    windows, airports = sent["window_start"].nunique(), sent["origin"].nunique()
    if rows == sent.groupby(["window_start", "origin"]).ngroups:
        return None
    if rows == len(counts):
        return "That is how many there were with the tail number as the key, on both shards."
    if rows == airports:
        return "That is how many there are in a busy window. How many are there in all windows?"
    if rows == len(sent):
        return "That is one for each flight. A row is written for each airport *in a window*."
    if rows == windows:
        return "That is one for each window. A row is written for each *airport* in a window."
    if rows == windows * airports:
        return "That would be so if each airport had a flight in each window. Count those that do."
    return (
        "Group the records of `sent` by everything that distinguishes one row from another, and "
        "count the groups."
    )
