"""Send what cannot be delivered to its dead-letter queue, in the background."""

import asyncio
import logging

from workbook.localaws.interfaces import DeliveryError, Destinations, Document

log = logging.getLogger(__name__)


class DeadLetters:
    """The documents on their way to dead-letter queues.

    Args:
        destinations: delivers them.
    """

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, arn: str, document: Document) -> None:
        """Send a document to the queue with this ARN soon."""
        task = asyncio.get_running_loop().create_task(self._send(arn, document))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what is on its way is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, arn: str, document: Document) -> None:
        try:
            await self._destinations.deliver(arn, document)
        except DeliveryError as refused:
            log.warning("an event for the dead-letter queue %s is lost: %s", arn, refused)
