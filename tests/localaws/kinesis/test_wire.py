"""Wire formats, and parameters refused in AWS's words."""

from typing import Any

import cbor2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.kinesis.harness import AwsError, Kinesis

JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"
TAGGED = {1: lambda value, _: ("timestamp", value)}  # cbor2 would read milliseconds as seconds


def by_cbor(kinesis: Kinesis, operation: str, **parameters: Any) -> Any:
    response = kinesis.send(operation, cbor2.dumps(parameters), CBOR)
    assert response.headers["content-type"] == CBOR
    content = cbor2.loads(response.body, semantic_decoders=TAGGED) if response.body else None
    return response.status, content


def refusal(kinesis: Kinesis, operation: str, **parameters: Any) -> Any:
    with pytest.raises(AwsError) as error:
        kinesis(operation, **parameters)
    return error.value.code, error.value.message


def test_cbor_carries_bytes_and_whole_milliseconds(kinesis: Kinesis) -> None:
    """[OBS] Timestamps have CBOR's tag for them."""
    status, answer = by_cbor(
        kinesis, "PutRecord", StreamName="s", PartitionKey="k", Data=b"\x00\xff"
    )
    assert status == 200
    iterator = {"StreamName": "s", "ShardId": "shardId-000000000000"}
    milliseconds = int(kinesis.clock.now() * 1000)
    for moment in (milliseconds, cbor2.CBORTag(1, milliseconds)):
        _, found = by_cbor(
            kinesis,
            "GetShardIterator",
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=moment,
            **iterator,
        )
        _, records = by_cbor(kinesis, "GetRecords", ShardIterator=found["ShardIterator"])
        assert records["Records"] == [
            {
                "SequenceNumber": answer["SequenceNumber"],
                "ApproximateArrivalTimestamp": ("timestamp", milliseconds),
                "Data": b"\x00\xff",
                "PartitionKey": "k",
            }
        ]


def test_cbor_errors_are_cbor(kinesis: Kinesis) -> None:
    status, error = by_cbor(kinesis, "DescribeStream", StreamName="unknown")
    assert status == 400
    assert error["__type"] == "ResourceNotFoundException"


def test_a_body_that_is_neither_is_refused(kinesis: Kinesis) -> None:
    response = kinesis.send("ListStreams", b"{not json")
    assert response.status == 400
    assert orjson.loads(response.body)["__type"] == "SerializationException"


def test_an_unknown_operation_is_refused(kinesis: Kinesis) -> None:
    assert refusal(kinesis, "Nonsense")[0] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        (
            "DescribeStream",
            {"StreamName": "no spaces"},
            "1 validation error detected: Value 'no spaces' at 'streamName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            "CreateStream",
            {"StreamName": "x" * 129, "ShardCount": 0},
            f"2 validation errors detected: Value '{'x' * 129}' at 'streamName' failed to satisfy "
            "constraint: Member must have length less than or equal to 128; Value '0' at "
            "'shardCount' failed to satisfy constraint: Member must have value greater than or "
            "equal to 1",
        ),
        (
            "GetShardIterator",
            {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "OLDEST"},
            "1 validation error detected: Value 'OLDEST' at 'shardIteratorType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [AT_SEQUENCE_NUMBER, "
            "AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST, AT_TIMESTAMP]",
        ),
        (
            "PutRecords",
            {"StreamName": "s", "Records": [{"PartitionKey": "k" * 257, "Data": ""}]},
            f"1 validation error detected: Value '{'k' * 257}' at 'records.1.member.partitionKey' "
            "failed to satisfy constraint: Member must have length less than or equal to 256",
        ),
        (
            "PutRecords",
            {"StreamName": "s", "Records": []},
            "1 validation error detected: Value at 'records' failed to satisfy constraint: Member "
            "must have length greater than or equal to 1",
        ),
        (
            "GetRecords",
            {"ShardIterator": "x", "Limit": 10_001},
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 10000",
        ),
        (
            "ListShards",
            {"StreamName": "s", "ShardFilter": {"Type": "{braces}"}},
            "1 validation error detected: Value '{braces}' at 'shardFilter.type' failed to satisfy "
            "constraint: Member must satisfy enum value set: [AFTER_SHARD_ID, AT_TRIM_HORIZON, "
            "FROM_TRIM_HORIZON, AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]",
        ),
    ],
)
def test_values_outside_the_models_constraints(
    kinesis: Kinesis, operation: str, parameters: dict[str, Any], message: str
) -> None:
    """[KL] AWS's words for every constraint."""
    assert refusal(kinesis, operation, **parameters) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"StreamName": 5},
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can "
            "not be converted to an String",
        ),
        ({"StreamName": ["s"]}, "Start of list found where not expected"),
        (
            {"StreamName": "s", "Limit": "5"},
            "class java.lang.String can not be converted to an Integer",
        ),
        (
            {"StreamName": "s", "Limit": True},
            "class java.lang.Boolean can not be converted to an Integer",
        ),
    ],
)
def test_values_of_a_wrong_type(kinesis: Kinesis, parameters: dict[str, Any], message: str) -> None:
    """[KL]"""
    assert refusal(kinesis, "DescribeStream", **parameters) == ("SerializationException", message)


ODD = [
    b"",
    b"\xff\xfe",
    b"\xf7",  # CBOR: undefined
    b"\xa1\x61a\xf9\x7e\x00",  # {"a": NaN}
    b"\x81" * 1000 + b"\x00",  # lists in lists
    b"\xa1\x6aStreamName\x61\xff",  # text that is not UTF-8
    b"\xa1\x6aStreamName\xc1\x01",  # a timestamp for a name
    b"\xa1\x6aStreamName\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
    b"\xa1\x6aStreamName\xd9\x01\x02\x81\x01",  # a set
    b"\xa1\x45Limit\xc2\x58\xff" + b"\xff" * 255,  # an integer of 255 bytes
    b'{"StreamName": "s"',
    b'{"StreamName": "\\ud800"}',
    b'{"Limit": 1e999}',
    b'{"Limit": 123456789012345678901234567890}',
    b"[" * 2000,
]


@pytest.mark.parametrize("body", ODD)
def test_unusual_bodies_are_refused(kinesis: Kinesis, body: bytes) -> None:
    """No body in either format causes an internal error."""
    for content_type in (JSON, CBOR):
        for operation in ("DescribeStream", "PutRecords", "GetShardIterator", "CreateStream"):
            response = kinesis.send(operation, body, content_type)
            assert response.status == 400
            assert response.headers["content-type"] == content_type


@given(st.binary())
def test_any_bytes_get_a_response_of_the_api(body: bytes) -> None:
    with Kinesis(limits=False) as kinesis:
        for content_type in (JSON, CBOR):
            assert kinesis.send("ListStreams", body, content_type).status in (200, 400)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    )
)
def test_any_parameters_get_a_response_of_the_api(value: Any) -> None:
    with Kinesis(limits=False) as kinesis:
        for operation in ("PutRecords", "ListShards", "CreateStream"):
            for body in (value, {"StreamName": value, "Records": value, "ShardFilter": value}):
                try:
                    text = orjson.dumps(body)
                except (TypeError, orjson.JSONEncodeError):
                    continue  # integers and text that JSON cannot carry
                response = kinesis.send(operation, text)
                assert response.status in (200, 400)
