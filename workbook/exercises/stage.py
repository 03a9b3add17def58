"""AWS resources for a cell: the notebook's own, or new ones that exist while the cell runs.

A learner may do an exercise after clean-up. Then what it needs is created again under the same
name, and deleted when the cell has run, so nothing is left that costs money.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workbook import deployment
from workbook.waiting import wait_until

STEADY = ("Enabled", "Disabled")  # states of a mapping in which it can be changed


@contextmanager
def stream(kinesis: Any, name: str, shards: int) -> Iterator[None]:
    """Make sure of a stream while a cell runs.

    Args:
        kinesis: a boto3 client.
        name: of the stream.
        shards: how many it gets if it has to be made.
    """
    if _is_there(
        kinesis.exceptions.ResourceNotFoundException,
        lambda: kinesis.describe_stream_summary(StreamName=name),
    ):
        yield
        return
    print(f"The stream {name} is gone. It is created again for this cell, and deleted afterwards.")
    try:
        deployment.create_stream(kinesis, name, shards)
        yield
    finally:
        deployment.delete_streams(kinesis, name)


@contextmanager
def pipeline(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Make sure of the pipeline of ``workbook.deployment`` while a cell runs.

    Args:
        notebook: has ``aws``, ``lambda_``, and ``mapping``, whose ``UUID`` names the mapping.

    Yields:
        ``mapping`` and ``mapping_now``, new ones if the pipeline had to be created again.
    """
    aws, lambda_, mapping = notebook["aws"], notebook["lambda_"], notebook["mapping"]["UUID"]
    if _is_there(
        lambda_.exceptions.ResourceNotFoundException,
        lambda: lambda_.get_event_source_mapping(UUID=mapping),
    ):
        yield {}
        return
    print("The pipeline is gone. It is created again for this cell, and deleted afterwards.")
    deployment.clean_up(aws)  # the rest of it, if clean-up was interrupted
    try:
        mapping = deployment.deploy(aws)
        yield {
            "mapping": {"UUID": mapping},
            "mapping_now": lambda: lambda_.get_event_source_mapping(UUID=mapping),
        }
    finally:
        deployment.clean_up(aws)


def renew(lambda_: Any, function: str, megabytes: int) -> None:
    """Give a function that much memory, and environments that no earlier attempt has warmed up.

    A variable that nothing reads has another value each time, so the configuration is new.
    """
    now = lambda_.get_function_configuration(FunctionName=function)
    variables = now.get("Environment", {}).get("Variables", {})
    lambda_.update_function_configuration(
        FunctionName=function,
        MemorySize=megabytes,
        Environment={"Variables": {**variables, "ATTEMPT": uuid.uuid4().hex}},
    )
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})


def settle(lambda_: Any, mapping: str) -> str:
    """Wait until an event source mapping is done with a change; return its state."""

    def state() -> str:
        return str(lambda_.get_event_source_mapping(UUID=mapping)["State"])

    wait_until(f"mapping {mapping}", lambda: state() in STEADY)
    return state()


def enable(lambda_: Any, mapping: str) -> None:
    """Let an event source mapping poll, if it does not, and wait until it does."""
    if settle(lambda_, mapping) == "Disabled":
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
        settle(lambda_, mapping)


def _is_there(not_found: type[Exception], look: Callable[[], Any]) -> bool:
    try:
        look()
    except not_found:
        return False
    return True
