"""The event source mapping API over HTTP [BC]."""

import re
from typing import Any

from workbook.localaws.api import rest_json
from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.model import lambda_
from workbook.localaws.interfaces import OtherMappings
from workbook.localaws.mapping.errors import invalid, not_found
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.registry import Registry

PAGE = 100  # mappings in one answer of List, at most
ACCEPTED = 202

Parameters = dict[str, Any]


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
        operation = lambda_().operation(request)
        if operation is None or not _is_about_mappings(operation, request):
            return None
        try:
            return await self._answer(operation, request)
        except ApiError as error:
            return rest_json.error(error)

    async def _answer(self, operation: str, request: Request) -> Response | None:
        asked = lambda_().read_request(operation, request)
        match operation:
            case "CreateEventSourceMapping":
                return self._create(asked, request.region)
            case "ListEventSourceMappings":
                return await self._list(asked, request.region)
            case "ListTags":
                return rest_json.answer(200, {"Tags": self._tagged(asked).tags})
            case "TagResource":
                self._tagged(asked).tags |= asked["Tags"]
                return rest_json.no_content()
            case "UntagResource":
                mapping = self._tagged(asked)
                for key in asked["TagKeys"]:
                    mapping.tags.pop(key, None)
                return rest_json.no_content()
        identity = asked["UUID"]
        if not self._registry.has(identity):
            if await self._others.has(request.region, identity):
                return None
            raise not_found()
        match operation:
            case "UpdateEventSourceMapping":
                return rest_json.answer(ACCEPTED, self._registry.update(identity, asked).shown())
            case "DeleteEventSourceMapping":
                return rest_json.answer(ACCEPTED, self._registry.delete(identity).shown())
        return rest_json.answer(200, self._registry.get(identity).shown())

    def _create(self, asked: Parameters, region: str) -> Response | None:
        if asked.get("EventSourceArn", "").split(":")[2:3] in (["sqs"], ["dynamodb"]):
            self._registry.check_other(asked, region)
            return None
        return rest_json.answer(ACCEPTED, self._registry.create(asked, region).shown())

    async def _list(self, asked: Parameters, region: str) -> Response:
        """List the mappings of all event sources, those of streams first."""
        marker = asked.get("Marker") or "0"
        if re.fullmatch("[0-9]{1,9}", marker) is None:
            raise invalid("Invalid Marker.")
        place = region, asked.get("EventSourceArn"), asked.get("FunctionName")
        everything = [_listed(mapping) for mapping in self._registry.find(*place)]
        everything += await self._others.find(*place)
        start = int(marker)
        end = start + min(asked.get("MaxItems", PAGE), PAGE)
        page: dict[str, Any] = {"EventSourceMappings": everything[start:end]}
        if end < len(everything):
            page["NextMarker"] = str(end)
        return rest_json.answer(200, page)

    def _tagged(self, asked: Parameters) -> EventSourceMapping:
        """Return the mapping whose ARN a call about tags names."""
        arn = asked["Resource"]
        mapping = self._registry.get(arn.rpartition(":")[2])
        if mapping.shown()["EventSourceMappingArn"] != arn:
            raise not_found()
        return mapping


def _is_about_mappings(operation: str, request: Request) -> bool:
    """Return whether a call of the Lambda API is about mappings; tags are also functions'."""
    if operation in ("ListTags", "TagResource", "UntagResource"):
        return ":event-source-mapping:" in request.segments[-1]
    return "EventSourceMapping" in operation


def _listed(mapping: EventSourceMapping) -> dict[str, Any]:
    """Return a mapping as List shows it: encrypted filters are null [BC]."""
    shown = mapping.shown()
    if "KMSKeyArn" in shown and "FilterCriteria" in shown:
        shown["FilterCriteria"] = None
    return shown
