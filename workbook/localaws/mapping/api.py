"""The event source mapping API over HTTP [BC]."""

import uuid
from typing import Any
from urllib.parse import parse_qs

import orjson

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.mapping.constraints import check
from workbook.localaws.mapping.errors import invalid, not_found
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.registry import Registry

PAGE = 100  # mappings in one answer of List, at most
ACCEPTED = 202


def create(registry: Registry, request: Request) -> Response:
    """CreateEventSourceMapping."""
    return _answer(ACCEPTED, registry.create(parameters(request), request.region).shown())


def get(registry: Registry, identity: str) -> Response:
    """GetEventSourceMapping."""
    return _answer(200, registry.get(identity).shown())


def update(registry: Registry, identity: str, request: Request) -> Response:
    """UpdateEventSourceMapping."""
    return _answer(ACCEPTED, registry.update(identity, parameters(request)).shown())


def delete(registry: Registry, identity: str) -> Response:
    """DeleteEventSourceMapping."""
    return _answer(ACCEPTED, registry.delete(identity).shown())


def list_page(registry: Registry, request: Request, others: list[dict[str, Any]]) -> Response:
    """ListEventSourceMappings; ``others`` are those of other event sources."""
    asked: dict[str, Any] = dict(request.parameters)
    marker, size = asked.get("Marker") or "0", asked.get("MaxItems") or str(PAGE)
    if not marker.isdecimal():
        raise invalid("Invalid Marker.")
    check(asked | {"MaxItems": int(size) if size.lstrip("-").isdecimal() else size})
    found = registry.find(request.region, asked.get("EventSourceArn"), asked.get("FunctionName"))
    everything = [_listed(mapping) for mapping in found] + others
    start = int(marker)
    end = start + min(int(size), PAGE)
    page: dict[str, Any] = {"EventSourceMappings": everything[start:end]}
    if end < len(everything):
        page["NextMarker"] = str(end)
    return _answer(200, page)


def tags(registry: Registry, arn: str, request: Request) -> Response:
    """ListTags, TagResource and UntagResource of a mapping's ARN."""
    mapping = _tagged(registry, arn)
    match request.method:
        case "GET":
            return _answer(200, {"Tags": mapping.tags})
        case "POST":
            mapping.tags |= parameters(request).get("Tags") or {}
        case _:
            for key in parse_qs(request.query).get("tagKeys", []):
                mapping.tags.pop(key, None)
    return Response(204, {"x-amzn-requestid": str(uuid.uuid4())})


def parameters(request: Request) -> dict[str, Any]:
    """A call's parameters.

    Raises:
        ApiError: the body is not a JSON object.
    """
    try:
        parsed = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as problem:
        raise ApiError("InvalidRequestContentException", str(problem), 400) from problem
    if not isinstance(parsed, dict):
        raise ApiError("SerializationException", "the request is not an object", 400)
    return parsed


def _tagged(registry: Registry, arn: str) -> EventSourceMapping:
    mapping = registry.get(arn.rpartition(":")[2])
    if mapping.shown()["EventSourceMappingArn"] != arn:
        raise not_found()
    return mapping


def _listed(mapping: EventSourceMapping) -> dict[str, Any]:
    """As List shows it: encrypted filters are null [BC]."""
    shown = mapping.shown()
    if "KMSKeyArn" in shown and "FilterCriteria" in shown:
        shown["FilterCriteria"] = None
    return shown


def _answer(status: int, body: dict[str, Any]) -> Response:
    headers = {"content-type": "application/json", "x-amzn-requestid": str(uuid.uuid4())}
    return Response(status, headers, orjson.dumps(body))
