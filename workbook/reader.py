"""Read a whole stream into a typed DataFrame.

When boto3 reads records, its own work takes most of the time. This module sends the same signed
GetRecords requests, but reads the responses with orjson. It builds columns page by page, and
requests the next page meanwhile, so that a year of flights takes seconds and little memory.
"""

import json
import time
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from tqdm.auto import tqdm

from workbook import prices
from workbook.target import Aws

PAGE_RECORDS = prices.READ_RECORDS
PATIENCE_SECONDS = 60.0  # the longest that a shard may refuse reads
THROTTLE_SECONDS = 1.0  # the time that a shard throttles [KD:service-sizes-and-limits]
BUSY = ("ProvisionedThroughputExceededException", "LimitExceededException", "InternalFailure")
EXPIRED = "ExpiredIteratorException"
ISO_UTC = r"^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
TIME = pa.timestamp("us", "UTC")
METADATA = {  # columns of every record besides its payload
    "shard_id": pa.dictionary(pa.int32(), pa.string()),
    "sequence_number": pa.string(),
    "partition_key": pa.string(),
    "arrival_time": TIME,
}
Page = tuple[str, list[dict[str, Any]]]  # the shard's id, and its records as in Kinesis' JSON
PLAIN = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
DTYPES = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(na_value=float("nan")),  # pandas' own str
}


class PayloadError(ValueError):
    """A record's data is not a JSON object or is nested too deep; the message names the record."""


class ReadError(RuntimeError):
    """Kinesis refused a read; ``code`` is AWS's error code."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")


def read_stream(
    aws: Aws, stream: str, *, columns: Sequence[str] | None = None, progress: bool = True
) -> pd.DataFrame:
    """Return every record that a stream keeps, from the oldest to the newest.

    All shards are read, parents before their children, including children that a reshard creates in
    the meantime. Each shard is read until Kinesis reports 0 ms behind latest.

    Args:
        aws: the AWS that the stream is in.
        stream: the stream's name.
        columns: the fields of the payload to keep; by default, all that occur. If there are none,
            the data is not parsed, and need not be JSON.
        progress: whether to show a progress bar.

    Returns:
        One row for each record, shard by shard, in the order of each shard. Fields of the payload:

        - integers as Int64; floats, and integers beside them, as Float64
        - true and false as boolean
        - strings as str; strings that are all ISO times in UTC as datetime
        - everything else as JSON text, so that no value changes: lists, objects, mixed types;
          integers too large for Int64; floats beside integers beyond 2**53, which Float64
          would round (an integer of more than 64 bits counts as a float)

        Then ``shard_id``, ``sequence_number`` (a string with too many digits for Int64; compare it
        as int), ``partition_key`` and ``arrival_time`` (UTC). They replace fields of the payload
        with these names.

    Raises:
        PayloadError: a record whose data is parsed is not a JSON object.
        ReadError: Kinesis refused a call, or throttled reads for a minute.
        botocore.exceptions.ClientError: the stream does not exist.
    """
    with tqdm(desc=f"from {stream}", unit=" records", disable=not progress) as bar:

        def tables() -> Iterator[pa.Table]:
            for shard_id, records in _ahead(_Stream(aws, stream).pages()):
                bar.update(len(records))
                yield to_table(shard_id, records, columns)

        return to_frame(tables(), columns)


def _ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """Yield the pages, each while a thread reads the next: two processes work at the same time."""
    thread = ThreadPoolExecutor(1)
    try:
        reading = thread.submit(next, pages, None)
        while (page := reading.result()) is not None:
            reading = thread.submit(next, pages, None)
            yield page
    finally:
        thread.shutdown(wait=False)  # after an error, nobody waits for the next page


class _Stream:
    """A stream, read over a separate connection."""

    def __init__(self, aws: Aws, name: str) -> None:
        self._name = name
        self._client = aws.client("kinesis")
        self._url: str = self._client.meta.endpoint_url
        self._region = aws.region
        self._credentials = aws.credentials
        self._http = urllib3.PoolManager(retries=urllib3.Retry(3, allowed_methods=None))

    def pages(self) -> Iterator[Page]:
        """Yield the pages of all shards, without empty ones."""
        pager = self._client.get_paginator("list_shards").paginate(StreamName=self._name)
        waiting = [shard["ShardId"] for page in pager for shard in page["Shards"]]
        for shard_id in waiting:  # grows during the loop
            for page in self._shard(shard_id):
                children = [child["ShardId"] for child in page.get("ChildShards") or ()]
                waiting.extend(child for child in children if child not in waiting)
                if page["Records"]:
                    yield shard_id, page["Records"]

    def _shard(self, shard_id: str) -> Iterator[dict[str, Any]]:
        """Yield the pages of a shard, to its end or its tip."""
        position = {"ShardIteratorType": "TRIM_HORIZON"}
        iterator: str | None = self._iterator(shard_id, position)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while iterator:
            try:
                page = self._get_records(iterator)
            except ReadError as error:
                if error.code == EXPIRED:
                    iterator = self._iterator(shard_id, position)
                elif error.code in BUSY and time.monotonic() < give_up_at:
                    time.sleep(THROTTLE_SECONDS)
                else:
                    raise
                continue
            give_up_at = time.monotonic() + PATIENCE_SECONDS
            if page["Records"]:
                position = {
                    "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                    "StartingSequenceNumber": page["Records"][-1]["SequenceNumber"],
                }
            yield page
            iterator = page.get("NextShardIterator") if page["MillisBehindLatest"] else None

    def _iterator(self, shard_id: str, position: dict[str, str]) -> str:
        answer = self._client.get_shard_iterator(
            StreamName=self._name, ShardId=shard_id, **position
        )
        return str(answer["ShardIterator"])

    def _get_records(self, iterator: str) -> dict[str, Any]:
        """Make a GetRecords call, signed as boto3 does, and return its response.

        Raises:
            ReadError: Kinesis returned an error.
        """
        request = AWSRequest(
            method="POST",
            url=self._url,
            data=orjson.dumps({"ShardIterator": iterator, "Limit": PAGE_RECORDS}),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "Kinesis_20131202.GetRecords",
            },
        )
        SigV4Auth(self._credentials, "kinesis", self._region).add_auth(request)
        response = self._http.request(
            "POST", self._url, body=request.data, headers=dict(request.headers)
        )
        if response.status == 200:
            page: dict[str, Any] = orjson.loads(response.data)
            return page
        try:
            error = orjson.loads(response.data)
        except orjson.JSONDecodeError:
            error = {}
        code = str(error.get("__type", "InternalFailure")).rpartition("#")[2]
        text = error.get("message") or error.get("Message") or f"HTTP status {response.status}"
        raise ReadError(code, text)


def to_table(
    shard_id: str, records: list[dict[str, Any]], columns: Sequence[str] | None = None
) -> pa.Table:
    """Return a page of records as columns: the payload's fields, then ``METADATA``.

    Raises:
        PayloadError: a record whose data is parsed is not a JSON object.
    """
    is_parsed = columns is None or len(columns) > 0
    rows = [_payload(shard_id, record) for record in records] if is_parsed else []
    names = columns if columns is not None else _fields(rows)
    data = {name: _column([row.get(name) for row in rows]) for name in names}
    arrivals = [round(record["ApproximateArrivalTimestamp"] * 1e6) for record in records]
    metadata = {
        "shard_id": pa.array([shard_id] * len(records)).dictionary_encode(),
        "sequence_number": [record["SequenceNumber"] for record in records],
        "partition_key": [record.get("PartitionKey") for record in records],
        "arrival_time": arrivals,
    }
    return pa.table({**data, **{n: pa.array(metadata[n], kind) for n, kind in METADATA.items()}})


def _payload(shard_id: str, record: dict[str, Any]) -> dict[str, Any]:
    data = a2b_base64(record["Data"])
    try:
        payload = _parse(data)
    except (ValueError, RecursionError) as error:
        reason = f"is not JSON: {error}"
    else:
        if type(payload) is dict:
            return payload
        reason = f"is JSON, but not an object: {str(payload)[:80]}"
    raise PayloadError(f"record {record['SequenceNumber']} of {shard_id} {reason}")


def _parse(data: bytes) -> Any:
    """Return the value of JSON; half a surrogate pair, not valid in a string, becomes U+FFFD.

    Python's json module writes and reads such halves as escapes (``"\\ud83d"``); orjson does not.

    Raises:
        ValueError: the data is not JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if b"\\ud" not in data.lower():
            raise
        text = json.dumps(json.loads(data), ensure_ascii=False)
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _fields(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return every field that occurs, in order of first occurrence."""
    layouts = dict.fromkeys(tuple(row) for row in rows)
    return list(dict.fromkeys(name for layout in layouts for name in layout))


def _column(values: list[Any]) -> pa.Array:
    """Return the values of a field in a page as a column whose type holds them all."""
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    try:
        if len(kinds) == 1 and kinds <= PLAIN.keys():
            return pa.array(values, PLAIN[kinds.pop()])
        if kinds == {int, float}:
            return pa.array(values, pa.float64())
    except (OverflowError, pa.ArrowInvalid):  # a number has too many digits
        pass
    return _texts(values)


def _texts(values: list[Any]) -> pa.Array:
    """Return the values as JSON text; strings are not quoted."""
    return pa.array([v if v is None or type(v) is str else _json(v) for v in values], pa.string())


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # nested deeper than 254 levels
        return json.dumps(value, separators=(",", ":"))


def to_frame(tables: Iterable[pa.Table], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a stream's pages as one DataFrame, with the types described in ``read_stream``."""
    pages = [dict(zip(table.column_names, table.columns, strict=True)) for table in tables]
    fields = columns if columns is not None else _fields(pages)
    names = [*(name for name in fields if name not in METADATA), *METADATA]
    sizes = [len(page["sequence_number"]) for page in pages]
    series = {}
    for name in names:  # one at a time, releasing each page's part, so that nothing is held twice
        parts = [
            page.pop(name, pa.chunked_array([pa.nulls(size)]))
            for page, size in zip(pages, sizes, strict=True)
        ]
        kind = METADATA.get(name)
        column = _cast(parts, kind).unify_dictionaries() if kind else _join(parts)
        series[name] = column.to_pandas(types_mapper=DTYPES.get)
    return pd.DataFrame(series, copy=False)


def _join(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return the parts of a field's column as one column, whose type holds them all."""
    kinds = {part.type for part in parts} - {pa.null()}
    if kinds == {pa.int64(), pa.float64()}:
        try:
            return _cast(parts, pa.float64())
        except pa.ArrowInvalid:  # an integer would be rounded
            kinds = set()
    if len(kinds) == 1 and kinds != {pa.string()}:
        return _cast(parts, kinds.pop())
    texts = [
        part if part.type == pa.string() else pa.chunked_array([_texts(part.to_pylist())])
        for part in parts
    ]
    return _times(_cast(texts, pa.string()))


def _cast(parts: list[pa.ChunkedArray], kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([chunk for part in parts for chunk in part.cast(kind).chunks], kind)


def _times(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return strings as times if there are any and all are times in UTC, otherwise unchanged."""
    if texts.null_count < len(texts) and pc.all(pc.match_substring_regex(texts, ISO_UTC)).as_py():
        with suppress(pa.ArrowInvalid):  # such as 30 February
            return texts.cast(TIME)
    return texts
