"""Records that the Kinesis Producer Library packed into one."""

import base64
import hashlib
import json

from hypothesis import example, given
from hypothesis import strategies as st

from tests.localaws.functions.lambda_functions import create, log_lines
from tests.localaws.integrations.firehose.delivering import Lake
from tests.localaws.integrations.firehose.test_transformation import TELLS, processing
from workbook.localaws.integrations.firehose.aggregation import MAGIC, UserRecord, unpacked


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def aggregated(records: list[UserRecord]) -> bytes:
    """Pack records as the KPL does, each partition key once, with a tag and a hash key."""
    keys = list(dict.fromkeys(one.partition_key for one in records))
    message = b"".join(field(1, key.encode()) for key in keys) + field(2, b"12345")
    for one in records:
        index, hash_index = varint(keys.index(one.partition_key)), varint(0)
        tag = field(4, field(1, b"name"))
        message += field(3, b"\x08" + index + b"\x10" + hash_index + field(3, one.data) + tag)
    return MAGIC + message + hashlib.md5(message).digest()


RECORDS = st.lists(st.builds(UserRecord, st.text(min_size=1, max_size=5), st.binary(max_size=300)))


@given(RECORDS)
def test_aggregated_records_are_unpacked_in_order(records: list[UserRecord]) -> None:
    """[KPL]"""
    assert unpacked(aggregated(records)) == records


@given(st.binary(max_size=60), st.booleans())
@example(b"", True)
@example(field(3, b"\x08\x07" + field(3, b"x")), True)  # a missing partition key
@example(b"\x1a\x80", True)  # ends within a number
def test_a_record_that_only_looks_aggregated_stays_as_it_is(
    message: bytes, has_digest: bool
) -> None:
    """[KPL] Any such record is recognised, and nothing raises an error."""
    digest = hashlib.md5(message).digest() if has_digest else b"?" * 16
    found = unpacked(MAGIC + message + digest)
    assert found is None or has_digest
    assert unpacked(message) is None or message.startswith(MAGIC)


def test_aggregated_records_of_a_stream_are_delivered_one_by_one(lake: Lake) -> None:
    """[FH:writing-with-kinesis-streams] Firehose undoes the KPL's aggregation."""
    kinesis, arn = lake.aws.client("kinesis"), lake.make_stream()
    function = create(lake.aws, TELLS)
    lake.deliver(stream_arn=arn, **processing(lake, function))
    data = aggregated([UserRecord("a", b"one"), UserRecord("b", b"two")])
    put = kinesis.put_record(StreamName=lake.name, PartitionKey="packed", Data=data)

    lake.arrived(1)  # in the error output, because the response has no records
    line = next(one for one in log_lines(lake.aws, function) if one.startswith("EVENT"))
    records = json.loads(line.removeprefix("EVENT "))["records"]
    assert [base64.b64decode(one["data"]) for one in records] == [b"one", b"two"]
    known = [one["kinesisRecordMetadata"] for one in records]
    assert [one["partitionKey"] for one in known] == ["a", "b"]
    assert [one["subsequenceNumber"] for one in known] == [0, 1]
    assert {one["sequenceNumber"] for one in known} == {put["SequenceNumber"]}
