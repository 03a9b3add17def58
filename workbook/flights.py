"""The flights of 2013 as a stream: loaded, put in the order they left, turned into events.

A flight is two things in time. Its *event time* is the scheduled departure; it *arrives* in the
stream when it really leaves. The difference, ``dep_delay``, makes some events late.
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
CHUNK = 10_000  # flights turned into events at once: enough to be fast, few enough to be small

Event = Mapping[str, Any]


def load(first: int | None = None, **selection: Any) -> pd.DataFrame:
    """The flights in arrival order, with the 19 columns of ``data/README.md``.

    Whole numbers are ``Int64`` (``<NA>`` where missing), ``time_hour`` is in UTC. Flights that
    arrive at the same minute keep the order of the source.

    Args:
        first: only so many, from the start.
        selection: only flights with these values, such as ``month=1, origin="JFK"``.

    Raises:
        ValueError: ``first`` is negative, or ``selection`` names no column.
    """
    if first is not None and first < 0:
        raise ValueError(f"first must be 0 or more, not {first}")
    unknown = sorted(set(selection) - set(columns()))
    if unknown:
        raise ValueError(f"flights have no column {', '.join(unknown)}; they have {columns()}")
    filters = [(name, "==", value) for name, value in selection.items()] or None
    table = pq.read_table(PATH, filters=filters)
    when = arrival(table.select(["time_hour", "minute", "dep_delay"]).to_pandas())
    table = table.take(np.argsort(when.to_numpy("datetime64[us]"), kind="stable")[:first])
    # Int64, though the file says Int16, so that arithmetic on the columns does not overflow.
    whole = {kind: pd.Int64Dtype() for kind in (pa.int8(), pa.int16())}
    frame: pd.DataFrame = table.to_pandas(types_mapper=whole.get)
    del table
    pa.default_memory_pool().release_unused()  # what reading took is as much as what stays
    return frame


def columns() -> list[str]:
    """The names of the columns, in the order of the source."""
    return list(pq.read_schema(PATH).names)


def count() -> int:
    """How many flights there are."""
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
    """Event time: when each flight should have left, in UTC."""
    return frame["time_hour"] + pd.to_timedelta(frame["minute"].astype("int64"), unit="min")


def arrival(frame: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """When each flight's event reaches the stream: as it leaves; cancelled, as it should have."""
    delay = frame["dep_delay"].fillna(0).astype("int64")
    return scheduled(frame) + pd.to_timedelta(delay, unit="min")


def events(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Each flight as a JSON-ready event: null for what is missing, times as ISO 8601 in UTC.

    Args:
        frame: rows as ``load`` gives them, in the order in which they are wanted.
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
    """The event as compact JSON."""
    return orjson.dumps(event)


def event_id(event: Event) -> str:
    """What names a flight once and for all, such as ``2013-01-01/UA/1545/EWR``."""
    return "{year}-{month:02}-{day:02}/{carrier}/{flight}/{origin}".format_map(event)
