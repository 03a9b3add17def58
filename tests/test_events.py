"""Synthetic Lambda events look like AWS's."""

import base64
import json
import time
from typing import Any

import pytest

from workbook import flights
from workbook.events import LambdaContext, flight_event, kinesis_event


def test_an_event_has_awss_fields_in_awss_order() -> None:
    """[OBS]: names, order and types of a recorded event."""
    arn = "arn:aws:kinesis:us-east-2:123456789012:stream/s"
    event = kinesis_event(
        [b"hello"],
        partition_keys=["k"],
        shard_id="shardId-000000000006",
        stream_arn=arn,
        first_arrival=1545084650.987,
    )
    number = event["Records"][0]["kinesis"]["sequenceNumber"]
    assert json.dumps(event) == json.dumps(
        {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": "k",
                        "sequenceNumber": number,
                        "data": "aGVsbG8=",
                        "approximateArrivalTimestamp": 1545084650.987,
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"shardId-000000000006:{number}",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": "arn:aws:iam::123456789012:role/process-flights-role",
                    "awsRegion": "us-east-2",
                    "eventSourceARN": arn,
                }
            ]
        }
    )


def test_sequence_numbers_have_56_digits_and_increase() -> None:
    """[KL]: across seconds, and for every shard."""
    for shard in ("shardId-000000000000", "shardId-000000000017"):
        records = kinesis_event([b""] * 2500, shard_id=shard)["Records"]
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        assert {len(number) for number in numbers} == {56}
        assert sorted(set(numbers), key=int) == numbers


def test_sequence_number_holds_shard_and_time() -> None:
    """[KL]: the layout, read back."""
    record = kinesis_event([b""], shard_id="shardId-000000000018", first_arrival=1_767_225_600)
    digits = f"{int(record['Records'][0]['kinesis']['sequenceNumber']):x}"
    assert len(digits) == 47
    assert int(digits[10], 16) == 18 % 16
    assert int(digits[29:38], 16) == 1_767_225_600
    assert int(digits[38:46], 16) == 18


def test_arrivals_follow_one_another() -> None:
    records = kinesis_event([b"", b"", b""], first_arrival=100)["Records"]
    arrivals = [record["kinesis"]["approximateArrivalTimestamp"] for record in records]
    assert arrivals == [100, 100.001, 100.002]


@pytest.mark.parametrize(
    ("payload", "data"),
    [({"a": None}, b'{"a":null}'), (b"{'a': 1}", b"{'a': 1}"), (b"\xff", b"\xff")],
)
def test_dictionaries_become_json_and_bytes_stay(payload: Any, data: bytes) -> None:
    (record,) = kinesis_event([payload])["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == data


def test_empty_batch() -> None:
    assert kinesis_event([]) == {"Records": []}


@pytest.mark.parametrize("payload", [flight_event(), b"data"])
def test_a_single_payload_must_be_in_a_list(payload: Any) -> None:
    with pytest.raises(TypeError, match=r"a list, .* kinesis_event\(\[flight\]\)"):
        kinesis_event(payload)


def test_keys_must_match_the_payloads() -> None:
    with pytest.raises(ValueError, match="partition_keys: 1 keys for 2 payloads"):
        kinesis_event([b"", b""], partition_keys=["k"])


def test_keys_differ_when_none_are_given() -> None:
    records = kinesis_event([b"", b""])["Records"]
    assert [record["kinesis"]["partitionKey"] for record in records] == ["key-0", "key-1"]


def test_flight_event_is_the_first_flight_of_the_data() -> None:
    frame = flights.load(month=1, day=1, carrier="UA", flight=1545)
    assert [flight_event()] == list(flights.events(frame))


def test_flight_event_accepts_changes_of_known_fields_only() -> None:
    assert flight_event(dep_delay=None)["dep_delay"] is None
    assert flight_event()["dep_delay"] == 2
    with pytest.raises(TypeError, match="no field delay"):
        flight_event(delay=3)


def test_the_context_counts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    context = LambdaContext(timeout=3)
    assert context.get_remaining_time_in_millis() == 3000
    now += 1.25
    assert context.get_remaining_time_in_millis() == 1750
    now += 5
    assert context.get_remaining_time_in_millis() == 0


def test_the_context_names_the_function_as_lambda_does() -> None:
    context = LambdaContext(function_name="f")
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert context.log_group_name == "/aws/lambda/f"
    assert context.memory_limit_in_mb == "128"
    assert context.aws_request_id != LambdaContext().aws_request_id
