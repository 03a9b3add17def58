"""Batches: size, window, the limit of 6 MB, and the format of records in the event."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.interfaces import Record
from workbook.localaws.mapping import batching
from workbook.localaws.mapping.event import EVENT_BYTES, encoder, event

ROLE = "arn:aws:iam::123456789012:role/r"
STREAM = "arn:aws:kinesis:us-east-2:123456789012:stream/s"
SHARD = "shardId-000000000006"

sizes = st.lists(st.integers(1, 60), max_size=30)


def model(waiting: list[int], batch_size: int, over: bool, room: int) -> int:
    """The rule in another form: the longest prefix that fits, and whether it may go."""
    fits = 0
    for count in range(1, len(waiting) + 1):
        if count <= batch_size and len('{"Records":[]}') + sum(waiting[:count]) + count - 1 <= room:
            fits = count
        else:
            break
    is_full = fits == batch_size or fits < len(waiting)
    return fits if over or is_full else 0


@given(sizes, st.integers(1, 20), st.booleans(), st.integers(80, 400))
def test_a_batch_ends_at_its_size_its_window_or_6_mb(
    waiting: list[int], batch_size: int, over: bool, room: int
) -> None:
    """[DG:invocation-eventsourcemapping] Compared with a reference model."""
    count = batching.next_batch(iter(waiting), batch_size, window_over=over, room=room)
    assert count == model(waiting, batch_size, over, room)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=40), st.integers(400, 4000))
def test_no_event_exceeds_the_limit_base64_and_envelope_included(
    data: list[bytes], room: int
) -> None:
    """[DG:invocation-eventsourcemapping] The limit applies to the whole event as it is sent."""
    encode = encoder(SHARD, STREAM, ROLE)
    entries = [encode(Record(10**55 + n, "k", one, 1.0)) for n, one in enumerate(data)]
    entries = [one for one in entries if batching.is_deliverable(len(one.json), room)]
    lengths = [len(one.json) for one in entries]
    count = batching.next_batch(lengths, 10_000, window_over=True, room=room)
    assert len(event(entries[:count])) <= room
    if count < len(entries):
        assert len(event(entries[: count + 1])) > room


def test_the_limit_of_an_event_is_six_megabytes() -> None:
    """[DG:with-kinesis] 6 MB, fixed."""
    assert EVENT_BYTES == 6 * 1024 * 1024


def test_a_record_over_the_limit_is_not_deliverable() -> None:
    """[KD:large-records] A record of 5 MB is over 6 MB in base64; one of 4 MB is not."""
    encode = encoder(SHARD, STREAM, ROLE)
    assert batching.is_deliverable(len(encode(Record(1, "k", bytes(4_000_000), 1.0)).json))
    assert not batching.is_deliverable(len(encode(Record(1, "k", bytes(5_000_000), 1.0)).json))


@pytest.mark.parametrize(("now", "over"), [(104.9, False), (105.0, True), (200.0, True)])
def test_the_window_is_over_after_its_seconds(now: float, over: bool) -> None:
    """[DG:services-kinesis-parameters] MaximumBatchingWindowInSeconds."""
    assert batching.window_over(100.0, 5, now) is over


def test_the_event_has_awss_keys_in_awss_order() -> None:
    """[OBS] Key by key as recorded, data in base64, arrival as a float of seconds."""
    number = 49590338271490256608559692538361571095921575989136588898
    entry = encoder(SHARD, STREAM, ROLE)(Record(number, 'k"é', b"\x00hi", 1545084650.987))
    assert orjson.loads(event([entry, entry])) == {"Records": [expected(number)] * 2}
    assert list(orjson.loads(event([entry]))["Records"][0]) == list(expected(number))
    assert list(orjson.loads(event([entry]))["Records"][0]["kinesis"]) == list(
        expected(number)["kinesis"]
    )


def expected(number: int) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": 'k"é',
            "sequenceNumber": str(number),
            "data": base64.b64encode(b"\x00hi").decode(),
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{SHARD}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-2",
        "eventSourceARN": STREAM,
    }
