"""All event source mappings of Kinesis streams, and their rules about one another."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from workbook.localaws.interfaces import FunctionGoneError, SourceGoneError
from workbook.localaws.mapping import access
from workbook.localaws.mapping.arns import is_kinesis
from workbook.localaws.mapping.context import Dependencies
from workbook.localaws.mapping.errors import conflict, invalid, not_found
from workbook.localaws.mapping.event_source_mapping import EventSourceMapping
from workbook.localaws.mapping.settings import (
    Settings,
    read_settings,
    read_start,
    refuse_on_success,
)


class Registry:
    """The mappings, which the API and CloudFormation create, change and find here.

    Args:
        dependencies: the rest of the local AWS.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._mappings: dict[str, EventSourceMapping] = {}
        self._deletions: set[asyncio.Task[None]] = set()

    def create(self, parameters: Mapping[str, Any], region: str) -> EventSourceMapping:
        """Create a mapping, as CreateEventSourceMapping does, and return it.

        Args:
            parameters: the call's parameters, as read by ``api.model``.
            region: the region of the call.

        Raises:
            ApiError: the mapping cannot be created.
        """
        source_arn = parameters.get("EventSourceArn")
        if source_arn is None or not is_kinesis(source_arn):
            raise invalid("Unrecognized event source.")
        _check_region(source_arn, region)
        start = read_start(parameters, self._dependencies.clock.now())
        settings = read_settings(parameters, Settings())
        function_arn = self._resolve(parameters["FunctionName"], region)
        try:
            self._dependencies.streams.source(source_arn)
        except SourceGoneError:
            raise invalid(f"Stream not found: {source_arn}") from None
        access.check(self._dependencies, function_arn, source_arn)
        access.check_destination(self._dependencies, function_arn, settings.destination)
        self._refuse_duplicate(source_arn, function_arn, None)
        mapping = EventSourceMapping(
            str(uuid.uuid4()),
            region,
            source_arn,
            function_arn,
            start,
            settings,
            parameters.get("Tags") or {},
            self._dependencies,
        )
        self._mappings[mapping.uuid] = mapping
        mapping.start()
        return mapping

    def check_other(self, parameters: Mapping[str, Any], region: str) -> None:
        """Check parameters of a mapping of another event source, which is not kept here.

        Args:
            parameters: the parameters of a create or update call, as read by ``api.model``.
            region: the region of the call.

        Raises:
            ApiError: they are not valid.
        """
        refuse_on_success(parameters.get("DestinationConfig", {}))
        if "EventSourceArn" in parameters:
            _check_region(parameters["EventSourceArn"], region)
        if "FunctionName" in parameters:
            self._resolve(parameters["FunctionName"], region)

    def has(self, identity: str) -> bool:
        """Return whether a mapping with this UUID exists."""
        return identity in self._mappings

    def get(self, identity: str) -> EventSourceMapping:
        """Return the mapping with this UUID.

        Raises:
            ApiError: it does not exist.
        """
        mapping = self._mappings.get(identity)
        if mapping is None:
            raise not_found()
        return mapping

    def update(
        self, identity: str, parameters: Mapping[str, Any], present: Settings | None = None
    ) -> EventSourceMapping:
        """Update a mapping, as UpdateEventSourceMapping does, and return it.

        Args:
            identity: its UUID.
            parameters: the call's parameters, as read by ``api.model``.
            present: the values of parameters that are left out; None leaves them unchanged.

        Raises:
            ApiError: the mapping does not exist, or cannot be changed in this way.
        """
        mapping = self.get(identity)
        settings = read_settings(parameters, present or mapping.settings)
        function_arn = mapping.function_arn
        if "FunctionName" in parameters:
            function_arn = self._resolve(parameters["FunctionName"], mapping.region)
            self._refuse_duplicate(mapping.source_arn, function_arn, mapping)
            access.check(self._dependencies, function_arn, mapping.source_arn)
        if "DestinationConfig" in parameters:
            access.check_destination(self._dependencies, function_arn, settings.destination)
        mapping.update(settings, function_arn)
        return mapping

    def delete(self, identity: str) -> EventSourceMapping:
        """Start to delete a mapping, and return it.

        Raises:
            ApiError: the mapping does not exist, or is being changed.
        """
        mapping = self.get(identity)
        mapping.delete()
        task = asyncio.create_task(self._forget(mapping))
        self._deletions.add(task)
        task.add_done_callback(self._deletions.discard)
        return mapping

    def of_region(self, region: str) -> list[EventSourceMapping]:
        """Return the mappings of a region, oldest first."""
        return [mapping for mapping in self._mappings.values() if mapping.region == region]

    async def close(self) -> None:
        """Stop every mapping immediately."""
        for task in self._deletions:
            task.cancel()
        await asyncio.gather(*(mapping.close() for mapping in self._mappings.values()))

    async def _forget(self, mapping: EventSourceMapping) -> None:
        await mapping.settled()
        del self._mappings[mapping.uuid]

    def _resolve(self, name: str, region: str) -> str:
        try:
            return self._dependencies.functions.resolve(name, region)
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


def _check_region(source_arn: str, region: str) -> None:
    """Check that an event source is in the function's region [SEEN].

    Raises:
        ApiError: it is in another one.
    """
    if source_arn.split(":")[3] != region:
        raise invalid(f"Event source region must match Lambda region {region}.")
