"""Real function processes that crash, hang and fail, with destinations, through boto3."""

import json
from collections import defaultdict

from tests.localaws.mapping.aws import World, until

RECORDS = 120
KEYS = 10
SHAKY = """
import base64, json, os, random, time

def handler(event, context):
    fate = random.random()
    if fate < 0.08:
        os._exit(3)
    if fate < 0.12:
        time.sleep(30)  # over its timeout
    if fate < 0.2:
        raise RuntimeError("leaves a thread and a file behind" + str(open(__file__)))
    done = []
    failures = []
    for record in event["Records"]:
        n = json.loads(base64.b64decode(record["kinesis"]["data"]))
        number = record["kinesis"]["sequenceNumber"]
        if n % 31 == 30:
            failures.append({"itemIdentifier": number})
            break
        done.append([n, number])
    print(json.dumps({"done": done}))
    return {"batchItemFailures": failures}
"""


def test_under_any_failure_every_record_is_processed_or_at_the_destination(hurried: World) -> None:
    """[DG:with-kinesis] At least once, nothing invented, while a shard splits."""
    stream, function = hurried.stream(2), hurried.function(SHAKY, Timeout=1)
    name = stream.partition("/")[2]
    url, queue = hurried.queue()
    sent: dict[str, int] = {}
    settings = {
        "BatchSize": 10,
        "ParallelizationFactor": 4,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
    }

    def put(start: int, end: int) -> None:
        for n in range(start, end):
            answer = hurried.kinesis.put_record(
                StreamARN=stream, Data=json.dumps(n).encode(), PartitionKey=str(n % KEYS)
            )
            sent[answer["SequenceNumber"]] = n

    done: dict[int, list[str]] = defaultdict(list)
    given_up: list[tuple[int, int]] = []

    def all_accounted_for() -> bool:
        for message in hurried.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600
        ).get("Messages", []):
            batch = json.loads(message["Body"])["KinesisBatchInfo"]
            given_up.append((int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])))
        done.clear()
        for line in hurried.printed(function):
            for n, number in line.get("done", []):
                done[n].append(number)
        return all(
            n in done or any(first <= int(number) <= last for first, last in given_up)
            for number, n in sent.items()
        )

    with hurried.mapping(stream, function, **settings):
        put(0, RECORDS // 2)
        hurried.kinesis.split_shard(
            StreamName=name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**126)
        )
        put(RECORDS // 2, RECORDS)
        until(all_accounted_for)
    assert set(done) <= set(sent.values())
