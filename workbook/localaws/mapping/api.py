"""The event source mapping API over HTTP [BC]."""

import re
import uuid
from typing import Any
from urllib.parse import parse_qs

import orjson

from workbook.localaws.api import rest_json
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.interfaces import OtherMappings
from workbook.localaws.mapping.constraints import check
from workbook.localaws.mapping.errors import invalid, not_found
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.registry import Registry

PAGE = 100  # mappings in one answer of List, at most
ACCEPTED = 202
MAPPINGS = ["2015-03-31", "event-source-mappings"]


class MappingApi:
    """Answers requests about mappings: those of streams itself, the rest in part.

    Args:
        registry: the mappings of streams.
        others: those of queues and tables.
    """

    def __init__(self, registry: Registry, others: OtherMappings) -> None:
        self._registry = registry
        self._others = others

    async def respond(self, request: Request) -> Response | None:
        """Answer a request about mappings; None for any other, and for those that ``others`` has.

        What is refused of any mapping, whatever its event source, is refused here.
        """
        try:
            return await self._respond(request)
        except ApiError as error:
            return rest_json.error(error)

    async def _respond(self, request: Request) -> Response | None:
        match request.method, request.segments:
            case "POST", segments if segments == MAPPINGS:
                return self._create(request)
            case "GET", segments if segments == MAPPINGS:
                return await self._list(request)
            case method, [*start, identity] if start == MAPPINGS:
                return await self._one(method, identity, request)
            case _, ["2017-03-31", "tags", *arn] if ":event-source-mapping:" in "/".join(arn):
                return self._tags("/".join(arn), request)
        return None

    def _create(self, request: Request) -> Response | None:
        """CreateEventSourceMapping."""
        asked = _parameters(request)
        source = asked.get("EventSourceArn")
        if isinstance(source, str) and source.split(":")[2:3] in (["sqs"], ["dynamodb"]):
            self._registry.check_other(asked, request.region)
            return None
        mapping = self._registry.create(asked, request.region)
        return rest_json.answer(ACCEPTED, mapping.shown())

    async def _one(self, method: str, identity: str, request: Request) -> Response | None:
        """GetEventSourceMapping, UpdateEventSourceMapping and DeleteEventSourceMapping."""
        if self._registry.has(identity):
            match method:
                case "GET":
                    return rest_json.answer(200, self._registry.get(identity).shown())
                case "PUT":
                    mapping = self._registry.update(identity, _parameters(request))
                    return rest_json.answer(ACCEPTED, mapping.shown())
                case "DELETE":
                    return rest_json.answer(ACCEPTED, self._registry.delete(identity).shown())
        if not await self._others.has(request.region, identity):
            raise not_found()
        return None

    async def _list(self, request: Request) -> Response:
        """ListEventSourceMappings, of all event sources."""
        asked: dict[str, Any] = dict(request.parameters)
        marker, size = asked.get("Marker") or "0", asked.get("MaxItems") or str(PAGE)
        if re.fullmatch("[0-9]{1,9}", marker) is None:
            raise invalid("Invalid Marker.")
        check(asked | {"MaxItems": int(size) if re.fullmatch("-?[0-9]{1,9}", size) else size})
        place = request.region, asked.get("EventSourceArn"), asked.get("FunctionName")
        everything = [_listed(mapping) for mapping in self._registry.find(*place)]
        everything += await self._others.find(*place)
        start = int(marker)
        end = start + min(int(size), PAGE)
        page: dict[str, Any] = {"EventSourceMappings": everything[start:end]}
        if end < len(everything):
            page["NextMarker"] = str(end)
        return rest_json.answer(200, page)

    def _tags(self, arn: str, request: Request) -> Response:
        """ListTags, TagResource and UntagResource of a mapping's ARN."""
        mapping = self._registry.get(arn.rpartition(":")[2])
        if mapping.shown()["EventSourceMappingArn"] != arn:
            raise not_found()
        match request.method:
            case "GET":
                return rest_json.answer(200, {"Tags": mapping.tags})
            case "POST":
                mapping.tags |= _parameters(request).get("Tags") or {}
            case _:
                for key in parse_qs(request.query).get("tagKeys", []):
                    mapping.tags.pop(key, None)
        return Response(204, {"x-amzn-requestid": str(uuid.uuid4())})


def _parameters(request: Request) -> dict[str, Any]:
    """Return a call's parameters.

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


def _listed(mapping: EventSourceMapping) -> dict[str, Any]:
    """Return a mapping as List shows it: encrypted filters are null [BC]."""
    shown = mapping.shown()
    if "KMSKeyArn" in shown and "FilterCriteria" in shown:
        shown["FilterCriteria"] = None
    return shown
