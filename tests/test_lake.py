"""The lake: what stands in it, and that nothing of it is left."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.handler.loading import load
from workbook import deployment, events, lake
from workbook.target import Aws
from workbook.waiting import wait_until


@pytest.fixture
def flight(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A flight as the handler writes it."""
    monkeypatch.setenv("OUTPUT_STREAM", "o")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    processed: dict[str, Any] = load().process_data(events.flight_event(), "shardId-0", "1")
    return processed


def test_the_table_has_a_column_for_all_that_the_handler_writes(flight: dict[str, Any]) -> None:
    assert set(lake.COLUMNS) == set(flight)


def test_what_is_written_stands_in_the_lake_and_is_gone_after_clean_up(
    local: Aws, tmp_path: Path, flight: dict[str, Any]
) -> None:
    kinesis, stream = local.client("kinesis"), "lake-source"
    deployment.create_stream(kinesis, stream)
    bucket = lake.create(local, stream)
    data = json.dumps(flight).encode()
    for _ in range(2):  # the same flight, twice
        kinesis.put_record(StreamName=stream, PartitionKey="k", Data=data)
    wait_until("both records to be in the lake", lambda: lake.delivered(local) >= 2)
    files = lake.download(local, bucket, tmp_path)
    assert files.bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    with lake.connect(tmp_path) as database:
        assert lake.count(database) == (2, 1)
        row = lake.row(
            database, "SELECT event_id, dep_delay, late, time_hour FROM delivered LIMIT 1"
        )
    hour = datetime.fromisoformat(flight["time_hour"]).replace(tzinfo=None)
    assert row == (flight["event_id"], flight["dep_delay"], flight["late"], hour)
    lake.clean_up(local, bucket)
    with pytest.raises(ClientError, match="404"):
        local.client("s3").head_bucket(Bucket=bucket)
    assert lake.DELIVERY_STREAM not in str(local.client("firehose").list_delivery_streams())
    assert lake.ROLE not in str(local.client("iam").list_roles()["Roles"])
    kinesis.delete_stream(StreamName=stream)


def test_an_empty_lake_has_no_flights(tmp_path: Path) -> None:
    with lake.connect(tmp_path) as database:
        assert lake.count(database) == (0, 0)
