"""Waiting for something to happen, but not for ever."""

import asyncio

from workbook.localaws.clock import Clock


async def wait(event: asyncio.Event, clock: Clock, seconds: float) -> None:
    """Wait until ``event`` is set or ``seconds`` of the clock have passed."""
    if event.is_set():
        return
    either = [asyncio.create_task(event.wait()), asyncio.create_task(clock.sleep(seconds))]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in either:
            task.cancel()
