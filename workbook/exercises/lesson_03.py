"""Exercises of notebook 03: a pause, a right that is missing, and the price of memory."""

from collections.abc import Mapping
from typing import Any

from workbook import flights, reader
from workbook.exercises.exercise import Exercise

GB_SECOND = 0.0000166667  # USD, as the notebook has it


def _check_pause(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    ten = {flights.event_id(flight) for flight in flights.events(flights.load(month=1, day=2)[:10])}
    out = reader.read_stream(notebook["aws"], notebook["OUTPUT"], progress=False)
    came = len(ten & set(out["event_id"]))
    state = notebook["mapping_now"]()["State"]
    if state in ("Disabling", "Disabled"):
        return "The mapping is still paused. Let it go on: `Enabled=True`."
    if came < len(ten):
        return (
            f"{came} of the ten are in the output stream. Put the first ten flights of 2 January, "
            "and wait until they are there."
        )
    if answer < came:
        return f"Look again, now that the mapping goes on: {came} are in the output stream."
    if answer > came:
        return "That is more than ten flights. Count each of them once, by its `event_id`."
    return None


def _check_missing(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    statements = [notebook[name] for name in ("read_input", "write_output", "write_logs")]
    read_input, write_output, write_logs = statements
    needed = {"kinesis:GetRecords", "kinesis:PutRecords", "logs:PutLogEvents"}
    found = set(answer(statements, needed))
    if "kinesis:PutRecords" in found:
        return (
            "`write_output` allows `kinesis:PutRecords`, and yet you say it is missing. Its "
            "`Action` is one text, not a list; what does a set make of a text?"
        )
    if found & needed:
        return "With all three statements nothing is missing, and yet you name something."
    if found:
        return "You name actions that are allowed and not needed. It is the other way round."
    if set(answer([read_input, write_logs], needed)) != {"kinesis:PutRecords"}:
        return "Without `write_output` nobody allows `kinesis:PutRecords`, and you do not say so."
    denied = {**write_output, "Effect": "Deny"}
    if set(answer([read_input, denied, write_logs], needed)) != {"kinesis:PutRecords"}:
        return "A statement that names an action may also forbid it. Look at its `Effect`."
    return None


def _check_memory(answer: Any, notebook: Mapping[str, Any]) -> str | None:
    figures, price = answer
    if "Init Duration" not in figures:
        return (
            "There is no `Init Duration` in your report, so this start was warm. Only the first "
            "call after a change of the configuration is cold."
        )
    if figures["Memory Size"] != 1024:
        return f"The function had {figures['Memory Size']:.0f} MB in that call, not 1,024."
    right = figures["Billed Duration"] / 1000 * figures["Memory Size"] / 1024 * GB_SECOND
    for factor, hint in (
        (1000, "The duration is in milliseconds, and the price is for seconds."),
        (1024, "Memory is in MB, and the price is for GB."),
        (1000 * 1024, "The price is for GB and seconds; the report has MB and milliseconds."),
        (figures["Duration"] / figures["Billed Duration"], "The start is billed too."),
    ):
        if abs(price - right * factor) < 0.01 * right * factor:
            return hint
    if abs(price - right) > 0.01 * right:
        return "The price is gigabytes × seconds billed × the price of a GB-second."
    return None


EXERCISES = (
    Exercise(
        title="Pause and go on",
        task="""
            Pause the mapping (`Enabled=False`), put the first ten flights of 2 January, and let it
            go on. How many of the ten come out in the end?
            """,
        blank="""
            ten = list(flights.events(flights.load(month=1, day=2).head(10)))
            # pause the mapping, put the ten, let the mapping go on

            answer = ...  # how many of the ten come out
            """,
        hint="""
            `lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=...)`; wait for the
            state `Disabled` as you waited for `Enabled`. In the end `wait_until` the ids of all ten
            are in the output stream.
            """,
        solution="""
            ten = list(flights.events(flights.load(month=1, day=2).head(10)))
            sent = {flights.event_id(flight) for flight in ten}

            def came_out():
                return len(sent & set(reader.read_stream(aws, OUTPUT, progress=False)["event_id"]))

            lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
            wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
            entries = [{"Data": flights.encode(f), "PartitionKey": f["tailnum"]} for f in ten]
            kinesis.put_records(StreamName=INPUT, Records=entries)
            lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
            wait_until("the ten", lambda: came_out() == len(ten))
            answer = came_out()
            """,
        explanation="""
            All of them. A paused mapping keeps its place, and the stream keeps the records (for 24
            hours unless you ask for more).
            """,
        wrong=(
            """
            answer = 0
            """,
            """
            answer = len(reader.read_stream(aws, OUTPUT, progress=False))
            """,
            """
            ten = list(flights.events(flights.load(month=1, day=2).head(10)))
            lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
            wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
            answer = 0
            """,
        ),
        check=_check_pause,
    ),
    Exercise(
        title="Leave out a right",
        name="missing",
        task="""
            Write `missing(statements, needed)`, a check for policies. It gets a list of statements
            and a set of actions that the pipeline needs, and gives the set of those that no
            statement allows. Try it with `write_output` left out.
            """,
        blank="""
            def missing(statements, needed):
                return ...
            """,
        hint="""
            `Action` is a text or a list of texts. Make one set of all that is allowed; then
            subtract it. `isinstance(action, str)` tells the two apart.
            """,
        solution="""
            def missing(statements, needed):
                allowed = set()
                for statement in statements:
                    action = statement["Action"]
                    if statement["Effect"] == "Allow":
                        allowed |= {action} if isinstance(action, str) else set(action)
                return needed - allowed


            missing([read_input, write_logs], {"kinesis:GetRecords", "kinesis:PutRecords"})
            """,
        explanation="""
            In IAM a `Deny` is even stronger: it wins over every `Allow`. For real policies, with
            stars and conditions, AWS has the IAM policy simulator.
            """,
        wrong=(
            """
            def missing(statements, needed):
                allowed = set()
                for statement in statements:
                    allowed |= set(statement["Action"])
                return needed - allowed
            """,
            """
            def missing(statements, needed):
                allowed = set()
                for statement in statements:
                    action = statement["Action"]
                    allowed |= {action} if isinstance(action, str) else set(action)
                return allowed - needed
            """,
            """
            def missing(statements, needed):
                allowed = set()
                for statement in statements:
                    action = statement["Action"]
                    allowed |= {action} if isinstance(action, str) else set(action)
                return needed - allowed
            """,
            """
            def missing(statements, needed):
                return set()
            """,
        ),
        check=_check_missing,
    ),
    Exercise(
        title="More memory",
        task="""
            Measure a cold start with `MemorySize=1024`. On AWS more memory brings more processor.
            Does it on your computer? And what does that call cost, without the price of the
            request?
            """,
        blank="""
            # change the memory, wait, call once

            answer = ..., ...  # report(...) of the cold start, and its price in USD
            """,
        hint="""
            `update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)`, then the
            waiter, one `invoke`, and `report`. The price is memory in GB × seconds billed ×
            0.0000166667 USD.
            """,
        solution="""
            lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
            lambda_.get_waiter("function_updated_v2").wait(
                FunctionName=FUNCTION, WaiterConfig={"Delay": 1}
            )
            big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
            price = big["Billed Duration"] / 1000 * big["Memory Size"] / 1024 * 0.0000166667
            print(f"{big['Billed Duration']:.0f} ms and {price * 1e6:.2f} USD for a million")

            answer = big, price
            """,
        explanation="""
            The local AWS does not slow a function down for having little memory, so the time stays
            about the same and the price is four times as high. On AWS work that keeps the processor
            busy gets faster, and its price often stays about where it was.
            """,
        wrong=(
            """
            warm = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
            answer = warm, warm["Billed Duration"] / 1000 * 0.0000166667
            """,
            """
            settings = {"FunctionName": FUNCTION, "MemorySize": 512}
            lambda_.update_function_configuration(**settings)
            lambda_.get_waiter("function_updated_v2").wait(
                FunctionName=FUNCTION, WaiterConfig={"Delay": 1}
            )
            big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
            answer = big, big["Billed Duration"] / 1000 * 0.5 * 0.0000166667
            """,
            """
            lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
            lambda_.get_waiter("function_updated_v2").wait(
                FunctionName=FUNCTION, WaiterConfig={"Delay": 1}
            )
            big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
            answer = big, big["Billed Duration"] * 0.0000166667
            """,
        ),
        check=_check_memory,
    ),
)
