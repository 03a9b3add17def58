"""Actions of Kinesis Data Streams and of Amazon Data Firehose [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

_STREAM = "kinesis:{region}:{account}:stream/{name}"


def _consumer(call: Call) -> Iterator[Access]:
    """Yield access to a consumer, by the names of its stream and its own."""
    action = f"kinesis:{call.operation}"
    arns = call.values("ConsumerARN")
    if not arns:
        stream, name = call.values("StreamARN"), call.values("ConsumerName")
        # Its ARN ends in the time of its creation, which is not in the call.
        arns = tuple(f"{one}/consumer/{other}:*" for one, other in zip(stream, name, strict=False))
    yield from (Access(action, arn) for arn in arns)


KINESIS = Service(
    resources={
        "ConsumerARN": "",
        "ResourceARN": "",
        "StreamARN": "",
        "StreamName": _STREAM,
        "QueueARN": "",
        "ChannelARN": "",
    },
    special={
        "DescribeStreamConsumer": _consumer,
        "DeregisterStreamConsumer": _consumer,
    },
)
FIREHOSE = Service(
    resources={"DeliveryStreamName": "firehose:{region}:{account}:deliverystream/{name}"},
)
