"""DynamoDB's Kinesis streaming destination: its states, and what is a change."""

import json
import time
import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.localaws.functions.lambda_functions import refused
from workbook import deployment
from workbook.target import Aws

INVALID = "Table is not in a valid state to enable Kinesis Streaming Destination: "
PRECISION = "ApproximateCreationDateTimePrecision"


class Streamed:
    """A table with binary keys, and a stream of the same name."""

    def __init__(self, aws: Aws) -> None:
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        self.dynamodb, self.kinesis = aws.client("dynamodb"), aws.client("kinesis")
        self.arn = deployment.create_stream(self.kinesis, self.name)
        self.table = {"TableName": self.name}
        self.destination = {**self.table, "StreamArn": self.arn}
        self.dynamodb.create_table(
            **self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "B"}],
        )

    def enable(self) -> None:
        self.dynamodb.enable_kinesis_streaming_destination(**self.destination)

    def described(self) -> list[dict[str, str]]:
        told = self.dynamodb.describe_kinesis_streaming_destination(**self.table)
        return list(told["KinesisDataStreamDestinations"])

    def changes(self, count: int) -> list[tuple[str, Any]]:
        """Return the names of changes with their ``dynamodb`` parts, once there are enough."""
        iterator = self.kinesis.get_shard_iterator(
            StreamName=self.name,
            ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]
        found: list[Any] = []
        deadline = time.monotonic() + 30
        while len(found) < count:
            assert time.monotonic() < deadline, found
            page = self.kinesis.get_records(ShardIterator=iterator)
            found += [json.loads(one["Data"]) for one in page["Records"]]
            iterator = page["NextShardIterator"]
        return [(one["eventName"], one["dynamodb"]) for one in found]


@pytest.fixture
def streamed(local: Aws) -> Streamed:
    return Streamed(local)


def key(value: bytes) -> dict[str, Any]:
    return {"id": {"B": value}}


def test_binary_values_are_base64_in_changes(streamed: Streamed) -> None:
    """[BC] As in all of DynamoDB's JSON: in keys, sets and documents."""
    streamed.enable()
    item = {
        **key(b"\x00\xff"),
        "set": {"BS": [b"\x01"]},
        "deep": {"M": {"list": {"L": [{"B": b"\x02"}]}}},
    }
    streamed.dynamodb.put_item(**streamed.table, Item=item)
    ((_, change),) = streamed.changes(1)
    assert change["Keys"] == {"id": {"B": "AP8="}}
    assert change["NewImage"] == {
        "id": {"B": "AP8="},
        "set": {"BS": ["AQ=="]},
        "deep": {"M": {"list": {"L": [{"B": "Ag=="}]}}},
    }


def test_values_of_all_types_are_in_changes_as_they_were_put(streamed: Streamed) -> None:
    """[SEEN] In DynamoDB's JSON; numbers are strings."""
    streamed.enable()
    item = {
        **key(b"1"),
        "string": {"S": "Zürich ✈"},
        "number": {"N": "-1.50"},
        "large": {"N": "12345678901234567890123456789012345678"},
        "true": {"BOOL": True},
        "null": {"NULL": True},
        "list": {"L": [{"S": "a"}, {"N": "1"}, {"NULL": True}]},
        "map": {"M": {"inner": {"M": {}}}},
        "strings": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2"]},
        "empty": {"S": ""},
    }
    streamed.dynamodb.put_item(**streamed.table, Item=item)
    ((_, change),) = streamed.changes(1)
    stored = streamed.dynamodb.get_item(**streamed.table, Key=key(b"1"))["Item"]
    image = change["NewImage"]
    assert {name: image[name] for name in item if name != "id"} == {
        name: stored[name] for name in item if name != "id"
    }
    assert image["large"] == item["large"]
    assert image["string"] == item["string"]
    assert (image["strings"], image["numbers"]) == (item["strings"], item["numbers"])


def test_an_update_that_creates_an_item_is_one_insert(streamed: Streamed) -> None:
    """[SEEN]"""
    streamed.enable()
    update = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    streamed.dynamodb.update_item(**streamed.table, Key=key(b"1"), **update)
    streamed.dynamodb.update_item(**streamed.table, Key=key(b"1"), **update)  # changes nothing
    streamed.dynamodb.delete_item(**streamed.table, Key=key(b"none"))
    streamed.dynamodb.delete_item(**streamed.table, Key=key(b"1"))
    inserted, removed = streamed.changes(2)
    assert inserted[0] == "INSERT"
    assert inserted[1]["NewImage"] == {"id": {"B": "MQ=="}, "n": {"N": "1"}}
    assert removed[0] == "REMOVE"


def test_a_transaction_sends_all_its_changes_or_none(streamed: Streamed) -> None:
    """[BC] Transactions write all or nothing, and so do their changes."""
    streamed.enable()

    def put(value: bytes, **condition: str) -> dict[str, Any]:
        return {"Put": {**streamed.table, "Item": key(value), **condition}}

    is_there = {"ConditionExpression": "attribute_exists(id)"}
    write = streamed.dynamodb.transact_write_items
    error = refused(write, TransactItems=[put(b"1"), put(b"2", **is_there)])
    assert error["Error"]["Code"] == "TransactionCanceledException"
    write(TransactItems=[put(b"3"), put(b"4")])
    assert [change["Keys"] for _, change in streamed.changes(2)] == [
        {"id": {"B": "Mw=="}},
        {"id": {"B": "NA=="}},
    ]


def test_a_table_keeps_its_destination_when_its_own_stream_changes(streamed: Streamed) -> None:
    """[OBS] Both work beside each other."""
    streamed.enable()
    for number, settings in enumerate(
        ({"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, {"StreamEnabled": False})
    ):
        streamed.dynamodb.update_table(**streamed.table, StreamSpecification=settings)
        streamed.dynamodb.put_item(**streamed.table, Item=key(b"%d" % number))
    assert [name for name, _ in streamed.changes(2)] == ["INSERT", "INSERT"]


def test_the_states_of_a_streaming_destination(streamed: Streamed) -> None:
    """[OBS] At most one is ACTIVE; one that is DISABLED stays in the list, and can be enabled."""
    dynamodb = streamed.dynamodb
    enable = dynamodb.enable_kinesis_streaming_destination
    disable = dynamodb.disable_kinesis_streaming_destination
    update = dynamodb.update_kinesis_streaming_destination
    finer = {"UpdateKinesisStreamingConfiguration": {PRECISION: "MICROSECOND"}}
    never_enabled = refused(disable, **streamed.destination)["Error"]["Message"]
    streamed.enable()
    again = refused(enable, **streamed.destination)["Error"]["Message"]
    configured = refused(
        disable,
        **streamed.destination,
        EnableKinesisStreamingConfiguration={PRECISION: "MICROSECOND"},
    )["Error"]["Message"]
    assert disable(**streamed.destination)["DestinationStatus"] == "DISABLING"
    assert streamed.described() == [{"StreamArn": streamed.arn, "DestinationStatus": "DISABLED"}]
    disabled = refused(disable, **streamed.destination)["Error"]["Message"]
    updated = refused(update, **streamed.destination, **finer)["Error"]["Message"]
    not_active = (
        f"{INVALID}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
    )
    assert never_enabled == disabled == not_active
    assert again == (
        f"{INVALID}EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform "
        "ENABLE operation."
    )
    assert configured == (
        "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters"
    )
    assert updated.startswith(
        f"{INVALID}Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
        "state."
    )
    streamed.enable()
    assert streamed.described() == [{"StreamArn": streamed.arn, "DestinationStatus": "ACTIVE"}]


def test_a_destination_without_a_stream_fails(streamed: Streamed) -> None:
    """[OBS] The call succeeds; the failed destination stays in the list."""
    missing = {**streamed.table, "StreamArn": f"{streamed.arn}-none"}
    told = streamed.dynamodb.enable_kinesis_streaming_destination(**missing)
    assert told["DestinationStatus"] == "ENABLING"
    streamed.enable()
    assert streamed.described() == [
        {"StreamArn": streamed.arn, "DestinationStatus": "ACTIVE"},
        {
            "StreamArn": missing["StreamArn"],
            "DestinationStatus": "ENABLE_FAILED",
            "DestinationStatusDescription": (
                "User does not have a permission to use kinesis stream"
            ),
        },
    ]


def test_an_unknown_precision_is_refused(streamed: Streamed) -> None:
    """[BC]"""
    error = refused(
        streamed.dynamodb.enable_kinesis_streaming_destination,
        **streamed.destination,
        EnableKinesisStreamingConfiguration={PRECISION: "NANOSECOND"},
    )
    assert error["Error"]["Code"] == "ValidationException"
    assert "Value 'NANOSECOND' at 'enableKinesisStreamingConfiguration" in error["Error"]["Message"]


def make_provisioned(aws: Aws, units: int) -> dict[str, str]:
    """Create a table with provisioned write capacity; return its name as a parameter."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    aws.client("dynamodb").create_table(
        TableName=name,
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": units},
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return {"TableName": name}


def large(identity: str) -> dict[str, Any]:
    """Return an item of 130 KB, of which a table of one unit a second takes three at once."""
    return {"id": {"S": identity}, "text": {"S": "x" * 1024 * 130}}


def impatient(aws: Aws) -> Any:
    """Return a client that never retries."""
    return boto3.client(
        "dynamodb",
        region_name=aws.region,
        endpoint_url=aws.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_a_table_throttles_writes_beyond_its_capacity(local: Aws) -> None:
    """[D23, SEEN] 1 unit a second writes 1 KB; 5 minutes of unused capacity are kept."""
    dynamodb, table = impatient(local), make_provisioned(local, 1)
    put = dynamodb.put_item
    for number in range(3):
        put(**table, Item=large(str(number)))
    assert refused(put, **table, Item=large("more"))["Error"] == {
        "Code": "ProvisionedThroughputExceededException",
        "Message": (
            "The level of configured provisioned throughput for the table was exceeded. Consider "
            "increasing your provisioning level with the UpdateTable API."
        ),
    }
    write = {"Put": {**table, "Item": large("again")}}
    error = refused(dynamodb.transact_write_items, TransactItems=[write])
    assert error["CancellationReasons"][0]["Code"] == "ProvisionedThroughputExceeded"
    dynamodb.update_table(**table, BillingMode="PAY_PER_REQUEST")
    put(**table, Item=large("on demand"))


def test_a_batch_returns_what_finds_no_capacity(local: Aws) -> None:
    """[BC] As unprocessed; a batch of which nothing is written fails."""
    dynamodb, table = impatient(local), make_provisioned(local, 1)
    requests = [{"PutRequest": {"Item": large(str(number))}} for number in range(5)]
    batch = {table["TableName"]: requests}
    answer = dynamodb.batch_write_item(RequestItems=batch)
    left = answer["UnprocessedItems"][table["TableName"]]
    assert 0 < len(left) < 5
    written = dynamodb.scan(**table, ProjectionExpression="id")["Items"]
    unwritten = [one["PutRequest"]["Item"]["id"] for one in left]
    both = sorted(one["S"] for one in [*unwritten, *(item["id"] for item in written)])
    assert both == ["0", "1", "2", "3", "4"]
    error = refused(dynamodb.batch_write_item, RequestItems=answer["UnprocessedItems"])
    assert error["Error"]["Code"] == "ProvisionedThroughputExceededException"
