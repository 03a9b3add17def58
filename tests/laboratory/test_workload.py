"""The records of an experiment: the same with the same seed, and as configured."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import flights
from workbook.laboratory import Workload

workloads = st.builds(
    Workload,
    records=st.integers(1, 60),
    rate=st.floats(0.1, 10_000) | st.just(math.inf),
    spacing=st.sampled_from(["even", "random"]),
    key=st.sampled_from(["tailnum", "dest", "constant"]),
    hot_share=st.floats(0, 1),
    poison_every=st.integers(0, 20),
    seed=st.integers(0, 1_000),
)


@settings(max_examples=25)
@given(workloads)
def test_a_workload_is_the_same_under_the_same_seed(workload: Workload) -> None:
    assert list(workload.departures()) == list(workload.departures())


@settings(max_examples=25)
@given(workloads)
def test_a_workload_has_its_records_in_order_and_one_poison_in_each_run(workload: Workload) -> None:
    departures = list(workload.departures())
    assert [d.number for d in departures] == list(range(workload.records))
    assert [d.event["n"] for d in departures] == list(range(workload.records))
    dues = [d.due for d in departures]
    assert dues == sorted(dues)
    assert dues[0] == 0
    poison = [d.number for d in departures if d.is_poison]
    every = workload.poison_every
    assert len(poison) == (workload.records // every if every else 0)
    assert [number // every for number in poison] == list(range(len(poison)))


def test_a_rate_is_kept_evenly_or_on_average() -> None:
    even = list(Workload(records=101, rate=50).departures())
    assert even[-1].due == pytest.approx(2.0)
    gaps = Workload(records=2_000, rate=50, spacing="random")
    assert list(gaps.departures())[-1].due == pytest.approx(2_000 / 50, rel=0.1)
    assert Workload(records=101, rate=50).seconds == pytest.approx(101 / 50)


def test_a_burst_is_due_at_once() -> None:
    burst = Workload(records=20, rate=math.inf)
    assert {d.due for d in burst.departures()} == {0}
    assert burst.seconds == 0


def test_keys_are_the_flights_own_or_one_for_all() -> None:
    by_dest = list(Workload(records=50, key="dest").departures())
    assert [d.partition_key for d in by_dest] == [d.event["dest"] for d in by_dest]
    assert {d.partition_key for d in Workload(records=50, key="constant").departures()} == {
        "constant"
    }


def test_a_hot_key_has_about_its_share() -> None:
    departures = list(Workload(records=2_000, hot_share=0.3).departures())
    share = sum(d.partition_key == "hot" for d in departures) / len(departures)
    assert share == pytest.approx(0.3, abs=0.05)


def test_seeds_choose_other_flights() -> None:
    first, second = (
        flights.event_id(next(Workload(records=5, seed=seed).departures()).event) for seed in (1, 2)
    )
    assert first != second


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("records", 0),
        ("records", 336_777),
        ("rate", 0),
        ("rate", -1.0),
        ("spacing", "odd"),
        ("key", "colour"),
        ("hot_share", 1.5),
        ("poison_every", -1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .*, not {value!r}"):
        Workload(**{field: value})
