"""The stream or consumer of a call, for the permission check."""

from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.kinesis.call import Call


def of(operation: str, call: Call) -> tuple[dict[str, Any], str | None]:
    """Return a call's parameters with its stream named, and the stream's or consumer's policy.

    For a shard iterator or a page token, decrypt it to find the stream.
    """
    parameters = call.parameters
    name = parameters.get("StreamName")
    if operation == "GetRecords":
        name = call.seal.open_iterator(parameters["ShardIterator"], call.now).stream
    elif operation == "ListShards" and "NextToken" in parameters:
        name = call.seal.open_token("ListShards", parameters["NextToken"], call.now)[0]
    if name is not None and "StreamName" not in parameters:
        parameters = {**parameters, "StreamName": name}
    return parameters, _policy(call, parameters)


def _policy(call: Call, parameters: dict[str, Any]) -> str | None:
    """Return the resource's policy; None if it has none or does not exist."""
    consumer_arn = parameters.get("ConsumerARN")
    try:
        if consumer_arn is not None:
            _, consumer = call.region.consumer(consumer_arn, call.now)
            return consumer.policy
        if "StreamName" in parameters or "StreamARN" in parameters:
            return call.region.stream(parameters, call.now).policy
    except ApiError:  # callers without permission must not learn whether the stream exists
        pass
    return None
