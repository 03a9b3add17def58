"""Settings of experiments: where they apply, and which are refused by name."""

import math
from typing import Any

import pytest

from workbook import laboratory as lab


def test_settings_go_where_they_belong() -> None:
    varied = lab.Experiment().vary(rate=9.0, BatchSize=7, shards=3, key="dest")
    assert (varied.workload.rate, varied.workload.key) == (9.0, "dest")
    assert varied.mapping == {"BatchSize": 7}
    assert varied.shards == 3


def test_the_error_for_an_unknown_setting_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"unknown setting Batchsize; the settings are .*BatchSize"
    ):
        lab.Experiment().vary(Batchsize=7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shards", 0),
        ("batch_millis", -1.0),
        ("record_millis", math.inf),
        ("bad_records", "skip"),
        ("patience", math.inf),
        ("workload", 50),
        ("workload", None),
        ("function", "kilometres.py"),
        ("mapping", None),
        ("mapping", 5),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .*, not {value!r}"):
        lab.Experiment(**{field: value})


@pytest.mark.parametrize("name", ["Batchsize", "FilterCriteria", "TumblingWindowInSeconds"])
def test_a_mapping_setting_that_no_experiment_has_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"mapping must not have {name}; .* BatchSize"):
        lab.Experiment(mapping={name: 1})
