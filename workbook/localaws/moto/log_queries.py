"""Logs Insights on moto's log groups: StartQuery and related operations.  On moto's thread."""

import base64
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time_millis
from moto.logs import responses
from moto.logs.exceptions import ResourceNotFoundException

from workbook.localaws.api.http import ACCOUNT_ID
from workbook.localaws.integrations.insights import discovery, query
from workbook.localaws.integrations.insights.expressions import MalformedQueryError
from workbook.localaws.moto import log_events

LANGUAGE = "CWLI"
MOST_GROUPS = 50  # of a query [BC]
GROUPS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")


class LogQuery:
    """A query that has ended: it takes as long as the call that starts it.

    Args:
        source: the query.
        groups: moto's log groups.
        start: the first second to include, in seconds since the epoch.
        end: the last second to include [OBS].
        most: the maximum number of rows in the result.

    Raises:
        MalformedQueryError: the query is not valid.
    """

    def __init__(self, source: str, groups: Sequence[Any], start: int, end: int, most: int) -> None:
        read = query.parse(source)
        self.id = str(uuid.uuid4())
        self.groups = [group.name for group in groups]
        self.created = int(unix_time_millis())
        self.source = _rewritten(source, self.groups, start, end)
        self._scanned = 0
        self._bytes = 0
        events = list(self._events(groups, start * 1000, end * 1000 + 999, read.needed))
        self._rows = read.run(events, most)

    def _events(
        self, groups: Sequence[Any], first: int, last: int, needed: set[str]
    ) -> Iterator[dict[str, Any]]:
        discovers = any(not name.startswith("@") for name in needed)
        for group in groups:
            for stream in group.streams.values():
                for event in stream.events:
                    if not first <= event.timestamp <= last:
                        continue
                    self._scanned += 1
                    self._bytes += len(event.message)
                    pointer = f"{group.name} {stream.log_stream_name} {event.event_id}"
                    fields = discovery.of_json(event.message) if discovers else {}
                    if needed & discovery.LAMBDAS:
                        fields |= discovery.of_lambda(event.message)
                    yield fields | {
                        "@timestamp": event.timestamp,
                        "@ingestionTime": event.ingestion_time,
                        "@message": event.message,
                        "@logStream": stream.log_stream_name,
                        "@log": f"{ACCOUNT_ID}:{group.name}",
                        "@ptr": base64.b64encode(pointer.encode()).decode(),
                    }

    def results(self) -> dict[str, Any]:
        """Return the response of GetQueryResults."""
        return {
            "queryLanguage": LANGUAGE,
            "results": [
                [{"field": name, "value": value} for name, value in row] for row in self._rows
            ],
            "statistics": {
                "recordsMatched": float(len(self._rows)),
                "recordsScanned": float(self._scanned),
                "bytesScanned": float(self._bytes),
            },
            "status": "Complete",
        }

    def described(self, group: str) -> dict[str, Any]:
        """Return the query's entry in DescribeQueries."""
        return {
            "queryLanguage": LANGUAGE,
            "queryId": self.id,
            "queryString": self.source,
            "status": "Complete",
            "createTime": self.created,
            "logGroupName": group,
        }


def _rewritten(source: str, groups: Sequence[str], start: int, end: int) -> str:
    """Return a query as in DescribeQueries [OBS]; the format for several groups is ours [?]."""
    names = " ".join(f'SOURCE "{name}"' for name in groups)
    return f"{names} START={start}000 END={end}999 | {source}"


def _start(handler: Any) -> str:
    """Handle StartQuery."""
    given = log_events.parameters(handler, "StartQuery")
    named = [given[name] for name in GROUPS if given.get(name)]
    if len(named) != 1:
        raise log_events.invalid(f"Exactly one of {', '.join(GROUPS)} must be given.")
    language = given.get("queryLanguage", LANGUAGE)
    if language != LANGUAGE:
        raise log_events.invalid(
            f"The local AWS does not support the query language {language}, only {LANGUAGE}."
        )
    names = named[0] if isinstance(named[0], list) else [named[0]]
    if len(names) > MOST_GROUPS:
        raise log_events.invalid(f"A query can have {MOST_GROUPS} log groups at most.")
    most = given.get("limit", query.MOST_ROWS)
    if most > query.MOST_ROWS:
        raise log_events.invalid(
            f"The local AWS does not support a limit over {query.MOST_ROWS}, such as {most}."
        )
    backend = handler.logs_backend
    groups = [log_events.group_of(backend, name) for name in names]
    try:
        started = LogQuery(given["queryString"], groups, given["startTime"], given["endTime"], most)
    except MalformedQueryError as problem:
        raise JsonRESTError("MalformedQueryException", str(problem)) from None
    backend.queries[started.id] = started
    return json.dumps({"queryId": started.id})


def _found(handler: Any) -> LogQuery:
    found: LogQuery | None = handler.logs_backend.queries.get(handler._get_param("queryId"))
    if found is None:
        raise ResourceNotFoundException("The specified query does not exist.")
    return found


def _results(handler: Any) -> str:
    """Handle GetQueryResults."""
    return json.dumps(_found(handler).results())


def _stop(handler: Any) -> str:
    """Handle StopQuery; a query that has ended cannot be stopped [BC]."""
    _found(handler)
    raise JsonRESTError("InvalidParameterException", "The specified query is not running.")


def _describe(handler: Any) -> str:
    """Handle DescribeQueries."""
    group, status = handler._get_param("logGroupName"), handler._get_param("status")
    found = [
        one.described(group or one.groups[0])
        for one in reversed(handler.logs_backend.queries.values())
        if (not group or group in one.groups) and status in (None, "Complete")
    ]
    return json.dumps({"queries": found[: handler._get_param("maxResults") or 1000]})


def install() -> None:
    """Make moto use this implementation; on its thread."""
    handler: Any = responses.LogsResponse
    handler.start_query, handler.get_query_results = _start, _results
    handler.stop_query, handler.describe_queries = _stop, _describe
