"""The function's treatment of one departure: fields added, values refused."""

import json
import math
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook import flights
from workbook.events import FLIGHT, flight_event


def test_a_departure_is_enriched(handler: ModuleType) -> None:
    assert handler.process_data(flight_event(), "shardId-000000000001", "49") == {
        **FLIGHT,
        "event_id": "2013-01-01/UA/1545/EWR",
        "event_time": "2013-01-01T10:15:00Z",
        "delay_class": "on time",
        "late": False,
        "route": "EWR-IAH",
        "local_hour": 5,
        "source_shard_id": "shardId-000000000001",
        "source_sequence_number": "49",
    }


def test_the_source_may_be_unknown(handler: ModuleType) -> None:
    enriched = handler.process_data(flight_event())
    assert enriched["source_shard_id"] is None
    assert enriched["source_sequence_number"] is None


def test_the_input_is_not_changed(handler: ModuleType) -> None:
    data = flight_event()
    handler.process_data(data)
    assert data == FLIGHT


def test_other_fields_are_passed_through(handler: ModuleType) -> None:
    assert handler.process_data({**FLIGHT, "gate": {"number": 7}})["gate"] == {"number": 7}


@pytest.mark.parametrize(
    ("dep_delay", "name", "late"),
    [
        (-43, "early", False),
        (-0.5, "early", False),
        (0, "on time", False),
        (14, "on time", False),
        (15, "short delay", False),
        (59, "short delay", False),
        (60, "long delay", False),
        (120, "long delay", False),
        (121, "long delay", True),
        (1301, "long delay", True),
    ],
)
def test_each_delay_has_its_class(
    handler: ModuleType, dep_delay: float, name: str, late: bool
) -> None:
    enriched = handler.process_data(flight_event(dep_delay=dep_delay))
    assert (enriched["delay_class"], enriched["late"]) == (name, late)


def test_the_error_names_all_missing_fields(handler: ModuleType) -> None:
    data = flight_event()
    del data["carrier"], data["dep_delay"], data["distance"]
    with pytest.raises(handler.BadRecord, match=r"^missing: dep_delay, carrier$"):
        handler.process_data(data)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("year", ["2013", 0, 2013.0]),
        ("month", [0, 13, True]),
        ("day", [0, 32, None]),
        ("hour", [-1, 24, "5"]),
        ("minute", [-1, 60, [15]]),
        ("flight", [0, 10_000, "1545", 1545.0]),
        ("dep_time", [-1, 2401, "517", True]),
        ("dep_delay", [math.nan, math.inf, -1441, 14401, "2", False, None]),
        ("carrier", ["", "U", "United", "ua", "UA\n", None, 7]),
        ("origin", ["", "KEWR", "ewr", "EW/", None, ["EWR"]]),
        ("dest", ["", "KIAH", "iah", None]),
        (
            "time_hour",
            [
                None,
                1357034400,
                "",
                "2013-01-01",
                "2013-01-01T10:00:00",
                "2013-01-01T10:15:00Z",
                "2013-01-01T10:00:00+00:00",
                "2013-01-01T05:00:00-05:00",
                "2013-02-30T10:00:00Z",
                "2013-01-01T24:00:00Z",
                "\u0662013-01-01T10:00:00Z",
            ],
        ),
    ],
)
def test_the_error_names_an_invalid_value(
    handler: ModuleType, field: str, values: list[Any]
) -> None:
    for value in values:
        with pytest.raises(ValueError, match=rf"^{field} must be ") as caught:
            handler.process_data(flight_event(**{field: value}))
        assert type(caught.value) is handler.BadRecord
        assert str(caught.value).endswith(f"not {value!r}")


def test_a_day_that_its_month_does_not_have_is_refused(handler: ModuleType) -> None:
    with pytest.raises(handler.BadRecord, match=r"^day must be a day of its month, not 29$"):
        handler.process_data(flight_event(month=2, day=29))


def test_a_long_value_is_shortened_in_the_message(handler: ModuleType) -> None:
    with pytest.raises(handler.BadRecord, match="carrier") as caught:
        handler.process_data(flight_event(carrier="x" * 1_000_000))
    assert len(str(caught.value)) < 200


# The machine's speed is not a property of the function.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(FLIGHT)), json_values))
def test_any_event_is_enriched_or_refused(handler: ModuleType, changes: dict[str, Any]) -> None:
    """process_data handles everything: it passes an event on, or names a field that was changed."""
    data = {**FLIGHT, **changes}
    try:
        enriched = handler.process_data(data)
    except handler.BadRecord as error:
        blamed = str(error).split()[0]
        partners = {"dep_delay": {"dep_time"}, "day": {"month", "year"}}.get(blamed, set())
        assert {blamed, *partners} & set(changes)
    else:
        assert all(enriched[field] is value for field, value in data.items())


@given(data=st.dictionaries(st.text(), json_values))
def test_any_other_object_is_refused(handler: ModuleType, data: dict[str, Any]) -> None:
    with pytest.raises(handler.BadRecord, match=r"^missing: "):
        handler.process_data(data)


@given(
    minutes=st.integers(0, 59),
    hour=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),
)
def test_event_time_is_the_hour_and_the_minutes(
    handler: ModuleType, minutes: int, hour: datetime
) -> None:
    hour = hour.replace(minute=0, second=0, microsecond=0)
    text = hour.isoformat().replace("+00:00", "Z")
    enriched = handler.process_data(flight_event(time_hour=text, minute=minutes))
    assert datetime.fromisoformat(enriched["event_time"]) == hour + timedelta(minutes=minutes)


def test_real_flights_pass(handler: ModuleType) -> None:
    """A day of real departures, including cancelled ones; ids are those of the workbook."""
    events = list(flights.events(flights.load(month=2, day=9)))
    enriched = [handler.process_data(json.loads(flights.encode(event))) for event in events]
    assert len({event["event_id"] for event in enriched}) == len(events)
    assert [event["event_id"] for event in enriched] == [flights.event_id(e) for e in events]
    assert {"cancelled", "on time", "early"} <= {event["delay_class"] for event in enriched}
