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

PAGE = 100  # mappings in one response of List, at most
ACCEPTED = 202

Parameters = dict[str, Any]


class MappingApi:
    """Responds to requests about event source mappings.

    Args:
        registry: the mappings of streams.
        others: those of queues and tables.
    """

    def __init__(self, registry: Registry, others: OtherMappings) -> None:
        self._registry = registry
        self._others = others

    async def respond(self, request: Request) -> Response | None:
        """Respond to a request about mappings; return None for any other."""
        operation = lambda_().operation(request)
        if operation is None or not _is_about_mappings(operation, request):
            return None
        try:
            asked = lambda_().read_request(operation, request)
            if operation in ("ListTags", "TagResource", "UntagResource"):
                return self._answer_tags(operation, asked)
            if operation == "ListEventSourceMappings":
                return rest_json.answer(200, await self._list(asked, request.region))
            shown = await self._call(operation, asked, request.region)
        except ApiError as error:
            return rest_json.error(error)
        return rest_json.answer(200 if operation == "GetEventSourceMapping" else ACCEPTED, shown)

    async def _call(self, operation: str, asked: Parameters, region: str) -> dict[str, Any]:
        """Create, get, update or delete a mapping, and return it."""
        if operation == "CreateEventSourceMapping":
            if asked.get("EventSourceArn", "").split(":")[2:3] not in (["sqs"], ["dynamodb"]):
                return self._registry.create(asked, region).shown()
        elif self._registry.has(identity := asked["UUID"]):
            match operation:
                case "UpdateEventSourceMapping":
                    return self._registry.update(identity, asked).shown()
                case "DeleteEventSourceMapping":
                    return self._registry.delete(identity).shown()
                case _:
                    return self._registry.get(identity).shown()
        self._registry.check_other(asked, region)
        return await self._others.call(operation, region, asked)

    async def _list(self, asked: Parameters, region: str) -> dict[str, Any]:
        """Return a page of all mappings; those of streams come first."""
        marker = asked.get("Marker") or "0"
        if re.fullmatch("[0-9]{1,9}", marker) is None:
            raise invalid("Invalid Marker.")
        others = await self._others.call("ListEventSourceMappings", region, {})
        everything = [_listed(mapping) for mapping in self._registry.of_region(region)]
        everything += others["EventSourceMappings"]
        found = [shown for shown in everything if _is_asked_for(shown, asked)]
        start = int(marker)
        end = start + min(asked.get("MaxItems", PAGE), PAGE)
        page: dict[str, Any] = {"EventSourceMappings": found[start:end]}
        if end < len(found):
            page["NextMarker"] = str(end)
        return page

    def _answer_tags(self, operation: str, asked: Parameters) -> Response:
        mapping = self._tagged(asked)
        match operation:
            case "ListTags":
                return rest_json.answer(200, {"Tags": mapping.tags})
            case "TagResource":
                mapping.tags |= asked["Tags"]
            case _:
                for key in asked["TagKeys"]:
                    mapping.tags.pop(key, None)
        return rest_json.no_content()

    def _tagged(self, asked: Parameters) -> EventSourceMapping:
        """Return the mapping whose ARN is in a call about tags."""
        arn = asked["Resource"]
        mapping = self._registry.get(arn.rpartition(":")[2])
        if mapping.shown()["EventSourceMappingArn"] != arn:
            raise not_found()
        return mapping


def _is_about_mappings(operation: str, request: Request) -> bool:
    """Return whether a call of the Lambda API is about mappings; calls about tags may not be."""
    if operation in ("ListTags", "TagResource", "UntagResource"):
        return ":event-source-mapping:" in request.segments[-1]
    return "EventSourceMapping" in operation


def _is_asked_for(shown: dict[str, Any], asked: Parameters) -> bool:
    """Return whether a mapping matches the event source and the function in the call, if any.

    The function may be a name or an ARN, with or without a qualifier.
    """
    name = asked.get("FunctionName", "").rpartition("function:")[2]
    return asked.get("EventSourceArn") in (None, shown["EventSourceArn"]) and name in (
        "",
        shown["FunctionArn"].partition(":function:")[2],
    )


def _listed(mapping: EventSourceMapping) -> dict[str, Any]:
    """Return a mapping as List shows it: with encrypted filters as null [BC]."""
    shown = mapping.shown()
    if "KMSKeyArn" in shown and "FilterCriteria" in shown:
        shown["FilterCriteria"] = None
    return shown
