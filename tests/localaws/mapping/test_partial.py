"""ReportBatchItemFailures: every form of response."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, Verdict, verdict

BATCH = [9, 10, 11]  # as text "10" and "11" are below "9"


def items(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}


@pytest.mark.parametrize("reply", [None, "", [], {}])
def test_an_empty_response_is_success(reply: Any) -> None:
    """[OBS] null, "", [] and {}."""
    assert verdict(json.dumps(reply).encode(), BATCH) == Succeeded()


@pytest.mark.parametrize("failures", [None, []])
def test_no_failures_is_success(failures: Any) -> None:
    """[DG:services-kinesis-batchfailurereporting, OBS]"""
    assert verdict(json.dumps({"batchItemFailures": failures}).encode(), BATCH) == Succeeded()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (items("9"), FailedFrom(0)),
        (items("11"), FailedFrom(2)),
        (items("11", "10"), FailedFrom(1)),
        (items("10", "9"), FailedFrom(0)),
    ],
)
def test_the_lowest_sequence_number_is_the_checkpoint(reply: Any, expected: Verdict) -> None:
    """[DG:services-kinesis-batchfailurereporting] Compared as integers, not as text."""
    assert verdict(json.dumps(reply).encode(), BATCH) == expected


@pytest.mark.parametrize("identifier", ["", None])
def test_an_empty_identifier_fails_the_batch(identifier: Any) -> None:
    """[DG:services-kinesis-batchfailurereporting, OBS]"""
    assert verdict(json.dumps(items(identifier)).encode(), BATCH) == Failed()


@pytest.mark.parametrize("reply", [{"foo": []}, {"batchItemFailures": [{"foo": "9"}]}])
def test_a_wrong_key_fails_the_batch(reply: Any) -> None:
    """[DG:services-kinesis-batchfailurereporting, OBS]"""
    assert verdict(json.dumps(reply).encode(), BATCH) == Failed()


@pytest.mark.parametrize(
    "reply", [items("123"), items(123), items("9", "123"), items("x"), items("9" * 5000)]
)
def test_an_identifier_that_is_not_in_the_batch_fails_it(reply: Any) -> None:
    """[OBS] Even beside one that is."""
    assert verdict(json.dumps(reply).encode(), BATCH) == Failed()


@pytest.mark.parametrize("payload", [b'"done"', b"7", b"true", b"[1]", b"0", b"false", b"{"])
def test_other_shapes_fail_the_batch(payload: bytes) -> None:
    """[?] Not described by AWS; failing loses nothing."""
    assert verdict(payload, BATCH) == Failed()


@given(st.lists(st.integers(1, 2**180), unique=True, min_size=1), st.data())
def test_records_before_the_first_reported_one_are_done(
    batch: list[int], data: st.DataObject
) -> None:
    """[DG:services-kinesis-batchfailurereporting] For any batch and any report on it."""
    batch.sort()
    reported = data.draw(st.lists(st.sampled_from(batch), min_size=1))
    result = verdict(json.dumps(items(*map(str, reported))).encode(), batch)
    assert result == FailedFrom(batch.index(min(reported)))
