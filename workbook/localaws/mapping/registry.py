"""All event source mappings of Kinesis streams: what the API and CloudFormation do with them."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from workbook.localaws.interfaces import FunctionGoneError, SourceGoneError
from workbook.localaws.mapping.constraints import check
from workbook.localaws.mapping.errors import conflict, invalid, not_found
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.route import Tools
from workbook.localaws.mapping.settings import (
    Settings,
    read_settings,
    read_start,
    refuse_on_success,
)


def is_kinesis(arn: object) -> bool:
    """Whether an event source is a stream, or a consumer of one."""
    return isinstance(arn, str) and arn.startswith("arn:") and arn.split(":")[2:3] == ["kinesis"]


class Registry:
    """The mappings.

    Args:
        tools: what mappings work with.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._mappings: dict[str, EventSourceMapping] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    def create(self, parameters: Mapping[str, Any], region: str) -> EventSourceMapping:
        """A new mapping, as CreateEventSourceMapping makes it.

        Args:
            parameters: of the call.
            region: where the call was made.

        Raises:
            ApiError: it cannot be.
        """
        check(parameters, "FunctionName")
        source_arn = parameters.get("EventSourceArn")
        if source_arn is None or not is_kinesis(source_arn):
            raise invalid("Unrecognized event source.")
        start = read_start(parameters, self._tools.clock.now())
        settings = read_settings(parameters, Settings())
        function_arn = self._resolve(parameters["FunctionName"], region)
        try:
            self._tools.streams.source(source_arn)
        except SourceGoneError:
            raise invalid(f"Stream not found: {source_arn}") from None
        self._refuse_duplicate(source_arn, function_arn, None)
        mapping = EventSourceMapping(
            str(uuid.uuid4()),
            region,
            source_arn,
            function_arn,
            start,
            settings,
            parameters.get("Tags") or {},
            self._tools,
        )
        self._mappings[mapping.uuid] = mapping
        return mapping

    def check_other(self, parameters: Mapping[str, Any], region: str) -> None:
        """Refuse a mapping of another event source, which is moto's, as one of ours.

        Raises:
            ApiError: it cannot be.
        """
        check(parameters, "FunctionName")
        refuse_on_success(parameters.get("DestinationConfig") or {})
        self._resolve(parameters["FunctionName"], region)

    def has(self, identity: str) -> bool:
        """Whether there is a mapping with this UUID."""
        return identity in self._mappings

    def get(self, identity: str) -> EventSourceMapping:
        """The mapping with this UUID.

        Raises:
            ApiError: there is none.
        """
        mapping = self._mappings.get(identity)
        if mapping is None:
            raise not_found()
        return mapping

    def update(
        self, identity: str, parameters: Mapping[str, Any], present: Settings | None = None
    ) -> EventSourceMapping:
        """The mapping after UpdateEventSourceMapping.

        Args:
            identity: its UUID.
            parameters: of the call.
            present: what parameters that are left out mean; as they are, if None.

        Raises:
            ApiError: there is no such mapping, or it cannot be changed so.
        """
        mapping = self.get(identity)
        check(parameters)
        settings = read_settings(parameters, present or mapping.settings)
        function_arn = mapping.function_arn
        if parameters.get("FunctionName") is not None:
            function_arn = self._resolve(parameters["FunctionName"], mapping.region)
            self._refuse_duplicate(mapping.source_arn, function_arn, mapping)
        mapping.update(settings, function_arn)
        return mapping

    def delete(self, identity: str) -> EventSourceMapping:
        """The mapping on its way out.

        Raises:
            ApiError: there is no such mapping, or it is being changed.
        """
        mapping = self.get(identity)
        mapping.delete()
        task = asyncio.create_task(self._forget(mapping))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)
        return mapping

    def find(
        self, region: str, source_arn: str | None, function: str | None
    ) -> list[EventSourceMapping]:
        """The mappings of a region, oldest first; of one source or function, if given.

        ``function`` may be a name or an ARN, with or without a qualifier.
        """
        name = function.rpartition("function:")[2] if function else None
        return [
            mapping
            for mapping in self._mappings.values()
            if mapping.region == region
            and source_arn in (None, mapping.source_arn)
            and name in (None, mapping.function_arn.partition(":function:")[2])
        ]

    async def close(self) -> None:
        """Stop every mapping at once."""
        for task in self._deletions:
            task.cancel()
        await asyncio.gather(*(mapping.close() for mapping in self._mappings.values()))

    async def _forget(self, mapping: EventSourceMapping) -> None:
        await mapping.settled()
        del self._mappings[mapping.uuid]

    def _resolve(self, name: str, region: str) -> str:
        try:
            return self._tools.functions.resolve(name, region)
        except FunctionGoneError:
            raise invalid("Function does not exist") from None

    def _refuse_duplicate(
        self, source_arn: str, function_arn: str, besides: EventSourceMapping | None
    ) -> None:
        for mapping in self._mappings.values():
            if mapping is not besides and (source_arn, function_arn) == (
                mapping.source_arn,
                mapping.function_arn,
            ):
                raise conflict(source_arn, function_arn.split(":")[6], mapping.uuid)
