"""The configurations of functions, kept by moto on its thread and published for everybody else."""

import asyncio
import uuid

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.rest_json import error
from workbook.localaws.clock import Clock
from workbook.localaws.function_arn import parse_reference
from workbook.localaws.functions.event_queue import EventQueue
from workbook.localaws.functions.published import PublishedFunctions
from workbook.localaws.functions.runtime_api import Event
from workbook.localaws.interfaces import ExecutionRoles
from workbook.localaws.moto.function_answers import reworded, with_plain_name
from workbook.localaws.moto.worker import Worker


class FunctionConfigurations:
    """The Lambda API as far as moto answers it; a ``functions.api.Configurations``.

    Args:
        endpoint_url: where the local AWS is.
        clock: the time of changes.
        worker: moto.
        functions: where the functions there are get published.
        events: takes asynchronous invocations by services of moto.
        roles: tell what functions' roles may do.
    """

    def __init__(
        self,
        endpoint_url: str,
        clock: Clock,
        worker: Worker,
        functions: PublishedFunctions,
        events: EventQueue,
        roles: ExecutionRoles,
    ) -> None:
        self._roles = roles
        self._worker = worker
        self._events = events
        self._endpoint_url = endpoint_url
        self._clock = clock
        self._publish = functions.publish
        self._loop = asyncio.get_running_loop()
        self._installing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to make moto keep its functions with us, before anything else there.

        That takes a second of imports; what comes to moto's thread meanwhile waits behind it.
        """
        self._installing = self._loop.create_task(self._worker.call(self._install))
        await asyncio.sleep(0)  # it is in the thread's queue now

    def _install(self) -> None:
        """On moto's thread."""
        from workbook.localaws.moto import functions
        from workbook.localaws.moto.function import Host

        functions.install(
            Host(
                self._endpoint_url,
                self._clock.now,
                self._publish,
                self._invoke_event,
                self._roles,
            )
        )
        self._worker.before_cloudformation(functions.extend_cloudformation)

    async def respond(self, request: Request) -> Response:
        """Answer a request to read or change configurations."""
        try:
            return reworded(request, await self._worker.respond(with_plain_name(request)))
        except ApiError as refused:
            return error(refused)

    def _invoke_event(self, arn: str, payload: bytes) -> None:
        """Take an asynchronous invocation, on moto's thread."""
        reference = parse_reference(arn, "")
        event = Event(str(uuid.uuid4()), payload, reference.arn)
        self._loop.call_soon_threadsafe(self._events.put, reference, event)
