"""Exercises of notebook 05: copies, a worse day, and what a check does not see."""

from collections.abc import Mapping
from typing import Any

from workbook import answers
from workbook.exercises.exercise import Exercise


def _check_copies(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    ordered = notebook["raw"].sort_values("arrival_time")
    first, last = (
        ordered.drop_duplicates("event_id", keep=kept).set_index("event_id").sort_index()
        for kept in ("first", "last")
    )
    differ = {name for name in first if not first[name].equals(last[name])}
    named = set(answer)
    if unknown := named - set(ordered):
        return f"The table has no column {sorted(map(str, unknown))[0]!r}. Give a list of names."
    if not named:
        return (
            "You found no difference, as if both tables held the first copies. Which argument of "
            "`drop_duplicates` says what to keep?"
        )
    if equal := sorted(named - differ):
        if all(first[name].isna().any() for name in equal):
            return (
                f"`{equal[0]}` is the same in both tables. But it has missing values, and to `!=` "
                "a missing value differs even from another one. `equals` knows better."
            )
        return (
            f"`{equal[0]}` is the same in both tables, flight by flight. Are the rows of both in "
            "the same order when you compare them?"
        )
    if unnamed := differ - named:
        return f"These do differ, and {len(unnamed)} more. Compare all columns, in a loop."
    return None


def _check_worse_day(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    days = notebook["clean"].groupby("day")
    cancelled = days["delay_class"].agg(lambda kind: (kind == "cancelled").sum())
    worst = cancelled.idxmax(), days["dep_delay"].mean().idxmax()
    first, second = answer
    if (first, second) == worst:
        return None
    if (second, first) == worst:
        return "The right days, the other way round: first the day of the cancelled flights."
    if first not in cancelled.index or second not in cancelled.index:
        return (
            "These are not two days of January. `max` gives the largest value; what gives the "
            "place in the index where it stands?"
        )
    if second == days["dep_delay"].max().idxmax():
        return "Your second day has the longest delay of one flight. Which has the longest mean?"
    which = "second" if first == worst[0] else "first"
    return f"The {which} day is another one. Look at the sorted values of all days."


def _check_fooled(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    clean = notebook["clean"]
    if answer is clean:
        return (
            "That is the notebook's own table, and a change in it stays. Run the cells that make "
            "`clean` again, and then change a copy: `clean.copy()`."
        )
    table = answers.check(answer, sent=notebook["january"]).dropna(subset=["ok"])
    noticed = table.loc[~table["ok"].astype(bool), "question"]
    if len(noticed):
        return f"Somebody noticed, by the {noticed.iloc[0]}. Change less."
    delays = (frame.set_index("event_id")["dep_delay"].sort_index() for frame in (answer, clean))
    if next(delays).equals(next(delays)):
        return "All answers are right, because no delay is wrong. Change one, by a minute."
    return None


EXERCISES = (
    Exercise(
        title="The last copy",
        task="""
            Keep the *last* copy of each flight instead of the first. Which columns differ between
            the two results, and why?
            """,
        blank="""
            ordered = raw.sort_values("arrival_time")
            first = ordered.drop_duplicates("event_id").set_index("event_id").sort_index()

            answer = ...  # the names of the columns that differ, as a list
            """,
        hint="""
            Make a table `last` just as `first` is made; `drop_duplicates` has an argument `keep`.
            `first[name].equals(last[name])` compares one column.
            """,
        solution="""
            ordered = raw.sort_values("arrival_time")
            first = ordered.drop_duplicates("event_id").set_index("event_id").sort_index()
            last = ordered.drop_duplicates("event_id", keep="last")
            last = last.set_index("event_id").sort_index()

            answer = [name for name in first if not first[name].equals(last[name])]
            """,
        explanation="""
            `sequence_number` and `arrival_time` differ, since each copy was a record of its own in
            the output. `source_sequence_number` differs for the flights that were sent twice.
            Nothing about the flight itself does.
            """,
        wrong=(
            """
            first = raw.drop_duplicates("event_id").set_index("event_id").sort_index()
            last = raw.drop_duplicates("event_id").set_index("event_id").sort_index()
            answer = [name for name in first if not first[name].equals(last[name])]
            """,
            """
            ordered = raw.sort_values("arrival_time")
            first = ordered.drop_duplicates("event_id")
            last = ordered.drop_duplicates("event_id", keep="last")
            answer = [name for name in first if not first[name].equals(last[name])]
            """,
            """
            ordered = raw.sort_values("arrival_time").set_index("event_id", drop=False)
            first = ordered.drop_duplicates("event_id").sort_index()
            last = ordered.drop_duplicates("event_id", keep="last").sort_index()
            answer = [name for name in ["tailnum"] if (first[name] != last[name]).any()]
            """,
            """
            answer = ["sequence_number"]
            """,
        ),
        check=_check_copies,
    ),
    Exercise(
        title="A worse day",
        task="""
            On which day of January were most flights cancelled, and on which was the mean delay
            longest? Is it the same day?
            """,
        blank="""
            answer = ..., ...  # day of most cancelled flights, day of the longest mean delay
            """,
        hint="""
            Group by `day`. A cancelled flight has the `delay_class` `"cancelled"`, and a sum of
            true and false counts what is true. `idxmax` tells where the largest value stands.
            """,
        solution="""
            cancelled = clean["delay_class"].eq("cancelled").groupby(clean["day"]).sum()
            delay = clean.groupby("day")["dep_delay"].mean()

            answer = cancelled.idxmax(), delay.idxmax()
            """,
        explanation="""
            They are two days. A cancelled flight has no delay, so it is missing from the mean: the
            more flights are cancelled, the better the mean can look.
            """,
        wrong=(
            """
            cancelled = clean["delay_class"].eq("cancelled").groupby(clean["day"]).sum()
            delay = clean.groupby("day")["dep_delay"].mean()
            answer = cancelled.max(), delay.max()
            """,
            """
            cancelled = clean["delay_class"].eq("cancelled").groupby(clean["day"]).sum()
            delay = clean.groupby("day")["dep_delay"].mean()
            answer = delay.idxmax(), cancelled.idxmax()
            """,
            """
            cancelled = clean["delay_class"].eq("cancelled").groupby(clean["day"]).sum()
            delay = clean.groupby("day")["dep_delay"].max()
            answer = cancelled.idxmax(), delay.idxmax()
            """,
            """
            delay = clean.groupby("day")["dep_delay"].mean()
            answer = delay.idxmax(), delay.idxmax()
            """,
        ),
        check=_check_worse_day,
    ),
    Exercise(
        title="Fool the check",
        task="""
            Take a flight out of `clean`, and both checks above notice. Now be more cunning: make a
            copy of `clean` in which a `dep_delay` is wrong, and *no* published answer is.
            """,
        blank="""
            changed = clean.copy()
            # spoil a delay here

            answer = ...
            """,
        hint="""
            `answers.check(changed, sent=january)` shows what the published answers say. They are
            counts and a rounded mean. `changed.loc[row, "dep_delay"]` is a single delay.
            """,
        solution="""
            changed = clean.copy()
            row = changed["dep_delay"].idxmax()
            changed.loc[row, "dep_delay"] += 1

            answer = changed
            """,
        explanation="""
            A lost flight changes a count, and somebody notices. One minute in the mean of all
            flights is rounded away: only the comparison with the input, value by value, finds it.
            That is why there are two checks.
            """,
        wrong=(
            """
            answer = clean.iloc[1:]
            """,
            """
            changed = clean.copy()
            changed["dep_delay"] += 1
            answer = changed
            """,
            """
            answer = clean.copy()
            """,
            """
            answer = clean
            """,
        ),
        check=_check_fooled,
    ),
)
