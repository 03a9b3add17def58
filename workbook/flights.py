"""The flights of 2013 as a stream: loaded, sorted by arrival, and turned into events.

A flight has two times. Its *event time* is the scheduled departure; it *arrives* in the stream when
it really leaves. The difference, ``dep_delay``, makes some events late.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PATH = Path(__file__).parents[1] / "data" / "flights.parquet"
CHUNK = 10_000  # flights turned into events at once, a balance of speed and memory

Event = Mapping[str, Any]


def load(first: int | None = None, **selection: Any) -> pd.DataFrame:
    """Return the flights in order of arrival, with the 19 columns of ``data/README.md``.

    Integers are ``Int64`` (``<NA>`` if missing), ``time_hour`` is in UTC. Flights that arrive in
    the same minute keep the order of the source.

    Args:
        first: the number of flights to return, from the start; by default, all.
        selection: values that the flights must have, such as ``month=1, origin="JFK"``.

    Raises:
        ValueError: ``first`` is negative, or ``selection`` names an unknown column or matches no
            flight.
    """
    if first is not None and first < 0:
        raise ValueError(f"first must be 0 or more, not {first}")
    unknown = sorted(set(selection) - set(columns()))
    if unknown:
        raise ValueError(f"flights have no column {', '.join(unknown)}; they have {columns()}")
    filters = [(name, "==", value) for name, value in selection.items()] or None
    wanted = ", ".join(f"{name}={value!r}" for name, value in selection.items())
    try:
        table = pq.read_table(PATH, filters=filters)
    except pa.ArrowNotImplementedError as error:
        raise ValueError(f"a value is not of its column's type: {wanted}") from error
    if not table.num_rows:
        raise ValueError(f"there is no flight with {wanted}; all flights are of 2013")
    when = arrival(table.select(["time_hour", "minute", "dep_delay"]).to_pandas())
    table = table.take(np.argsort(when.to_numpy("datetime64[us]"), kind="stable")[:first])
    # Int64 instead of the file's Int16, so that arithmetic on the columns does not overflow.
    whole = {kind: pd.Int64Dtype() for kind in (pa.int8(), pa.int16())}
    frame: pd.DataFrame = table.to_pandas(types_mapper=whole.get)
    del table
    pa.default_memory_pool().release_unused()  # reading takes as much memory as the frame
    return frame


def columns() -> list[str]:
    """Return the names of the columns, in the order of the source."""
    return list(pq.read_schema(PATH).names)


def count() -> int:
    """Return the number of flights."""
    rows: int = pq.read_metadata(PATH).num_rows
    return rows


def airlines() -> "pd.Series[str]":
    """Return the name of each carrier, by its two-character code."""
    return _names("airlines.csv")


def airports() -> "pd.Series[str]":
    """Return the name of each airport, by its code.

    The source has no name for four destinations in the Caribbean: BQN, PSE, SJU and STT.
    """
    return _names("airports.csv")


def _names(file: str) -> "pd.Series[str]":
    names: pd.Series[str] = pd.read_csv(PATH.with_name(file), index_col="code")["name"]
    return names


def scheduled(frame: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Return the event time of each flight, its scheduled departure, in UTC."""
    return frame["time_hour"] + pd.to_timedelta(frame["minute"].astype("int64"), unit="min")


def arrival(frame: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Return when each flight's event arrives: at departure, or as scheduled if cancelled."""
    delay = frame["dep_delay"].fillna(0).astype("int64")
    return scheduled(frame) + pd.to_timedelta(delay, unit="min")


def events(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each flight as a JSON-ready event; missing values are null, times are ISO in UTC.

    Args:
        frame: rows as returned by ``load``, in any order.
    """
    for start in range(0, len(frame), CHUNK):
        chunk = frame.iloc[start : start + CHUNK]
        names = list(chunk.columns)
        for row in zip(*(_values(chunk[name]) for name in names), strict=True):
            yield dict(zip(names, row, strict=True))


def _values(column: "pd.Series[Any]") -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        utc = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        texts = np.datetime_as_string(utc, unit="s").tolist()
        return [None if text == "NaT" else f"{text}Z" for text in texts]
    values: list[Any] = pa.array(column, from_pandas=True).to_pylist()
    return values


def encode(event: Event) -> bytes:
    """Return the event as compact JSON."""
    return orjson.dumps(event)


def event_id(event: Event) -> str:
    """Return the identifier of a flight, such as ``2013-01-01/UA/1545/EWR``."""
    return "{year}-{month:02}-{day:02}/{carrier}/{flight}/{origin}".format_map(event)
