"""The probe reads a response as the mapping does."""

import importlib
import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.mapping.partial import Failed, FailedFrom, Succeeded, verdict

NUMBERS = ["49600000000000000000001", "49600000000000000000002", "49600000000000000000003"]
IDENTIFIERS = st.sampled_from(
    [*NUMBERS, "0" + NUMBERS[1], "7", "", "shardId-0:1", None, 1, "9" * 200]
)
ITEMS = st.one_of(
    st.fixed_dictionaries({"itemIdentifier": IDENTIFIERS}),
    st.sampled_from([None, "x", {}, {"id": 1}]),
)
REPLIES = st.one_of(
    st.sampled_from([None, "", "ok", [], {}, {"statusCode": 200}, 0, 1, False, [1]]),
    st.fixed_dictionaries({"batchItemFailures": st.one_of(st.none(), st.just(7), st.lists(ITEMS))}),
)


@pytest.fixture(scope="module")
def probe() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBOOK_PROBE", json.dumps({"handler": "json.dumps"}))
        return importlib.import_module("workbook.laboratory.lab_probe")


@given(reply=REPLIES)
def test_the_probe_reads_a_reply_as_the_mapping_does(probe: ModuleType, reply: Any) -> None:
    places = probe.read(reply, NUMBERS)
    expected = Failed() if places is None else FailedFrom(min(places)) if places else Succeeded()
    assert verdict(json.dumps(reply).encode(), [int(one) for one in NUMBERS]) == expected
