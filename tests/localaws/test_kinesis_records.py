"""Records: written, addressed, read."""


def test_records_come_back_in_order_with_56_digit_sequence_numbers(local):
    kinesis = local.client("kinesis")
    kinesis.create_stream(StreamName="records-order", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(
        StreamName="records-order", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
    answer = kinesis.put_records(
        StreamName="records-order",
        Records=[{"Data": f"{n}".encode(), "PartitionKey": f"key-{n}"} for n in range(20)],
    )
    iterator = kinesis.get_shard_iterator(
        StreamName="records-order",
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert [record["Data"] for record in records] == [f"{n}".encode() for n in range(20)]
    numbers = [record["SequenceNumber"] for record in records]
    assert numbers == [entry["SequenceNumber"] for entry in answer["Records"]]
    assert {len(number) for number in numbers} == {56}
    assert sorted(numbers, key=int) == numbers
