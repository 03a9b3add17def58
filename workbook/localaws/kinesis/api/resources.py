"""What has tags and a policy: streams and consumers, named by their ARNs."""

from workbook.localaws.kinesis.call import Call
from workbook.localaws.kinesis.consumer import Consumer
from workbook.localaws.kinesis.stream import Stream


def resource(call: Call, arn: str) -> Stream | Consumer:
    """The stream or the consumer with this ARN.

    Raises:
        KinesisError: there is none.
    """
    if "/consumer/" in arn:
        return call.region.consumer(arn, call.now)[1]
    return call.region.stream({"StreamARN": arn}, call.now)
