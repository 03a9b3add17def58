"""The platform's lines and documents, to the letter as recorded on AWS [OBS]."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.functions.log_lines import TAIL_BYTES, JsonLines, TextLines, billed, tail
from workbook.localaws.functions.outcome import TIMEOUT, Failure, exited, timed_out

TEXT = TextLines()


def test_a_cold_report() -> None:
    """250.06 + 100.77 are billed as 351 (AWS Compute Blog, 2025-04-29)."""
    assert TEXT.report("id", 250.06, 128, 40, 100.77, None) == (
        "REPORT RequestId: id\tDuration: 250.06 ms\tBilled Duration: 351 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 40 MB\tInit Duration: 100.77 ms\t\n"
    )


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        (TIMEOUT, "Status: timeout\n"),
        (
            Failure("error", "Runtime.ExitError"),
            "Status: error\tError Type: Runtime.ExitError\n",
        ),
    ],
)
def test_a_report_of_a_failure(failure: Failure, ending: str) -> None:
    line = TEXT.report("id", 3000, 128, 400, None, failure)
    assert line == (
        "REPORT RequestId: id\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 128 MB\t" + ending
    )


def test_an_init_report() -> None:
    assert TEXT.init_report(1236.04, "init", TIMEOUT) == (
        "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout\n"
    )


def test_the_documents_of_failures() -> None:
    assert json.loads(timed_out("id", 3))["errorMessage"] == (
        "RequestId: id Error: Task timed out after 3.00 seconds"
    )
    assert json.loads(exited("id", 0))["errorMessage"] == (
        "RequestId: id Error: Runtime exited without providing a reason"
    )


@given(duration=st.floats(0.01, 900_000), init=st.none() | st.floats(0, 10_000))
def test_the_billed_duration_is_the_sum_rounded_up(duration: float, init: float | None) -> None:
    total = duration + (init or 0)
    assert total - 0.01 <= billed(duration, init) <= math.ceil(total)


def test_json_has_the_same_numbers() -> None:
    line = json.loads(JsonLines(lambda: 0.0).report("id", 250.06, 128, 40, 100.77, None))
    assert line == {
        "time": "1970-01-01T00:00:00.000Z",
        "type": "platform.report",
        "record": {
            "requestId": "id",
            "metrics": {
                "durationMs": 250.06,
                "billedDurationMs": 351,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 40,
                "initDurationMs": 100.77,
            },
            "status": "success",
        },
    }


def test_the_tail_is_the_last_4_kb() -> None:
    assert tail(["a" * 5000, "b\n"]) == b"a" * (TAIL_BYTES - 2) + b"b\n"
