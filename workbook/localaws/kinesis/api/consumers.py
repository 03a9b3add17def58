"""Registered consumers (enhanced fan-out)."""

from typing import Any

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.kinesis.api.tags import check_tags
from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.errors import in_use, invalid, no_consumer, over_limit
from workbook.localaws.kinesis.stream import ON_DEMAND, Stream

CONSUMERS = 20  # of one stream
CONSUMERS_ADVANTAGE = 50  # of an on-demand stream with On-demand Advantage
CONSUMERS_CREATING = 5
PAGE = 100


def _describe(consumer: Consumer, now: float) -> dict[str, Any]:
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": consumer.status(now),
        "ConsumerCreationTimestamp": float(int(consumer.created)),
    }


def register_stream_consumer(call: Call) -> dict[str, Any]:
    """Register a consumer, which is CREATING for a short while."""
    call.limit_rate("RegisterStreamConsumer", 5)
    stream = call.usable_stream()
    name = call.parameters["ConsumerName"]
    consumers = call.region.consumers(stream, call.now)
    if name in consumers:
        raise in_use(
            f"Consumer {name} under stream {stream.name} already exists for account {ACCOUNT_ID}."
        )
    advantage = stream.mode == ON_DEMAND and call.region.commitment != "DISABLED"
    most = CONSUMERS_ADVANTAGE if advantage else CONSUMERS
    if len(consumers) >= most:
        raise over_limit(
            f"Stream {stream.name} under account {ACCOUNT_ID} has reached the limit of {most} "
            "registered consumers."
        )
    creating = [one for one in consumers.values() if one.status(call.now) == "CREATING"]
    if len(creating) >= CONSUMERS_CREATING:
        raise over_limit(
            f"At most {CONSUMERS_CREATING} consumers of stream {stream.name} under account "
            f"{ACCOUNT_ID} can be in state CREATING."
        )
    consumer = Consumer(
        name,
        f"{stream.arn}/consumer/{name}:{int(call.now)}",
        call.now,
        call.now + call.transition,
        tags=check_tags(name, {}, call.parameters.get("Tags", {})),
    )
    consumers[name] = consumer
    return {"Consumer": _describe(consumer, call.now)}


def find_consumer(call: Call) -> tuple[Stream, Consumer]:
    """Return the consumer that a call names by ARN, by stream and name, or by all three.

    Raises:
        ApiError: the call names no consumer, an unknown one, or two different ones.
    """
    arn, name = call.parameters.get("ConsumerARN"), call.parameters.get("ConsumerName")
    if arn is not None:
        stream, consumer = call.region.consumer(arn, call.now)
        if name not in (None, consumer.name) or (
            call.parameters.get("StreamARN") not in (None, stream.arn)
        ):
            raise invalid("StreamARN and ConsumerName do not match ConsumerARN.")
        return stream, consumer
    if name is None or "StreamARN" not in call.parameters:
        raise invalid("Either ConsumerARN or both StreamARN and ConsumerName must be specified.")
    stream = call.stream()
    found = call.region.consumers(stream, call.now).get(name)
    if found is None:
        raise no_consumer(name)
    return stream, found


def describe_stream_consumer(call: Call) -> dict[str, Any]:
    """Return a consumer and its stream."""
    call.limit_rate("DescribeStreamConsumer", 20)
    stream, consumer = find_consumer(call)
    return {"ConsumerDescription": {**_describe(consumer, call.now), "StreamARN": stream.arn}}


def list_stream_consumers(call: Call) -> dict[str, Any]:
    """Return a stream's consumers by name, in pages of up to 100."""
    call.limit_rate("ListStreamConsumers", 5)
    stream = call.stream()
    after = ""
    if "NextToken" in call.parameters:
        (after,) = call.seal.open_token(
            "ListStreamConsumers", call.parameters["NextToken"], call.now
        )
    consumers = call.region.consumers(stream, call.now)
    following = [consumers[name] for name in sorted(consumers) if name > after]
    page = following[: min(call.parameters.get("MaxResults", PAGE), PAGE)]
    answer: dict[str, Any] = {"Consumers": [_describe(consumer, call.now) for consumer in page]}
    if len(following) > len(page):
        answer["NextToken"] = call.seal.token("ListStreamConsumers", call.now, page[-1].name)
    return answer


def deregister_stream_consumer(call: Call) -> None:
    """Deregister a consumer, which is DELETING for a short while."""
    call.limit_rate("DeregisterStreamConsumer", 5)
    _, consumer = find_consumer(call)
    if consumer.gone_at is None:
        consumer.gone_at = call.now + call.transition
