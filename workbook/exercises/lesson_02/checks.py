"""Judge the exercises of notebook 02: one field more, what fits into an event, Lambda's retries."""

import base64
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from workbook import events
from workbook.exercises import stage, trials
from workbook.exercises.exercise import Hint
from workbook.exercises.values import number, shown

SHARDS = 4  # of the notebook's stream
ERRORS = 3  # about a bad record, before it is skipped


# --- 1


def with_recovered(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with flights of all kinds."""
    cases: list[tuple[int | None, int | None, int | None, str]] = [
        (30, 10, 20, "left 30 minutes late and arrived 10 minutes late, so it made up 20"),
        (10, 30, -20, "left 10 minutes late and arrived 30 minutes late, so it lost 20: -20"),
        (0, 10, -10, "left on time (a delay of 0) and arrived 10 minutes late, so it lost 10: -10"),
        (30, 0, 30, "left 30 minutes late and arrived on time (a delay of 0), so it made up 30"),
        (-5, -15, 10, "left 5 minutes early and arrived 15 minutes early, so it made up 10"),
        (
            30,
            None,
            None,
            "left and was diverted, so it has no arrival delay: the field is `None`",
        ),
        (None, None, None, "was cancelled, so it has no delay at all: the field is `None`"),
    ]
    for dep_delay, arr_delay, right, story in cases:
        hint = _recovered(answer, notebook["handler"], dep_delay, arr_delay, right, story)
        if hint is not None:
            return hint
    return None


def _recovered(
    answer: Any,
    handler: Any,
    dep_delay: int | None,
    arr_delay: int | None,
    right: int | None,
    story: str,
) -> str | None:
    dep_time = None if dep_delay is None else 517  # the handler refuses one without the other
    flight = events.flight_event(dep_time=dep_time, dep_delay=dep_delay, arr_delay=arr_delay)
    given = dict(flight)
    trials.must_be_function(answer)
    try:
        result = answer(given)
    except TypeError as error:
        if right is None and "NoneType" in str(error):
            return f"One flight {story}. `None` cannot be subtracted: `{error}`."
        raise
    if not isinstance(result, Mapping):
        return f"The function must return a dictionary; it returns {shown(result)}."
    if "recovered" not in result:
        return "The dictionary that it returns has no field `recovered`."
    enriched = handler.process_data(flight)
    if missing := [name for name in enriched if name not in result]:
        return (
            f"The field `recovered` is there, but {len(missing)} others are not, such as "
            f"`{missing[-1]}`. Add the field to what `handler.process_data` returns."
        )
    if changed := [name for name, value in enriched.items() if result[name] != value]:
        return f"The field `{changed[0]}` is not as `handler.process_data` returns it."
    recovered = result["recovered"]
    told = f"One flight {story}. Your function says {shown(recovered)}."
    if right is None:
        if recovered is not None:
            is_nan = isinstance(recovered, float) and math.isnan(recovered)
            return told + (" JSON has no `NaN`." if is_nan else "")
    elif recovered is None or number(recovered, "`recovered`") != right:
        return told
    if given != flight:
        return (
            "After the call, the dictionary `data` is no longer what it was: it has "
            f"{len(given)} fields, and had {len(flight)}. Make a new dictionary."
        )
    return None


# --- 2


def envelope(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare a number of flights with what fits into an event."""
    flights = number(answer)
    many = notebook["many"]
    records, limit = many["Records"], 6 * 1024 * 1024

    def fit(size: int) -> float:
        return limit * len(records) / size

    fewest = fit(len(json.dumps(many)))
    most = fit(len(json.dumps(many, separators=(",", ":"))))
    if 0.99 * fewest <= flights <= 1.01 * most:
        return None
    encoded = sum(len(record["kinesis"]["data"]) for record in records)
    decoded = sum(len(base64.b64decode(record["kinesis"]["data"])) for record in records)
    for size, left_out in (
        (encoded, "the envelope around the data"),
        (decoded, "base64 and the envelope"),
    ):
        if abs(flights - fit(size)) < 0.02 * fit(size):
            return f"That would fit without {left_out}. How long is the whole event as JSON?"
    if 0.99 * fewest <= flights * limit / 6_000_000 <= 1.01 * most:
        return "Nearly. Here a megabyte is 1024 × 1024 bytes."
    if flights == 10_000:
        return "That is the largest batch size that Lambda accepts. Do that many fit into 6 MB?"
    if abs(flights - limit / fewest) < 0.1 * limit / fewest:
        return "That is how many *bytes* one flight takes in an event. How many fit into 6 MB?"
    way = "More" if flights < fewest else "Fewer"
    return (
        f"{way} than {flights:,.0f} fit. Divide 6 × 1024 × 1024 bytes by the bytes that one flight "
        "takes in the event."
    )


# --- 3


@contextmanager
def prepare_deliver(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Make sure of the stream that the handler writes to."""
    with stage.stream(notebook["kinesis"], notebook["OUTPUT"], SHARDS):
        yield {}


class _Handler(trials.StandIn):
    """Stands for ``handler.lambda_handler``: calls it, with a list for the output stream.

    Args:
        module: the handler's.
    """

    MOST_CALLS = 50

    def __init__(self, module: Any) -> None:
        self._original = module.lambda_handler
        self._bad = module.BadRecord
        self.calls = 0
        self.first_batch = 0  # how many records it had
        self.errors: list[str] = []  # the sequence number that each error is about
        self.written: list[int] = []

    def put_records(self, *, Records: list[Any], **_: Any) -> dict[str, Any]:
        """Take everything, in place of Kinesis."""
        self.written += [json.loads(entry["Data"])["flight"] for entry in Records]
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1"} for _ in Records]}

    def __call__(self, event: Any, context: Any) -> Any:
        if not hasattr(context, "get_remaining_time_in_millis"):
            raise Hint(
                "The handler asks its context how much time is left, and cannot ask "
                f"{shown(context)}. Pass `events.LambdaContext()`."
            )
        self.calls += 1
        self.first_batch = self.first_batch or len(event["Records"])
        if self.calls > self.MOST_CALLS:
            raise Hint(
                f"It called the handler more than {self.MOST_CALLS} times, and never gave up on a "
                f"bad record. Count the errors, and skip it after {ERRORS}."
            )
        try:
            return self._original(event, context)
        except self._bad:
            self.errors.append(event["Records"][0]["kinesis"]["sequenceNumber"])
            raise

    __call__.__qualname__ = "lambda_handler"  # as Python's errors name it


def deliver(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Deliver batches with bad records in all places."""
    for batch in ("gbgbg", "g", "bgg", "ggb", "gbbg", "bb"):
        hint = _delivered(answer, notebook["handler"], batch)
        if hint is not None:
            return hint
    return None


def _delivered(answer: Any, handler: Any, batch: str) -> str | None:
    """Deliver a batch of good (``g``) and bad records (``b``)."""
    good = [place for place, kind in enumerate(batch, 1) if kind == "g"]
    event = events.kinesis_event(
        [
            events.flight_event(flight=place) if kind == "g" else b"bad"
            for place, kind in enumerate(batch, 1)
        ]
    )
    stand_in = _Handler(handler)
    fault: Exception | None = None
    with (
        mock.patch.object(handler, "KINESIS", stand_in),
        trials.replaced(answer, handler, "lambda_handler", stand_in),
    ):
        try:
            trials.run(answer, event)
        except handler.BadRecord as error:
            fault = error
    if not stand_in.calls:
        return "It has not called `handler.lambda_handler`."
    if stand_in.first_batch != len(batch):
        return (
            f"A batch has {len(batch)} records, and the handler got {stand_in.first_batch} of them "
            "in the first call. Pass the whole batch, as Lambda does."
        )
    words = ", ".join(f"flight {i}" if k == "g" else "a bad record" for i, k in enumerate(batch, 1))
    written = stand_in.written
    told = f"A batch has {words}. Flights written: {written or 'none'}."
    if fault:
        return f"{told} Then the handler raised `BadRecord`, and your function did not catch it."
    if twice := [flight for flight in good if written.count(flight) > 1]:
        return (
            f"{told} Flight {twice[0]} is there more than once. Call again with the reported "
            "record and those behind it, not with the whole batch."
        )
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    bad = [number for number, kind in zip(numbers, batch, strict=True) if kind == "b"]
    errors = [stand_in.errors.count(number) for number in bad]
    if errors and errors[0] != ERRORS:
        return f"{told} Errors about the first bad record: {errors[0]}; it must be {ERRORS}."
    if written != good:
        return f"{told} After you give up a record, continue with the records behind it."
    if wrong := [count for count in errors if count != ERRORS]:
        return (
            f"{told} Errors about a later bad record: {wrong[0]}; it must be {ERRORS}. Count from "
            "0 again when you skip a record."
        )
    if not bad and stand_in.calls > 1:
        return f"{told} No record is bad, and the handler was called {stand_in.calls} times."
    return None
