"""Judge the exercises of notebook 03: a pause, a missing permission, the price of memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from workbook import prices
from workbook.exercises import stage, trials
from workbook.exercises.exercise import Hint
from workbook.exercises.values import close, items, number, pair, shown

MEMORY, LESS_MEMORY = 1024, 256  # MB: asked for, and before each attempt


# --- 1


@contextmanager
def prepare_while_paused(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Make sure of the pipeline, with a mapping that polls, whatever an earlier attempt left."""
    with stage.pipeline(notebook) as more:
        uuid = (more or notebook)["mapping"]["UUID"]
        stage.enable(notebook["lambda_"], uuid)
        yield more
        if not more:
            with suppress(notebook["lambda_"].exceptions.ResourceNotFoundException):
                stage.enable(notebook["lambda_"], uuid)


def while_paused(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Look at the mapping's state when the function puts, and when it is over."""
    lambda_, uuid = notebook["lambda_"], notebook["mapping"]["UUID"]
    states: list[str] = []

    def put() -> None:
        states.append(lambda_.get_event_source_mapping(UUID=uuid)["State"])

    stage.enable(lambda_, uuid)  # the cell may have tried the function
    trials.run(answer, put)
    try:
        at_the_end = stage.settle(lambda_, uuid)
    except lambda_.exceptions.ResourceNotFoundException:
        return "In the end there is no mapping. `Enabled=False` pauses it without deleting it."
    if not states:
        return "It has not called `put`."
    if len(states) > 1:
        return f"It called `put` {len(states)} times."
    if states == ["Disabling"]:
        return (
            "When it called `put`, the mapping was still `Disabling`: it may still have read "
            "records. Wait until it is `Disabled`."
        )
    if states != ["Disabled"]:
        return (
            f"When it called `put`, the mapping was `{states[0]}`, and {at_the_end} in the end. "
            "It must be `Disabled` when `put` is called."
        )
    if at_the_end != "Enabled":
        return f"In the end the mapping is `{at_the_end}`. Resume it with `Enabled=True`."
    return None


# --- 2


def missing(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Call the function with the notebook's statements and some of its own."""
    read_input, write_output, write_logs = (
        notebook[name] for name in ("read_input", "write_output", "write_logs")
    )
    needed = {"kinesis:GetRecords", "kinesis:PutRecords", "logs:PutLogEvents"}

    def found(*statements: Any) -> set[Any]:
        actions = items(trials.call(answer, list(statements), needed), "The result")
        if others := [action for action in actions if not isinstance(action, str)]:
            raise Hint(
                f"The result must have actions, which are strings; it has {shown(others[0])}."
            )
        return set(actions)

    complete = found(read_input, write_output, write_logs)
    if complete == {"kinesis:PutRecords"}:
        return (
            "`write_output` allows `kinesis:PutRecords`, but your result says that it is missing. "
            "Its `Action` is a string, not a list."
        )
    if complete & needed:
        return (
            "With all three statements nothing is missing. Actions in your result that they allow: "
            f"{len(complete & needed)}."
        )
    if complete:
        return (
            "Your result has actions that are allowed but not needed. It should be the other way "
            "round."
        )
    if found(read_input, write_logs) != {"kinesis:PutRecords"}:
        return "Without `write_output` nothing allows `kinesis:PutRecords`, so it is missing."
    if found({**write_output, "Effect": "Deny"}, read_input, write_logs) != {"kinesis:PutRecords"}:
        return "A statement that names an action may also forbid it. Look at its `Effect`."
    other = {"Effect": "Allow", "Action": "kinesis:PutRecordsToAnywhere", "Resource": "x"}
    if found(read_input, other, write_logs) != {"kinesis:PutRecords"}:
        return (
            f"A statement allows `{other['Action']}`, which is not `kinesis:PutRecords`. The names "
            "must be equal; it is not enough that one contains the other."
        )
    if found() != needed:
        return "Without any statement nothing is allowed, so all needed actions are missing."
    return None


# --- 3


@contextmanager
def prepare_more_memory(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Make sure of the function, with little memory, so that each attempt can change it."""
    with stage.pipeline(notebook) as more:
        stage.renew(notebook["lambda_"], notebook["FUNCTION"], LESS_MEMORY)
        yield more


def more_memory(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    """Compare the price with what the report's own figures make it."""
    figures, price = pair(answer)
    if not hasattr(figures, "keys") or "Billed Duration" not in figures:
        return f"The first value must be what `report` returns; yours is {shown(figures)}."
    price = number(price, "The price")
    duration, billed = figures["Duration"], figures["Billed Duration"]
    if figures["Memory Size"] != MEMORY:
        cold = "Init Duration" in figures
        return (
            f"In that call, {'a cold' if cold else 'a warm'} start, the function had "
            f"{figures['Memory Size']:.0f} MB, not {MEMORY:,}."
        )
    if "Init Duration" not in figures:
        return (
            "Your report has no `Init Duration`, so it is about a warm start. The first call after "
            "a change of the configuration is cold."
        )
    right = billed / 1000 * MEMORY / 1024 * prices.GB_SECOND

    # One in a hundred, but always less than the price of a request, which must not be in it.
    margin = min(0.01, prices.REQUEST / 2 / right)

    def is_near(value: float) -> bool:
        return close(price, value, relative=margin)

    if is_near(right):
        return None
    for wrong, hint in (
        (right * 1000, "The duration is in milliseconds, and the price is for seconds."),
        (right * 1024, "Memory is in MB, and the price is for GB."),
        (right * 1000 * 1024, "The price is for GB and seconds; the report has MB and ms."),
        (right * duration / billed, "The start is billed too: take the billed duration."),
        (right * 1e6, "That is the price of a million such calls."),
        (right + prices.REQUEST, "That includes the price of the request."),
        (right / 4, f"That is the price with {LESS_MEMORY} MB."),
    ):
        if is_near(wrong):
            return hint
    return (
        f"Your price is {price:.3g} USD. It must be gigabytes × seconds billed × the price of a "
        "GB-second, within 1 %."
    )
