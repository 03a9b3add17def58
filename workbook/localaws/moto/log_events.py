"""FilterLogEvents on moto's log groups, and code shared by requests about log groups.

All of it runs on moto's thread.
"""

import base64
import json
import math
import operator
from collections.abc import Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs import responses
from moto.logs.exceptions import ResourceNotFoundException

from workbook.localaws.api import model
from workbook.localaws.api.errors import ApiError
from workbook.localaws.moto.log_groups import EventFilter

MOST_EVENTS = 10_000  # in a page


def parameters(handler: Any, operation: str) -> dict[str, Any]:
    """Return a request's parameters, checked against the model [BC].

    Raises:
        JsonRESTError: a parameter is missing or wrong; the message names it.
    """
    try:
        return model.logs().read(operation, json.loads(handler.body))
    except ApiError as error:
        raise invalid(error.message) from None


def invalid(message: str) -> JsonRESTError:
    """Return AWS's error for invalid parameters."""
    return JsonRESTError("InvalidParameterException", message)


def group_of(backend: Any, identifier: str) -> Any:
    """Return moto's log group for a name or an ARN.

    Raises:
        ResourceNotFoundException: it does not exist.
    """
    name = identifier.split(":log-group:", 1)[-1].removesuffix(":*")
    if name not in backend.groups:
        raise ResourceNotFoundException()
    return backend.groups[name]


def _filter(handler: Any) -> str:
    """Handle FilterLogEvents: return one page, in order of time across streams [BC]."""
    given = parameters(handler, "FilterLogEvents")
    named = [given[one] for one in ("logGroupName", "logGroupIdentifier") if given.get(one)]
    if len(named) != 1:
        raise invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
    group = group_of(handler.logs_backend, named[0])
    streams = _streams(group, given)
    matches = EventFilter(given.get("filterPattern")).matches
    first, last = given.get("startTime", 0), given.get("endTime", math.inf)
    found = [
        (event, stream.log_stream_name)
        for stream in streams
        for event in stream.events
        if first <= event.timestamp <= last and matches(event.message)
    ]
    is_forward, after = _position(given, group.name)
    found.sort(key=lambda one: _order(one[0]), reverse=not is_forward)
    if after is not None:
        is_next = operator.gt if is_forward else operator.lt
        found = [one for one in found if is_next(_order(one[0]), after)]
    page = found[: given.get("limit", MOST_EVENTS)]
    answer: dict[str, Any] = {
        "events": [{**event.to_filter_dict(), "logStreamName": name} for event, name in page],
        "searchedLogStreams": [],  # empty since May 2020 [BC]
    }
    if len(page) < len(found):
        answer["nextToken"] = _token(group.name, is_forward, _order(page[-1][0]))
    return json.dumps(answer)


def _streams(group: Any, given: dict[str, Any]) -> Sequence[Any]:
    names, prefix = given.get("logStreamNames"), given.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNamePrefix and logStreamNames must not be given together.")
    if names:
        if not group.streams.keys() >= set(names):
            raise ResourceNotFoundException("The specified log stream does not exist.")
        return [group.streams[name] for name in dict.fromkeys(names)]
    return [one for name, one in group.streams.items() if name.startswith(prefix or "")]


def _order(event: Any) -> tuple[int, int, int]:
    return event.timestamp, event.ingestion_time, event.event_id


def _token(group: str, is_forward: bool, order: tuple[int, int, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps([group, is_forward, *order]).encode()).decode()


def _position(given: dict[str, Any], group: str) -> tuple[bool, tuple[int, int, int] | None]:
    """Return whether the oldest event comes first, and the event after which the page starts."""
    token = given.get("nextToken")
    if token is None:
        return given.get("startFromHead", True), None
    try:
        name, is_forward, *order = json.loads(base64.urlsafe_b64decode(token))
        timestamp, ingested, number = map(int, order)
    except (ValueError, TypeError):
        raise invalid("The specified nextToken is invalid.") from None
    if name != group:
        raise invalid("The specified nextToken is invalid.")
    return bool(is_forward), (timestamp, ingested, number)


def install() -> None:
    """Make moto use this implementation; on its thread."""
    handler: Any = responses.LogsResponse
    handler.filter_log_events = _filter
