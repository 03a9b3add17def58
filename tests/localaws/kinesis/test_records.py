"""Records through boto3: written, addressed and read, by many clients at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from workbook.target import Aws


def create(aws: Any, name: str, shards: int) -> Any:
    """Return a client, and a stream that is ACTIVE."""
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    deadline = time.monotonic() + 20
    status = None
    while status != "ACTIVE":
        assert time.monotonic() < deadline
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        status = summary["StreamStatus"]
        time.sleep(0.05)
    return kinesis


def read_all(kinesis: Any, stream: str) -> list[dict[str, Any]]:
    """Return every record of every shard, in order."""
    records = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        behind = None
        while behind != 0:
            answer = kinesis.get_records(ShardIterator=iterator)
            records += answer["Records"]
            behind, iterator = answer["MillisBehindLatest"], answer.get("NextShardIterator")
    return records


def test_records_come_back_in_order_with_56_digit_sequence_numbers(local: Aws) -> None:
    """[KD]"""
    kinesis = create(local, "records-order", shards=1)
    answer = kinesis.put_records(
        StreamName="records-order",
        Records=[{"Data": f"{n}".encode(), "PartitionKey": f"key-{n}"} for n in range(20)],
    )
    records = read_all(kinesis, "records-order")
    assert [record["Data"] for record in records] == [f"{n}".encode() for n in range(20)]
    numbers = [record["SequenceNumber"] for record in records]
    assert numbers == [entry["SequenceNumber"] for entry in answer["Records"]]
    assert {len(number) for number in numbers} == {56}
    assert sorted(numbers, key=int) == numbers


def test_the_stream_exists_waiter_ends(local: Aws) -> None:
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName="records-waiter", ShardCount=1)
    waiting = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 10}}
    kinesis.get_waiter("stream_exists").wait(StreamName="records-waiter", **waiting)
    kinesis.delete_stream(StreamName="records-waiter")
    kinesis.get_waiter("stream_not_exists").wait(StreamName="records-waiter", **waiting)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName="records-waiter")


def test_records_that_many_clients_write_at_once_are_all_stored(unlimited: Aws) -> None:
    kinesis = create(unlimited, "records-many", shards=4)

    def write(writer: Any) -> None:
        client = unlimited.client("kinesis")
        for call in range(6):
            answer = client.put_records(
                StreamName="records-many",
                Records=[
                    {"Data": f"{writer}/{call}/{n}".encode(), "PartitionKey": f"w{writer}"}
                    for n in range(500)
                ],
            )
            assert answer["FailedRecordCount"] == 0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    data = [record["Data"].decode() for record in read_all(kinesis, "records-many")]
    assert len(data) == len(set(data)) == 4 * 6 * 500
    for writer in range(4):
        own = [tuple(map(int, text.split("/")[1:])) for text in data if text[0] == str(writer)]
        assert own == sorted(own)  # one writer, one key: in the order of writing


def test_a_producer_that_resends_failed_records_loses_none(local: Aws) -> None:
    """[BC] Check FailedRecordCount and send only the failed records again."""
    kinesis = create(local, "records-throttled", shards=1)
    waiting = [{"Data": f"{n}".encode(), "PartitionKey": f"key-{n % 7}"} for n in range(1800)]
    throttled = 0
    deadline = time.monotonic() + 20
    while waiting:
        assert time.monotonic() < deadline
        batch, waiting = waiting[:500], waiting[500:]
        answer = kinesis.put_records(StreamName="records-throttled", Records=batch)
        failed = [
            record
            for record, entry in zip(batch, answer["Records"], strict=True)
            if "ErrorCode" in entry
        ]
        throttled += len(failed)
        waiting = failed + waiting
    data = sorted(int(record["Data"]) for record in read_all(kinesis, "records-throttled"))
    assert data == list(range(1800))
    assert throttled > 0


def test_errors_reach_boto3_as_its_exceptions(local: Aws) -> None:
    """[KL]"""
    kinesis = local.client("kinesis")
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException) as error:
        kinesis.put_record(StreamName="records-unknown", PartitionKey="k", Data=b"")
    response = error.value.response
    assert response["Error"]["Message"] == (
        "Stream records-unknown under account 123456789012 not found."
    )
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_each_region_has_its_own_streams(local: Aws) -> None:
    create(local, "records-region", shards=1)
    elsewhere = boto3.client(
        "kinesis",
        region_name="eu-west-1",
        endpoint_url=local.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    assert "records-region" not in elsewhere.list_streams()["StreamNames"]
