"""Exercises of notebook 02: a field more, what fits into an event, and Lambda's retries."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from unittest import mock

from workbook import events
from workbook.exercises.exercise import Exercise


def _check_recovered(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    def recovered(dep_delay: int | None, arr_delay: int | None) -> Any:
        dep_time = None if dep_delay is None else 517  # the handler refuses one without the other
        return answer(
            events.flight_event(dep_time=dep_time, dep_delay=dep_delay, arr_delay=arr_delay)
        )

    usual = recovered(30, 10)
    if "recovered" not in usual:
        return "The dictionary that came back has no field `recovered`."
    if usual["recovered"] != 20:
        return (
            "A flight left 30 minutes late and arrived 10 minutes late, so it made up 20, not "
            f"{usual['recovered']}."
        )
    if usual["delay_class"] != "short delay":
        return "The field is there. But what `handler.process_data` adds is not."
    try:
        diverted, cancelled = recovered(30, None), recovered(None, None)
    except TypeError:
        return (
            "A flight that was cancelled or diverted has no arrival delay: it is `None`, and that "
            "is no number to subtract."
        )
    if diverted["recovered"] is not None or cancelled["recovered"] is not None:
        return "When one of the delays is missing, nobody knows what was made up: that is `None`."
    if recovered(0, 10)["recovered"] != -10:
        return (
            "A flight left in time, with a delay of 0, and arrived 10 minutes late. It lost 10 "
            "minutes. Is 0 missing?"
        )
    return None


def _check_envelope(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    many = notebook["many"]
    records, limit = many["Records"], 6 * 1024 * 1024

    def fit(size: int) -> float:
        return limit * len(records) / size

    fewest = fit(len(json.dumps(many)))
    most = fit(len(json.dumps(many, separators=(",", ":"))))
    if 0.99 * fewest <= answer <= 1.01 * most:
        return None
    encoded = sum(len(record["kinesis"]["data"]) for record in records)
    decoded = sum(len(base64.b64decode(record["kinesis"]["data"])) for record in records)
    for size, left_out in (
        (encoded, "the envelope around the data"),
        (decoded, "base64 and envelope"),
    ):
        if abs(answer - fit(size)) < 0.02 * fit(size):
            return f"That would be so without {left_out}. How long is the whole event as JSON?"
    if 0.99 * fewest <= answer * limit / 6_000_000 <= 1.01 * most:
        return "Nearly. Here a megabyte is 1024 × 1024 bytes."
    if answer == 10_000:
        return "That is the largest batch size that Lambda accepts. Do so many fit into 6 MB?"
    way = "more" if answer < fewest else "fewer"
    return f"It is {way}. Divide 6 × 1024 × 1024 bytes by the bytes that one flight takes."


class _Handler:
    """Stands for ``handler.lambda_handler``: it decides as that one does, and writes to a list."""

    MOST_CALLS = 50

    def __init__(self, module: Any) -> None:
        self.module = module
        self.batches: list[list[str]] = []  # the sequence numbers of each call
        self.written: list[int] = []

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        records = event["Records"]
        self.batches.append([record["kinesis"]["sequenceNumber"] for record in records])
        if len(self.batches) > self.MOST_CALLS:
            raise _EndlessError
        outputs, retry_from, _ = self.module.process_batch(records)
        self.written += [json.loads(output.data)["flight"] for output in outputs]
        return {"batchItemFailures": [{"itemIdentifier": retry_from}] if retry_from else []}


class _EndlessError(Exception):
    """Too many calls."""


def _check_deliver(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    module = notebook["handler"]
    good = [events.flight_event(flight=number) for number in (1, 2, 3)]
    event = events.kinesis_event([good[0], b"bad", good[1], b"worse", good[2]])
    lambda_handler = _Handler(module)
    with mock.patch.object(module, "lambda_handler", lambda_handler):
        try:
            answer(event)
        except _EndlessError:
            return "It never gives up on a bad record. Count the calls, and skip it after three."
    if not lambda_handler.batches:
        return "It has not called `handler.lambda_handler`."
    written = lambda_handler.written
    if written.count(1) > 1:
        return (
            "The flight before the bad record was written more than once. Call again with the "
            "reported record and those behind it, not with the whole batch."
        )
    if written != [1, 2, 3]:
        return (
            "Flights 1, 2 and 3 had a bad record between each two of them. Written were "
            f"{written}. After a record that was given up, go on with those behind it."
        )
    numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    tries = [sum(bad in batch for batch in lambda_handler.batches) for bad in numbers[1::2]]
    if tries[0] != 3:
        return f"Calls with the first bad record: {tries[0]}, not 3. After the third, skip it."
    if tries[1] != 6:  # three times behind the first one, three times at the front
        return "Each bad record has three calls of its own. Count from 0 again after the first."
    return None


EXERCISES = (
    Exercise(
        title="Add a field",
        name="with_recovered",
        task="""
            A flight may make up time in the air. Write `with_recovered(data)`, which adds
            `recovered` to what `handler.process_data` gives: the departure delay minus the arrival
            delay, in minutes, and `None` when one of them is missing.
            """,
        blank="""
            def with_recovered(data):
                return ...
            """,
        hint="""
            `{**dictionary, "name": value}` makes a dictionary with a field more. The two delays are
            `data["dep_delay"]` and `data["arr_delay"]`; look at both before you subtract.
            """,
        solution="""
            def with_recovered(data):
                delays = data["dep_delay"], data["arr_delay"]
                recovered = None if None in delays else delays[0] - delays[1]
                return {**handler.process_data(data), "recovered": recovered}


            with_recovered(flight)
            """,
        explanation="""
            The function gets a dictionary and gives another one. It needs no AWS, so it can be
            tested in a second, with as many made-up flights as you like.
            """,
        wrong=(
            """
            def with_recovered(data):
                recovered = data["dep_delay"] - data["arr_delay"]
                return {**handler.process_data(data), "recovered": recovered}
            """,
            """
            def with_recovered(data):
                recovered = None
                if data["dep_delay"] and data["arr_delay"]:
                    recovered = data["dep_delay"] - data["arr_delay"]
                return {**handler.process_data(data), "recovered": recovered}
            """,
            """
            def with_recovered(data):
                delays = data["dep_delay"], data["arr_delay"]
                recovered = None if None in delays else delays[1] - delays[0]
                return {**handler.process_data(data), "recovered": recovered}
            """,
            """
            def with_recovered(data):
                recovered = (data["dep_delay"] or 0) - (data["arr_delay"] or 0)
                return {**handler.process_data(data), "recovered": recovered}
            """,
        ),
        check=_check_recovered,
    ),
    Exercise(
        title="Fill the envelope",
        task="""
            Lambda hands at most 6 MB to a function (6 × 1024 × 1024 bytes), base64 and envelope
            included, however large you set the batch size. About how many of our flights fit into
            one event?
            """,
        blank="""
            answer = ...  # a number of flights
            """,
        hint="""
            `len(json.dumps(many))` is the size of an event of two thousand flights.
            """,
        solution="""
            bytes_each = len(json.dumps(many)) / len(many["Records"])
            print(f"{bytes_each:.0f} bytes each")

            answer = 6 * 1024 * 1024 // bytes_each
            answer
            """,
        explanation="""
            So a batch size of 10,000, the largest that Lambda accepts, is never reached with these
            records.
            """,
        wrong=(
            """
            answer = 6 * 1024 * 1024 / len(json.dumps(flight, separators=(",", ":")))
            """,
            """
            answer = 6 * 1024 * 1024 / len(encoded)
            """,
            """
            answer = 6_000_000 * len(many["Records"]) / len(json.dumps(many))
            """,
            """
            answer = 10_000
            """,
            """
            answer = len(many["Records"])
            """,
        ),
        check=_check_envelope,
    ),
    Exercise(
        title="Retry as Lambda does",
        name="deliver",
        task="""
            Write `deliver(event)`, which calls `handler.lambda_handler`, and, when it reports a
            record, calls it again with the batch from that record on. After three calls it gives up
            on the reported record, skips it, and goes on with the rest. Deliver `poisoned`: which
            flights arrive?
            """,
        blank="""
            def deliver(event):
                answer = handler.lambda_handler(event, events.LambdaContext())
                ...  # and if it reports a record?
            """,
        hint="""
            Keep the list of the records that are left, and a counter. `numbers.index(...)` finds
            the reported one among `[record["kinesis"]["sequenceNumber"] for record in records]`.
            """,
        solution="""
            def deliver(event):
                records, calls = event["Records"], 0
                while records:
                    answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
                    if not answer["batchItemFailures"]:
                        return
                    calls += 1
                    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
                    bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
                    records = records[bad:]
                    if calls == 3:
                        records, calls = records[1:], 0

            deliver(poisoned)
            """,
        explanation="""
            Both good flights arrive, once each. The flight before the bad record is not written
            again, because it was not delivered again. (Lambda counts a little differently: when a
            part of the batch is done, it begins to count anew; there the first call would be free.)
            """,
        wrong=(
            """
            def deliver(event):
                for call in range(3):
                    answer = handler.lambda_handler(event, events.LambdaContext())
                    if not answer["batchItemFailures"]:
                        return
            """,
            """
            def deliver(event):
                records = event["Records"]
                while records:
                    answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
                    if not answer["batchItemFailures"]:
                        return
                    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
                    bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
                    records = records[bad:]
            """,
            """
            def deliver(event):
                records = event["Records"]
                while records:
                    answer = handler.lambda_handler({"Records": records}, events.LambdaContext())
                    if not answer["batchItemFailures"]:
                        return
                    numbers = [record["kinesis"]["sequenceNumber"] for record in records]
                    bad = numbers.index(answer["batchItemFailures"][0]["itemIdentifier"])
                    records = records[bad + 1 :]
            """,
            """
            def deliver(event):
                handler.lambda_handler(event, events.LambdaContext())
            """,
        ),
        check=_check_deliver,
    ),
)
