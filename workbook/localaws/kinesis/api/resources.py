"""Look up the resources that have tags and a policy: streams and consumers."""

from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.region import not_active
from workbook.localaws.kinesis.stream import Stream


def check_active(call: Call, arn: str) -> None:
    """Check that a resource is not a consumer that is CREATING or DELETING.

    Raises:
        ApiError: it is, or does not exist.
    """
    if "/consumer/" in arn:
        stream, consumer = call.region.consumer(arn, call.now)
        if consumer.status(call.now) != "ACTIVE":
            raise not_active(stream, consumer)


def resource(call: Call, arn: str) -> Stream | Consumer:
    """Return the stream or the consumer with this ARN.

    Raises:
        ApiError: it does not exist.
    """
    if "/consumer/" in arn:
        return call.region.consumer(arn, call.now)[1]
    return call.region.stream({"StreamARN": arn}, call.now)
