"""The Lambda function, as Lambda calls it: batches in, records in the output stream."""

import base64
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from tests.handler.loading import load
from workbook.events import LambdaContext, flight_event, kinesis_event

STREAM = "processed_stream"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def module() -> Iterator[ModuleType]:
    """The function's file, imported once; its client talks to moto."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("OUTPUT_STREAM", STREAM)
        yield load()


@pytest.fixture
def handler(module: ModuleType) -> Iterator[ModuleType]:
    """The function, with an empty output stream of one shard."""
    module.KINESIS.create_stream(StreamName=STREAM, ShardCount=1)
    yield module
    module.KINESIS.delete_stream(StreamName=STREAM)


@pytest.fixture
def calls(handler: ModuleType) -> Iterator[list[list[dict[str, Any]]]]:
    """The records of each PutRecords call made by the function; the calls then go to moto."""
    seen: list[list[dict[str, Any]]] = []

    def see(params: dict[str, Any], **_: Any) -> None:
        seen.append(params["Records"])

    event = "provide-client-params.kinesis.PutRecords"
    handler.KINESIS.meta.events.register(event, see)
    yield seen
    handler.KINESIS.meta.events.unregister(event, see)


class CountedTime:
    """A context whose remaining time is what is left of ``millis``; sleeping reduces it."""

    def __init__(self, millis: int, monkeypatch: pytest.MonkeyPatch, handler: ModuleType) -> None:
        self.millis = float(millis)
        self.slept: list[float] = []
        monkeypatch.setattr(handler.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.millis -= 1000 * seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.millis)


def written(handler: ModuleType) -> list[dict[str, Any]]:
    """All records of the output stream, oldest first."""
    kinesis = handler.KINESIS
    shard = kinesis.list_shards(StreamName=STREAM)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = []
    while page := kinesis.get_records(ShardIterator=iterator):
        if not page["Records"]:
            return records
        records += page["Records"]
        iterator = page["NextShardIterator"]
    return records


def flights_written(handler: ModuleType) -> list[int]:
    return [json.loads(record["Data"])["flight"] for record in written(handler)]


def flights(*numbers: int) -> list[dict[str, Any]]:
    return [flight_event(flight=number) for number in numbers]


def sequence_number(event: dict[str, Any], position: int) -> str:
    return str(event["Records"][position]["kinesis"]["sequenceNumber"])


def failures(event: dict[str, Any], *positions: int) -> dict[str, Any]:
    """The partial batch response that names these records."""
    return {"batchItemFailures": [{"itemIdentifier": sequence_number(event, i)} for i in positions]}


def accepted(shard: str = "shardId-000000000000") -> dict[str, str]:
    return {"SequenceNumber": "1", "ShardId": shard}


def refused(code: str = "ProvisionedThroughputExceededException") -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": "Rate exceeded for shard."}


def test_good_batch(handler: ModuleType) -> None:
    event = kinesis_event(
        flights(1, 2, 3),
        partition_keys=["N1", "N2", "N1"],
        shard_id="shardId-000000000006",
    )
    assert handler.lambda_handler(event, LambdaContext()) == {"batchItemFailures": []}
    records = written(handler)
    assert sorted(record["PartitionKey"] for record in records) == ["N1", "N1", "N2"]
    first = json.loads(records[0]["Data"])
    assert first["event_id"] == "2013-01-01/UA/1/EWR"
    assert first["source_shard_id"] == "shardId-000000000006"
    assert first["source_sequence_number"] == sequence_number(event, 0)


@pytest.mark.parametrize("key", [{}, {"partitionKey": None}, {"partitionKey": ""}])
def test_a_record_without_a_tail_number_uses_its_event_id_as_key(
    handler: ModuleType, key: dict[str, Any]
) -> None:
    """[BC]: a stream with record distribution AUTO accepts records without a key."""
    event = kinesis_event(flights(1, 2))
    for record in event["Records"]:
        del record["kinesis"]["partitionKey"]
        record["kinesis"].update(key)
    assert handler.lambda_handler(event, LambdaContext()) == {"batchItemFailures": []}
    keys = [record["PartitionKey"] for record in written(handler)]
    assert keys == ["2013-01-01/UA/1/EWR", "2013-01-01/UA/2/EWR"]


def test_empty_batch(handler: ModuleType, calls: list[Any]) -> None:
    assert handler.lambda_handler({"Records": []}, LambdaContext()) == {"batchItemFailures": []}
    assert calls == []


def test_summary_is_one_line_of_json(
    handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    handler.lambda_handler(kinesis_event(flights(1, 2)), LambdaContext())
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "records": 2,
        "written": 2,
        "refused": {},
        "retry_from": None,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"{'flight': 1}", "not JSON", id="python's repr"),
        pytest.param(b"\xff\xfe", "not JSON", id="not UTF-8"),
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"[1, 2]", "must be a JSON object, not [1, 2]", id="a list"),
        pytest.param(b"null", "must be a JSON object, not None", id="null"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep nesting"),
        pytest.param(b"9" * 5_000, "not JSON", id="a number longer than Python reads"),
        pytest.param(b'{"dep_delay": NaN}', "NaN is not allowed; use null", id="NaN"),
        pytest.param(b"{}", "missing: year, month", id="no field"),
        pytest.param(
            json.dumps(flight_event(arr_delay=-0.5)).replace("-0.5", "1e999").encode(),
            "cannot be written as JSON",
            id="a number beyond floats",
        ),
        pytest.param(
            flight_event(carrier="United"),
            "carrier must be text like [A-Z0-9]{2}, not 'United'",
            id="a wrong field",
        ),
    ],
)
def test_a_bad_record_is_reported_and_all_before_it_are_written(
    handler: ModuleType, capsys: pytest.CaptureFixture[str], payload: Any, reason: str
) -> None:
    """[DG:services-kinesis-batchfailurereporting]: the batch is retried from there."""
    event = kinesis_event([*flights(1, 2), payload, *flights(4)])
    assert handler.lambda_handler(event, LambdaContext()) == failures(event, 2)
    assert flights_written(handler) == [1, 2]
    summary = json.loads(capsys.readouterr().out)
    assert summary["retry_from"] == sequence_number(event, 2)
    assert reason in summary["reason"]


@pytest.mark.parametrize("data", ["%%%", "eyJ", "é"])
def test_bad_base64_is_reported(
    handler: ModuleType, capsys: pytest.CaptureFixture[str], data: str
) -> None:
    event = kinesis_event(flights(1, 2))
    event["Records"][1]["kinesis"]["data"] = data
    assert handler.lambda_handler(event, LambdaContext()) == failures(event, 1)
    assert "data is not base64" in capsys.readouterr().out


def test_only_the_first_bad_record_is_reported(handler: ModuleType) -> None:
    """The mapping uses the lowest number, and repeats that record and all after it."""
    event = kinesis_event([*flights(1), b"bad", *flights(3), b"bad"])
    assert handler.lambda_handler(event, LambdaContext()) == failures(event, 1)
    assert flights_written(handler) == [1]


def test_a_bad_first_record_fails_the_batch(handler: ModuleType, calls: list[Any]) -> None:
    """BisectBatchOnFunctionError then halves it [DG:kinesis-on-failure-destination].

    No page says what a report of the first record does with that setting.
    """
    event = kinesis_event([b"bad", *flights(2, 3)])
    number = sequence_number(event, 0)
    with pytest.raises(handler.BadRecord, match=f"first of 3 records, {number}: data is not JSON"):
        handler.lambda_handler(event, LambdaContext())
    assert calls == []


def test_nulls_stay_null(handler: ModuleType) -> None:
    cancelled = flight_event(dep_time=None, dep_delay=None, arr_time=None, tailnum=None)
    assert not handler.lambda_handler(kinesis_event([cancelled]), LambdaContext())[
        "batchItemFailures"
    ]
    (record,) = written(handler)
    data = json.loads(record["Data"])
    assert data["delay_class"] == "cancelled"
    assert data["tailnum"] is None
    assert data["late"] is False


def test_more_than_500_records(handler: ModuleType, calls: list[Any]) -> None:
    """[KD:service-sizes-and-limits]: a call has at most 500 records."""
    event = kinesis_event(flights(*range(1, 1102)))
    assert not handler.lambda_handler(event, LambdaContext())["batchItemFailures"]
    assert [len(call) for call in calls] == [500, 500, 101]
    assert flights_written(handler) == list(range(1, 1102))


def test_over_10_mib(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """[KD:service-sizes-and-limits]: a call has at most 10 MiB, keys included.

    moto still has the old limit of 5 MiB, so the calls do not reach it.
    """
    calls: list[Any] = []

    def put_records(StreamName: str, Records: list[Any]) -> dict[str, Any]:
        calls.append(Records)
        return {"Records": [accepted() for _ in Records]}

    monkeypatch.setattr(handler.KINESIS, "put_records", put_records)
    large = [{**flight, "note": "x" * (MIB - 2000)} for flight in flights(*range(1, 13))]
    event = kinesis_event(large)
    assert not handler.lambda_handler(event, LambdaContext())["batchItemFailures"]
    sizes = [sum(len(r["Data"]) + len(r["PartitionKey"].encode()) for r in call) for call in calls]
    assert [len(call) for call in calls] == [10, 2]
    assert max(sizes) <= 10 * MIB


def record_of(handler: ModuleType, size: int, key: str) -> dict[str, Any]:
    """A batch of one record that, enriched, has exactly this many bytes of data and key."""
    event = kinesis_event([{**flight_event(), "note": ""}], partition_keys=[key])
    padding = size - handler.process_record(event["Records"][0]).size
    return kinesis_event([{**flight_event(), "note": "x" * padding}], partition_keys=[key])


def test_the_largest_record_is_written(handler: ModuleType) -> None:
    """[KD:service-sizes-and-limits]: 1 MiB of data and partition key, in bytes of UTF-8."""
    event = record_of(handler, MIB, "schlüssel")
    assert handler.lambda_handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert len(written(handler)[0]["Data"]) == MIB - len("schlüssel".encode())


def test_an_oversized_record_is_bad(handler: ModuleType, calls: list[Any]) -> None:
    event = record_of(handler, MIB + 1, "schlüssel")
    with pytest.raises(handler.BadRecord, match=f"it is {MIB + 1:,} bytes; the limit is {MIB:,}"):
        handler.lambda_handler(event, LambdaContext())
    assert calls == []


def answer(stubber: Stubber, keys: list[str], entries: list[dict[str, str]]) -> None:
    """Expect a call with these keys, and respond with these entries."""
    response: dict[str, Any] = {"Records": entries}
    if failed := sum("ErrorCode" in entry for entry in entries):
        response["FailedRecordCount"] = failed
    records = [{"PartitionKey": key, "Data": ANY} for key in keys]
    stubber.add_response("put_records", response, {"StreamName": STREAM, "Records": records})


def test_only_refused_entries_are_sent_again(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """[KD] PutRecords returns 200 with an error for each entry that it refuses."""
    context = CountedTime(60_000, monkeypatch, handler)
    with Stubber(handler.KINESIS) as stubber:
        answer(stubber, ["a", "b", "c"], [refused(), accepted(), refused("InternalFailure")])
        answer(stubber, ["a", "c"], [accepted(), refused()])
        answer(stubber, ["c"], [accepted()])
        event = kinesis_event(flights(1, 2, 3), partition_keys=["a", "b", "c"])
        assert handler.lambda_handler(event, context) == {"batchItemFailures": []}
        stubber.assert_no_pending_responses()
    assert json.loads(capsys.readouterr().out)["refused"] == {
        "ProvisionedThroughputExceededException": 2,
        "InternalFailure": 1,
    }


def test_a_record_waits_for_a_refused_one_with_the_same_key(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = CountedTime(60_000, monkeypatch, handler)
    with Stubber(handler.KINESIS) as stubber:
        answer(stubber, ["a", "b"], [refused(), accepted()])
        answer(stubber, ["a", "c"], [accepted(), accepted()])
        answer(stubber, ["a"], [accepted()])
        event = kinesis_event(flights(1, 2, 3, 4), partition_keys=["a", "b", "a", "c"])
        # c could go with the first call too: the oldest records go first, each key once
        monkeypatch.setattr(handler, "MAX_CALL_RECORDS", 2)
        assert handler.lambda_handler(event, context) == {"batchItemFailures": []}
        stubber.assert_no_pending_responses()


def test_pauses_grow_up_to_a_limit(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler.random, "uniform", lambda low, high: high)
    context = CountedTime(60_000, monkeypatch, handler)
    with Stubber(handler.KINESIS) as stubber:
        for _ in range(8):
            answer(stubber, ["a"], [refused()])
        answer(stubber, ["a"], [accepted()])
        event = kinesis_event(flights(1), partition_keys=["a"])
        handler.lambda_handler(event, context)
    assert context.slept == [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_time_running_out_reports_the_first_record_not_written(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = CountedTime(1_010, monkeypatch, handler)
    monkeypatch.setattr(handler.random, "uniform", lambda low, high: high)
    event = kinesis_event([*flights(1, 2, 3), b"bad"], partition_keys=["a", "b", "c", "d"])
    with Stubber(handler.KINESIS) as stubber:
        answer(stubber, ["a", "b", "c"], [accepted(), refused(), accepted()])
        assert handler.lambda_handler(event, context) == failures(event, 1)
    summary = json.loads(capsys.readouterr().out)
    assert summary["written"] == 2
    assert "no time left to write 1 records" in summary["reason"]
    assert "'ProvisionedThroughputExceededException': 1" in summary["reason"]


def test_time_running_out_before_the_first_record_is_written_fails(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = CountedTime(5_000, monkeypatch, handler)
    always_refused = {"FailedRecordCount": 1, "Records": [refused("InternalFailure")]}
    monkeypatch.setattr(handler.KINESIS, "put_records", lambda **_: always_refused)
    with pytest.raises(handler.NotWritten, match=r"1 records to processed_stream.*InternalFailure"):
        handler.lambda_handler(kinesis_event(flights(1)), context)
    assert 0 < context.millis < 5_000


def test_no_call_is_started_without_enough_time(
    handler: ModuleType, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = CountedTime(handler.MARGIN_MILLIS - 1, monkeypatch, handler)
    with pytest.raises(handler.NotWritten, match=r"refused so far: \{\}"):
        handler.lambda_handler(kinesis_event(flights(1)), context)
    assert calls == []


def test_a_missing_stream_fails_the_batch(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "OUTPUT_STREAM", "elsewhere")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        handler.lambda_handler(kinesis_event(flights(1)), LambdaContext())


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_fails_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("OUTPUT_STREAM", raising=False)
    if value is not None:
        monkeypatch.setenv("OUTPUT_STREAM", value)
    with pytest.raises(RuntimeError, match="OUTPUT_STREAM"):
        load()


def test_data_is_base64_as_lambda_sends_it() -> None:
    """The synthetic events used above equal those that a function gets on AWS [OBS]."""
    record = kinesis_event(flights(1))["Records"][0]
    assert json.loads(base64.b64decode(record["kinesis"]["data"])) == flight_event(flight=1)
